/** What a packet means, in plain words. */
import type { TcpConversation } from "./conversation.js";
import type { Step } from "./conversations.js";
import type { EventKind, FlowEvent } from "./events.js";

type End = "client" | "server";

/** One sentence about the packet, then one about each of its events. No capital at the start, no full stop at the end. */
export function explain(step: Step): readonly string[] {
  const isSaid = step.events.some(({ kind }) => WHOLE.has(kind));
  const sentence = isSaid ? undefined : packetSentence(step);
  const about = step.events.map((event) => eventSentence(event, step));
  return sentence === undefined ? about : [sentence, ...about];
}

/** Events that are all there is to say about their packet. */
const WHOLE: ReadonlySet<EventKind> = new Set<EventKind>([
  "retransmission",
  "fastRetransmission",
  "spuriousRetransmission",
  "repetition",
  "synRetried",
  "duplicateAck",
  "keepAlive",
  "keepAliveAnswer",
  "zeroWindowProbe",
  "zeroWindowProbeAnswer",
  "refused",
  "reset",
  "resetOutOfPlace",
  "olderConnection",
  "icmpError",
  "replyRepeated",
]);

/** `1.25 s`, `40 ms`, `73 µs`, `1.7e9 s`: three digits are enough to read. `no time` between packets that have none. */
export function durationText(nanoseconds: number): string {
  if (Number.isNaN(nanoseconds)) return "no time";
  const size = Math.abs(nanoseconds);
  // No longer than "-999000 s"
  if (size >= 999_500e9)
    return `${(nanoseconds / 1e9).toExponential(size >= 9.995e18 ? 1 : 2).replace(/\.?0*e\+/, "e")} s`;
  if (size >= 1e9) return `${digits(nanoseconds / 1e9)} s`;
  if (size >= 1e6) return `${digits(nanoseconds / 1e6)} ms`;
  return `${digits(nanoseconds / 1e3)} µs`;
}

const digits = (value: number): string => String(Number(value.toPrecision(3)));

const octets = (count: number): string => `${count} octet${count === 1 ? "" : "s"}`;
const other = (side: End): End => (side === "client" ? "server" : "client");

/** Undefined where the events say all there is. */
function packetSentence(step: Step): string | undefined {
  const { conversation, from, length, flags } = step;
  switch (conversation.kind) {
    case "udp":
      return `the ${from} sends a datagram of ${octets(length)}`;
    case "echo":
      return step.isRequest
        ? `the client asks whether the server is there (${step.echoSequence})`
        : `the server is there (${step.echoSequence})${withinText("its answer took", conversation.answeredAfter)}`;
    case "tcp":
      if (flags.rst) return undefined;
      if (flags.syn) return synSentence(step, conversation);
      return segmentSentence(step, conversation);
    default:
      return conversation satisfies never;
  }
}

/** Where packets have no time, nothing. */
const withinText = (what: string, time: number): string =>
  Number.isNaN(time) ? "" : `: ${what} ${durationText(time)}`;

function synSentence({ flags, from }: Step, { server }: TcpConversation): string {
  return flags.ack
    ? `the ${from} agrees to the connection and asks back`
    : from === "client"
      ? `the client asks for a connection to port ${server.port}`
      : "the server asks for a connection, too";
}

function segmentSentence(step: Step, conversation: TcpConversation): string {
  const { from, length, flags, acknowledgment, time } = step;
  const receiver = conversation[other(from)];
  const data = length > 0 ? `sends ${octets(length)}` : "";
  if (flags.fin) {
    const both = conversation[other(from)].sentFin;
    return `the ${from} ${data && `${data} and `}has nothing more to send${both ? ", either" : ""}`;
  }
  if (data) return `the ${from} ${data}`;
  if (time === conversation.handshakeTime && from === "client")
    return `the client confirms: the connection stands after ${durationText(conversation.initialRoundTrip)}`;
  if (receiver.sentFin && acknowledgment === (receiver.finEnd - receiver.initial) >>> 0)
    return `the ${from} knows that the ${other(from)} is done`;
  return `the ${from} has everything up to octet ${Math.max(0, acknowledgment - 1)}`;
}

function eventSentence(event: FlowEvent, step: Step): string {
  const { from, conversation } = step;
  const peer = other(from);
  switch (event.kind) {
    case "retransmission":
      if (event.rule === "fills a gap up to next" || (event.rule !== "sent before" && Number.isNaN(event.after)))
        return `the ${from} sends what was missing: it was lost and is sent again, or was overtaken`;
      return event.rule === "fills a gap late"
        ? `the ${from} sends what was missing, ${durationText(event.after)} after what came behind it: it was lost before it was captured`
        : `the ${from} sends again what it sent before${withinText("no acknowledgment came within", event.after)}`;
    case "fastRetransmission":
      return `the ${from} sends again at once, as the ${peer} kept asking for it`;
    case "spuriousRetransmission":
      return `the ${from} sends again what the ${peer} had acknowledged: the acknowledgment was lost or late`;
    case "repetition":
      return `octets of the ${from} that were seen before come again within a round trip: sent twice, or copied on the way`;
    case "synRetried":
      return event.rule === "same SYN after a refusal"
        ? `the ${from} asks once more, although it was refused`
        : `the ${from} asks again, for the ${ordinal(event.count + 1)} time${withinText("no answer for", event.after)}`;
    case "outOfOrder":
      return `this packet was overtaken by the one before`;
    case "lostSegment":
      return `${octets(event.missing)} of the ${from} before this packet were not seen: lost, or not captured`;
    case "acknowledgedUnseen":
      return `the ${from} has ${octets(event.missing)} that were never seen here: the capture missed them`;
    case "acknowledgedOutOfTurn":
      return `not all that the ${from} has was seen here in order`;
    case "duplicateAck":
      return `the ${from} asks for the same octet again (${event.count}): something behind it arrived, or something is lost`;
    case "selectiveAck":
      return `the ${from} has ${octets(event.length)} behind a gap: ${blocksText(event.blocks)}`;
    case "keepAlive":
      return `the ${from} checks whether the ${peer} is still there`;
    case "keepAliveAnswer":
      return `the ${from} is still there`;
    case "zeroWindow":
      return `the ${from} takes nothing more until its program reads`;
    case "zeroWindowProbe":
      return `the ${from} tries whether the ${peer} takes anything yet`;
    case "zeroWindowProbeAnswer":
      return `the ${from} still takes nothing`;
    case "windowUpdate":
      return `the ${from} now takes ${octets(event.window)}`;
    case "windowFull":
      return `the ${from} has sent all that the ${peer} takes, and has to wait`;
    case "portReused":
      return event.rule === "other number in a SYN"
        ? `the ports were used before, by conversation ${event.previous}: this is a new connection`
        : `the ${from} answers with another number than before: two machines answer, or it started anew`;
    case "fastOpen":
      return event.length > 0
        ? `the ${from} sends ${octets(event.length)} with its SYN, without waiting (Fast Open)`
        : `the ${from} asks for Fast Open`;
    case "fastOpenAccepted":
      return `the ${from} has taken the ${octets(event.length)} of the SYN`;
    case "refused":
      return `the ${from} refuses: nothing listens on port ${conversation[from].port}; the ${peer}'s connect fails with ECONNREFUSED`;
    case "reset":
      return `the ${from} drops the connection at once; what the ${peer} reads or writes next fails with ECONNRESET`;
    case "resetOutOfPlace":
      return `a RST of the ${from}, or in its name, has a number that the ${peer} does not wait for: it is to be ignored, or asked about (RFC 5961)`;
    case "olderConnection":
      return event.rule === "RST for an older connection"
        ? `the ${from} resets that older connection, not the one that it asks for`
        : `the ${from} answers for an older connection between these ports, which it still has`;
    case "icmpError":
      return icmpSentence(event, step);
    case "replyRepeated":
      return `the ${from} answers the same request again (${step.echoSequence}): the answer was copied on the way, or several hosts answer`;
    case "dataAfterClose":
      return `the ${from} sends ${octets(event.length)} ${afterWhat(event, step)}`;
    case "delayedAckStall":
      return `the ${from} held this small piece back for ${durationText(event.waited)} until the ${peer}'s delayed acknowledgment came: Nagle's algorithm (TCP_NODELAY turns it off)`;
    default:
      return event satisfies never;
  }
}

/** What the kernel makes of an error: icmp(7), linux net/ipv4/icmp.c and net/ipv6/icmp.c. */
const ERRNO: Readonly<Record<"icmp" | "icmpv6", Readonly<Record<number, readonly [what: string, errno: string]>>>> = {
  icmp: {
    0: ["no route to the network", "ENETUNREACH"],
    1: ["the host does not answer", "EHOSTUNREACH"],
    2: ["the host does not speak this protocol", "ENOPROTOOPT"],
    3: ["nothing listens on the port", "ECONNREFUSED"],
    4: ["the packet is too large and may not be cut", "EMSGSIZE"],
    13: ["a firewall forbids it", "EHOSTUNREACH"],
  },
  icmpv6: {
    0: ["no route to the network", "ENETUNREACH"],
    1: ["a firewall forbids it", "EACCES"],
    3: ["the host does not answer", "EHOSTUNREACH"],
    4: ["nothing listens on the port", "ECONNREFUSED"],
    5: ["a firewall forbids the source address", "EACCES"],
    6: ["a router rejects what goes there", "EACCES"],
  },
};

const TOO_LARGE = ERRNO.icmp[4]!;

function icmpSentence({ protocol, type, code }: Extract<FlowEvent, { kind: "icmpError" }>, step: Step): string {
  const { from, conversation } = step;
  const peer = conversation[other(from)];
  const isUnreachable = type === (protocol === "icmp" ? 3 : 1);
  const isTooBig = protocol === "icmpv6" && type === 2;
  const [what, errno] = isTooBig ? TOO_LARGE : (isUnreachable && ERRNO[protocol][code]) || [];
  if (what === undefined) {
    if (type === (protocol === "icmp" ? 11 : 3) && code === 0)
      return `a packet of the ${from} went over too many hops, or in a circle`;
    if (type === (protocol === "icmp" ? 11 : 3) && code === 1)
      return `a packet of the ${from} came in fragments, and not all of them in time: it could not be put together`;
    return `an ICMP error about a packet of the ${from}: type ${type}, code ${code}`;
  }
  const where = `${what} (${peer.address}, port ${peer.port})`;
  // RFC 1122 §4.1.3.3: only a connected socket can be told
  if (conversation.kind === "udp")
    return `${where}: a connected socket of the ${from} fails with ${errno}, another hears nothing`;
  if (errno === "EMSGSIZE") return `${where}: the ${from} will send smaller ones`;
  // RFC 5461 §2: once a connection stands, it is no reason to give it up
  const isConnecting = conversation.kind === "tcp" && conversation[from].state === "SYN-SENT";
  return isConnecting ? `${where}: the ${from}'s connect fails with ${errno}` : `${where}: the ${from} tries on`;
}

/** `4, 10–19` */
export function blocksText(blocks: Extract<FlowEvent, { kind: "selectiveAck" }>["blocks"]): string {
  return blocks.map(({ left, right }) => (right - left === 1 ? `${left}` : `${left}–${(right - 1) >>> 0}`)).join(", ");
}

function afterWhat({ rule }: FlowEvent, { from, conversation }: Step): string {
  if (rule === "data after FIN") return "after it closed";
  const isOwn = conversation.kind === "tcp" && conversation[from].sentRst;
  return isOwn ? "after its RST" : `after the ${other(from)}'s RST: they crossed, or the RST did not arrive`;
}

function ordinal(n: number): string {
  return n === 2 ? "second" : n === 3 ? "third" : `${n}th`;
}
