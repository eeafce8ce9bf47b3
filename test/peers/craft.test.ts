/** What is crafted, read by TShark: it finds no wrong checksum or length, and nothing malformed. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Draft, draftOf } from "../craft/drafts.js";

/** COUNT=100000 npm run test:peers -- test/peers/craft.test.ts tries more. */
const COUNT = Number(process.env["COUNT"] ?? 5000);
const FROM = Number(process.env["FROM"] ?? 0);

const TSHARK = "tshark";

const folder = mkdtempSync(join(tmpdir(), "peer-craft-"));
afterAll(() => rmSync(folder, { recursive: true }));

function pcap(linkType: number, packets: readonly Uint8Array[]): Buffer {
  const file = Buffer.alloc(24 + packets.reduce((sum, { length }) => sum + 16 + length, 0));
  for (const [i, word] of [0xa1b2_c3d4, 0x0002_0004, 0, 0, 262_144, linkType].entries())
    file.writeUInt32BE(word, 4 * i);
  let at = 24;
  for (const octets of packets) {
    file.writeUInt32BE(octets.length, at + 8);
    file.writeUInt32BE(octets.length, at + 12);
    file.set(octets, at + 16);
    at += 16 + octets.length;
  }
  return file;
}

/** The ones that our headers are: others would see their own mistakes in random payloads. */
const PROTOCOLS = "data _ws.malformed _ws.expert frame eth ethertype vlan ieee8021ad sll null loop raw ip ipv6 ipv6.hopopts ipv6.dstopts ipv6.routing ipv6.fraghdr ah esp mipv6 gre icmp icmpv6 igmp tcp udp udplite sctp dccp arp pppoes pppoe ppp mpls llc"; // biome-ignore format: one list
beforeAll(() => {
  const all = execFileSync(TSHARK, ["-G", "protocols"], { encoding: "utf8", maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "ignore"] }); // biome-ignore format: one command
  const names = all.split("\n").map((line) => line.split("\t")[2] ?? "");
  const enabled = new Set(PROTOCOLS.split(" "));
  writeFileSync(join(folder, "disabled_protos"), names.filter((name) => !enabled.has(name)).join("\n"));
});

/** Groups of TShark's remarks, and what is said of lengths in others. */
const CHECKSUM = 0x0100_0000;
const MALFORMED = 0x0700_0000;
const LENGTHS = /checksum|length|malformed|truncated|short/i;

/** Of each packet TShark complains about, what it says. */
function complaints(linkType: number, drafts: readonly Draft[]): string[] {
  const file = join(folder, `${linkType}.pcap`);
  writeFileSync(
    file,
    pcap(
      linkType,
      drafts.map(({ packet }) => packet.octets),
    ),
  );
  const options = [
    "ip.check_checksum:TRUE", "tcp.check_checksum:TRUE", "udp.check_checksum:TRUE", "sctp.checksum:CRC 32c", "udplite.check_checksum:TRUE", "udplite.ignore_checksum_coverage:FALSE",
    "ip.defragment:FALSE", "ipv6.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE", "tcp.analyze_sequence_numbers:FALSE",
  ].flatMap((option) => ["-o", option]); // biome-ignore format: one list
  const fields = ["frame.number", "_ws.malformed", "_ws.expert.message", "_ws.expert.group", "frame.protocols"].flatMap((name) => ["-e", name]); // biome-ignore format: one list
  const output = execFileSync(TSHARK, ["-n", "-r", file, ...options, "-T", "fields", "-E", "aggregator=|", ...fields], { env: { ...process.env, WIRESHARK_CONFIG_DIR: folder }, encoding: "utf8", maxBuffer: 1 << 30, stdio: ["ignore", "pipe", "pipe"] }); // biome-ignore format: one command
  const lines = output.split("\n").slice(0, -1);
  expect(lines.length).toBe(drafts.length);
  return lines.flatMap((line, i) => {
    const [, malformed, messages = "", groups = "", protocols] = line.split("\t");
    // The other groups are about what is unusual, which random values are
    const serious = groups.split("|").some((group) => Number(group) === MALFORMED || Number(group) === CHECKSUM);
    const isWrong = malformed !== "" || serious || LENGTHS.test(messages);
    return isWrong
      ? [`seed ${drafts[i]!.seed}: ${drafts[i]!.kinds.join("/")}: ${malformed} ${messages} [${protocols}]`]
      : [];
  });
}

test(`TShark finds nothing wrong with ${COUNT} drafts of every combination of layers`, () => {
  const byLink = new Map<number, Draft[]>();
  for (let seed = FROM; seed < FROM + COUNT; seed++) {
    const draft = draftOf(seed);
    const drafts = byLink.get(draft.packet.linkType) ?? [];
    drafts.push(draft);
    byLink.set(draft.packet.linkType, drafts);
  }
  const found = [...byLink].flatMap(([linkType, drafts]) => complaints(linkType, drafts));
  expect(found).toEqual([]);
}, 600_000);
