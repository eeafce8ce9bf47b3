import { expect, test } from "vitest";
import { Conversations } from "../../src/flow/conversations.js";
import { asTcp, handshake, kindsOf, lastOf, segment, segmentSize, windowScale } from "./segments.js";

const data = (from: "client" | "server", seq: number, ack: number, text: string, at = 0.1) =>
  segment({ at, from, flags: "PA", seq, ack, data: text });
const ack = (from: "client" | "server", seq: number, number: number, at = 0.1, window = 1000) =>
  segment({ at, from, flags: "A", seq, ack: number, window });

/** The events of the packets behind a handshake. */
function after(packets: Parameters<typeof kindsOf>[1], options: Parameters<typeof handshake>[0] = []) {
  const conversations = new Conversations();
  kindsOf(conversations, handshake(options));
  return kindsOf(conversations, packets);
}

test("a handshake and data in order are nothing remarkable", () => {
  expect(after([data("client", 101, 301, "hello"), ack("server", 301, 106)])).toEqual(["", ""]);
});

test("octets that were sent before are a retransmission", () => {
  expect(after([data("client", 101, 301, "hello"), data("client", 101, 301, "hello", 0.3)])).toEqual([
    "",
    "retransmission",
  ]);
});

test("octets that were sent before in other pieces are a retransmission too, or a repetition within a round trip", () => {
  const sent = [data("client", 101, 301, "hel", 0.1), data("client", 104, 301, "lo", 0.1)];
  const again = (at: number, text = "ell") => after([...sent, data("client", 102, 301, text, at)])[2];
  expect(again(0.121)).toBe("retransmission");
  expect(again(0.119)).toBe("repetition");
  // Up to the end of what was sent, and where the clock ran back
  expect(again(0.119, "ello")).toBe("retransmission");
  expect(again(0.09)).toBe("retransmission");
});

test("an octet that is sent again with more behind it may have been a probe, and is nothing remarkable", () => {
  expect(after([data("client", 101, 301, "hello"), data("client", 105, 301, "over")])).toEqual(["", ""]);
  expect(after([data("client", 101, 301, "hello"), data("client", 104, 301, "lover")])[1]).toBe("repetition");
});

test("octets that the other side had acknowledged are a spurious retransmission", () => {
  const packets = [data("client", 101, 301, "hello"), ack("server", 301, 106), data("client", 101, 301, "hello", 0.2)];
  expect(after(packets)).toEqual(["", "", "spuriousRetransmission"]);
});

test("a gap that is filled within a round trip was overtaken, later it is a retransmission", () => {
  const gap = data("client", 104, 301, "lo", 0.1);
  expect(after([gap, data("client", 101, 301, "hel", 0.119)])).toEqual(["lostSegment", "outOfOrder"]);
  expect(after([gap, data("client", 101, 301, "hel", 0.121)])).toEqual(["lostSegment", "retransmission"]);
});

test("what fills a gap up to an acknowledgment was lost or overtaken, and counts as sent again", () => {
  const conversations = new Conversations();
  kindsOf(conversations, handshake());
  const [event] = lastOf(conversations, [ack("client", 106, 301), data("client", 101, 301, "hello", 0.101)]).events;
  expect(event).toMatchObject({ kind: "retransmission", rule: "fills a gap up to next" });
});

test("what fills a gap was overtaken, where the clock ran back", () => {
  const packets = [data("client", 104, 301, "lo", 0.2), data("client", 101, 301, "hel", 0.1)];
  expect(after(packets)).toEqual(["lostSegment", "outOfOrder"]);
});

test("where no handshake was seen, a gap may be filled for 3 ms", () => {
  const start = data("client", 100, 301, "x", 0);
  const gap = data("client", 104, 301, "lo", 0.1);
  expect(kindsOf(new Conversations(), [start, gap, data("client", 101, 301, "hel", 0.102)])[2]).toBe("outOfOrder");
  expect(kindsOf(new Conversations(), [start, gap, data("client", 101, 301, "hel", 0.104)])[2]).toBe("retransmission");
});

test("acknowledgments that repeat are counted, and answered by a fast retransmission", () => {
  const conversations = new Conversations();
  kindsOf(conversations, handshake());
  kindsOf(conversations, [data("client", 101, 301, "a", 0.1), ack("server", 301, 102, 0.11)]);
  const duplicates = [0.12, 0.121, 0.122].map((at) => lastOf(conversations, [ack("server", 301, 102, at)]).events);
  expect(duplicates.flat()).toEqual([
    { kind: "duplicateAck", rule: "repeats an acknowledgment", count: 1, of: 5 },
    { kind: "duplicateAck", rule: "repeats an acknowledgment", count: 2, of: 5 },
    { kind: "duplicateAck", rule: "repeats an acknowledgment", count: 3, of: 5 },
  ]);
  kindsOf(conversations, [data("client", 105, 301, "e", 0.123)]);
  expect(kindsOf(conversations, [data("client", 102, 301, "bcd", 0.125)])).toEqual(["fastRetransmission"]);
});

test("an acknowledgment of what was not seen says how much was missed", () => {
  const conversations = new Conversations();
  kindsOf(conversations, handshake());
  expect(lastOf(conversations, [ack("server", 301, 111)]).events).toEqual([
    { kind: "acknowledgedUnseen", rule: "acknowledges beyond next", missing: 10 },
  ]);
  expect(kindsOf(conversations, [ack("server", 301, 111)])).toEqual(["duplicateAck"]);
});

test("an acknowledgment of a gap says so once", () => {
  const packets = [data("client", 104, 301, "lo"), ack("server", 301, 106), ack("server", 301, 106)];
  expect(after(packets)).toEqual(["lostSegment", "acknowledgedUnseen", "duplicateAck"]);
});

test("an acknowledgment of what was seen, but not one after the other, is not of anything unseen", () => {
  const gap = [data("client", 104, 301, "lo", 0.1), data("client", 102, 301, "el", 0.101)];
  const whole = data("client", 101, 301, "h", 0.102);
  expect(after([...gap, ack("server", 301, 102), whole, ack("server", 301, 106)])).toEqual([
    "lostSegment",
    "outOfOrder",
    "acknowledgedUnseen",
    "spuriousRetransmission",
    "",
  ]);
  // A piece over the end of another
  const over = [data("client", 101, 301, "hel"), data("client", 102, 301, "el wor", 0.3), ack("server", 301, 108)];
  expect(after(over)).toEqual(["", "retransmission", "acknowledgedOutOfTurn"]);
  expect(after([...over, data("client", 108, 301, "rld"), ack("server", 301, 111)]).slice(3)).toEqual(["", ""]);
});

test("what was never seen is told once, by another rule where the other side said nothing between", () => {
  const conversations = new Conversations();
  kindsOf(conversations, handshake());
  const told = [111, 121, 121].map((number) => lastOf(conversations, [ack("server", 301, number)]).events[0]);
  expect(told).toMatchObject([
    { kind: "acknowledgedUnseen", rule: "acknowledges beyond next", missing: 10 },
    { kind: "acknowledgedUnseen", rule: "acknowledges more unseen", missing: 10 },
    { kind: "duplicateAck" },
  ]);
});

test("an acknowledgment of a side that was never seen is nothing remarkable", () => {
  expect(kindsOf(new Conversations(), [ack("server", 301, 101), ack("server", 301, 901)])).toEqual(["", ""]);
});

test("a keep-alive and its answer", () => {
  const packets = [
    data("client", 101, 301, "hello"),
    ack("server", 301, 106),
    ack("client", 105, 301, 30),
    ack("server", 301, 106, 30.01),
  ];
  expect(after(packets)).toEqual(["", "", "keepAlive", "keepAliveAnswer"]);
});

test("a window of 0, a probe into it, its answer, and the window open again", () => {
  const packets = [
    data("client", 101, 301, "hello", 0.1),
    ack("server", 301, 106, 0.11, 0),
    data("client", 106, 301, "x", 1),
    ack("server", 301, 106, 1.01, 0),
    ack("server", 301, 106, 2, 500),
    data("client", 106, 301, "xyz", 2.01),
  ];
  expect(after(packets)).toEqual([
    "",
    "zeroWindow",
    "zeroWindowProbe",
    "zeroWindow zeroWindowProbeAnswer",
    "windowUpdate",
    "",
  ]);
});

test("what asks below next whether a window is still 0 is no keep-alive", () => {
  const packets = [
    data("client", 101, 301, "hello", 0.1),
    ack("server", 301, 106, 0.11, 0),
    ack("client", 105, 301, 1),
    ack("server", 301, 106, 1.01, 0),
    ack("server", 301, 106, 2, 500),
    ack("client", 105, 301, 30),
    ack("server", 301, 106, 30.01, 500),
  ];
  expect(after(packets)).toEqual([
    "",
    "zeroWindow",
    "zeroWindowProbe",
    "zeroWindow zeroWindowProbeAnswer",
    "windowUpdate",
    "keepAlive",
    "keepAliveAnswer",
  ]);
});

test("a probe that is sent again is a probe, and its octet is nothing unseen once it is taken", () => {
  const packets = [
    data("client", 101, 301, "hello", 0.1),
    ack("server", 301, 106, 0.11, 0),
    data("client", 106, 301, "x", 1),
    data("client", 106, 301, "x", 2),
    ack("server", 301, 107, 2.01, 500),
    data("client", 107, 301, "yz", 2.02),
  ];
  expect(after(packets)).toEqual(["", "zeroWindow", "zeroWindowProbe", "zeroWindowProbe", "", ""]);
});

test("the window of a SYN is not scaled", () => {
  const conversations = new Conversations();
  const syn = segment({ from: "client", flags: "S", seq: 100, options: [windowScale(3)] });
  const answer = segment({ from: "server", flags: "SA", seq: 300, ack: 101, window: 5, options: [windowScale(3)] });
  const packets = [syn, answer, ack("client", 101, 301), data("client", 101, 301, "hello")];
  expect(kindsOf(conversations, packets)).toEqual(["", "", "", "windowFull"]);
  const [conversation] = conversations;
  expect(conversation!.kind === "tcp" && conversation!.server.scaledWindow).toBe(5);
});

test("a window update is in octets", () => {
  const conversations = new Conversations();
  kindsOf(conversations, handshake([windowScale(3)]));
  kindsOf(conversations, [data("client", 101, 301, "hello"), ack("server", 301, 106)]);
  const [event] = lastOf(conversations, [ack("server", 301, 106, 0.2, 2000)]).events;
  expect(event).toEqual({ kind: "windowUpdate", rule: "only the window differs", window: 16_000 });
});

test("data up to the end of the window fills it", () => {
  const small = ack("server", 301, 101, 0.05, 5);
  const packets = [small, data("client", 101, 301, "hell"), data("client", 105, 301, "o")];
  expect(after(packets)).toEqual(["windowUpdate", "", "windowFull"]);
});

test("blocks of a SACK are told and counted, those of what came twice are not", () => {
  const conversations = new Conversations();
  kindsOf(conversations, handshake());
  const sack = (left: number, right: number) =>
    segment({
      at: 0.1,
      from: "server",
      flags: "A",
      seq: 301,
      ack: 101,
      options: [{ kind: "sack", blocks: [{ left, right }] }],
    });
  expect(lastOf(conversations, [sack(104, 106)]).events[1]).toEqual({
    kind: "selectiveAck",
    rule: "SACK blocks",
    length: 2,
    blocks: [{ left: 4, right: 6 }],
  });
  expect(kindsOf(conversations, [sack(90, 95)])).toEqual(["duplicateAck"]);
});

test("a SYN that is sent again is counted", () => {
  const conversations = new Conversations();
  const syn = (at: number) => segment({ at, from: "client", flags: "S", seq: 100 });
  const retried = [syn(0), syn(1), syn(3)].map((packet) => conversations.follow(packet)!.events[0]);
  expect(retried[1]).toEqual({ kind: "synRetried", rule: "same SYN again", count: 1, after: 1e9 });
  expect(retried[2]).toMatchObject({ kind: "synRetried", count: 2 });
});

test("a SYN that is sent again is told and counted once, and no segment that is sent again besides", () => {
  const syn = (at: number, data = "") => segment({ at, from: "client", flags: "S", seq: 100, data });
  const told = (...packets: Parameters<typeof kindsOf>[1]) => {
    const conversations = new Conversations();
    const kinds = kindsOf(conversations, packets).slice(1);
    const { synRetries, retransmissions } = asTcp([...conversations][0]!).client;
    return [...kinds, synRetries, retransmissions];
  };
  expect(told(syn(0), syn(1))).toEqual(["synRetried", 1, 0]);
  expect(told(syn(0, "hello"), syn(1, "hello"))).toEqual(["synRetried fastOpen", 1, 0]);
  expect(told(syn(0, "hello"), syn(1))).toEqual(["synRetried", 1, 0]);
  // Other data is looked at by itself
  expect(told(syn(0, "hello"), syn(0.001, "he"))).toEqual(["synRetried fastOpen repetition", 1, 1]);
});

test("a SYN that comes again after a RST says so", () => {
  const syn = (at: number) => segment({ at, from: "client", flags: "S", seq: 100 });
  const refusal = segment({ at: 0.1, from: "server", flags: "RA", seq: 0, ack: 101 });
  const conversations = new Conversations();
  kindsOf(conversations, [syn(0), refusal]);
  const rules = [syn(1), syn(2)].map((packet) => conversations.follow(packet)!.events.map(({ rule }) => rule));
  expect(rules).toEqual([["same SYN after a refusal"], ["same SYN again"]]);
});

test("where both open at once, the first SYN-ACK of each is nothing that is sent again, the second is", () => {
  const [client, server] = [{ from: "client", seq: 100 } as const, { from: "server", seq: 300 } as const];
  const packets = [
    segment({ ...client, at: 0, flags: "S" }),
    segment({ ...server, at: 0.1, flags: "S" }),
    segment({ ...client, at: 0.2, flags: "SA", ack: 301 }),
    segment({ ...server, at: 0.3, flags: "SA", ack: 101 }),
    segment({ ...server, at: 0.5, flags: "SA", ack: 101 }),
  ];
  expect(kindsOf(new Conversations(), packets)).toEqual(["", "", "", "", "retransmission"]);
});

test("a RST to a SYN is a refusal", () => {
  const packets = [
    segment({ from: "client", flags: "S", seq: 100 }),
    segment({ from: "server", flags: "RA", seq: 0, ack: 101 }),
  ];
  expect(kindsOf(new Conversations(), packets)).toEqual(["", "refused"]);
});

test("data behind a FIN is said", () => {
  const packets = [segment({ from: "client", flags: "FA", seq: 101, ack: 301 }), data("client", 102, 301, "late")];
  expect(after(packets)).toEqual(["", "dataAfterClose"]);
});

test("data of either side after a RST is said by a rule of its own", () => {
  const conversations = new Conversations();
  kindsOf(conversations, [...handshake(), segment({ from: "server", flags: "R", seq: 301 })]);
  const told = [data("client", 101, 301, "x"), data("server", 301, 102, "y")];
  expect(told.map((packet) => conversations.follow(packet)!.events)).toEqual([
    [{ kind: "dataAfterClose", rule: "data after RST", length: 1 }],
    [{ kind: "dataAfterClose", rule: "data after RST", length: 1 }],
  ]);
});

test("a RST with a number that nobody waits for is told as such, and no place in the stream", () => {
  const packets = [
    segment({ at: 0.1, from: "server", flags: "R", seq: 99_999 }),
    data("client", 101, 301, "hello", 0.2),
    data("server", 301, 106, "hi", 0.3),
  ];
  expect(after(packets)).toEqual(["resetOutOfPlace", "", ""]);
});

/** RFC 9293 §3.5.1, figure 9: the server still has a connection, with numbers before those of the SYN. */
const halfOpen = [
  segment({ at: 1, from: "client", flags: "S", seq: 100 }),
  segment({ at: 1.01, from: "server", flags: "A", seq: 300, ack: 50 }),
  segment({ at: 1.02, from: "client", flags: "R", seq: 50 }),
  segment({ at: 2, from: "client", flags: "S", seq: 100 }),
  segment({ at: 2.01, from: "server", flags: "SA", seq: 7300, ack: 101 }),
  segment({ at: 2.02, from: "client", flags: "A", seq: 101, ack: 7301 }),
  data("client", 101, 7301, "hello", 2.03),
];

test("what concerns an older connection between the ports is no part of the one that is asked for", () => {
  const conversations = new Conversations();
  const kinds = kindsOf(conversations, halfOpen);
  expect(kinds).toEqual(["", "olderConnection", "olderConnection", "synRetried", "", "", ""]);
  const conversation = asTcp([...conversations][0]!);
  expect(conversation).toMatchObject({ ending: "open", closer: undefined, initialRoundTrip: 2e7 });
  const { client, server } = conversation;
  expect([client.state, server.state, client.missed, server.missed]).toEqual(["ESTABLISHED", "ESTABLISHED", 0, 0]);
  expect(server.packets).toBe(2);
});

test("a RST behind its sender's SYN resets that, unless its number is older", () => {
  const packets = [halfOpen[0]!, segment({ from: "client", flags: "R", seq: 101 })];
  const conversations = new Conversations();
  expect(kindsOf(conversations, packets)).toEqual(["", "reset"]);
  expect(asTcp([...conversations][0]!).ending).toBe("reset");
});

test("a SYN with data uses Fast Open, and its answer takes them or not", () => {
  const opening = (cookie: string, data = "hi") =>
    segment({ from: "client", flags: "S", seq: 100, data, options: [{ kind: "fastOpen", cookie }] });
  const answer = (ack: number) => segment({ from: "server", flags: "SA", seq: 300, ack });
  const conversations = new Conversations();
  expect(lastOf(conversations, [opening("0102030405060708")]).events).toEqual([
    { kind: "fastOpen", rule: "SYN with a cookie", length: 2 },
  ]);
  expect(lastOf(conversations, [answer(103)]).events).toEqual([
    { kind: "fastOpenAccepted", rule: "acknowledges the data of a SYN", length: 2 },
  ]);
  expect(kindsOf(new Conversations(), [opening("0102030405060708"), answer(101)])).toEqual(["fastOpen", ""]);
  expect(lastOf(new Conversations(), [opening("", "")]).events).toMatchObject([{ rule: "SYN without a cookie" }]);
  const unseen = lastOf(new Conversations(), [segment({ from: "client", flags: "S", seq: 100 }), answer(103)]);
  expect(unseen.events).toMatchObject([{ kind: "acknowledgedUnseen", rule: "acknowledges unseen data of a SYN" }]);
});

test("a small segment that waited for a delayed acknowledgment is a stall", () => {
  const conversations = new Conversations();
  kindsOf(conversations, handshake([segmentSize(1460)]));
  kindsOf(conversations, [data("client", 101, 301, "head", 0.1), ack("server", 301, 105, 0.19)]);
  expect(lastOf(conversations, [data("client", 105, 301, "body", 0.1901)]).events).toEqual([
    { kind: "delayedAckStall", rule: "small segments wait for an acknowledgment", waited: 90_000_000 },
  ]);
});

test("a small segment that waited for the window to open is no stall", () => {
  const conversations = new Conversations();
  kindsOf(conversations, handshake([segmentSize(1460)]));
  const full = segment({ from: "server", seq: 301, ack: 105, flags: "A", window: 0, at: 0.14 });
  const open = segment({ from: "server", seq: 301, ack: 105, flags: "A", window: 100, at: 0.4 });
  expect(kindsOf(conversations, [data("client", 101, 301, "head", 0.1), full, open])).toEqual([
    "",
    "zeroWindow",
    "windowUpdate",
  ]);
  expect(lastOf(conversations, [data("client", 105, 301, "body", 0.4001)]).events).toEqual([]);
});

test("a small segment that waited only for a round trip is no stall", () => {
  const quick = [
    data("client", 101, 301, "head", 0.1),
    ack("server", 301, 105, 0.12),
    data("client", 105, 301, "body", 0.1201),
  ];
  expect(after(quick)).toEqual(["", "", ""]);
});

test("numbers that wrap at 32 bits are followed across it", () => {
  const conversations = new Conversations();
  const first = segment({ from: "client", flags: "S", seq: 0xfffffffe });
  const answer = segment({ from: "server", flags: "SA", seq: 1, ack: 0xffffffff });
  expect(
    kindsOf(conversations, [first, answer, data("client", 0xffffffff, 2, "abc"), data("client", 2, 2, "d")]),
  ).toEqual(["", "", "", ""]);
  expect(kindsOf(conversations, [data("client", 0xffffffff, 2, "ab", 3)])).toEqual(["retransmission"]);
});
