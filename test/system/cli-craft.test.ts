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
