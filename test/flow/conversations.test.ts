import { expect, test } from "vitest";
import type { Conversation } from "../../src/flow/conversation.js";
import { Conversations } from "../../src/flow/conversations.js";
import { decode } from "../../src/packet/decode.js";
import type { Packet } from "../../src/packet/packet.js";
import { FragmentReassembly } from "../../src/packet/reassembly.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { cuts, datagram4, fragment4, frameOf } from "../packet/reassembly-fragments.js";
import {
  echoRequest,
  fin,
  handshakeAck,
  hello,
  portUnreachable,
  portUnreachable6,
  syn,
  synAck,
  udp,
  udp6,
} from "../support/packets.js";
import {
  asTcp,
  handshake,
  kindsOf,
  lastOf,
  segment,
  segmentOctets,
  segmentSize,
  type Written,
  windowScale,
} from "./segments.js";

/** The octets of an Ethernet frame with tags before what it carries. */
function tagged(octets: Uint8Array, ...ids: readonly number[]): Uint8Array {
  return Uint8Array.from([
    ...octets.slice(0, 12),
    ...ids.flatMap((id) => [0x81, 0, id >> 8, id & 255]),
    ...octets.slice(12),
  ]);
}

test("both directions are one conversation, told by octets and by values alike", () => {
  const frames = [syn, synAck, handshakeAck, hello, fin];
  const [views, values] = [new Conversations(), new Conversations()];
  for (const octets of frames) {
    const seen = views.follow(frameOf(octets, {}, linkTypes.ethernet))!;
    const { from, sequence, acknowledgment, length } = seen;
    expect(values.follow(decode(octets))).toMatchObject({ from, sequence, acknowledgment, length });
  }
  expect(views.size).toBe(1);
  expect(JSON.stringify([...views])).toBe(JSON.stringify([...values]));
  expect(asTcp([...views][0]!).client).toMatchObject({ address: "127.0.0.1", port: 37634, packets: 4, octets: 5 });
});

test("numbers count from each side's SYN", () => {
  const conversations = new Conversations();
  const steps = [syn, synAck, handshakeAck, hello].map((octets) => {
    const { from, sequence, acknowledgment } = conversations.follow(decode(octets))!;
    return [from, sequence, acknowledgment];
  });
  expect(steps.slice(1)).toEqual([
    ["server", 0, 1],
    ["client", 1, 1],
    ["client", 1, 1],
  ]);
});

test("UDP, over IPv4 and IPv6, and the ICMP errors that quote it", () => {
  const conversations = new Conversations();
  for (const octets of [udp, udp6]) conversations.follow(decode(octets));
  for (const octets of [portUnreachable, portUnreachable6]) {
    const step = conversations.follow(decode(octets))!;
    expect(step.conversation).toMatchObject({ kind: "udp", errors: 1 });
    expect([step.from, step.events[0]?.kind]).toEqual(["client", "icmpError"]);
  }
  expect(conversations.size).toBe(2);
});

test("an echo request and its reply", () => {
  const reply = Uint8Array.from(echoRequest);
  reply[34] = 0;
  const conversations = new Conversations();
  conversations.follow(decode(echoRequest, 1, { seconds: 1, nanoseconds: 0 }));
  const { conversation } = conversations.follow(decode(reply, 1, { seconds: 1, nanoseconds: 40_000 }))!;
  expect(conversation).toMatchObject({
    kind: "echo",
    requests: 1,
    replies: 1,
    roundTrips: { samples: 1, latest: 40_000 },
  });
});

/** An echo request or its reply, a second after the one with the number before. */
function echo(kind: "request" | "reply", number: number, at = number): Packet {
  const octets = Uint8Array.from(echoRequest);
  octets[34] = kind === "request" ? 8 : 0;
  new DataView(octets.buffer).setUint16(40, number);
  return decode(octets, 1, { seconds: Math.floor(at), nanoseconds: Math.round((at % 1) * 1e9) });
}

test("echo requests are answered in any order, and only once", () => {
  const conversations = new Conversations();
  const [first, second] = [echo("reply", 1, 4), echo("reply", 2, 3)];
  const packets = [
    echo("request", 1),
    echo("request", 2),
    second,
    first,
    first,
    echo("reply", 9, 5),
    echo("request", 3, 6),
  ];
  expect(kindsOf(conversations, packets)).toEqual(["", "", "", "", "replyRepeated", "", ""]);
  const [conversation] = conversations;
  expect(conversation).toMatchObject({ requests: 3, replies: 4, answered: 2, duplicates: 1 });
  expect(conversation).toMatchObject({ roundTrips: { samples: 2, least: 1e9, most: 3e9 } });
});

test("who asks itself is told from its answer, by octets and by values", () => {
  for (const value of [true, false]) {
    const conversations = new Conversations();
    const from = ([8, 0] as const).map((type) => {
      const octets = Uint8Array.from(echoRequest);
      octets[34] = type;
      return conversations.follow(value ? decode(octets) : frameOf(octets, {}, linkTypes.ethernet))!.from;
    });
    expect(from).toEqual(["client", "server"]);
    expect([...conversations]).toMatchObject([{ client: { packets: 1 }, server: { packets: 1 } }]);
  }
});

test("of echo requests, the latest 32 are remembered", () => {
  const conversations = new Conversations();
  for (let i = 1; i <= 33; i++) conversations.follow(echo("request", i));
  for (let i = 1; i <= 33; i++) conversations.follow(echo("reply", i, 40));
  expect([...conversations]).toMatchObject([{ requests: 33, replies: 33, answered: 32, duplicates: 0 }]);
});

test("JSON of a conversation has what happened, and nothing but that", () => {
  const json = (...packets: readonly Packet[]) => {
    const conversations = new Conversations();
    for (const packet of packets) conversations.follow(packet);
    return JSON.parse(JSON.stringify([...conversations][0]));
  };
  const base = ["kind", "number", "seconds", "nanoseconds", "duration", "errors"];
  const datagram = json(decode(udp), decode(portUnreachable));
  expect(Object.keys(datagram)).toEqual([...base, "client", "server"]);
  expect(datagram).toMatchObject({ kind: "udp", errors: 1, client: { octets: 9 } });
  const ping = json(echo("request", 1));
  expect(Object.keys(ping)).toEqual([...base, "requests", "replies", "answered", "duplicates", "client", "server"]);
  const syn = segment({ from: "client", flags: "S", seq: 100, data: "hi", options: [windowScale(2)] });
  const answer = segment({ from: "server", flags: "SA", seq: 300, ack: 103, options: [windowScale(2)] });
  const ack = segment({ from: "client", flags: "A", seq: 103, ack: 301, window: 700 });
  expect(json(syn, syn, answer, ack)).toMatchObject({
    errors: 0,
    usesFastOpen: true,
    client: { synRetries: 1, scaledWindow: 2800, windowShift: 2 },
    server: { synRetries: 0, scaledWindow: 1000 },
  });
  // Packets that have no time give it none
  const timeless = json(decode(udp, 1, { seconds: Number.NaN }));
  expect(Object.keys(timeless)).toEqual(["kind", "number", "errors", "client", "server"]);
});

test("VLANs keep conversations apart, unless told otherwise", () => {
  const frames = [hello, tagged(hello, 5), tagged(hello, 6), tagged(hello, 5, 6), tagged(hello, 6, 5)];
  const apart = new Conversations();
  for (const octets of frames) apart.follow(decode(octets));
  expect([...apart].map(({ vlans }) => vlans)).toEqual([[], [5], [6], [5, 6], [6, 5]]);
  const together = new Conversations({ ignoreVlans: true });
  for (const octets of frames) together.follow(decode(octets));
  expect(together.size).toBe(1);
});

/** Each packet as the devices see it, one after the other. */
const seenOn = (packets: readonly Packet[], ...devices: readonly string[]): readonly Packet[] =>
  packets.flatMap((packet) => devices.map((device) => ({ ...packet, device })));

test("what two devices of a bridge see is one conversation on each, by one number", () => {
  const again: readonly Written[] = [
    { at: 1, from: "client", flags: "S", seq: 9000 },
    { at: 1.1, from: "server", flags: "SA", seq: 7000, ack: 9001 },
  ];
  const packets = [...handshake(), ...again.map(segment)];
  const conversations = new Conversations();
  const kinds = kindsOf(conversations, seenOn(packets, "near", "far"));
  expect(kinds).toEqual(["", "", "", "", "", "", "portReused", "portReused", "", ""]);
  const seen = [...conversations].map((one) => [one.number, one.device, one.client.packets, one.server.packets]);
  expect(seen.sort()).toEqual([
    [0, "far", 2, 1],
    [0, "near", 2, 1],
    [1, "far", 1, 1],
    [1, "near", 1, 1],
  ]);
  expect(conversations.hasDevices).toBe(true);
  const together = new Conversations({ ignoreDevices: true });
  expect(kindsOf(together, seenOn(handshake(), "near", "far"))[1]).toBe("synRetried");
  expect([...together].map(({ device }) => device)).toEqual([undefined]);
});

test("the echoes and datagrams that two devices see are counted once on each", () => {
  const conversations = new Conversations();
  const packets = [echo("request", 1), echo("reply", 1), decode(udp), decode(portUnreachable)];
  for (const packet of seenOn(packets, "near", "far")) conversations.follow(packet);
  const all = JSON.parse(JSON.stringify([...conversations]));
  expect(all).toMatchObject([
    { kind: "udp", number: 0, device: "near", errors: 1, client: { packets: 1 } },
    { kind: "udp", number: 0, device: "far", errors: 1, client: { packets: 1 } },
    { kind: "echo", number: 0, device: "near", answered: 1, duplicates: 0 },
    { kind: "echo", number: 0, device: "far", answered: 1, duplicates: 0 },
  ]);
});

test("a conversation whose answers come by another device is one", () => {
  const conversations = new Conversations();
  const [opening, answer, ack] = handshake() as [Packet, Packet, Packet];
  const more = segment({ at: 1, from: "server", flags: "PA", seq: 301, ack: 101, data: "hi" });
  const [asked, replied] = [
    { ...opening, device: "out" },
    { ...answer, device: "back" },
  ];
  const rest = [
    { ...ack, device: "out" },
    { ...more, device: "back" },
  ];
  expect(kindsOf(conversations, [asked, replied, ...rest])).toEqual(["", "", "", ""]);
  expect(conversations.size).toBe(1);
  expect([...conversations][0]).toMatchObject({ device: "out", client: { packets: 2 }, server: { packets: 2 } });
});

test("a SYN with another number on the same ports begins another conversation", () => {
  const conversations = new Conversations();
  kindsOf(conversations, handshake());
  const again = lastOf(conversations, [segment({ from: "client", flags: "S", seq: 9000 })]);
  expect(again.conversation.number).toBe(1);
  expect(again.events).toEqual([{ kind: "portReused", rule: "other number in a SYN", previous: 0 }]);
  expect(
    lastOf(conversations, [segment({ from: "server", flags: "SA", seq: 50, ack: 9001 })]).conversation.number,
  ).toBe(1);
});

test("who opened, who closed and how", () => {
  const facts = (...packets: Parameters<typeof lastOf>[1]) => {
    const { opened, closer, ending } = asTcp(lastOf(new Conversations(), packets).conversation);
    return [opened, closer, ending];
  };
  const client = (flags: string, seq: number, ack: number) => segment({ from: "client", flags, seq, ack });
  const server = (flags: string, seq: number, ack: number) => segment({ from: "server", flags, seq, ack });
  const close = [...handshake(), server("FA", 301, 101), client("FA", 101, 302), server("A", 302, 102)];
  expect(facts(...handshake())).toEqual(["client", undefined, "open"]);
  expect(facts(...close.slice(0, 4))).toEqual(["client", "server", "half closed"]);
  expect(facts(...close)).toEqual(["client", "server", "closed"]);
  expect(facts(...handshake(), client("R", 101, 0))).toEqual(["client", "client", "reset"]);
  expect(facts(client("S", 100, 0), server("RA", 0, 101))).toEqual(["client", "server", "refused"]);
  expect(facts(...Array.from({ length: 4 }, () => client("S", 100, 0)))).toEqual(["client", undefined, "timed out"]);
});

test("a RST out of place resets nothing once its sender goes on, in whichever direction", () => {
  const told = (...packets: Parameters<typeof lastOf>[1]) => {
    const { client, server, closer, ending } = asTcp(
      lastOf(new Conversations(), [...handshake(), ...packets]).conversation,
    );
    return [client.state, server.state, closer, ending];
  };
  const client = (flags: string, seq: number, ack: number, data = "") =>
    segment({ from: "client", flags, seq, ack, data });
  const server = (flags: string, seq: number, ack: number, data = "") =>
    segment({ from: "server", flags, seq, ack, data });
  const open = ["ESTABLISHED", "ESTABLISHED", undefined, "open"];
  const [far, old] = [server("R", 99_999, 0), server("R", 250, 0)];
  // Nobody goes on: it may be meant
  expect(told(far)).toEqual(["ESTABLISHED", "CLOSED", "server", "reset"]);
  expect(told(far, client("PA", 101, 301, "x"))).toEqual(["ESTABLISHED", "CLOSED", "server", "reset"]);
  for (const reset of [far, old]) {
    expect(told(reset, server("A", 301, 101))).toEqual(open);
    expect(told(reset, client("PA", 101, 301, "x"), server("A", 301, 102))).toEqual(open);
    expect(told(reset, server("FA", 301, 101))).toEqual(["CLOSE-WAIT", "FIN-WAIT-1", "server", "half closed"]);
    expect(told(reset, client("FA", 101, 301), server("A", 301, 102))).toEqual(["FIN-WAIT-2", "CLOSE-WAIT", "client", "half closed"]); // biome-ignore format: one thought
  }
  // Both sides are told by somebody else that the other is gone
  const both = [far, client("R", 88_888, 0), client("A", 101, 301)];
  expect(told(...both)).toEqual(["ESTABLISHED", "CLOSED", "server", "reset"]);
  expect(told(...both, server("A", 301, 101))).toEqual(open);
  // In the window it may have overtaken data
  expect(told(server("R", 303, 0), server("PA", 301, 101, "hi"))).toEqual(["ESTABLISHED", "CLOSED", "server", "reset"]);
  expect(told(server("R", 303, 0), server("PA", 301, 101, "hi!"))).toEqual(open);
  // One that fits is believed
  expect(told(far, server("R", 301, 0), server("PA", 301, 101, "x"))).toEqual(["CLOSED", "CLOSED", "server", "reset"]);
});

test("a RST out of place does not end the streams", () => {
  const conversations = new Conversations({ keep: 100 });
  const reset = segment({ from: "server", flags: "RA", seq: 99_999, ack: 4000 });
  const late = segment({ from: "client", flags: "PA", seq: 101, ack: 301, data: "hello" });
  const { conversation } = lastOf(conversations, [...handshake(), reset, late]);
  expect(conversation.stream("client").take()).toMatchObject([{ kind: "octets", at: 0 }]);
  expect(conversation.stream("client").missing).toBe(0);
});

test("who repeats what is acknowledged again each time has not timed out", () => {
  const hello = (at: number) => segment({ at, from: "client", flags: "PA", seq: 101, ack: 301, data: "hello" });
  const ack = (at: number) => segment({ at, from: "server", flags: "A", seq: 301, ack: 106 });
  const answered = [0, 1, 2, 3].flatMap((at) => [hello(at), ack(at + 0.1)]);
  const ending = (...packets: Parameters<typeof lastOf>[1]) =>
    asTcp(lastOf(new Conversations(), [...handshake(), ...packets]).conversation).ending;
  expect(ending(...answered)).toBe("open");
  expect(ending(...answered, hello(4), hello(6), hello(10))).toBe("timed out");
});

test("what was acknowledged is counted as far as it was sent, and what was not seen once more was", () => {
  const data = (seq: number, data: string) => segment({ from: "client", flags: "PA", seq, ack: 301, data });
  const ack = (number: number) => segment({ from: "server", flags: "A", seq: 301, ack: number });
  const delivered = (...packets: Parameters<typeof lastOf>[1]) =>
    asTcp(lastOf(new Conversations(), [...handshake(), ...packets]).conversation).client.delivered;
  expect(delivered(data(101, "abc"), ack(1_000_000_104), ack(104), data(104, "def"), ack(107))).toBe(6);
  // An acknowledgment that was overtaken counts nothing twice
  expect(delivered(data(101, "abcdef"), ack(104), ack(102), ack(107))).toBe(6);
  // Of 104 to 109 nothing was seen
  expect(delivered(data(101, "abc"), ack(110), data(110, "x"), ack(111))).toBe(10);
  expect(asTcp(lastOf(new Conversations(), [ack(101), ack(901)]).conversation).client.delivered).toBe(800);
});

test("a connection whose SYN was refused, and taken when it came again, is as open as any", () => {
  const { opened, closer, ending, initialRoundTrip, client, server } = asTcp(
    lastOf(new Conversations(), [
      segment({ at: 0, from: "client", flags: "S", seq: 100 }),
      segment({ at: 0.001, from: "server", flags: "RA", seq: 0, ack: 101 }),
      segment({ at: 1, from: "client", flags: "S", seq: 100 }),
      segment({ at: 1.002, from: "server", flags: "SA", seq: 300, ack: 101 }),
      segment({ at: 1.003, from: "client", flags: "A", seq: 101, ack: 301 }),
    ]).conversation,
  );
  expect([opened, closer, ending]).toEqual(["client", undefined, "open"]);
  expect([client.state, server.state]).toEqual(["ESTABLISHED", "ESTABLISHED"]);
  expect(initialRoundTrip).toBeCloseTo(3e6);
});

test("handshake and round trips are timed, windows scaled, octets counted", () => {
  const conversations = new Conversations();
  kindsOf(conversations, handshake([windowScale(2)]));
  const packets = [
    segment({ at: 1, from: "client", flags: "PA", seq: 101, ack: 301, data: "hello" }),
    segment({ at: 1.004, from: "server", flags: "A", seq: 301, ack: 106, window: 700 }),
  ];
  const { client, server, initialRoundTrip, goodput, duration } = asTcp(lastOf(conversations, packets).conversation);
  expect(initialRoundTrip).toBe(20e6);
  expect(client.roundTrips).toMatchObject({ samples: 2, latest: 4e6, least: 4e6, most: 10e6 });
  expect(server.roundTrips).toMatchObject({ samples: 1, latest: 10e6 });
  expect([server.scaledWindow, client.delivered, client.octets]).toEqual([2800, 5, 5]);
  expect([duration, goodput]).toEqual([1.004e9, 5 / 1.004]);
});

test("times are exact across years", () => {
  const conversations = new Conversations();
  conversations.follow(decode(udp, 1, { seconds: 1, nanoseconds: 0 }));
  kindsOf(conversations, handshake());
  expect(asTcp([...conversations][1]!).initialRoundTrip).toBe(20e6);
});

test("a window is scaled only where both sides offer it", () => {
  const packets = [
    segment({ from: "client", flags: "S", seq: 100, options: [windowScale(7)] }),
    segment({ from: "server", flags: "SA", seq: 300, ack: 101 }),
    segment({ from: "client", flags: "A", seq: 101, ack: 301, window: 50 }),
  ];
  const { client } = asTcp(lastOf(new Conversations(), packets).conversation);
  expect([client.windowShift, client.scaledWindow]).toEqual([-1, 50]);
});

test("a shift of more than 14 is taken for 14", () => {
  const conversations = new Conversations();
  kindsOf(conversations, handshake([windowScale(20)]));
  const last = segment({ from: "server", flags: "A", seq: 301, ack: 101, window: 3 });
  const { client, server } = asTcp(lastOf(conversations, [last]).conversation);
  expect([client.windowShift, server.windowShift, server.scaledWindow]).toEqual([14, 14, 3 << 14]);
});

test("round trips are smoothed, and not taken from what was sent twice", () => {
  const data = (at: number, seq: number) => segment({ at, from: "client", flags: "PA", seq, ack: 301, data: "hello" });
  const ack = (at: number, number: number) => segment({ at, from: "server", flags: "A", seq: 301, ack: number });
  const packets = [...handshake(), data(1, 101), ack(1.004, 106), data(2, 106), data(2.5, 106), ack(2.6, 111)];
  const { client } = asTcp(lastOf(new Conversations(), packets).conversation);
  expect(client.roundTrips).toMatchObject({ samples: 2, smoothed: 9.25e6, variation: 5.25e6 });
});

test("what was sent twice is timed where its timestamp is echoed", () => {
  const stamped = (from: "client" | "server", value: number, echoReply: number, rest: Partial<Written>) =>
    segment({ from, flags: "A", seq: 101, options: [{ kind: "timestamps", value, echoReply }], ...rest });
  const sampled = (echo: number) => {
    const conversations = new Conversations();
    kindsOf(conversations, handshake());
    const { conversation } = lastOf(conversations, [
      stamped("client", 1000, 0, { at: 1, ack: 301, data: "hello" }),
      stamped("client", 1300, 0, { at: 1.3, ack: 301, data: "hello" }),
      stamped("server", 7, echo, { at: 1.35, seq: 301, ack: 106 }),
    ]);
    return asTcp(conversation).client.roundTrips;
  };
  expect(sampled(1300)).toMatchObject({ samples: 2, most: 50_000_000 });
  // The first copy came after all: nothing tells how long the second took
  expect(sampled(1000)).toMatchObject({ samples: 1 });
});

test("a FIN is not counted as data that arrived", () => {
  const fin = segment({ from: "client", flags: "FPA", seq: 101, ack: 301, data: "bye" });
  const ack = segment({ from: "server", flags: "A", seq: 301, ack: 105 });
  expect(asTcp(lastOf(new Conversations(), [...handshake(), fin, ack]).conversation).client.delivered).toBe(3);
});

test("the client's acknowledgment ends the handshake, also where the SYN-ACK was not seen", () => {
  const [syn, , ack] = handshake();
  const conversations = new Conversations();
  for (const packet of [syn!, ack!]) conversations.follow(packet);
  expect(asTcp([...conversations][0]!).initialRoundTrip).toBe(20e6);
});

test("a header that is longer than its packet is counted, and changes nothing", () => {
  const octets = segmentOctets({ from: "client", flags: "FA", seq: 101, ack: 301 });
  octets[32] = 0xf0; // 60 octets, of which 20 are there
  for (const follow of [decode(octets, linkTypes.raw), frameOf(octets)]) {
    const conversations = new Conversations();
    for (const packet of handshake()) conversations.follow(packet);
    const { conversation, events } = conversations.follow(follow)!;
    expect(events).toEqual([]);
    expect(conversation.client.packets).toBe(3);
    expect(asTcp(conversation).client.state).toBe("ESTABLISHED");
  }
});

test("a source route leads to who the conversation is with", () => {
  const octets = segmentOctets({ from: "client", flags: "S", seq: 100 });
  // Loose source route to 203.0.113.9, of which the first hop is still to come
  const routed = Uint8Array.from([...octets.slice(0, 20), 131, 7, 4, 203, 0, 113, 9, 0, ...octets.slice(20)]);
  routed[0] = 0x47;
  routed[3] = routed.length;
  for (const packet of [decode(routed, linkTypes.raw), frameOf(routed)]) {
    const { conversation } = new Conversations().follow(packet)!;
    expect(conversation.server.address).toBe("203.0.113.9");
  }
});

test("a SYN that comes late does not change the time of the handshake", () => {
  const late = segment({ at: 5, from: "client", flags: "S", seq: 100 });
  expect(asTcp(lastOf(new Conversations(), [...handshake(), late]).conversation).initialRoundTrip).toBe(20e6);
});

test("options tell the same as octets and as values", () => {
  const blocks = [
    { left: 500, right: 600 },
    { left: 700, right: 750 },
  ];
  const written: readonly Written[] = [
    { from: "client", flags: "S", seq: 100, options: [segmentSize(1400), windowScale(4), { kind: "sackPermitted" }] },
    { from: "client", flags: "S", seq: 200, options: [{ kind: "experiment2", id: 0xf989, octets: "" }] },
    { from: "client", flags: "S", seq: 300, options: [{ kind: "fastOpen", cookie: "0011223344556677" }] },
    { from: "server", flags: "A", seq: 900, ack: 301, options: [{ kind: "noOperation" }, { kind: "sack", blocks }] },
  ];
  const [views, values] = [new Conversations(), new Conversations()];
  const told = written.map((each) => {
    const events = views.follow(frameOf(segmentOctets(each)))!.events;
    expect(values.follow(segment(each))!.events).toEqual(events);
    return events.map(({ kind }) => kind).join(" ");
  });
  expect(told).toEqual(["", "portReused fastOpen", "portReused fastOpen", "selectiveAck"]);
  expect(JSON.stringify([...views].map(({ client }) => client))).toBe(
    JSON.stringify([...values].map(({ client }) => client)),
  );
});

test("an ICMP error that quotes only the ports belongs to their conversation", () => {
  const syn = segmentOctets({ from: "client", flags: "S", seq: 100 });
  const header = segmentOctets({ from: "server", flags: "", seq: 0 }).slice(0, 20);
  header[9] = 1;
  header[3] = 56;
  const error = Uint8Array.from([...header, 3, 1, 0, 0, 0, 0, 0, 0, ...syn.slice(0, 28)]);
  for (const packet of [frameOf(error), decode(error, 101)]) {
    const conversations = new Conversations();
    conversations.follow(frameOf(syn));
    const step = conversations.follow(packet)!;
    expect([conversations.size, step.from, asTcp(step.conversation).ending]).toEqual([1, "client", "refused"]);
  }
});

test("where a segment in fragments ends is not known, so that the next is no gap", () => {
  const conversations = new Conversations();
  kindsOf(conversations, handshake());
  const first = segment({ from: "client", flags: "A", seq: 101, ack: 301, data: "part" });
  const layers = first.layers.map((layer) => (layer.kind === "ipv4" ? { ...layer, moreFragments: true } : layer));
  const next = segment({ from: "client", flags: "A", seq: 901, ack: 301, data: "next" });
  expect(kindsOf(conversations, [{ ...first, layers }, next])).toEqual(["", ""]);
});

test("when there are too many, the longest silent go, and are told and counted", () => {
  const gone: Conversation[] = [];
  const conversations = new Conversations({ most: 2, evicted: (conversation) => gone.push(conversation) });
  const from = (port: number) => segment({ from: "client", flags: "S", seq: 100, ports: [port, 80] });
  for (const port of [1001, 1002, 1001, 1003]) conversations.follow(from(port));
  expect(gone.map(({ client }) => client.port)).toEqual([1002]);
  expect([conversations.evicted, conversations.size]).toEqual([1, 2]);
  expect(conversations.follow(from(1001))!.conversation.number).toBe(0);
  expect(conversations.follow(from(1002))!.conversation.number).toBe(3);
});

test("those that are left are still found, whatever went", () => {
  const conversations = new Conversations({ most: 1000 });
  const from = (i: number) =>
    conversations.follow(
      segment({ from: "client", flags: "A", seq: 1, addresses: [`10.0.${i >> 8}.${i & 255}`, "10.1.0.1"] }),
    )!.conversation.number;
  for (let i = 0; i < 3000; i++) expect(from(i)).toBe(i);
  for (let i = 2000; i < 2500; i++) expect(from(i)).toBe(i);
  for (let i = 3000; i < 3500; i++) expect(from(i)).toBe(i);
  for (let i = 2000; i < 2500; i++) expect(from(i)).toBe(i);
  expect([conversations.size, conversations.evicted]).toEqual([1000, 2500]);
});

test("what went stays as it was, whatever came in its place", () => {
  const gone: Conversation[] = [];
  const conversations = new Conversations({ most: 1, keep: 100, evicted: (conversation) => gone.push(conversation) });
  const data = segment({ from: "client", flags: "A", seq: 101, ack: 301, data: "hello" });
  const { conversation } = lastOf(conversations, [...handshake(), data]);
  const { client } = conversation;
  const before = JSON.stringify(conversation);
  conversations.follow(segment({ from: "server", flags: "A", seq: 1, ports: [7000, 80], data: "other" }));
  expect(gone[0]).toBe(conversation);
  expect(conversation.client).toBe(client);
  expect(JSON.stringify(conversation)).toBe(before);
  expect(conversation.stream("client").take()).toMatchObject([
    { kind: "octets", octets: new TextEncoder().encode("hello") },
  ]);
});

test("thousands of conversations are told apart", () => {
  const conversations = new Conversations();
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 5000; i++) {
      const addresses = [`10.0.${i >> 8}.${i & 255}`, "198.51.100.2"] as const;
      const step = conversations.follow(segment({ from: "client", flags: "A", seq: 1, addresses }))!;
      expect(step.conversation.number).toBe(i);
    }
  expect(conversations.size).toBe(5000);
});

test("what belongs to no conversation is counted", () => {
  const conversations = new Conversations();
  expect(conversations.follow(decode(new Uint8Array(20)))).toBeUndefined();
  expect([conversations.packets, conversations.apart]).toEqual([1, 1]);
});

test("a datagram in fragments is followed by its first, or whole where it was put together", () => {
  const octets = datagram4(new Uint8Array(3000));
  const follow = (reassembled: boolean): unknown => {
    const conversations = new Conversations({ reassembled });
    const reassembly = new FragmentReassembly();
    for (const [at, end] of cuts(3008, 1480)) {
      const frame = frameOf(fragment4(octets, at, end));
      if (reassembled) reassembly.follow(frame);
      conversations.follow(frame);
    }
    const [conversation] = conversations;
    return [conversation!.client.packets, conversation!.client.octets, conversations.apart];
  };
  expect(follow(false)).toEqual([1, 1472, 2]);
  expect(follow(true)).toEqual([1, 3000, 2]);
});

test.each(["most", "keep"] as const)("%s has to be a number that makes sense", (argument) => {
  expect(() => new Conversations({ [argument]: -1 })).toThrow(`${argument} takes a whole number`);
});

test("what a second device sees has the number of the first's, even where there is only room for one", () => {
  const conversations = new Conversations({ most: 1 });
  const number = (port: number, device: string): number =>
    conversations.follow({ ...segment({ from: "client", flags: "S", seq: 1, ports: [port, 80] }), device })!
      .conversation.number;
  expect([number(1001, "near"), number(1002, "near"), number(1002, "far")]).toEqual([0, 1, 1]);
});
