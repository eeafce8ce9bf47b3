/** What is remarkable about segments, as TShark says it: of real connections over a bad link, and of made packets. */
import { execFileSync, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import type { Impairment } from "../../src/link/impairment.js";
import { LINK_DEVICE, type Link, openLink } from "../../src/link/link.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { compareRows } from "../corpus/flow-differences.js";
import { type Row, rowsOf } from "../corpus/golden.js";
import { segmentOctets, type Written, windowScale } from "../flow/segments.js";
import { wiresharkFlags } from "../flow/wireshark.js";

const folder = mkdtempSync(join(tmpdir(), "sockinspect-analysis-"));
afterAll(() => rmSync(folder, { recursive: true }));

const script = fileURLToPath(new URL("analysis.py", import.meta.url));
const flags = [...new Set(Object.values(wiresharkFlags).flat())].map((name) => `tcp.analysis.${name}`);
const fields = ["frame.number", "frame.encap_type", "tcp.srcport", "udp.srcport", "tcp.stream", "udp.stream", ...flags];

/** As the dumps of the corpus were made. */
function dump(path: string): readonly Row[] {
  const preferences = ["tcp.desegment_tcp_streams:FALSE", "tcp.relative_sequence_numbers:FALSE"];
  const names = [...fields, "tcp.analysis.initial_rtt"].flatMap((name) => ["-e", name]);
  const format = ["-T", "fields", "-E", "header=y", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=|"];
  const options = preferences.flatMap((preference) => ["-o", preference]);
  const env = { ...process.env, WIRESHARK_CONFIG_DIR: folder, LC_ALL: "C.UTF-8" };
  const stdio: StdioOptions = ["ignore", "pipe", "ignore"];
  return rowsOf(
    execFileSync("tshark", ["-n", "-r", path, ...format, ...options, ...names], { env, stdio, encoding: "utf8" }),
  );
}

async function agreement(
  path: string,
  name: string,
): Promise<{ theirs: ReadonlySet<string>; kinds: readonly string[] }> {
  const rows = dump(path);
  const { differences } = await compareRows(path, name, rows);
  expect(differences.filter(({ kind }) => kind === undefined)).toEqual([]);
  const theirs = rows.flatMap((row) => flags.filter((flag) => row.get(flag)?.length));
  return { theirs: new Set(theirs.map((flag) => flag.slice(13))), kinds: differences.map(({ kind }) => kind!) };
}

interface Story {
  readonly name: string;
  /** What analysis.py plays. */
  readonly play: string;
  readonly impairments: readonly Impairment[];
  /** Flags that have to occur, whatever the timing. */
  readonly has: readonly string[];
}

const SYN = "tcp[tcpflags] & tcp-syn != 0";
const FIN = "tcp[tcpflags] & tcp-fin != 0";
const stories: readonly Story[] = [
  {
    name: "a download that loses segments",
    play: "download",
    impairments: [{ delay: 5 }, { from: "server", filter: "tcp", nth: [9, 20, 21, 40, 71], drop: true }],
    has: ["duplicate_ack", "retransmission", "lost_segment"],
  },
  {
    name: "an upload that loses acknowledgments and segments",
    play: "upload",
    impairments: [{ delay: 3 }, { chance: 0.04, drop: true }],
    has: [],
  },
  {
    name: "a download that is reordered",
    play: "download",
    impairments: [{ delay: 5 }, { from: "server", filter: "tcp", nth: [10, 30, 50], reorder: 2 }],
    has: ["out_of_order", "lost_segment"],
  },
  {
    name: "an upload whose packets come twice",
    play: "upload",
    impairments: [{ delay: 2 }, { filter: "tcp", nth: [5, 9, 15, 25, 35], duplicate: 1 }],
    has: ["retransmission"],
  },
  { name: "a talk that loses a lot", play: "talk", impairments: [{ delay: 2 }, { chance: 0.07, drop: true }], has: [] },
  { name: "a talk that is reordered", play: "talk", impairments: [{ delay: 2 }, { chance: 0.1, reorder: 1 }], has: [] },
  { name: "a window that closes", play: "closed window", impairments: [], has: ["zero_window", "window_update"] },
  { name: "keep-alives", play: "keep-alive", impairments: [], has: ["keep_alive", "keep_alive_ack"] },
  { name: "a reset", play: "reset", impairments: [], has: [] },
  { name: "a refusal", play: "refused", impairments: [], has: [] },
  { name: "Fast Open", play: "fast open", impairments: [{ delay: 2 }], has: ["tfo_syn", "tfo_ack"] },
  { name: "the same ports again", play: "again", impairments: [], has: ["reused_ports"] },
  {
    name: "a half close whose SYN and FINs are lost",
    play: "half close",
    impairments: [
      { from: "client", filter: SYN, nth: 1, drop: true },
      { filter: FIN, nth: [1, 2], drop: true },
    ],
    has: ["retransmission"],
  },
];

/** Plays a story, captured at both ends; the captures' paths. */
async function play({ name, play, impairments }: Story): Promise<readonly string[]> {
  const link = openLink({ impairments, seed: 7 });
  const at = (end: "client" | "server"): string => join(folder, `${name.replaceAll(" ", "-")}-${end}.pcap`);
  try {
    const dumps = await Promise.all([capturing(link, "client", at("client")), capturing(link, "server", at("server"))]);
    const server =
      play === "refused"
        ? undefined
        : link.server.run(() => spawn("python3", [script, "server", play], { stdio: ["ignore", "pipe", "inherit"] }));
    if (server?.stdout) await once(server.stdout, "data");
    const ended = server && once(server, "close");
    const client = link.client.run(() => spawn("python3", [script, "client", play], { stdio: "inherit" }));
    const [code] = await once(client, "close");
    expect(code).toBe(0);
    await ended;
    for (const tcpdump of dumps) {
      tcpdump.kill("SIGINT");
      await once(tcpdump, "close");
    }
  } finally {
    await link.close();
  }
  return [at("client"), at("server")];
}

async function capturing(link: Link, end: "client" | "server", path: string) {
  const root = process.getuid?.() === 0 ? ["-Z", "root"] : [];
  const options = [...root, "-i", LINK_DEVICE, "-w", path, "-U", "--immediate-mode", "-B", "16384", "tcp"];
  const tcpdump = link[end].run(() => spawn("tcpdump", options, { stdio: ["ignore", "ignore", "pipe"] }));
  let said = "";
  tcpdump.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  while (!said.includes("listening on")) await once(tcpdump.stderr, "data");
  return tcpdump;
}

test.each(stories)("$name: each packet is flagged as TShark flags it, at both ends", async (story) => {
  const seen = new Set<string>();
  for (const path of await play(story)) for (const flag of (await agreement(path, story.name)).theirs) seen.add(flag);
  expect([...seen]).toEqual(expect.arrayContaining([...story.has]));
});

/** A pcap file of IP packets, RFC draft-ietf-opsawg-pcap §4 and §5. */
function write(name: string, packets: readonly Written[]): string {
  const pieces = [Buffer.alloc(24)];
  for (const [i, n] of [0xa1b2c3d4, 0x00040002, 0, 0, 65535, linkTypes.raw].entries())
    pieces[0]!.writeUInt32LE(n, 4 * i);
  for (const packet of packets) {
    const octets = segmentOctets(packet);
    const head = Buffer.alloc(16);
    const { at = 0 } = packet;
    const times = [1_700_000_000 + Math.floor(at), Math.round((at % 1) * 1e6), octets.length, octets.length];
    for (const [i, n] of times.entries()) head.writeUInt32LE(n, 4 * i);
    pieces.push(head, Buffer.from(octets));
  }
  const path = join(folder, `${name.replaceAll(" ", "-")}.pcap`);
  writeFileSync(path, Buffer.concat(pieces));
  return path;
}

const client = (at: number, flags: string, seq: number, ack: number, rest: Partial<Written> = {}): Written => ({
  at,
  from: "client",
  flags,
  seq,
  ack,
  ...rest,
});
const server = (at: number, flags: string, seq: number, ack: number, rest: Partial<Written> = {}): Written => ({
  ...client(at, flags, seq, ack, rest),
  from: "server",
});
const opening = (options: Written["options"] = [], window = 1000): readonly Written[] => [
  client(0, "S", 1100, 0, { options }),
  server(0.01, "SA", 1300, 1101, { options, window }),
  client(0.02, "A", 1101, 1301),
];
const data = (text: string) => ({ data: text });

const made: readonly { readonly name: string; readonly has: string; readonly packets: readonly Written[] }[] = [
  {
    name: "probes of one octet that are refused",
    has: "zero_window_probe_ack",
    packets: [
      ...opening(),
      client(0.1, "PA", 1101, 1301, data("hello")),
      server(0.11, "A", 1301, 1106, { window: 0 }),
      client(1, "PA", 1106, 1301, data("x")),
      server(1.01, "A", 1301, 1106, { window: 0 }),
      client(2, "PA", 1106, 1301, data("x")),
      server(2.01, "A", 1301, 1106, { window: 500 }),
      client(2.02, "PA", 1106, 1301, data("xyz")),
      server(2.03, "A", 1301, 1109),
    ],
  },
  {
    name: "windows that are filled, the one of the SYN not scaled",
    has: "window_full",
    packets: [
      ...opening([windowScale(3)], 5),
      client(0.03, "PA", 1101, 1301, data("hello")),
      server(0.04, "A", 1301, 1106, { window: 1 }),
      client(0.05, "PA", 1106, 1301, data("12345678")),
      server(0.06, "A", 1301, 1114, { window: 0 }),
    ],
  },
  {
    name: "holes that are filled one by one",
    has: "ack_lost_segment",
    packets: [
      ...opening(),
      ...[1101, 1201, 1401, 1601].map((seq, i) => client(0.1 + i / 1000, "A", seq, 1301, data("a".repeat(100)))),
      server(0.2, "A", 1301, 1301),
      client(0.3, "A", 1301, 1301, data("a".repeat(100))),
      server(0.31, "A", 1301, 1501),
      client(0.4, "A", 1501, 1301, data("a".repeat(100))),
      server(0.41, "A", 1301, 1701),
      server(0.42, "PA", 1301, 1901, data("q")),
      client(0.43, "A", 1901, 1302),
      server(0.44, "PA", 1302, 1901, data("q")),
    ],
  },
  {
    name: "pieces that lie over one another",
    has: "ack_lost_segment",
    packets: [
      ...opening(),
      client(0.1, "PA", 1101, 1301, data("a".repeat(20))),
      client(0.15, "PA", 1117, 1301, data("a".repeat(16))),
      client(0.151, "PA", 1110, 1301, data("a".repeat(9))),
      client(0.152, "PA", 1132, 1301, data("a".repeat(9))),
      server(0.2, "A", 1301, 1141),
      client(0.3, "PA", 1141, 1301, data("a".repeat(10))),
      server(0.4, "A", 1301, 1151),
    ],
  },
  {
    name: "a SYN that is sent again, with its data and without",
    has: "retransmission",
    packets: [client(0, "S", 1100, 0, data("hi")), client(1, "S", 1100, 0, data("hi")), client(2, "S", 1100, 0)],
  },
  {
    name: "a start in the middle, with acknowledgments of what was not seen",
    has: "ack_lost_segment",
    packets: [
      client(0, "PA", 5000, 9000, data("x".repeat(50))),
      client(0.1, "PA", 4950, 9000, data("x".repeat(50))),
      server(0.2, "A", 9000, 5050),
      server(0.3, "PA", 9100, 5050, data("x")),
      client(0.31, "A", 5050, 9101),
      client(0.32, "A", 5050, 9201),
      client(0.33, "A", 5050, 9301),
      server(0.4, "PA", 9000, 5050, data("y".repeat(100))),
      client(0.5, "PA", 5050, 9301, data("z")),
      server(0.6, "A", 9101, 5051),
      client(0.7, "A", 5051, 9401),
    ],
  },
  {
    name: "a SYN that is answered twice",
    has: "reused_ports",
    packets: [...opening(), client(1, "S", 901_100, 0), server(1.1, "SA", 1, 901_101), server(2, "SA", 77, 901_101)],
  },
];

test.each(made)("$name: each packet is flagged as TShark flags it", async ({ name, has, packets }) => {
  const { theirs, kinds } = await agreement(write(name, packets), name);
  if (has !== "") expect([...theirs]).toContain(has);
  expect(kinds).toEqual([]);
});

test("where both open at once, their SYN-ACKs are nothing sent again, as they are to TShark", async () => {
  const packets = [
    client(0, "S", 1100, 0),
    server(0.001, "S", 1300, 0),
    client(0.01, "SA", 1100, 1301),
    server(0.011, "SA", 1300, 1101),
    client(0.02, "A", 1101, 1301),
    server(0.03, "PA", 1301, 1101, data("hi")),
  ];
  const { kinds } = await agreement(write("a simultaneous open", packets), "simultaneous");
  expect(kinds).toEqual(["both open", "both open"]);
});

test("the number of a RST that nobody waits for is no place in the stream, as it is to TShark", async () => {
  const packets = [
    ...opening(),
    server(0.1, "R", 996_300, 0),
    client(0.2, "PA", 1101, 1301, data("hello")),
    server(0.3, "PA", 1301, 1106, data("hi")),
    client(0.4, "A", 1106, 1303),
  ];
  const { kinds } = await agreement(write("a RST out of place", packets), "RST");
  expect(new Set(kinds)).toEqual(new Set(["RST out of place"]));
});

test("the octet of a probe counts once it is acknowledged, where TShark misses it for good", async () => {
  const packets = [
    ...opening(),
    client(0.1, "PA", 1101, 1301, data("hello")),
    server(0.11, "A", 1301, 1106, { window: 0 }),
    client(1, "PA", 1106, 1301, data("x")),
    server(1.01, "A", 1301, 1107, { window: 500 }),
    client(1.02, "PA", 1107, 1301, data("yz")),
  ];
  const { kinds } = await agreement(write("a probe that is taken", packets), "probe");
  expect(new Set(kinds)).toEqual(new Set(["probe that was taken"]));
});
