import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCapture } from "../../src/capture/file-output.js";
import { capture } from "../../src/capture/live.js";
import { craft } from "../../src/craft/craft.js";
import type { Octets } from "../../src/craft/fragment.js";
import { layer, type Packet } from "../../src/packet/packet.js";
import { binding, type NativeNetworkNamespace } from "../../src/socket/binding.js";
import { ethernet } from "../../src/wire/ethernet.js";
import { ipv4 } from "../../src/wire/ipv4.js";
import { ipv6 } from "../../src/wire/ipv6.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { tcp } from "../../src/wire/tcp.js";
import { udp } from "../../src/wire/udp.js";
import { ip } from "../support/addon.js";
import { record } from "../support/capture-files.js";
import { type Result, Running, run } from "../support/command.js";
import { drain, twoHosts } from "../support/live.js";

/** Files that are sent again to another host: 10.0.0.2 and fd00::2; nobody is 10.0.0.77. */
let there: NativeNetworkNamespace;
const folder = mkdtempSync(join(tmpdir(), "sockinspect-replay-"));
beforeAll(() => {
  there = twoHosts();
  // They stay down
  binding().createVethPair("down", "peer");
});
afterAll(() => {
  there.close();
  rmSync(folder, { recursive: true });
});

async function fileOf(name: string, packets: readonly Octets[]): Promise<string> {
  const file = join(folder, name);
  await using output = await createCapture(file);
  for (const { octets, linkType } of packets) output.write(record(octets, { linkType }));
  return file;
}

/** What the command sends that `filter` sees at the other host, and how it ends. */
async function replayed(filter: string, ...args: string[]): Promise<Result & { packets: readonly Packet[] }> {
  await using source = there.run(() => capture({ interface: "v1", filter, direction: "in", latency: 1 }));
  const result = await run("replay", "--top", ...args);
  source.stop();
  return { ...result, packets: await drain(source) };
}

const to = (destination: string) =>
  craft(ipv4({ source: "10.0.0.1", destination }), udp({ sourcePort: 7, destinationPort: 9 }), "hello");

test("the padding of a short Ethernet frame is no data", async () => {
  const ack = craft(
    ethernet({ source: "02:00:00:00:00:0a", destination: "02:00:00:00:00:0b" }),
    ipv4({ source: "10.0.0.1", destination: "10.0.0.2" }),
    tcp({ destinationPort: 80, flags: { ack: true } }),
  );
  const octets = new Uint8Array(60);
  octets.set(ack.octets);
  const file = await fileOf("padded.pcap", [{ octets, linkType: linkTypes.ethernet }]);
  const { packets, stderr } = await replayed("tcp", "--via", "raw", file);
  expect(stderr).toMatch(/^1 packet, 40 octets sent/);
  expect(packets).toHaveLength(1);
  expect(packets[0]).toMatchObject({ length: 54, problems: [] });
  expect(layer(packets[0]!, "ipv4")?.totalLength).toBe(40);
});

test("a checksum that was left to the network card is computed, also where the file does not say so", async () => {
  const of = (checksum: number) =>
    craft(
      ipv4({ source: "10.0.0.1", destination: "10.0.0.2" }),
      udp({ sourcePort: 7, destinationPort: 9, checksum }),
      "hello",
    );
  // Both addresses, the protocol and the length: 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 17 + 13
  const file = await fileOf("left.pcap", [of(0x1421), of(0x1422)]);
  const { code, packets } = await replayed("udp", file);
  expect(code).toBe(0);
  expect(packets.map(({ checksums }) => checksums.at(-1)?.verdict)).toEqual(["good", "bad"]);
});

test("what cannot be sent is left out and counted with its reason, wherever it is in the file", async () => {
  const lldp = craft(ethernet({ destination: "01:80:c2:00:00:0e", source: "02:00:00:00:00:0a", type: 0x88cc }), "x");
  const neighbors = craft(ipv6({ source: "fe80::1", destination: "ff02::1" }), udp(), "x");
  const file = await fileOf("mixed.pcapng", [
    to("10.0.0.2"),
    to("192.0.2.1"),
    neighbors,
    lldp,
    { octets: new Uint8Array(10), linkType: linkTypes.ethernet },
    craft(ipv4({ destination: "10.0.0.2" }), udp(), new Uint8Array(2000)),
    to("10.0.0.2"),
    to("192.0.2.2"),
  ]);
  const { packets, code, stderr } = await replayed("udp", file);
  expect(packets).toHaveLength(2);
  const [sent, ...left] = stderr.trimEnd().split("; ");
  expect(sent).toMatch(/^2 packets, 66 octets sent in/);
  expect(left).toEqual([
    "2 packets left out: no route leads to its destination",
    "2 packets left out: it does not say by which interface it goes (name one with -i)",
    "1 packet left out: 10 octets are too few for an Ethernet header",
    "1 packet left out: larger than the MTU of 1500",
  ]);
  expect(code).toBe(0);
});

test("neighbours are asked for when root has been given up, and packets to those that are silent left out", async () => {
  ip("neigh", "flush", "dev", "v0");
  const packets = [to("10.0.0.2"), to("10.0.0.77"), to("10.0.0.77"), to("10.0.0.3")];
  const result = await replayed("udp", "--via", "link", await fileOf("raw.pcap", packets));
  expect(result.stderr).toMatch(/^2 packets, .*; 2 packets left out: nobody on the link answers for its address\n$/);
  expect(result.packets.map((packet) => layer(packet, "ipv4")?.destination)).toEqual(["10.0.0.2", "10.0.0.3"]);
  expect(result.code).toBe(0);
});

test("a packet that the kernel refuses is left out, and those behind it in the batch are sent", async () => {
  // A link-local address of this host's own is on no way out of it
  ip("address", "add", "fe80::1/64", "dev", "v0", "nodad");
  const own = craft(ipv6({ source: "fe80::2", destination: "fe80::1" }), udp(), "hello");
  const six = craft(ipv6({ source: "fd00::1", destination: "fd00::2" }), udp(), "hello");
  const packets = [six, own, six];
  const result = await replayed("udp", "-i", "v0", await fileOf("own.pcap", packets));
  expect(result.stderr).toMatch(
    /^2 packets, 106 octets sent in .*; 1 packet left out: the kernel refuses it \(ENETUNREACH\)\n$/,
  );
  expect(result.packets).toHaveLength(2);
  expect(result.code).toBe(0);
});

test("what concerns all packets ends it, and it says how many went out", async () => {
  const file = await fileOf("frames.pcap", [craft(ethernet({ source: "02:00:00:00:00:0a", type: 0x88b5 }), "x")]);
  const { code, stderr } = await run("replay", "-i", "down", file);
  expect(stderr).toMatch(/^0 packets, 0 octets sent in .*\nsockinspect: cannot send .* the interface is down\n$/);
  expect(code).toBe(71);
});

test("a file that cannot be read is called by its name", async () => {
  const file = join(folder, "text");
  writeFileSync(file, "hello");
  const text = await run("replay", file);
  expect(text.stderr).toBe(
    `sockinspect: cannot read ${file}: it begins with 68 65 6c 6c, which is neither pcap nor pcapng\n`,
  );
  expect(text.code).toBe(65);
  const directory = await run("replay", folder);
  expect(directory.stderr).toBe(`sockinspect: cannot read ${folder}: it is a directory\n`);
  expect(directory.code).toBe(66);
});

test("a rule that has changed no packet is named", async () => {
  const file = await fileOf("one.pcap", [to("10.0.0.2")]);
  const rules = ["--rewrite", "10.0.0.2=10.0.0.3", "--rewrite", "10.0.0.9=10.0.0.3"];
  const { packets, stderr } = await replayed("udp", file, ...rules);
  expect(layer(packets[0]!, "ipv4")?.destination).toBe("10.0.0.3");
  expect(stderr).toMatch(/^1 packet, .*; --rewrite 10\.0\.0\.9=10\.0\.0\.3 has changed no packet\n$/);
});

test("a speed that puts a packet off for longer than a timer takes is waited for, without a word, until Ctrl-C", async () => {
  const file = join(folder, "slow.pcap");
  {
    await using output = await createCapture(file);
    for (const seconds of [1, 2]) output.write(record(to("10.0.0.2").octets, { linkType: linkTypes.raw, seconds }));
  }
  await using source = there.run(() => capture({ interface: "v1", filter: "udp", direction: "in", latency: 1 }));
  const command = new Running(["replay", "--speed", "1e-8", file]);
  for await (const packet of source) if (packet) break;
  const { code, stderr } = await command.end("SIGINT");
  expect(stderr).toMatch(/^1 packet, 33 octets sent in .*\n$/);
  expect(code).toBe(0);
});
