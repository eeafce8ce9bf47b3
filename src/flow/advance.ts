/** What a segment says of where both sides are: what is sent, acknowledged, missing, and how long that took. */
import { open } from "./holes.js";
import { ACK, FIN, RST, type Segment, SYN } from "./segment.js";
import type { TcpSide } from "./side.js";

/** What a segment is seen against. */
export interface Scene {
  /** Nanoseconds since the conversation's first packet. */
  readonly time: number;
  readonly packet: number;
}

/** Takes the segment's numbers in. hot */
export function advance(segment: Segment, sender: TcpSide, receiver: TcpSide, scene: Scene): void {
  const { flags, sequence, length } = segment;
  if ((flags & RST) !== 0) {
    reset(segment, sender, receiver, scene);
    return;
  }
  const span = length + ((flags & SYN) !== 0 ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0);
  const end = (sequence + span) | 0;
  if (!sender.hasNext) begin(sender, end, scene);
  else {
    if (((end - sender.sent) | 0) > 0) sender.sent = end;
    if (sequence !== sender.next) displace(segment, sender, end);
    // Nobody knows yet whether a probe's octet is taken
    if (((end - sender.next) | 0) > 0 && sender.previous !== "zeroWindowProbe") {
      if (sender.run === sequence) sender.run = end;
      sender.next = end;
      sender.nextTime = scene.time;
    }
  }
  if (span > 0 && Number.isNaN(sender.timedSince)) time(segment, sender, end, scene);
  sender.latestLength = length;
  if ((flags & FIN) !== 0) finish(sender, end);
  if ((flags & ACK) !== 0) acknowledge(segment, sender, receiver, scene);
  sender.window = segment.window;
  sender.shift = (flags & SYN) === 0 && sender.windowShift > 0 ? sender.windowShift : 0;
  // Where its data ends is not known before the next one
  if (segment.isFragment) sender.hasNext = false;
}

/** Its number is no place in the stream, and it counts only where it was believed. */
function reset(segment: Segment, sender: TcpSide, receiver: TcpSide, scene: Scene): void {
  if (sender.doubt || receiver.state !== "CLOSED") return;
  sender.latestLength = segment.length;
  if ((segment.flags & ACK) !== 0) acknowledge(segment, sender, receiver, scene);
  sender.window = segment.window;
}

/** The first segment that was seen ends here. */
function begin(sender: TcpSide, end: number, { time }: Scene): void {
  sender.hasNext = true;
  sender.next = sender.sent = sender.run = end;
  sender.nextTime = time;
}

function finish(sender: TcpSide, end: number): void {
  sender.sentFin = true;
  sender.finEnd = end;
}

/** Takes in what does not begin at next. */
function displace({ sequence }: Segment, sender: TcpSide, end: number): void {
  if (sender.previous === "zeroWindowProbe") return;
  const gap = (sequence - sender.next) | 0;
  if (gap > 0) {
    sender.holes = open(sender.holes, sender.next, sequence);
    sender.missed += gap;
  } else if (gap < 0) sender.missed -= sender.fill(sequence, end);
  // It takes the run up to what was seen behind it
  if (sequence === sender.run && ((end - sender.next) | 0) <= 0) sender.run = sender.next;
}

/** Times a segment that is new, or a copy that its timestamp tells from the one before. */
function time({ hasTimestamps, timestamp }: Segment, sender: TcpSide, end: number, scene: Scene): void {
  const isAgain = sender.unanswered > 0;
  if (isAgain ? !hasTimestamps || timestamp === sender.timedStamp : end !== sender.next) return;
  sender.timed = end;
  sender.timedSince = scene.time;
  sender.timedStamp = timestamp;
  sender.timedAgain = isAgain;
}

function acknowledge(segment: Segment, sender: TcpSide, receiver: TcpSide, scene: Scene): void {
  const { acknowledgment } = segment;
  if (takesProbe(acknowledgment, receiver)) receiver.next = receiver.run = acknowledgment;
  if (acknowledgment !== sender.acknowledged || !sender.hasAcknowledged) {
    if (!sender.hasAcknowledged || ((acknowledgment - sender.acknowledged) | 0) > 0)
      progress(segment, sender, receiver, scene);
    sender.duplicates = 0;
    sender.isUnseen = false;
    sender.acknowledgedPacket = scene.packet;
    sender.acknowledged = acknowledgment;
  }
  if (sender.duplicates > 0) sender.repeatedTime = scene.time;
  // What has data may have been on its way
  if (segment.length === 0) receiver.unanswered = 0;
  if (receiver.hasNext && ((acknowledgment - receiver.sent) | 0) > 0) receiver.sent = acknowledgment;
}

/** It acknowledges what was not acknowledged before. */
function progress(segment: Segment, sender: TcpSide, receiver: TcpSide, scene: Scene): void {
  const { acknowledgment } = segment;
  deliver(acknowledgment, sender, receiver);
  receiver.unanswered = 0;
  sender.advancedTime = scene.time;
  if (Number.isNaN(receiver.timedSince) || ((acknowledgment - receiver.timed) | 0) < 0) return;
  if (!receiver.timedAgain || (segment.hasTimestamps && segment.timestampEcho === receiver.timedStamp))
    receiver.sample(scene.time - receiver.timedSince);
  receiver.timedSince = Number.NaN;
}

/** Counts what is acknowledged as far as it was seen to be sent: what lies before later data was sent, too. */
function deliver(acknowledgment: number, { hasAcknowledged }: TcpSide, receiver: TcpSide): void {
  // SYN and FIN have numbers, too
  if (!hasAcknowledged) receiver.deliveredEnd = receiver.sentSyn ? (receiver.initial + 1) | 0 : acknowledgment;
  const isBeyond = receiver.hasNext && ((acknowledgment - receiver.next) | 0) > 0;
  const end = isBeyond ? receiver.next : acknowledgment;
  const count = (end - receiver.deliveredEnd) | 0;
  if (count <= 0) return;
  receiver.delivered += receiver.sentFin ? withoutFin(count, end, receiver) : count;
  receiver.deliveredEnd = end;
}

function withoutFin(count: number, end: number, { finEnd, deliveredEnd }: TcpSide): number {
  return ((finEnd - deliveredEnd) | 0) > 0 && ((end - finEnd) | 0) >= 0 ? count - 1 : count;
}

/** Whether the octet that was tried into a window of 0 is acknowledged. */
export function takesProbe(acknowledgment: number, { previous, next, sent }: TcpSide): boolean {
  return previous === "zeroWindowProbe" && ((acknowledgment - next) | 0) > 0 && ((acknowledgment - sent) | 0) <= 0;
}
