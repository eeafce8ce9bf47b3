import { expect, test } from "vitest";
import { run } from "../support/command.js";

const SYN = "ipv4(identification=0x1234,dontFragment)/tcp(sourcePort=40000,destinationPort=5000,flags=syn,window=512)";
const HEX = "450000281234400040062a9a7f0000017f0000019c40138800000000000000005002020000180000";

test("hex shows the octets of a draft, as digits and as a dump", async () => {
  expect((await run("hex", SYN)).stdout).toBe(`${HEX}\n`);
  const { stdout, code } = await run("hex", SYN, "-x");
  expect(stdout.split("\n")[0]).toBe("0000  45 00 00 28 12 34 40 00  40 06 2a 9a 7f 00 00 01  E..(.4@.@.*.....");
  expect(code).toBe(0);
});

test("explain says what octets mean, however they are written", async () => {
  const dump = (await run("hex", SYN, "-x")).stdout;
  const tcpdump = "\t0x0000:  4500 0028 1234 4000 4006 2a9a 7f00 0001  E..(.4@.@.*.....\n\t0x0010:  7f00 0001 9c40 1388 0000 0000 0000 0000  .....@..........\n\t0x0020:  5002 0200 0018 0000                      P......."; // biome-ignore format: one dump
  const written = [HEX, HEX.match(/../g)!.join(":"), dump, tcpdump, `0x${HEX}`];
  const shown = await Promise.all(written.map(async (text) => (await run("explain", text)).stdout));
  expect(shown[0]).toMatch(/^127\.0\.0\.1:40000 → 127\.0\.0\.1:5000 {2}TCP SYN seq 0 win 512\n {4}▸ the client asks/);
  expect(shown[0]).toContain("checksum               0x0018 (good)");
  expect(new Set(shown).size).toBe(1);
});

test("explain guesses what the octets start with, unless it is told", async () => {
  const frame = (await run("hex", "ethernet/vlan(id=5)/arp")).stdout.trim();
  expect((await run("explain", frame)).stdout).toMatch(/^vlan 5 ARP/);
  expect((await run("explain", frame, "--link", "sll")).stdout).toContain("Linux cooked capture v1");
});

test.each([
  ["ipv4(checksum=0)/0x0102", "127.0.0.1 → 127.0.0.1"],
  ["ipv4(checksum=1)/udp(sourcePort=7,checksum=1)", "127.0.0.1:7 → 127.0.0.1:0  UDP"],
  ["ipv6(payloadLength=99)/udp(sourcePort=7,checksum=1)", "[::1]:7 → [::1]:0  UDP"],
  ["ethernet/ipv4(checksum=0)/udp(sourcePort=7,checksum=4)", "127.0.0.1:7 → 127.0.0.1:0  UDP"],
  ["ethernet(destination=60:00:12:13:14:15)/arp(targetProtocol=192.0.2.1)", "ARP who has 192.0.2.1"],
  ["ethernet(destination=48:00:12:13:14:15,type=0x88b5)/0x0102*20", "→ 48:00:12:13:14:15 0x88b5"],
])("explain sees what %s starts with, however wrong it is", async (draft, line) => {
  const frame = (await run("hex", draft)).stdout.trim();
  expect((await run("explain", frame)).stdout.split("\n")[0]).toContain(line);
});

test("explain takes dumps as programs print them, with what stands between them", async () => {
  const first = (await run("hex", "-x", 'ipv4/udp(sourcePort=1)/"hello dead beef"')).stdout;
  const second = (await run("hex", "-x", "ipv4/udp(sourcePort=2)")).stdout;
  const dump = `12:00:00.5 IP 127.0.0.1.1 > 127.0.0.1.0: UDP\n${first}12:00:01.5 IP\n\n${second}2 packets\n`;
  const lines = (await run("explain", dump)).stdout.split("\n").filter((line) => line.startsWith("127"));
  expect(lines).toEqual(["127.0.0.1:1 → 127.0.0.1:0  UDP 15 bytes", "127.0.0.1:2 → 127.0.0.1:0  UDP 0 bytes"]);
  const gap = await run("explain", first.replace(/^0010.*\n/m, ""));
  expect(gap.stderr).toContain("there is none at 0x10, before 0x20");
  expect(gap.code).toBe(64);
});

test("hex marks a mistake and suggests what was meant; explain refuses what is no hex", async () => {
  const draft = await run("hex", "ipv4/tcp(destinationPrt=80)");
  expect(draft.stderr).toContain(
    "tcp has no destinationPrt; did you mean destinationPort?\nipv4/tcp(destinationPrt=80)\n         ^^^^^^^^^^^^^^\n",
  );
  expect(draft.code).toBe(64);
  const stack = await run("hex", "ethernet/tcp");
  expect(stack.stderr).toContain("cannot stack ethernet/tcp: no ethernet.type names tcp: put ipv4() or ipv6()");
  expect(stack.code).toBe(64);
  const hex = await run("explain", "ipv4/tcp");
  expect(hex.stderr).toContain("not ipv4/tcp (the octets of a draft are what 'sockinspect hex' prints)");
  expect(hex.code).toBe(64);
});
