import { expect, test } from "vitest";
import { decode } from "../../src/packet/decode.js";
import type { Offload } from "../../src/packet/packet.js";
import { linkTypes } from "../../src/wire/numbers.js";
import * as packets from "../support/packets.js";

const verdicts = (octets: Uint8Array, offload: Offload = "none"): string[] =>
  decode(octets, linkTypes.ethernet, { offload }).checksums.map(({ layer, verdict }) => `${layer} ${verdict}`);

test("loopback leaves transport checksums to a card there is none of: not computed yet, not bad", () => {
  expect(verdicts(packets.syn, "not computed yet")).toEqual(["1 good", "2 not computed yet"]);
  expect(decode(packets.syn, linkTypes.ethernet, { offload: "not computed yet" }).problems).toEqual([]);
});

test("without the kernel's word the same checksum is bad, and the right one is told", () => {
  expect(verdicts(packets.syn)).toEqual(["1 good", "2 bad"]);
  const { problems } = decode(packets.syn);
  expect(problems).toMatchObject([{ kind: "checksum", layer: "tcp", at: 50, found: 0xfe30 }]);
  const mended = packets.syn.slice();
  new DataView(mended.buffer).setUint16(50, (problems[0] as { computed: number }).computed);
  expect(verdicts(mended)).toEqual(["1 good", "2 good"]);
});

test("where it is not known what the kernel said, the sum of the pseudo-header alone is not computed yet", () => {
  expect(verdicts(packets.syn, "unknown")).toEqual(["1 good", "2 not computed yet"]);
  expect(verdicts(packets.udp, "unknown")).toEqual(["1 good", "2 not computed yet"]);
  expect(verdicts(packets.udp6, "unknown")).toEqual(["2 not computed yet"]);
  expect(decode(packets.syn, linkTypes.ethernet, { offload: "unknown" }).problems).toEqual([]);
  const wrong = packets.syn.slice();
  wrong[51]! ^= 1;
  expect(verdicts(wrong, "unknown")).toEqual(["1 good", "2 bad"]);
  // What an ICMP error quotes has arrived
  expect(verdicts(packets.portUnreachable, "unknown")).toEqual(["1 good", "2 good", "3 good", "4 bad"]);
});

test("the kernel's word stands for the transport checksum only", () => {
  expect(verdicts(packets.syn, "verified by the kernel")).toEqual(["1 good", "2 verified by the kernel"]);
});

test("ICMP and ICMPv6 are checked, and so is what they quote as far as it is whole", () => {
  expect(verdicts(packets.echoRequest)).toEqual(["1 good", "2 good"]);
  expect(verdicts(packets.portUnreachable)).toEqual(["1 good", "2 good", "3 good", "4 bad"]);
  expect(decode(packets.portUnreachable).problems).toEqual([]);
});

test("packets of few layers share their verdicts, and nobody changes them", () => {
  const [once, again] = [decode(packets.udp), decode(packets.udp)];
  expect(again.checksums).toBe(once.checksums);
  expect(Object.isFrozen(once.checksums) && once.checksums.every((checksum) => Object.isFrozen(checksum))).toBe(true);
  const [deep, deepToo] = [decode(packets.portUnreachable), decode(packets.portUnreachable)];
  expect(deepToo.checksums).toEqual(deep.checksums);
  expect(Object.isFrozen(deep.checksums)).toBe(true);
  // The same layers with other verdicts have a list of their own
  expect(verdicts(packets.syn)).not.toEqual(verdicts(packets.syn, "verified by the kernel"));
});

test("zero means that a UDP datagram over IPv4 has no checksum", () => {
  const octets = packets.udp.slice();
  octets.fill(0, 40, 42);
  expect(verdicts(octets)).toEqual(["1 good", "2 absent"]);
});

test("the checksum of an IPv4 header that is shorter than one cannot be told", () => {
  const octets = packets.udp.slice();
  octets[14] = 0x44;
  expect(verdicts(octets)).toEqual(["1 cannot tell"]);
  expect(decode(octets).problems).toMatchObject([{ kind: "malformed", field: "headerLength", value: 4 }]);
});

test("a fragment's transport checksum cannot be told", () => {
  const octets = packets.udp.slice();
  octets[20] = 0x20; // more fragments
  expect(verdicts(octets)).toEqual(["1 bad", "2 cannot tell"]);
});
