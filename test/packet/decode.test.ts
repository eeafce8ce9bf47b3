import fc from "fast-check";
import { expect, test } from "vitest";
import { decode } from "../../src/packet/decode.js";
import { headers } from "../../src/packet/headers.js";
import { layer } from "../../src/packet/packet.js";
import { linkTypes } from "../../src/wire/numbers.js";
import * as packets from "../support/packets.js";

const kinds = (octets: Uint8Array, linkType?: number): string[] => decode(octets, linkType).layers.map((l) => l.kind);

test("a segment is decoded from the link layer to its payload", () => {
  const packet = decode(packets.hello, linkTypes.ethernet, { seconds: 7, nanoseconds: 8, device: "lo" });
  expect(packet).toMatchObject({ seconds: 7, nanoseconds: 8, device: "lo", length: 71, capturedLength: 71 });
  expect(packet.layers.map((l) => l.kind)).toEqual(["ethernet", "ipv4", "tcp", "payload"]);
  expect(layer(packet, "ipv4")).toMatchObject({ source: "127.0.0.1", destination: "127.0.0.1", ttl: 64, protocol: 6 });
  expect(layer(packet, "tcp")).toMatchObject({
    sourcePort: 37634,
    destinationPort: 5000,
    sequenceNumber: 402334459,
    acknowledgmentNumber: 2697813078,
    flags: { psh: true, ack: true, syn: false },
    window: 64,
    options: [
      { kind: "noOperation" },
      { kind: "noOperation" },
      { kind: "timestamps", value: 2637023437, echoReply: 4139382502 },
    ],
  });
  expect(layer(packet, "payload")).toEqual({
    kind: "payload",
    length: 5,
    octets: Uint8Array.from(Buffer.from("hello")),
  });
});

test("an ICMP error is followed by the packet it quotes", () => {
  expect(kinds(packets.portUnreachable)).toEqual(["ethernet", "ipv4", "icmp", "ipv4", "udp", "payload"]);
  expect(kinds(packets.portUnreachable6)).toEqual(["ethernet", "ipv6", "icmpv6", "ipv6", "udp", "payload"]);
});

test("octets behind the length an IP header gives are a trailer, not payload", () => {
  const padded = new Uint8Array(packets.handshakeAck.length + 6);
  padded.set(packets.handshakeAck);
  expect(decode(padded).layers.at(-1)).toEqual({ kind: "trailer", length: 6, octets: new Uint8Array(6) });
});

test("what the capture cut is told apart from what a length field cut", () => {
  const cut = decode(packets.hello.subarray(0, 69), linkTypes.ethernet, { length: 71 });
  expect(cut.problems).toEqual([]);
  expect(layer(cut, "payload")).toMatchObject({ length: 5, octets: Uint8Array.from(Buffer.from("hel")) });
  expect(cut.checksums.at(-1)).toEqual({ layer: 2, verdict: "cannot tell" });

  const shorter = packets.hello.slice();
  shorter[17] = 30; // ipv4.totalLength leaves ten octets for TCP
  expect(decode(shorter).problems).toContainEqual({
    kind: "truncated",
    layer: "tcp",
    at: 34,
    needed: 20,
    available: 10,
    limit: "ipv4.totalLength",
  });
});

test("of a header that was cut, the fields that are there are told", () => {
  const packet = decode(packets.hello.subarray(0, 40), linkTypes.ethernet, { length: 71 });
  expect(packet.layers.at(-1)).toEqual({
    kind: "cut",
    header: "tcp",
    fields: { sourcePort: 37634, destinationPort: 5000 },
    octets: packets.hello.slice(34, 40),
  });
  expect(packet.problems).toEqual([
    { kind: "truncated", layer: "tcp", at: 34, needed: 20, available: 6, limit: "capture" },
  ]);
});

test.each(Object.entries(packets).filter((entry): entry is [string, Uint8Array] => entry[1] instanceof Uint8Array))(
  "%s cut at every length never throws and keeps every octet",
  (_, whole) => {
    for (let size = 0; size <= whole.length; size++) {
      const packet = decode(whole.subarray(0, size), linkTypes.ethernet, { length: whole.length });
      expect(layer(packet, "payload")?.octets.length ?? 0).toBeLessThanOrEqual(size);
      expect(packet.capturedLength).toBe(size);
    }
  },
);

test("any octets of any link type decode without throwing, and payload and problems lie inside them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...Object.values(linkTypes)), (octets, linkType) => {
      const packet = decode(octets, linkType);
      expect(structuredClone(packet)).toEqual(packet);
      for (const problem of packet.problems) expect(problem.at).toBeLessThanOrEqual(octets.length);
    }),
    { numRuns: 2000 },
  );
});

test("a real packet with any octets changed decodes without throwing", () => {
  const changes = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 8 });
  fc.assert(
    fc.property(
      fc.constantFrom(packets.syn, packets.udp6, packets.portUnreachable, packets.echoRequest),
      changes,
      (real, edits) => {
        const octets = real.slice();
        for (const [at, value] of edits) octets[at % octets.length] = value;
        expect(decode(octets).layers.length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 2000 },
  );
});

test("what are no octets, or no link type, is refused", () => {
  expect(() => decode("abc" as never)).toThrow('octets takes a Uint8Array, not "abc"');
  expect(() => decode(new Uint16Array(60) as never)).toThrow("octets takes a Uint8Array, not [object Uint16Array]");
  expect(() => decode(packets.syn, "ethernet" as never)).toThrow(
    'linkType takes a number of linkTypes, not "ethernet"',
  );
});

test("tunnels within tunnels end at the deepest layer that is followed", () => {
  const tags = new Uint8Array(14 + 4 * 300);
  for (let at = 12; at < tags.length - 1; at += 4) tags.set([0x81, 0x00], at);
  const packet = decode(tags);
  expect(packet.layers.length).toBe(256);
  expect(packet.problems).toMatchObject([{ kind: "malformed", field: "layers" }]);
});

test("every header has a name of its own", () => {
  const names = headers.map(({ kind }) => kind);
  expect(new Set(names).size).toBe(names.length);
});
