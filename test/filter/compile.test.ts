import { expect, test } from "vitest";
import { compile } from "../../src/filter/compile.js";
import { predicate } from "../../src/filter/predicate.js";
import { octets } from "../../src/filter/program.js";
import { run } from "../../src/filter/run.js";
import { tcpSyn, udpDatagram, view } from "./packets.js";

const matches = (source: string, packet: string): boolean => {
  const data = view(packet);
  return run(compile(source, { target: { linkType: 1 } }), data, 0, data.byteLength, data.byteLength) > 0;
};

test("an empty filter accepts every packet", () => {
  expect(compile("", { target: { linkType: 1 } })).toEqual([{ code: 6, jt: 0, jf: 0, k: 262144 }]);
});

test("a program returns the snap length it was given", () => {
  expect(compile("tcp", { target: { linkType: 1 }, snapLength: 96 }).at(-2)).toEqual({ code: 6, jt: 0, jf: 0, k: 96 });
});

test.each([
  ["tcp", true],
  ["udp", false],
  ["port 80", true],
  ["src port 80", false],
  ["tcp dst port 80", true],
  ["port 22 or 80", true],
  ["port 22 or 443", false],
  ["portrange 70-90", true],
  ["host 192.0.2.1", true],
  ["src host 192.0.2.1 and not arp", true],
  ["dst 192.0.2.1", false],
  ["net 192.0.2.0/24", true],
  ["net 10", false],
  ["not (udp or icmp or icmp6)", true],
  ["ip6", false],
])("'%s' of a SYN to port 80 is %s", (source, expected) => {
  expect(matches(source, tcpSyn)).toBe(expected);
});

test("an index far below 0 leads nowhere, as in libpcap, although the sum is in the packet", () => {
  const data = view(tcpSyn);
  const asks = (source: string): boolean =>
    predicate(source, { linkType: 1 })(data, 0, data.byteLength, data.byteLength);
  // 13 octets before it, where the 14 of Ethernet make it a place, and 20
  for (const [source, expected] of [
    ["tcp[0xfffffff3] = 0", true],
    ["tcp[0xffffffec] = 0x45", false],
  ] as const)
    expect([matches(source, tcpSyn), asks(source)]).toEqual([expected, expected]);
});

test("qualifiers are passed on to the numbers that follow", () => {
  expect(matches("udp port 80 or 53", udpDatagram)).toBe(true);
  expect(matches("tcp port 80 or 53", udpDatagram)).toBe(false);
});

test("octets are laid out as struct sock_filter, in this machine's order", () => {
  const bytes = octets([{ code: 0x15, jt: 1, jf: 2, k: 0x01020304 }]);
  const little = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  expect([...bytes]).toEqual(little ? [0x15, 0, 1, 2, 4, 3, 2, 1] : [0, 0x15, 1, 2, 1, 2, 3, 4]);
});
