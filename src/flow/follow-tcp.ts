/** One segment of a TCP connection: what is remarkable about it, then what it changes. */
import { advance, analyze, type Scene } from "./analysis.js";
import type { TcpConversation } from "./conversation.js";
import type { FlowEvent } from "./events.js";
import { ACK, FIN, RST, type Segment, SYN } from "./segment.js";
import type { TcpSide } from "./side.js";
import { moveStates } from "./tcp-state.js";

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
  if ((flags & SYN) !== 0) synchronize(conversation, segment, sender, receiver, scene, events);
  else if (!sender.hasInitial) begin(sender, segment.sequence);
  if ((flags & ACK) !== 0 && !receiver.hasInitial) begin(receiver, segment.acknowledgment);
  if ((flags & (FIN | RST)) !== 0 || conversation.closer) end(conversation, segment, sender, receiver, scene, events);
  analyze(segment, sender, receiver, conversation, scene, events);
  if ((flags & (SYN | FIN | RST)) !== 0 || sender.state !== "ESTABLISHED" || receiver.state !== "ESTABLISHED")
    moveStates(segment, sender, receiver);
  if (sender.data) sender.data.segment(segment, (flags & SYN) !== 0 ? (segment.sequence + 1) | 0 : undefined);
  advance(segment, sender, receiver, scene);
  if (receiver.data && (flags & ACK) !== 0) receiver.data.acknowledged(segment.acknowledgment);
  if (Number.isNaN(conversation.handshakeTime)) completeHandshake(conversation, segment, sender, scene);
  if (conversation.closer) endStreams(conversation);
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
      if (sender !== conversation.client) exchange(conversation);
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
      rule: "same SYN again",
      count: ++sender.synRetries,
      after: scene.time - sender.nextTime,
    });
  sender.windowShift = segment.windowScale;
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

/** RFC 7413 §4.2.2: the server acknowledges the data, or the SYN alone where it did not take them. */
function accepted({ acknowledgment }: Segment, { initial, sent }: TcpSide, events: FlowEvent[]): void {
  const length = (acknowledgment - initial - 1) | 0;
  if (length > 0 && ((acknowledgment - sent) | 0) <= 0)
    events.push({ kind: "fastOpenAccepted", rule: "acknowledges the data of a SYN", length });
}

/** Who was taken for the server by its port sent the SYN. */
function exchange(conversation: TcpConversation): void {
  const { client, server } = conversation;
  conversation.client = server;
  conversation.server = client;
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
  { flags, length, sequence }: Segment,
  sender: TcpSide,
  receiver: TcpSide,
  { time }: Scene,
  events: FlowEvent[],
): void {
  if (length > 0 && (conversation.isReset || (sender.sentFin && ((sequence + length - sender.finEnd) | 0) > 0)))
    events.push({ kind: "dataAfterClose", rule: "data after FIN", length });
  if ((flags & (FIN | RST)) === 0) return;
  if ((flags & RST) !== 0) {
    const isRefusal = receiver.state === "SYN-SENT";
    events.push(isRefusal ? { kind: "refused", rule: "RST answers a SYN" } : { kind: "reset", rule: "RST" });
    const isOver = conversation.client.finReceived && conversation.server.finReceived;
    if (isRefusal) {
      conversation.isRefused = true;
      if (Number.isNaN(conversation.handshakeTime) && (flags & ACK) !== 0) conversation.handshakeTime = time;
    } else if (!isOver) conversation.isReset = true;
  }
  conversation.closer ??= sender === conversation.client ? "client" : "server";
}

function endStreams({ client, server, isReset, isRefused }: TcpConversation): void {
  if (!client.data) return;
  if (isReset || isRefused || client.finReceived) client.data.end();
  if (isReset || isRefused || server.finReceived) server.data?.end();
}
