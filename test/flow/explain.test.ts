import { expect, test } from "vitest";
import { Conversations } from "../../src/flow/conversations.js";
import { durationText, explain } from "../../src/flow/explain.js";
import { decode } from "../../src/packet/decode.js";
import type { Packet } from "../../src/packet/packet.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { echoRequest, portUnreachable, portUnreachable6, udp } from "../support/packets.js";
import { handshake, segment, segmentOctets } from "./segments.js";

function explained(...packets: readonly Packet[]): readonly string[] {
  const conversations = new Conversations();
  return packets.flatMap((packet) => explain(conversations.follow(packet)!));
}

const client = (flags: string, seq: number, ack: number, data = "", at = 0.1) =>
  segment({ at, from: "client", flags, seq, ack, data });
const server = (flags: string, seq: number, ack: number, data = "", at = 0.1) =>
  segment({ at, from: "server", flags, seq, ack, data });

test("the life of a connection in sentences", () => {
  const life = [
    ...handshake(),
    client("PA", 101, 301, "hello"),
    server("A", 301, 106),
    client("FA", 106, 301),
    server("A", 301, 107),
    server("FA", 301, 107),
  ];
  expect(explained(...life)).toEqual([
    "the client asks for a connection to port 5000",
    "the server agrees to the connection and asks back",
    "the client confirms: the connection stands after 20 ms",
    "the client sends 5 octets",
    "the server has everything up to octet 5",
    "the client has nothing more to send",
    "the server knows that the client is done",
    "the server has nothing more to send, either",
  ]);
});

test("a refusal names the port and the error that the program gets", () => {
  expect(explained(client("S", 100, 0), server("RA", 0, 101))[1]).toBe(
    "the server refuses: nothing listens on port 5000; the client's connect fails with ECONNREFUSED",
  );
});

test("what an older connection is answered with is said to be of that", () => {
  expect(explained(client("S", 100, 0), server("A", 300, 50), client("R", 50, 0)).slice(1)).toEqual([
    "the server answers for an older connection between these ports, which it still has",
    "the client resets that older connection, not the one that it asks for",
  ]);
});

test("data behind a RST is blamed on nobody, or on who sent the RST", () => {
  const reset = server("RA", 301, 101);
  expect(
    explained(...handshake(), reset, client("PA", 101, 301, "abc"), server("PA", 301, 101, "abc")).slice(4),
  ).toEqual([
    "the client sends 3 octets",
    "the client sends 3 octets after the server's RST: they crossed, or the RST did not arrive",
    "the server sends 3 octets",
    "the server sends 3 octets after its RST",
  ]);
  expect(explained(...handshake(), client("FA", 101, 301), client("PA", 102, 301, "abc")).at(-1)).toBe(
    "the client sends 3 octets after it closed",
  );
});

test("a RST that fits nothing is to be ignored", () => {
  expect(explained(...handshake(), server("R", 99_999, 0)).slice(3)).toEqual([
    "a RST of the server, or in its name, has a number that the client does not wait for: it is to be ignored, or asked about (RFC 5961)",
  ]);
});

test("a SYN after a refusal is one more attempt, and one that nobody answered is sent again", () => {
  const syn = (at: number) => client("S", 100, 0, "", at);
  expect(explained(syn(0), server("RA", 0, 101), syn(0.2)).at(-1)).toBe(
    "the client asks once more, although it was refused",
  );
  expect(explained(syn(0), syn(0.2)).slice(1)).toEqual([
    "the client asks again, for the second time: no answer for 200 ms",
  ]);
});

test("where both open at once, both agree", () => {
  const packets = [client("S", 100, 0), server("S", 300, 0), client("SA", 100, 301), server("SA", 300, 101)];
  expect(explained(...packets).slice(2)).toEqual([
    "the client agrees to the connection and asks back",
    "the server agrees to the connection and asks back",
  ]);
});

test("blocks of a SACK say where they are", () => {
  const blocks = [
    { left: 104, right: 105 },
    { left: 110, right: 120 },
  ];
  const sack = segment({ from: "server", flags: "A", seq: 301, ack: 101, options: [{ kind: "sack", blocks }] });
  expect(explained(...handshake(), sack).at(-1)).toBe("the server has 11 octets behind a gap: 4, 10–19");
});

test("what was sent again says why", () => {
  const again = client("PA", 101, 301, "hello", 0.4);
  expect(explained(...handshake(), client("PA", 101, 301, "hello"), again)[4]).toBe(
    "the client sends again what it sent before: no acknowledgment came within 300 ms",
  );
});

test("what comes again at once, or out of turn, is said as the packets show it", () => {
  const [first, , over] = [client("PA", 101, 301, "hel", 0.2), 0, client("PA", 102, 301, "ell", 0.201)];
  expect(explained(...handshake(), first!, client("PA", 104, 301, "lo", 0.2), over!).at(-1)).toBe(
    "octets of the client that were seen before come again within a round trip: sent twice, or copied on the way",
  );
  const late = client("PA", 103, 301, "lo wo", 0.5);
  expect(explained(...handshake(), first!, late, server("A", 301, 108, "", 0.6)).slice(-2)).toEqual([
    "the server has everything up to octet 7",
    "not all that the server has was seen here in order",
  ]);
});

test("an ICMP error says what a UDP socket hears of it", () => {
  expect(explained(decode(udp), decode(portUnreachable))).toEqual([
    "the client sends a datagram of 9 octets",
    "nothing listens on the port (127.0.0.1, port 9): a connected socket of the client fails with ECONNREFUSED, another hears nothing",
  ]);
});

/** An ICMP error of another type and code. */
function error(octets: Uint8Array, type: number, code: number): Packet {
  const other = Uint8Array.from(octets);
  other.set([type, code], octets === portUnreachable ? 34 : 54);
  return decode(other);
}

test("an ICMP error has a sentence of its own for fragments that were late and packets that are too big", () => {
  const late = "a packet of the client came in fragments, and not all of them in time: it could not be put together";
  const hops = "a packet of the client went over too many hops, or in a circle";
  const [of4, of6] = [(type: number, code: number) => error(portUnreachable, type, code), (type: number, code: number) => error(portUnreachable6, type, code)]; // biome-ignore format: one thought
  expect(explained(of4(11, 1), of4(11, 0), of6(3, 1), of6(3, 0))).toEqual([late, hops, late, hops]);
  const [tooBig4, tooBig6, policy, route] = explained(of4(3, 4), of6(2, 0), of6(1, 5), of6(1, 6));
  const where = (address: string) => `(${address}, port 9): a connected socket of the client fails with`;
  expect(tooBig4).toContain(`the packet is too large and may not be cut ${where("127.0.0.1")} EMSGSIZE`);
  expect(tooBig6).toContain(`the packet is too large and may not be cut ${where("::1")} EMSGSIZE`);
  expect(policy).toContain(`a firewall forbids the source address ${where("::1")} EACCES`);
  expect(route).toContain(`a router rejects what goes there ${where("::1")} EACCES`);
  expect(explained(of6(2, 0))).toEqual([tooBig6]);
});

test("where packets have no time, sentences leave it out", () => {
  const timeless = (flags: string, seq: number, data = "") =>
    decode(segmentOctets({ from: "client", flags, seq, ack: 301, data }), linkTypes.raw, { seconds: Number.NaN });
  const syn = timeless("S", 100);
  expect(explained(syn, syn, timeless("PA", 101, "hello"), timeless("PA", 101, "hello")).slice(1)).toEqual([
    "the client asks again, for the second time",
    "the client sends 5 octets",
    "the client sends again what it sent before",
  ]);
  const gap = [timeless("S", 100), timeless("PA", 104, "lo"), timeless("PA", 101, "hel")];
  expect(explained(...gap).at(-1)).toBe(
    "the client sends what was missing: it was lost and is sent again, or was overtaken",
  );
});

test("an echo reply that comes twice is said to be one", () => {
  const reply = Uint8Array.from(echoRequest);
  reply[34] = 0;
  expect(explained(decode(echoRequest), decode(reply), decode(reply)).slice(1)).toEqual([
    "the server is there (1): its answer took 0 µs",
    "the server answers the same request again (1): the answer was copied on the way, or several hosts answer",
  ]);
});

test("an echo reply whose request was not seen has no time", () => {
  const reply = Uint8Array.from(echoRequest);
  reply[34] = 0;
  expect(explained(decode(reply))).toEqual(["the server is there (1)"]);
});

test("durations have three digits and a unit", () => {
  expect([0, 1500, 73_456, 40e6, 1.2345e9, -2e6, 12_345e9].map(durationText)).toEqual([
    "0 µs",
    "1.5 µs",
    "73.5 µs",
    "40 ms",
    "1.23 s",
    "-2 ms",
    "12300 s",
  ]);
  expect([Number.NaN, 1e15, 1_699_999_999e9, -1_234_567e9].map(durationText)).toEqual([
    "no time",
    "1e6 s",
    "1.7e9 s",
    "-1.23e6 s",
  ]);
  // What stands in front of a ladder has nine columns
  for (const seconds of [999_499, 999_500, 9.994e9, 9.995e9, 1.8e19])
    expect(durationText(-seconds * 1e9).length).toBeLessThanOrEqual(9);
});
