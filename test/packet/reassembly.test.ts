import { expect, test } from "vitest";
import { isSockinspectError } from "../../src/errors.js";
import { decode } from "../../src/packet/decode.js";
import type { Frame } from "../../src/packet/frame.js";
import { type Packet, wholeLayers } from "../../src/packet/packet.js";
import { FragmentReassembly } from "../../src/packet/reassembly.js";
import { json } from "../../src/render/json.js";
import { line } from "../../src/render/line.js";
import { tree } from "../../src/render/tree.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { content, cuts, datagram4, datagram6, fragment4, fragment6, frameOf } from "./reassembly-fragments.js";

const whole4 = datagram4(content(3000));
const whole6 = datagram6(content(3000));
const fragments4 = cuts(3008, 1480).map(([at, end]) => fragment4(whole4, at, end));
const fragments6 = cuts(3008, 1448).map(([at, end]) => fragment6(whole6, at, end));

/** Which fragments complete a datagram, as text of its layers. */
function completed(fragments: readonly Uint8Array[], reassembly = new FragmentReassembly()): (Packet | undefined)[] {
  return fragments.map((octets) => {
    const frame = frameOf(octets);
    reassembly.follow(frame);
    return frame.own().reassembled;
  });
}

const following = (reassembly: FragmentReassembly, octets: Uint8Array, seconds = 0): Frame => {
  const frame = frameOf(octets, { seconds });
  reassembly.follow(frame);
  return frame;
};

test.each([
  ["IPv4", whole4, fragments4, linkTypes.ipv4],
  ["IPv6", whole6, fragments6, linkTypes.ipv6],
])(
  "the last fragment of %s to arrive has the datagram, as if it had never been cut",
  (_, whole, fragments, linkType) => {
    for (const order of [fragments, fragments.toReversed()]) {
      const reassembly = new FragmentReassembly();
      const packets = completed(order, reassembly);
      expect(packets.slice(0, -1)).toEqual([undefined, undefined]);
      expect(packets[2]).toEqual({ ...decode(whole, linkType), fragments: 3, layer: 0 });
      expect(packets[2]?.checksums.map(({ verdict }) => verdict)).not.toContain("cannot tell");
      expect(reassembly.statistics).toMatchObject({ reassembled: 1, incomplete: 0, unusable: 0 });
    }
  },
);

test("a packet that is no fragment stays as it is", () => {
  const reassembly = new FragmentReassembly();
  expect(following(reassembly, whole4).reassembled).toBeUndefined();
  expect(following(reassembly, whole6).reassembled).toBeUndefined();
  expect(reassembly.statistics).toMatchObject({ reassembled: 0, incomplete: 0 });
});

test("extension headers that every fragment carries stand before the data of the whole", () => {
  const options = [17, 0, 1, 4, 0, 0, 0, 0];
  const whole = datagram6(content(3000), options);
  const parts = cuts(3008, 1440).map(([at, end]) => fragment6(whole, at, end, 8));
  expect(completed(parts)[2]).toMatchObject(decode(whole, linkTypes.ipv6));
});

test("the checksum is of the whole: one changed octet of any fragment makes it wrong", () => {
  const changed = fragments4.map((octets) => octets.slice());
  changed[1]![700]! ^= 1;
  const packet = completed(changed)[2]!;
  expect(packet.problems).toMatchObject([{ kind: "checksum", layer: "udp" }]);
  expect(packet.checksums).toContainEqual({ layer: 1, verdict: "bad" });
});

test("a checksum that was left to the network card is not called wrong in the whole", () => {
  const reassembly = new FragmentReassembly();
  const frames = fragments4.map((octets) => frameOf(octets));
  frames[0]!.about = { offload: "not computed yet" };
  frames[1]!.about = { offload: "verified by the kernel" };
  for (const frame of frames) reassembly.follow(frame);
  expect(frames[2]!.reassembled?.checksums).toContainEqual({ layer: 1, verdict: "not computed yet" });
});

test("lines say what each fragment is, and the last one what the datagram is", () => {
  const reassembly = new FragmentReassembly();
  expect(fragments4.map((octets) => line(following(reassembly, octets), { time: "none" }))).toEqual([
    "192.0.2.1:5000 → 192.0.2.2:6000  UDP 1472 bytes fragment 0x1234 at 0 (more follow)",
    "192.0.2.1 → 192.0.2.2  UDP fragment 0x1234 at 1480 (more follow) 1480 bytes",
    "192.0.2.1:5000 → 192.0.2.2:6000  UDP 3000 bytes (reassembled from 3 fragments)",
  ]);
});

test("trees and JSON show the fragment, and behind it the datagram", () => {
  const reassembly = new FragmentReassembly();
  const last = fragments6.map((octets) => following(reassembly, octets)).at(-1)!;
  const text = tree(last);
  expect(text.indexOf("  IPv6 fragment")).toBeGreaterThan(0);
  const title = text.indexOf("  Reassembled from 3 fragments 3048 octets");
  expect(text.slice(title).some((row) => /^ {6}destination port +6000/.test(row))).toBe(true);
  const value = JSON.parse(json(last));
  expect(value.layers.map(({ kind }: { kind: string }) => kind)).toEqual(["ipv6", "fragment", "payload"]);
  expect(value.reassembled).toMatchObject({ fragments: 3, layer: 0, length: 3048 });
  expect(value.reassembled.layers.map(({ kind }: { kind: string }) => kind)).toEqual(["ipv6", "udp", "payload"]);
});

test("the same fragment once more changes nothing", () => {
  const [first, second, last] = fragments4 as [Uint8Array, Uint8Array, Uint8Array];
  const reassembly = new FragmentReassembly();
  const packets = completed([last, first, first, last, second], reassembly);
  expect(packets.map((packet) => packet !== undefined)).toEqual([false, false, false, false, true]);
  expect(packets[4]).toMatchObject({ fragments: 3, problems: [] });
});

test.each([
  ["overlap", [fragment4(whole4, 0, 1480), fragment4(whole4, 1472, 2000)], "overlaps an earlier fragment"],
  ["lie inside another", [fragment4(whole4, 0, 1480), fragment4(whole4, 8, 16)], "overlaps an earlier fragment"],
  ["lie around another", [fragment4(whole4, 8, 16), fragment4(whole4, 0, 1480)], "overlaps an earlier fragment"],
  [
    "have other octets at the same place",
    [fragment4(whole4, 1480, 2960), fragment4(datagram4(content(3000).reverse()), 1480, 2960)],
    "overlaps an earlier fragment",
  ],
  ["overlap in IPv6", [fragment6(whole6, 0, 1448), fragment6(whole6, 1440, 2000)], "overlaps an earlier fragment"],
  ["lie behind the last", [fragment4(whole4, 8, 16, false), fragment4(whole4, 16, 24)], "is behind the last fragment"],
  ["have two ends", [fragment4(whole4, 8, 16, false), fragment4(whole4, 16, 24, false)], "is behind the last fragment"],
  [
    "end before another",
    [fragment4(whole4, 24, 32), fragment4(whole4, 8, 16, false)],
    "is the last fragment, but not behind all others",
  ],
])("fragments that %s make the datagram be given up, and those that come later are of none", (_, fragments, reason) => {
  const reassembly = new FragmentReassembly();
  const frames = fragments.map((octets) => following(reassembly, octets));
  expect(frames[0]!.problems).toEqual([]);
  expect(frames[1]!.problems).toMatchObject([{ kind: "malformed", field: "fragmentOffset" }]);
  expect(line(frames[1]!)).toContain(`${reason}: its datagram is given up`);
  expect(reassembly.statistics).toMatchObject({ contradictory: 1, incomplete: 0 });
  const again = fragments[0]![0]! >> 4 === 4 ? fragments4 : fragments6;
  expect(completed(again, reassembly)).toEqual([undefined, undefined, undefined]);
  expect(reassembly.statistics).toMatchObject({ contradictory: 1, reassembled: 0, incomplete: 0 });
});

test("a fragment that cannot be one is said to be, and leaves its datagram alone", () => {
  const reassembly = new FragmentReassembly();
  following(reassembly, fragments4[0]!);
  const odd = following(reassembly, fragment4(whole4, 1480, 1493, true));
  expect(line(odd)).toMatch(/✗ ipv4\.fragmentOffset 185 has data of no multiple of 8 octets/);
  const empty = following(reassembly, fragment4(whole4, 1480, 1480, true));
  expect(line(empty)).toMatch(/✗ ipv4\.fragmentOffset 185 has no data/);
  const far = following(reassembly, fragment4(whole4, 0, 8, false).fill(0x3f, 6, 7).fill(0xff, 7, 8));
  expect(line(far)).toMatch(/ends at octet 65536, behind what a datagram can hold/);
  expect(reassembly.statistics).toMatchObject({ unusable: 3, incomplete: 1 });
  expect(completed(fragments4.slice(1), reassembly)[1]).toBeDefined();
});

test("a datagram whose headers make it longer than its length field can say is given up", () => {
  const large = new Uint8Array(20 + 65_535);
  large.set(datagram4(content(1)));
  const parts: [number, number][] = [
    [0, 32_768],
    [32_768, 65_512],
    [65_512, 65_535],
  ];
  const reassembly = new FragmentReassembly();
  const frames = parts.map(([at, end]) => following(reassembly, fragment4(large, at, end)));
  expect(frames[2]!.reassembled).toBeUndefined();
  expect(line(frames[2]!)).toContain("makes its datagram longer than one can be");
});

test("fragments of which octets are missing are of no use, and counted", () => {
  const reassembly = new FragmentReassembly();
  const cut = frameOf(fragments4[0]!);
  cut.move(cut.data, 0, 1000, 1500);
  reassembly.follow(cut);
  // The frame is shorter than the total length
  following(reassembly, fragments4[1]!.slice(0, 900));
  expect(following(reassembly, fragments4[2]!).reassembled).toBeUndefined();
  expect(reassembly.statistics).toMatchObject({ unusable: 2, incomplete: 1 });
});

test("octets behind a fragment's own end are no part of it", () => {
  const padded = fragments4.map((octets) => new Uint8Array([...octets, 1, 2, 3, 4, 5, 6]));
  expect(completed(padded)[2]?.checksums).toContainEqual({ layer: 1, verdict: "good" });
});

test("a fragment that an ICMP error quotes is not on its way", () => {
  const error = new Uint8Array([
    ...datagram4(new Uint8Array(0)).slice(0, 20),
    11,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    ...fragments4[0]!,
  ]);
  error[9] = 1;
  new DataView(error.buffer).setUint16(2, error.length);
  const reassembly = new FragmentReassembly();
  expect(completed([error, fragments4[1]!, fragments4[2]!], reassembly)).toEqual([undefined, undefined, undefined]);
  expect(reassembly.statistics).toMatchObject({ incomplete: 1, unusable: 0 });
});

test.each<[string, (octets: Uint8Array) => void]>([
  ["source", (octets) => octets.fill(9, 15, 16)],
  ["destination", (octets) => octets.fill(9, 19, 20)],
  ["protocol", (octets) => octets.fill(6, 9, 10)],
  ["identification", (octets) => octets.fill(9, 4, 5)],
])("fragments of another %s are of another datagram", (_, change) => {
  const other = fragments4.map((octets) => octets.slice());
  for (const octets of other) change(octets);
  expect(completed([fragments4[0]!, fragments4[1]!, other[2]!])[2]).toBeUndefined();
  expect(completed([fragments4[0]!, other[0]!, fragments4[1]!, other[1]!, fragments4[2]!])[4]).toBeDefined();
});

test("each device and each VLAN has its own fragments", () => {
  const reassembly = new FragmentReassembly();
  const on = (octets: Uint8Array, device: string): boolean => {
    const frame = frameOf(octets, { device });
    reassembly.follow(frame);
    return frame.reassembled !== undefined;
  };
  const order = fragments4.flatMap((octets) => [on(octets, "eth0"), on(octets, "br0")]);
  expect(order).toEqual([false, false, false, false, true, true]);

  const tagged = (octets: Uint8Array, id: number): Frame =>
    frameOf(new Uint8Array([...new Uint8Array(12), 0x81, 0, 0, id, 8, 0, ...octets]), {}, linkTypes.ethernet);
  const frames = [tagged(fragments4[0]!, 1), tagged(fragments4[1]!, 2), tagged(fragments4[2]!, 1)];
  for (const frame of frames) reassembly.follow(frame);
  expect(frames[2]!.reassembled).toBeUndefined();
  const missing = tagged(fragments4[1]!, 1);
  reassembly.follow(missing);
  expect(missing.reassembled?.layer).toBe(2);
  expect(wholeLayers(missing.own()).map(({ kind }) => kind)).toEqual(["ethernet", "vlan", "ipv4", "udp", "payload"]);
});

test("a tunnel's fragments may carry fragments", () => {
  const outer = (inner: Uint8Array, identification: number): Uint8Array => {
    const octets = new Uint8Array([...datagram4(new Uint8Array(0), identification).slice(0, 20), ...inner]);
    octets[9] = 4;
    new DataView(octets.buffer).setUint16(2, octets.length);
    return octets;
  };
  const reassembly = new FragmentReassembly();
  const frames = fragments4.flatMap((inner, i) => {
    const tunnelled = outer(inner, i);
    return cuts(tunnelled.length - 20, 40).map(([at, end]) => following(reassembly, fragment4(tunnelled, at, end)));
  });
  const last = frames.at(-1)!.own();
  expect(last.reassembled?.reassembled).toMatchObject({ fragments: 3, layer: 1, length: 3028 });
  expect(wholeLayers(last).map(({ kind }) => kind)).toEqual(["ipv4", "ipv4", "udp", "payload"]);
  expect(line(last)).toMatch(/UDP 3000 bytes \(reassembled from 2 fragments\) \(reassembled from 3 fragments\)$/);
});

test("after 60 seconds of the packets' own time a datagram is not waited for", () => {
  const reassembly = new FragmentReassembly();
  following(reassembly, fragments4[0]!, 100);
  following(reassembly, fragments4[1]!, 160);
  expect(following(reassembly, fragments4[2]!, 161).reassembled).toBeUndefined();
  expect(reassembly.statistics).toMatchObject({ expired: 1, incomplete: 1, reassembled: 0 });
  following(reassembly, fragments4[0]!, 162);
  expect(following(reassembly, fragments4[1]!, 221).reassembled).toBeDefined();
});

test("a file without times has its fragments reassembled, too", () => {
  const reassembly = new FragmentReassembly();
  const frames = fragments4.map((octets) => following(reassembly, octets, Number.NaN));
  expect(frames[2]!.reassembled).toBeDefined();
});

test("the oldest datagrams make room, and are counted", () => {
  const few = new FragmentReassembly({ datagrams: 2 });
  const starts = [1, 2, 3].map((identification) => fragment4(datagram4(content(3000), identification), 0, 1480));
  completed(starts, few);
  expect(few.statistics).toMatchObject({ incomplete: 2, evicted: 1 });
  const small = new FragmentReassembly({ octets: 5000 });
  completed(starts, small);
  expect(small.statistics).toMatchObject({ incomplete: 2, evicted: 1 });
  // What is complete takes no room
  expect(completed(fragments6, small)[2]).toBeDefined();
});

test("limits have to be above 0", () => {
  expect(() => new FragmentReassembly({ seconds: 0 })).toThrow(
    expect.toSatisfy((error: unknown) => isSockinspectError(error, "BAD_ARGUMENT")),
  );
});

test("what is reassembled belongs to its packet, not to the frame's next one", () => {
  const reassembly = new FragmentReassembly();
  const frame = fragments4.map((octets) => following(reassembly, octets))[2]!;
  expect(frame.reassembled).toBeDefined();
  frame.move(frame.data, 0, frame.end, frame.end);
  expect(frame.reassembled).toBeUndefined();
});
