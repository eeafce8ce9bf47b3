/** One segment of a TCP connection: what is remarkable about it, then what it changes. */
import { advance, type Scene } from "./advance.js";
import { analyze } from "./analysis.js";
import type { TcpConversation } from "./conversation.js";
import type { FlowEvent, RuleName } from "./events.js";
import { ACK, FIN, RST, type Segment, SYN } from "./segment.js";
import type { Doubt, TcpSide } from "./side.js";
import { fits, moveStates } from "./tcp-state.js";

/** RFC 7323 §2.3: a larger shift is taken for this one. */
const MOST_SHIFT = 14;

/** Whether `segment` begins another connection between the same ports: a SYN with another number. */
export function isAnew(conversation: TcpConversation, { key, flags, sequence, errorType }: Segment): boolean {
  if (errorType >= 0 || (flags & (SYN | ACK)) !== SYN) return false;
  const { client, server } = conversation;
  const sender = client.isLow === key.fromLow ? client : server;
  return sender.hasInitial && sender.initial !== sequence;
}

/** Takes `segment` into `conversation` and notes in `events` what is remarkable. hot */
export function followTcp(
  conversation: TcpConversation,
  segment: Segment,
  fromClient: boolean,
  scene: Scene,
  events: FlowEvent[],
): void {
  const { flags } = segment;
  const sender = fromClient ? conversation.client : conversation.server;
  const receiver = fromClient ? conversation.server : conversation.client;
  sender.packets++;
  sender.octets += segment.length;
  // RFC 9293 has no place for it: whoever gets it drops it, so it changes nothing
  if (segment.isBroken) return;
  if (sender.state === "SYN-SENT" || receiver.state === "SYN-SENT") {
    const rule = ruleOfOlder(segment, sender, receiver);
    if (rule) {
      events.push({ kind: "olderConnection", rule });
      return;
    }
  }
  if ((flags & SYN) !== 0) synchronize(conversation, segment, sender, receiver, scene, events);
  else if (!sender.hasInitial) begin(sender, segment.sequence);
  if ((flags & ACK) !== 0 && !receiver.hasInitial) begin(receiver, segment.acknowledgment);
  if ((flags & (FIN | RST)) !== 0 || conversation.closer) end(conversation, segment, sender, receiver, scene, events);
  analyze(segment, sender, receiver, conversation, scene, events);
  if ((flags & (SYN | FIN | RST)) !== 0 || sender.state !== "ESTABLISHED" || receiver.state !== "ESTABLISHED")
    moveStates(segment, sender, receiver);
  if (sender.data) sender.data.segment(segment, (flags & SYN) !== 0 ? (segment.sequence + 1) | 0 : undefined);
  advance(segment, sender, receiver, scene);
  if (receiver.data && (flags & (ACK | RST)) === ACK) receiver.data.acknowledged(segment.acknowledgment);
  if (Number.isNaN(conversation.handshakeTime)) completeHandshake(conversation, segment, sender, scene);
  if (conversation.closer) endStreams(conversation);
}

/**
 * RFC 9293 §3.5.1: who still has an older connection between the same ports answers a SYN for that, and is reset by who sent
 * the SYN. None of it concerns the connection that is asked for.
 */
function ruleOfOlder(
  { flags, sequence, acknowledgment }: Segment,
  sender: TcpSide,
  receiver: TcpSide,
): RuleName | undefined {
  if ((flags & RST) !== 0) {
    const resets = sender.state === "SYN-SENT" && (flags & SYN) === 0;
    return resets && ((sequence - sender.initial) | 0) < 0 ? "RST for an older connection" : undefined;
  }
  const answers = receiver.state === "SYN-SENT" && (flags & ACK) !== 0;
  return answers && ((acknowledgment - receiver.initial) | 0) < 0 ? "acknowledges what was before the SYN" : undefined;
}

/** The first octet of `side` that is known of is number 1, as if its SYN had been 0. */
function begin(side: TcpSide, sequence: number): void {
  side.initial = (sequence - 1) | 0;
  side.hasInitial = true;
}

function synchronize(
  conversation: TcpConversation,
  segment: Segment,
  sender: TcpSide,
  receiver: TcpSide,
  scene: Scene,
  events: FlowEvent[],
): void {
  const { flags, sequence, length, fastOpen } = segment;
  const isAnswer = (flags & ACK) !== 0;
  const isOpen = Number.isNaN(conversation.handshakeTime);
  if (!isAnswer) {
    if (conversation.opened === undefined) {
      conversation.opened = "client";
      // Who was taken for the server by its port sent the SYN
      if (sender !== conversation.client) conversation.clientIsLow = sender.isLow;
    } else if (sender === conversation.server) conversation.opened = "both";
    // The same SYN after a refusal is another attempt
    if (conversation.isRefused) conversation.handshakeTime = Number.NaN;
    if (isOpen || conversation.isRefused) conversation.synTime = scene.time;
  } else if (conversation.isRefused && ((segment.acknowledgment - receiver.initial) | 0) > 0) {
    // It is taken after all
    conversation.isRefused = false;
    conversation.closer = undefined;
  }
  if (isAnswer && sender.sentSyn && sender.initial !== sequence)
    events.push({ kind: "portReused", rule: "other number in a SYN-ACK", previous: conversation.number });
  if (!sender.sentSyn || sender.initial !== sequence) {
    sender.initial = sequence;
    sender.hasInitial = sender.sentSyn = true;
  } else if (!isAnswer)
    events.push({
      kind: "synRetried",
      rule: ruleOfSyn(conversation, segment, sender),
      count: ++sender.synRetries,
      after: scene.time - sender.nextTime,
    });
  sender.windowShift = Math.min(segment.windowScale, MOST_SHIFT);
  // RFC 7323 §2.2: only where both SYNs offer it
  if (isAnswer && receiver.sentSyn && (sender.windowShift < 0 || receiver.windowShift < 0))
    sender.windowShift = receiver.windowShift = -1;
  sender.maximumSegmentSize = segment.maximumSegmentSize;
  if (isAnswer && receiver.sentSyn) accepted(segment, receiver, events);
  if (!isAnswer && (fastOpen >= 0 || length > 0)) {
    conversation.usesFastOpen = true;
    events.push({ kind: "fastOpen", rule: fastOpen > 0 ? "SYN with a cookie" : "SYN without a cookie", length });
  }
}

function ruleOfSyn({ isRefused }: TcpConversation, { sequence, length }: Segment, { state, next }: TcpSide): RuleName {
  if (isRefused && state === "CLOSED") return "same SYN after a refusal";
  return length > 0 && ((sequence + length + 1) | 0) !== next ? "same SYN, other data" : "same SYN again";
}

/** RFC 7413 §4.2.2: the server acknowledges the data, or the SYN alone where it did not take them. */
function accepted({ acknowledgment }: Segment, { initial, sent }: TcpSide, events: FlowEvent[]): void {
  const length = (acknowledgment - initial - 1) | 0;
  if (length > 0 && ((acknowledgment - sent) | 0) <= 0)
    events.push({ kind: "fastOpenAccepted", rule: "acknowledges the data of a SYN", length });
}

/** The client's first acknowledgment proves that it has the SYN-ACK, also where that was not seen. */
function completeHandshake(conversation: TcpConversation, segment: Segment, sender: TcpSide, { time }: Scene): void {
  const { client, server } = conversation;
  if (sender !== client || Number.isNaN(conversation.synTime) || (segment.flags & (SYN | ACK | RST)) !== ACK) return;
  if (server.sentSyn ? ((segment.acknowledgment - server.initial) | 0) > 0 : server.packets === 0)
    conversation.handshakeTime = time;
}

function end(
  conversation: TcpConversation,
  segment: Segment,
  sender: TcpSide,
  receiver: TcpSide,
  scene: Scene,
  events: FlowEvent[],
): void {
  const { flags, length, sequence } = segment;
  if (sender.doubt && (flags & RST) === 0) goOn(conversation, segment, sender, receiver, sender.doubt);
  if (length > 0) {
    if (sender.sentFin && ((sequence + length - sender.finEnd) | 0) > 0)
      events.push({ kind: "dataAfterClose", rule: "data after FIN", length });
    else if (isOverByReset(conversation)) events.push({ kind: "dataAfterClose", rule: "data after RST", length });
  }
  if ((flags & (FIN | RST)) === 0) return;
  if ((flags & RST) !== 0) reset(conversation, segment, sender, receiver, scene, events);
  conversation.closer ??= sender === conversation.client ? "client" : "server";
}

function reset(
  conversation: TcpConversation,
  segment: Segment,
  sender: TcpSide,
  receiver: TcpSide,
  { time }: Scene,
  events: FlowEvent[],
): void {
  if (receiver.state === "SYN-SENT") {
    events.push({ kind: "refused", rule: "RST answers a SYN" });
    conversation.isRefused = true;
    if (Number.isNaN(conversation.handshakeTime) && (segment.flags & ACK) !== 0) conversation.handshakeTime = time;
    return;
  }
  const isOver = conversation.client.finReceived && conversation.server.finReceived;
  if (!isOver) conversation.isReset = sender.sentRst = true;
  const isClosed = receiver.state === "CLOSED" && !receiver.doubt;
  if (isOver || isClosed || fits(segment, sender, receiver)) {
    sender.doubt = receiver.doubt = undefined;
    events.push({ kind: "reset", rule: "RST" });
  } else {
    sender.doubt = doubtOf(segment, sender, receiver);
    events.push({ kind: "resetOutOfPlace", rule: "RST out of place" });
  }
}

/** RFC 9293 §3.10.7.4 ignores what is not in the window; what is may have overtaken data. */
function doubtOf({ sequence }: Segment, sender: TcpSide, receiver: TcpSide): Doubt {
  const ahead = (sequence - receiver.acknowledged) | 0;
  const isInWindow = ahead > 0 && ahead < receiver.window << receiver.shift;
  return {
    state: sender.doubt ? sender.doubt.state : sender.state,
    end: isInWindow ? sequence : (sender.next - 1) | 0,
    sent: receiver.sent,
  };
}

/** Takes back what a RST that did not fit has changed, where its sender knows nothing of it. */
function goOn(
  conversation: TcpConversation,
  { flags, sequence, length, acknowledgment }: Segment,
  sender: TcpSide,
  receiver: TcpSide,
  { state, end, sent }: Doubt,
): void {
  const answers = (flags & ACK) !== 0 && ((acknowledgment - sent) | 0) > 0;
  if (!answers && ((sequence + length - end) | 0) <= 0) return;
  const { client, server } = conversation;
  sender.state = state;
  sender.doubt = undefined;
  sender.sentRst = false;
  // A FIN that came meanwhile moves the state that it has now: what it acknowledges tells
  receiver.finReceived = false;
  conversation.isReset = client.sentRst || server.sentRst;
  if (conversation.isReset || (conversation.closer && conversation[conversation.closer].sentFin)) return;
  conversation.closer = client.sentFin ? "client" : server.sentFin ? "server" : undefined;
}

/** Both sides know that it is reset, as far as can be told. */
function isOverByReset({ client, server, isReset }: TcpConversation): boolean {
  return isReset && !client.doubt && !server.doubt;
}

function endStreams(conversation: TcpConversation): void {
  const { client, server, isRefused } = conversation;
  if (!client.data) return;
  const isOver = isRefused || isOverByReset(conversation);
  if (isOver || client.finReceived) client.data.end();
  if (isOver || server.finReceived) server.data?.end();
}
