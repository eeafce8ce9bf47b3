/**
 * What is remarkable about a segment. The rules are those that Wireshark's User's Guide documents ("TCP Analysis"), so that
 * both say the same of the same capture, but for what is told apart by whether octets were seen before.
 */
import { type Scene, takesProbe } from "./advance.js";
import type { FlowEvent, RuleName } from "./events.js";
import { ACK, FIN, RST, type Segment, SYN } from "./segment.js";
import type { TcpSide } from "./side.js";

/** Nanoseconds. */
const MILLISECOND = 1e6;
const FAST = 20 * MILLISECOND;
const REORDERING = 3 * MILLISECOND;
/** Linux delays acknowledgments by 40 ms, BSD and Windows by up to 200. */
export const STALL = 30 * MILLISECOND;
/** What waited goes at once. */
export const STALL_END = MILLISECOND;
/** RFC 9293 §3.7.1: what everyone takes who does not say. */
const DEFAULT_SEGMENT = 536;

/** Of a conversation; read where it is asked for, as numbers that are handed on take room. */
interface Handshake {
  /** Nanoseconds that it took, or NaN. */
  readonly initialRoundTrip: number;
  readonly opened: "client" | "server" | "both" | undefined;
}

/**
 * Notes what is remarkable in `events`, with the numbers of both sides as they were before the segment. What is rare is in
 * functions of its own, so that the compiler spends its room on what is not. hot
 */
export function analyze(
  segment: Segment,
  sender: TcpSide,
  receiver: TcpSide,
  handshake: Handshake,
  scene: Scene,
  events: FlowEvent[],
): void {
  const { flags, length, sequence, acknowledgment, window } = segment;
  const isControl = (flags & (SYN | FIN | RST)) !== 0;
  const behind = sender.hasNext ? (sender.next - sequence) | 0 : 0;
  const previous = receiver.previous;
  let kind: TcpSide["previous"];

  if (length === 1 && behind === 0 && receiver.window === 0 && sender.hasNext) kind = probe(events);
  if (window === 0 && !isControl) close(sender, events);
  if (behind !== 0) kind = displaced(segment, receiver, behind, events);
  if (length === 0) {
    if (acknowledgment !== sender.acknowledged) sender.duplicates = 0;
    else if (!isControl && (sender.hasNext ? behind === 0 : sequence === 0))
      repeated(segment, sender, previous, events);
  } else {
    if (!isControl && isWindowFull(segment, receiver)) events.push({ kind: "windowFull", rule: "fills the window" });
    if (behind === 0 && receiver.hasAcknowledged && receiver.latestLength === 0)
      stalled(segment, sender, receiver, handshake, scene, events);
  }
  if (segment.blocks > 0) selective(segment, receiver, events);
  // Nothing was acknowledged or sent beyond the run but where it, too, is passed
  if ((flags & ACK) !== 0 && receiver.hasNext && (receiver.holes || ((acknowledgment - receiver.run) | 0) > 0))
    unseen(segment, receiver, events);
  if (kind === undefined && (length > 0 || (flags & (SYN | FIN)) !== 0)) {
    if (length > 0 && receiver.hasAcknowledged && ((sequence + length - receiver.acknowledged) | 0) <= 0)
      spurious(segment, sender, events);
    // One octet may have been a probe that was refused: with more behind it, it is as good as new
    else if (behind > 0 && !(behind === 1 && length > 1)) again(segment, sender, receiver, handshake, scene, events);
  }
  sender.previous = kind;
}

function probe(events: FlowEvent[]): "zeroWindowProbe" {
  events.push({ kind: "zeroWindowProbe", rule: "one octet into a window of 0" });
  return "zeroWindowProbe";
}

function close(sender: TcpSide, events: FlowEvent[]): void {
  sender.zeroWindows++;
  events.push({ kind: "zeroWindow", rule: "window of 0" });
}

function spurious({ length }: Segment, sender: TcpSide, events: FlowEvent[]): void {
  if (!isSynRetried(events)) sender.retransmissions++;
  events.push({ kind: "spuriousRetransmission", rule: "acknowledged before", length });
  waitAgain(sender);
}

/** It begins `behind` octets below next. */
function displaced(
  { flags, length }: Segment,
  receiver: TcpSide,
  behind: number,
  events: FlowEvent[],
): TcpSide["previous"] {
  if (behind < 0 && (flags & RST) === 0)
    events.push({ kind: "lostSegment", rule: "begins behind next", missing: -behind });
  if (behind !== 1 || length > 1 || (flags & (SYN | FIN | RST)) !== 0) return undefined;
  // Linux asks in the same way whether somebody is there, and whether the window is still 0
  if (receiver.window === 0) {
    events.push({ kind: "zeroWindowProbe", rule: "one octet below next, window of 0" });
    return "zeroWindowQuestion";
  }
  events.push({ kind: "keepAlive", rule: "one octet below next" });
  return "keepAlive";
}

/**
 * RFC 896: a small segment waits while octets before it are not acknowledged; RFC 1122 §4.2.3.2: the acknowledgment waits
 * for more. Together they cost time on both sides.
 */
function stalled(
  { length }: Segment,
  sender: TcpSide,
  receiver: TcpSide,
  { initialRoundTrip }: Handshake,
  { time }: Scene,
  events: FlowEvent[],
): void {
  // What came after an update of the window waited for that
  const waited = receiver.advancedTime - sender.nextTime;
  const largest = receiver.maximumSegmentSize > 0 ? receiver.maximumSegmentSize : DEFAULT_SEGMENT;
  if (
    waited >= STALL + (initialRoundTrip > 0 ? initialRoundTrip : 0) &&
    length < largest &&
    receiver.acknowledged === sender.next &&
    time - receiver.advancedTime < STALL_END
  )
    events.push({ kind: "delayedAckStall", rule: "small segments wait for an acknowledgment", waited });
}

/** RFC 2883: a first block below the acknowledgment tells of what came twice, not of what is ahead. */
function selective({ blocks: count, edges, acknowledgment }: Segment, { initial }: TcpSide, events: FlowEvent[]): void {
  const blocks: { left: number; right: number }[] = [];
  let length = 0;
  for (let i = 0; i < 2 * count; i += 2) {
    const [left, right] = [edges[i]!, edges[i + 1]!];
    const size = (right - left) | 0;
    if (((left - acknowledgment) | 0) <= 0 || size <= 0) continue;
    length += size;
    blocks.push({ left: (left - initial) >>> 0, right: (right - initial) >>> 0 });
  }
  if (length > 0) events.push({ kind: "selectiveAck", rule: "SACK blocks", length, blocks });
}

/** An acknowledgment of octets that were not seen, or not one after the other. */
function unseen({ acknowledgment, flags }: Segment, receiver: TcpSide, events: FlowEvent[]): void {
  if (takesProbe(acknowledgment, receiver)) return;
  let missing = Math.max(0, (acknowledgment - receiver.sent) | 0);
  if (receiver.holes) missing += receiver.fill(receiver.holes[0]!, acknowledgment);
  let rule: RuleName | undefined;
  if (((acknowledgment - receiver.run) | 0) > 0) {
    if (receiver.run !== receiver.next) rule = "acknowledges beyond the run";
    else if (receiver.duplicates === 0 && !receiver.isUnseen)
      rule = (flags & SYN) === 0 ? "acknowledges beyond next" : "acknowledges unseen data of a SYN";
    receiver.isUnseen ||= receiver.run === receiver.next;
    receiver.run = receiver.next;
  }
  if (missing > 0) events.push({ kind: "acknowledgedUnseen", rule: rule ?? "acknowledges more unseen", missing });
  else if (rule) events.push({ kind: "acknowledgedOutOfTurn", rule });
}

function isWindowFull({ sequence, length }: Segment, receiver: TcpSide): boolean {
  if (!receiver.sentSyn || !receiver.hasAcknowledged) return false;
  return ((sequence + length - receiver.acknowledged) | 0) === receiver.window << receiver.shift;
}

/** Nothing new but perhaps the window. */
function repeated(segment: Segment, sender: TcpSide, previous: TcpSide["previous"], events: FlowEvent[]): void {
  const { window } = segment;
  if (window !== sender.window) {
    if (window !== 0)
      events.push({
        kind: "windowUpdate",
        rule: "only the window differs",
        window: window << Math.max(0, sender.windowShift),
      });
    return;
  }
  if (window === 0) {
    if (previous === "zeroWindowProbe") events.push({ kind: "zeroWindowProbeAnswer", rule: "answers a probe" });
    if (previous === "zeroWindowQuestion")
      events.push({ kind: "zeroWindowProbeAnswer", rule: "answers a probe below next" });
    return;
  }
  if (previous === "keepAlive") {
    events.push({ kind: "keepAliveAnswer", rule: "answers a keep-alive" });
    return;
  }
  const count = ++sender.duplicates;
  events.push({ kind: "duplicateAck", rule: "repeats an acknowledgment", count, of: sender.acknowledgedPacket });
}

/** Something below next: it was sent before, or overtaken, or lost before it was captured. */
function again(
  segment: Segment,
  sender: TcpSide,
  receiver: TcpSide,
  { initialRoundTrip, opened }: Handshake,
  scene: Scene,
  events: FlowEvent[],
): void {
  const { sequence, length, flags } = segment;
  // RFC 9293 §3.5, figure 7: where both ask, each answers with its own SYN once more
  if (opened === "both" && (flags & (SYN | ACK)) === (SYN | ACK) && !sender.sentSynAck) return;
  if (isSynRetried(events)) {
    waitAgain(sender);
    return;
  }
  const span = length + ((flags & SYN) !== 0 ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0);
  const after = scene.time - sender.nextTime;
  const end = (sequence + span) | 0;
  const fills = holds(sender.holes, sequence, end);
  // Where the clock ran back, what fills a gap was captured before what lies behind it
  const isSoon = after < (initialRoundTrip > 0 ? initialRoundTrip : REORDERING) && (fills || after >= 0);
  if (receiver.duplicates >= 2 && sequence === receiver.acknowledged && scene.time - receiver.repeatedTime < FAST)
    events.push({ kind: "fastRetransmission", rule: "answers duplicate acknowledgments", length });
  else if (isSoon && end !== sender.next) {
    if (fills) {
      sender.outOfOrder++;
      events.push({ kind: "outOfOrder", rule: "fills a gap soon", length });
      return;
    }
    events.push({ kind: "repetition", rule: "sent before, again soon", length });
  } else {
    const rule = !fills ? "sent before" : isSoon ? "fills a gap up to next" : "fills a gap late";
    events.push({ kind: "retransmission", rule, length, after });
  }
  sender.retransmissions++;
  waitAgain(sender);
}

/** A SYN says by itself that it is sent again, and is counted by itself. */
function isSynRetried(events: readonly FlowEvent[]): boolean {
  return events.some(({ kind, rule }) => kind === "synRetried" && rule !== "same SYN, other data");
}

function waitAgain(sender: TcpSide): void {
  sender.unanswered++;
  // Karn's algorithm, RFC 6298 §3: an acknowledgment does not tell which of the two it answers, but by a timestamp
  sender.timedSince = Number.NaN;
}

function holds(holes: number[] | undefined, start: number, end: number): boolean {
  if (!holes) return false;
  for (let i = 0; i < holes.length; i += 2)
    if (((start - holes[i + 1]!) | 0) < 0 && ((holes[i]! - end) | 0) < 0) return true;
  return false;
}
