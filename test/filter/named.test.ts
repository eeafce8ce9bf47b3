import { describe, expect, test } from "vitest";
import { compileStage } from "../../src/filter/compile.js";
import type { Held } from "../../src/filter/held.js";
import { namesIn } from "../../src/filter/name.js";
import { predicate, remainder } from "../../src/filter/predicate.js";
import { decode } from "../../src/packet/decode.js";
import { headers } from "../../src/packet/headers.js";
import { run } from "../../src/packet/walk/run.js";
import { Walk } from "../../src/packet/walk/walk.js";
import { type Held as HeldByKernel, onEthernet, select, untagged } from "./kernel.js";
import { holdsOf, named } from "./named.js";
import { random, traffic } from "./traffic.js";

const next = random(7);
const comparisons = named(next, 600);

describe("a named field is what decode() says of the outermost header", () => {
  test.each([1, 101, 0, 113, 276])("in packets of link type %i", (linkType) => {
    const packets = traffic(linkType, 300, linkType + 90).map(({ octets, length }) => ({
      octets,
      length,
      decoded: decode(octets, linkType, { length }),
    }));
    const disagreeing: unknown[] = [];
    let matched = 0;
    for (const comparison of comparisons) {
      const matches = predicate(comparison.source, { linkType });
      for (const [index, { octets, length, decoded }] of packets.entries()) {
        const data = new DataView(octets.buffer);
        const expected = holdsOf(decoded, comparison);
        const found = matches(data, 0, octets.length, length);
        if (found) matched++;
        if (found === expected) continue;
        disagreeing.push({ source: comparison.source, index, expected, found });
        break;
      }
    }
    expect(disagreeing).toEqual([]);
    expect(matched).toBeGreaterThan(1000);
  });
});

/** The packet as the ring hands it on: its tag put back. */
function heldOf(frame: HeldByKernel, whole: HeldByKernel): Held {
  const { data, length } = whole;
  const walk = new Walk();
  const size = data.byteLength;
  const tagSize = frame === whole ? 0 : 4;
  const ethernet = frame.hardwareType === 1;
  const linkType = ethernet ? 1 : [0x0800, 0x86dd].includes(frame.protocol) ? 101 : 0xffff;
  run(walk, data, ethernet ? 0 : whole.network, size, length - (ethernet ? 0 : whole.network), linkType);
  const direction = frame.packetType === 4 ? "out" : frame.packetType === 3 ? "other" : "in";
  const network = ethernet ? 14 + tagSize : whole.network;
  return { ...frame, walk, data, at: 0, end: size, length, tagSize, network, direction };
}

const classic = [
  "tcp",
  "udp port 53",
  "ip[8] < 65",
  "len > 60",
  "ip6",
  "tcp[tcpflags] & tcp-syn != 0",
  "ip[60] = 1",
  "ether[13] = 6",
  "ether[10:4] > 3",
  "vlan",
  "vlan 100",
  "greater 70",
  "inbound",
  "udp[ip[0]] > 5",
  "4 / ip[1] = 4",
];

function mixture(depth: number): string {
  const kind = next(depth > 2 ? 2 : 5);
  if (kind === 0) return classic[next(classic.length)]!;
  if (kind === 1) return comparisons[next(comparisons.length)]!.source;
  if (kind === 2) return `not (${mixture(depth + 1)})`;
  return `(${mixture(depth + 1)}) ${kind === 3 ? "and" : "or"} ${mixture(depth + 1)}`;
}

describe("the kernel's program and what is left to ask select together what is asked", () => {
  // The kernel asks whole packets.
  const frames = traffic(1, 400, 31).map(({ octets }) => onEthernet({ octets, length: octets.length }));
  const pairs = frames.map((whole) => [untagged(whole), whole] as const);
  const others = traffic(101, 150, 32).map(({ octets }): readonly [HeldByKernel, HeldByKernel] => {
    const data = new DataView(octets.buffer);
    const version = octets.length > 0 ? data.getUint8(0) >> 4 : 0;
    const protocol = version === 4 ? 0x0800 : version === 6 ? 0x86dd : 0x88cc;
    const length = octets.length;
    const packet = { data, length, protocol, hardwareType: 65534, network: 0, interfaceIndex: 7, packetType: next(5) };
    return [packet, packet];
  });
  const exotic = others.map(([{ data, length, ...rest }]): readonly [HeldByKernel, HeldByKernel] => {
    const octets = Uint8Array.from([...Array<number>(20).fill(0xee), ...new Uint8Array(data.buffer)]);
    const packet = { ...rest, data: new DataView(octets.buffer), length: length + 20, hardwareType: 32, network: 20 };
    return [packet, packet];
  });
  const all = [...pairs, ...others, ...exotic];

  test.each([
    ["every device", undefined],
    ["Ethernet", [1]],
  ])("on %s, one named field alone", (_, hardwareTypes) => {
    const packets = hardwareTypes ? pairs : all;
    const disagreeing: unknown[] = [];
    for (const { source } of comparisons.slice(0, 250)) {
      const program = compileStage(source, { target: "live", hardwareTypes });
      const rest = remainder(source, { target: "live", hardwareTypes });
      expect(rest === undefined).toBe(program.complete);
      const matches = predicate(source, { linkType: 1 });
      const bare = predicate(source, { linkType: 101 });
      const unknown = predicate(source, { linkType: 0xffff });
      for (const [index, [frame, whole]] of packets.entries()) {
        const held = heldOf(frame, whole);
        const { data, length, at, end, direction } = held;
        const expected =
          frame.hardwareType === 1
            ? matches(data, at, end, length, { direction })
            : [0x0800, 0x86dd].includes(frame.protocol)
              ? bare(data, held.network, end, length - held.network, { direction })
              : unknown(data, 0, 0, 0, { direction });
        const selected = select(program.program, frame);
        const found = selected && (rest === undefined || rest(held));
        if (found === expected) continue;
        disagreeing.push({ source, index, expected, selected, found });
        break;
      }
    }
    expect(disagreeing).toEqual([]);
  });

  test("mixed with everything else, by and, or and not", () => {
    const disagreeing: unknown[] = [];
    let incomplete = 0;
    const extra = remainder("tcp.options.mss == 1", { target: "live" })!;
    for (let i = 0; i < 300; i++) {
      const source = mixture(0);
      const { program, complete } = compileStage(source, { target: "live" });
      if (!complete) incomplete++;
      const rest = remainder(source, { target: "live" });
      // All of it, asked of the packet as the kernel holds it.
      const whole = remainder(`(${source}) or tcp.options.mss == 1`, { target: "live" })!;
      for (const [index, [frame, back]] of all.entries()) {
        const held = heldOf(frame, back);
        const selected = select(program, frame);
        const found = selected && (rest === undefined || rest(held));
        const expected = whole(held);
        if (extra(held) || found === expected) continue;
        disagreeing.push({ source, index, expected, selected, found });
        break;
      }
    }
    expect(disagreeing).toEqual([]);
    expect(incomplete).toBeGreaterThan(150);
  });

  test("a question that the kernel asks in vain rejects no packet that has not its octets", () => {
    const source = "tcp.options.mss == 1 and ip[1000] = 1 or tcp.options.mss == 1 and 4 / ip[8] = 1 or ip[8] > 0";
    const { program } = compileStage(source, { target: "live" });
    const rest = remainder(source, { target: "live" })!;
    const withOptions = predicate("tcp.options.mss == 1460 and ip", { linkType: 1 });
    const asked = pairs.filter(([, { data, length }]) => withOptions(data, 0, data.byteLength, length));
    expect(asked.length).toBeGreaterThan(3);
    for (const [frame, whole] of asked) {
      expect(select(program, frame)).toBe(true);
      expect(rest(heldOf(frame, whole))).toBe(true);
    }
  });

  test("the program leaves out most of what does not match", () => {
    const share = (source: string): number => {
      const { program } = compileStage(source, { target: "live" });
      return pairs.filter(([frame]) => select(program, frame)).length / pairs.length;
    };
    for (const source of [
      "tcp.flags.syn",
      "tcp and not tcp.flags.syn",
      "udp.destinationPort == 53",
      "tcp.options.mss > 1400",
    ])
      expect(share(source)).toBeLessThan(0.6);
  });
});

test("every name of every header is understood, alone and compared", () => {
  const names = headers.flatMap(({ kind }) => namesIn(kind));
  expect(names.length).toBeGreaterThan(800);
  for (const { text, value } of names) {
    // A word of pcap-filter(7) keeps its meaning.
    if (/^[a-z0-9]+$/i.test(text)) continue;
    expect(() => predicate(text, { linkType: 1 }), text).not.toThrow();
    const operand =
      value?.type === "ipv4"
        ? "192.0.2.1"
        : value?.type === "ipv6"
          ? "::1"
          : value?.type === "mac"
            ? "02:00:00:00:00:01"
            : value?.type === "octets" && value.size > 0
              ? "f".repeat(2 * value.size)
              : "1";
    expect(() => predicate(`${text} == ${operand}`, { linkType: 1 }), text).not.toThrow();
  }
});
