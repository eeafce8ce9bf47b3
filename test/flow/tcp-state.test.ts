import { expect, test } from "vitest";
import { Conversations } from "../../src/flow/conversations.js";
import type { Packet } from "../../src/packet/packet.js";
import { asTcp, handshake, lastOf, segment, statesOf } from "./segments.js";

const client = (flags: string, seq: number, ack = 0, data = "") => segment({ from: "client", flags, seq, ack, data });
const server = (flags: string, seq: number, ack = 0, data = "") => segment({ from: "server", flags, seq, ack, data });

const states = (...packets: readonly Packet[]) => statesOf(new Conversations(), packets);
const afterHandshake = (...packets: readonly Packet[]) => states(...handshake(), ...packets).slice(3);

test("a handshake: what is sent to a side is taken to arrive", () => {
  expect(states(...handshake())).toEqual(["SYN-SENT LISTEN", "ESTABLISHED SYN-RECEIVED", "ESTABLISHED ESTABLISHED"]);
});

test("the client closes first", () => {
  expect(
    afterHandshake(client("FA", 101, 301), server("A", 301, 102), server("FA", 301, 102), client("A", 102, 302)),
  ).toEqual(["FIN-WAIT-1 CLOSE-WAIT", "FIN-WAIT-2 CLOSE-WAIT", "TIME-WAIT LAST-ACK", "TIME-WAIT CLOSED"]);
});

test("a FIN that acknowledges the other's", () => {
  expect(afterHandshake(client("FA", 101, 301), server("FA", 301, 102), client("A", 102, 302))).toEqual([
    "FIN-WAIT-1 CLOSE-WAIT",
    "TIME-WAIT LAST-ACK",
    "TIME-WAIT CLOSED",
  ]);
});

test("both close at once", () => {
  expect(
    afterHandshake(client("FA", 101, 301), server("FA", 301, 101), client("A", 102, 302), server("A", 302, 102)),
  ).toEqual(["FIN-WAIT-1 CLOSE-WAIT", "CLOSING CLOSING", "CLOSING TIME-WAIT", "TIME-WAIT TIME-WAIT"]);
});

test("half closed, the server still sends", () => {
  expect(
    afterHandshake(
      client("FA", 101, 301),
      server("A", 301, 102),
      server("PA", 301, 102, "more"),
      client("A", 102, 305),
    ),
  ).toEqual(["FIN-WAIT-1 CLOSE-WAIT", "FIN-WAIT-2 CLOSE-WAIT", "FIN-WAIT-2 CLOSE-WAIT", "FIN-WAIT-2 CLOSE-WAIT"]);
});

test("a RST closes both sides, one that fits nothing closes only its sender", () => {
  expect(afterHandshake(server("R", 301))).toEqual(["CLOSED CLOSED"]);
  expect(afterHandshake(client("PA", 101, 301, "x"), server("R", 99_999))).toEqual([
    "ESTABLISHED ESTABLISHED",
    "ESTABLISHED CLOSED",
  ]);
});

test("a RST refuses a SYN", () => {
  expect(states(client("S", 100), server("RA", 0, 101))).toEqual(["SYN-SENT LISTEN", "CLOSED CLOSED"]);
});

test("SYNs that cross open the connection from both sides", () => {
  expect(states(client("S", 100), server("S", 300), client("SA", 100, 301), server("SA", 300, 101))).toEqual([
    "SYN-SENT LISTEN",
    "SYN-RECEIVED SYN-SENT",
    "SYN-RECEIVED ESTABLISHED",
    "ESTABLISHED ESTABLISHED",
  ]);
});

test("a SYN-ACK that is sent again proves that the ACK was lost", () => {
  expect(states(...handshake(), server("SA", 300, 101), client("A", 101, 301)).slice(3)).toEqual([
    "ESTABLISHED SYN-RECEIVED",
    "ESTABLISHED ESTABLISHED",
  ]);
});

test("a FIN that is sent again proves that its acknowledgment was lost", () => {
  const fin = client("FA", 101, 301);
  const ack = server("A", 301, 102);
  expect(afterHandshake(fin, ack, fin, ack)).toEqual([
    "FIN-WAIT-1 CLOSE-WAIT",
    "FIN-WAIT-2 CLOSE-WAIT",
    "FIN-WAIT-1 CLOSE-WAIT",
    "FIN-WAIT-2 CLOSE-WAIT",
  ]);
});

test("a FIN that is sent again by who was done waits for its acknowledgment still", () => {
  const life = [client("FA", 101, 301), server("FA", 301, 102), client("FA", 101, 302)];
  expect(afterHandshake(...life).at(-1)).toBe("CLOSING CLOSED");
});

test("an ACK behind a SYN proves a SYN-ACK that was not seen", () => {
  expect(states(client("S", 100), client("A", 101, 301))).toEqual(["SYN-SENT LISTEN", "ESTABLISHED ESTABLISHED"]);
});

test("a FIN behind missing octets waits for them", () => {
  expect(afterHandshake(client("FA", 104, 301), client("PA", 101, 301, "abc"), server("A", 301, 105))).toEqual([
    "FIN-WAIT-1 ESTABLISHED",
    "FIN-WAIT-1 ESTABLISHED",
    "FIN-WAIT-2 CLOSE-WAIT",
  ]);
});

test("seen from its middle, a connection is established and its lower port the server's", () => {
  const conversations = new Conversations();
  const { conversation, from } = lastOf(conversations, [server("PA", 5000, 900, "hi")]);
  expect(from).toBe("server");
  const { client: one, server: other, opened } = asTcp(conversation);
  expect([one.state, other.state, one.port, other.port, opened]).toEqual([
    "ESTABLISHED",
    "ESTABLISHED",
    40000,
    5000,
    undefined,
  ]);
});

test("data of Fast Open is answered before the handshake ends", () => {
  const syn = segment({ from: "client", flags: "S", seq: 100, data: "GET" });
  expect(states(syn, server("SA", 300, 104), server("PA", 301, 104, "200"), client("A", 104, 304))).toEqual([
    "SYN-SENT LISTEN",
    "ESTABLISHED SYN-RECEIVED",
    "ESTABLISHED SYN-RECEIVED",
    "ESTABLISHED ESTABLISHED",
  ]);
});
