import { expect, test } from "vitest";
import { decode } from "../../src/packet/decode.js";
import type { Packet } from "../../src/packet/packet.js";
import { type Ladder, type LadderOptions, Ladders, type Rung, type States } from "../../src/render/ladder.js";
import { ladderMermaid } from "../../src/render/ladder-mermaid.js";
import { ladderSvg } from "../../src/render/ladder-svg.js";
import { ladderText } from "../../src/render/ladder-text.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { handshake, segment, segmentOctets } from "../flow/segments.js";
import { portUnreachable, udp } from "../support/packets.js";

function ladder(packets: readonly Packet[], options?: LadderOptions): Ladder {
  const ladders = new Ladders(options);
  for (const packet of packets) ladders.add(packet);
  return [...ladders][0]!;
}

const life = [
  ...handshake(),
  segment({ at: 0.1, from: "client", flags: "PA", seq: 101, ack: 301, data: "hello" }),
  segment({ at: 1.3, from: "client", flags: "PA", seq: 101, ack: 301, data: "hello" }),
  segment({ at: 1.31, from: "server", flags: "R", seq: 301 }),
];

test("a ladder in text has both ends, states where they change, pauses, and notes", () => {
  expect(ladderText(ladder(life))).toEqual([
    "TCP conversation 0: reset",
    "           192.0.2.1:40000                                     198.51.100.2:5000",
    "     0 µs     SYN-SENT │─────────────── SYN seq 0 ───────────────▶│ LISTEN",
    "    10 ms  ESTABLISHED │◀────────── SYN ACK seq 0 ack 1 ──────────│ SYN-RECEIVED",
    "    20 ms              │─────────────── ACK ack 1 ───────────────▶│ ESTABLISHED",
    "   100 ms              │─────── PSH ACK seq 1–5 (5) ack 1 ───────▶│",
    "                       │           · · ·  1.2 s  · · ·            │",
    "    1.3 s              │─────── PSH ACK seq 1–5 (5) ack 1 ───────▶│",
    "                       │ ▸ retransmission after 1.2 s             │",
    "   1.31 s       CLOSED │◀─────────────── RST seq 1 ───────────────│ CLOSED",
    "                       │ ▸ reset                                  │",
  ]);
});

test("it fits 80 columns whatever the addresses, and grows with the terminal", () => {
  const addresses = ["255.255.255.255", "255.255.255.254"] as const;
  const ports = [65_535, 65_534] as const;
  const wide = { addresses, ports, seq: 0xffffffff, ack: 0xfffffffe, data: "x".repeat(1400) } as const;
  const packets = [
    segment({ from: "client", flags: "SPFRA", ...wide }),
    segment({ from: "server", flags: "PA", ...wide, at: 9e5 }),
  ];
  const drawn = ladder(packets, { explain: true });
  for (const line of ladderText(drawn)) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(Math.max(...ladderText(drawn, { width: 120 }).map(({ length }) => length))).toBeGreaterThan(100);
  expect(ladderText(drawn, { width: 10 })).toEqual(ladderText(drawn));
});

test("times of years, and none, fit their column", () => {
  const syn = { from: "client", flags: "S", seq: 100 } as const;
  const years = [segment({ ...syn, at: 1.7e9 }), segment({ ...syn, at: 0 }), segment({ ...syn, at: 1.7e9 })];
  const lines = ladderText(ladder(years, { explain: true }));
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(lines.filter((line) => /^ ?-?1\.7e9 s /.test(line))).toHaveLength(1);
  const timeless = decode(segmentOctets(syn), linkTypes.raw, { seconds: Number.NaN });
  const drawn = ladder([timeless, timeless]);
  expect(ladderText(drawn).slice(2)).toEqual([
    "  no time     SYN-SENT │─────────────── SYN seq 0 ───────────────▶│ LISTEN",
    "  no time              │─────────────── SYN seq 0 ───────────────▶│",
    "                       │ ▸ SYN again 1                            │",
  ]);
  for (const text of [ladderSvg(drawn), ladderMermaid(drawn)]) expect(text).not.toContain("NaN");
});

test("data of a SYN begins behind it", () => {
  const packets = [
    segment({ from: "client", flags: "S", seq: 100, data: "hello" }),
    segment({ at: 1, from: "client", flags: "PA", seq: 101, ack: 301, data: "hello" }),
  ];
  const texts = ladder(packets).rungs.map((rung) => rung.text);
  expect(texts).toEqual(["SYN seq 0–5 (5)", "PSH ACK seq 1–5 (5) ack 1"]);
});

test("where SACK blocks are is noted", () => {
  const blocks = [{ left: 104, right: 106 }];
  const sack = segment({ from: "server", flags: "A", seq: 301, ack: 101, options: [{ kind: "sack", blocks }] });
  expect(ladder([...handshake(), sack]).rungs.at(-1)!.notes).toContain("selective ACK: 4–5");
});

test("an ICMP error comes from where its packet went, and does not arrive as one", () => {
  const [, , , error] = ladderText(ladder([decode(udp), decode(portUnreachable)]));
  expect(error).toMatch(/│×─+ ICMP port unreachable ─+│/);
});

test("packets that are not kept are counted", () => {
  expect(ladderText(ladder(life, { rungs: 2 })).at(-1)).toContain("4 more packets, not kept");
});

test("paint marks what is what", () => {
  const lines = ladderText(ladder(handshake()), { paint: (role, text) => `<${role}>${text}</${role}>` });
  expect(lines[2]).toContain("<flags>SYN seq 0</flags>");
  expect(lines[2]).toContain("<time>     0 µs</time>");
});

test("a ladder as a Mermaid diagram", () => {
  expect(ladderMermaid(ladder([...life.slice(0, 3), life[4]!]))).toBe(`sequenceDiagram
  title TCP conversation 0: open
  participant client as 192.0.2.1:40000
  participant server as 198.51.100.2:5000
  client->>server: SYN seq 0
  Note left of client: SYN-SENT
  Note right of server: LISTEN
  server->>client: SYN ACK seq 0 ack 1
  Note left of client: ESTABLISHED
  Note right of server: SYN-RECEIVED
  client->>server: ACK ack 1
  Note right of server: ESTABLISHED
  Note over client,server: 1.28 s later
  client->>server: PSH ACK seq 1–5 (5) ack 1
`);
});

test("signs that Mermaid gives a meaning are written so that they have none", () => {
  const drawn: Ladder = { ...ladder(handshake()), client: "a;b#c" };
  expect(ladderMermaid(drawn)).toContain("participant client as a#59;b#35;c");
});

test("a ladder as an SVG image needs nothing else and knows light and dark", () => {
  const svg = ladderSvg({ ...ladder(life), client: '<a & "b">' });
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+" height="\d+"/);
  expect(svg).toContain("prefers-color-scheme: dark");
  // Custom properties are not known everywhere
  expect(svg).not.toMatch(/href|url\(|<script|@import|var\(/);
  expect(svg).toContain("&#60;a &#38; &#34;b&#34;&#62;");
  expect(svg.match(/class="head"/g)).toHaveLength(life.length);
  // Every element is closed
  const names = [...svg.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)].filter(([, , , empty]) => !empty);
  const depth = names.reduce((open, [, end]) => open + (end ? -1 : 1), 0);
  expect(depth).toBe(0);
});

const states = (client: string, server: string, sampled = false): States => ({ client, server, sampled });
const moment = (time: number): Pick<Rung, "time" | "since" | "notes" | "states"> => ({
  time,
  since: 0,
  notes: [],
  states: undefined,
});
const arrow = { kind: "packet", isError: false } as const;
/** What a program does at both ends, and packets that do not all arrive. */
const scene: Ladder = {
  title: "a scene",
  client: "client",
  server: "server",
  more: 0,
  rungs: [
    { ...moment(0), kind: "caption", text: "The client connects, the server takes its time" },
    { ...moment(0), kind: "call", by: "server", text: "listen(1)", failed: false, states: states("", "LISTEN", true) },
    { ...moment(1e6), ...arrow, from: "client", way: "whole", text: "SYN seq 0", states: states("SYN-SENT", "LISTEN") },
    { ...moment(2e6), ...arrow, from: "client", way: "lost", text: "5 octets", notes: ["dropped by the link"] },
    { ...moment(3e6), ...arrow, from: "server", way: "lost", text: "6 octets" },
    { ...moment(4e6), ...arrow, from: "client", way: "held", text: "7 octets" },
    { ...moment(5e6), ...arrow, from: "client", way: "late", text: "7 octets" },
    { ...moment(6e6), ...arrow, from: "server", way: "held", text: "8 octets" },
    { ...moment(7e6), ...arrow, from: "server", way: "late", text: "8 octets" },
    {
      ...moment(8e6),
      kind: "call",
      by: "client",
      text: "recvfrom(65536) → 5 from 255.255.255.255:65535",
      failed: false,
      states: states("SYN-SENT", "ESTABLISHED", true),
    },
    { ...moment(9e6), kind: "call", by: "client", text: "connect(127.0.0.1:5000) → ECONNREFUSED", failed: true },
  ],
};

test("a ladder has calls beside the lifelines, what was sampled marked, and packets that do not arrive, or later", () => {
  expect(ladderText(scene)).toEqual([
    "a scene",
    "           client                                                         server",
    "◆ The client connects, the server takes its time",
    "     0 µs              │                                listen(1) ┥•LISTEN",
    "     1 ms     SYN-SENT │─────────────── SYN seq 0 ───────────────▶│",
    "     2 ms              │──────────── 5 octets ────────────╳       │",
    "                       │ ▸ dropped by the link                    │",
    "     3 ms              │       ╳──────────── 6 octets ────────────│",
    "     4 ms              │──────────── 7 octets ────────────┄       │",
    "     5 ms              │       ┄─────────── 7 octets ────────────▶│",
    "     6 ms              │       ┄──────────── 8 octets ────────────│",
    "     7 ms              │◀──────────── 8 octets ───────────┄       │",
    "     8 ms     SYN-SENT•┝ recvfrom(65536) → 5 from                 │•ESTABLISHED",
    "                       │ 255.255.255.255:65535                    │",
    "     9 ms              ┝ connect(127.0.0.1:5000) → ECONNREFUSED   │",
  ]);
});

test("a caption behind a pause is a heading all the same, on as many lines as it takes", () => {
  const text = "Nobody has said anything for a while, which is nothing that a connection would mind at all";
  const rungs: Rung[] = [scene.rungs[1]!, { ...moment(1e9), since: 1e9, kind: "caption", text }];
  expect(ladderText({ ...scene, rungs }).slice(3)).toEqual([
    "                       │            · · ·  1 s  · · ·             │",
    "◆ Nobody has said anything for a while, which is nothing that a connection",
    "  would mind at all",
  ]);
});

test("the states of several conversations are told apart", () => {
  const rung = (of: string, client: string): Rung => ({
    ...moment(0),
    ...arrow,
    from: "client",
    way: "whole",
    text: `${of}: ACK`,
    of,
    states: states(client, ""),
  });
  const lines = ladderText({
    ...scene,
    rungs: [rung("A", "ONE"), rung("B", "TWO"), rung("A", "ONE"), rung("B", "THREE")],
  });
  expect(lines.slice(2).map((line) => line.slice(9, 22).trim())).toEqual(["ONE", "TWO", "", "THREE"]);
});

test("calls and what does not arrive as Mermaid has them", () => {
  const drawn = ladderMermaid(scene);
  for (const line of [
    "  Note over client,server: The client connects, the server takes its time",
    "  Note over server: listen(1)",
    "  Note right of server: LISTEN •",
    "  client-xserver: 5 octets (lost)",
    "  client--)server: 7 octets (held back)",
    "  client-->>server: 7 octets (arrives late)",
    "  Note over client: connect(127.0.0.1:5000) → ECONNREFUSED",
  ])
    expect(drawn.split("\n")).toContain(line);
});

test("calls and what does not arrive as SVG has them", () => {
  const drawn = ladderSvg(scene);
  expect(drawn.match(/class="tick"/g)).toHaveLength(3);
  expect(drawn.match(/class="failed"/g)).toHaveLength(1);
  expect(drawn.match(/stroke-dasharray/g)).toHaveLength(4);
  expect(drawn).toContain("•LISTEN");
});
