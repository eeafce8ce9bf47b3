import { expect, test } from "vitest";
import { decode } from "../../src/packet/decode.js";
import type { Packet } from "../../src/packet/packet.js";
import { type Ladder, type LadderOptions, Ladders } from "../../src/render/ladder.js";
import { ladderMermaid } from "../../src/render/ladder-mermaid.js";
import { ladderSvg } from "../../src/render/ladder-svg.js";
import { ladderText } from "../../src/render/ladder-text.js";
import { handshake, segment } from "../flow/segments.js";
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

test("an ICMP error comes from where its packet went, and does not arrive as one", () => {
  const [, , , error, note] = ladderText(ladder([decode(udp), decode(portUnreachable)]));
  expect(error).toMatch(/│×─+ ICMP error ─+│/);
  expect(note).toContain("ICMP error: type 3, code 3");
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
  expect(svg).not.toMatch(/href|url\(|<script|@import/);
  expect(svg).toContain("&#60;a &#38; &#34;b&#34;&#62;");
  expect(svg.match(/class="head"/g)).toHaveLength(life.length);
  // Every element is closed
  const names = [...svg.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)].filter(([, , , empty]) => !empty);
  const depth = names.reduce((open, [, end]) => open + (end ? -1 : 1), 0);
  expect(depth).toBe(0);
});
