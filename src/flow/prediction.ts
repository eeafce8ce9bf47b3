/**
 * Header prediction, as TCPs do it: nearly every segment of a connection is the one that was expected, and takes but a few
 * of its numbers. What is done here is what `analysis.ts` does with such a segment; it has the words for it.
 */
import { STALL, STALL_END } from "./analysis.js";
import {
  CONVERSATION,
  conversationNumbers,
  conversationWords,
  HIGH,
  LOW,
  sideMarks,
  sideNumbers,
  sideWords,
} from "./layout.js";
import type { Page } from "./record.js";
import { ACK, FIN, RST, type Segment, SYN } from "./segment.js";
import { sample, states } from "./side.js";

const { handshakeTime, synTime } = conversationNumbers;
const { closer } = conversationWords;
const { packets, octets, nextTime, timedSince, advancedTime, delivered, acknowledgedPacket, roundTrips } = sideNumbers;
const { marks, state, previous, next, sent, run, acknowledged, duplicates, latestLength, window, shift } = sideWords;
const { timed, timedStamp, deliveredEnd, unanswered, windowShift } = sideWords;

const ESTABLISHED = states.indexOf("ESTABLISHED");
const { hasExtras, hasInitial, sentFin, hasNext, isUnseen, timedAgain } = sideMarks;
/** Of what is true of a side, what matters … */
const MATTERS = hasExtras | hasInitial | sentFin | hasNext | isUnseen | timedAgain;
/** … and what of it is to be so. */
const ORDINARY = hasInitial | hasNext;

/** Whether `segment` is what was expected of the connection at `record`, and has been taken in. hot */
export function predict(
  segment: Segment,
  { words, numbers }: Page,
  record: number,
  { time, packet }: { readonly time: number; readonly packet: number },
): boolean {
  if (segment.key.protocol !== 6 || segment.errorType >= 0 || (segment.flags & (SYN | FIN | RST | ACK)) !== ACK)
    return false;
  if (segment.isBroken || segment.isFragment || segment.blocks > 0) return false;
  const { length, sequence, acknowledgment } = segment;
  const { fromLow } = segment.key;
  // Of numbers, then of words
  const from = record + (fromLow ? LOW : HIGH);
  const to = record + (fromLow ? HIGH : LOW);
  const conversation = record + CONVERSATION;
  const sender = 2 * from;
  const receiver = 2 * to;
  if (
    words[sender + state] !== ESTABLISHED ||
    words[receiver + state] !== ESTABLISHED ||
    (words[sender + marks]! & MATTERS) !== ORDINARY ||
    (words[receiver + marks]! & MATTERS) !== ORDINARY ||
    words[2 * conversation + closer] !== 0 ||
    (Number.isNaN(numbers[conversation + handshakeTime]) && !Number.isNaN(numbers[conversation + synTime]))
  )
    return false;

  const advanced = (acknowledgment - words[sender + acknowledged]!) | 0;
  if (
    sequence !== words[sender + next] ||
    segment.window === 0 ||
    words[receiver + window] === 0 ||
    words[sender + duplicates] !== 0 ||
    words[sender + unanswered] !== 0 ||
    numbers[from + acknowledgedPacket] === 0 ||
    ((acknowledgment - words[receiver + run]!) | 0) > 0 ||
    advanced < 0
  )
    return false;
  const end = (sequence + length) | 0;
  if (length === 0) {
    if (advanced === 0) return false;
  } else {
    const outstanding = (end - words[receiver + acknowledged]!) | 0;
    if (outstanding <= 0 || outstanding === words[receiver + window]! << words[receiver + shift]!) return false;
    // It may have waited for an acknowledgment
    const since = numbers[to + advancedTime]!;
    if (words[receiver + latestLength] === 0 && since - numbers[from + nextTime]! >= STALL && time - since < STALL_END)
      return false;
  }

  if (length > 0) {
    if (((end - words[sender + sent]!) | 0) > 0) words[sender + sent] = end;
    if (words[sender + run] === sequence) words[sender + run] = end;
    words[sender + next] = end;
    numbers[from + nextTime] = time;
    numbers[from + octets]! += length;
    if (Number.isNaN(numbers[from + timedSince])) {
      words[sender + timed] = end;
      words[sender + timedStamp] = segment.timestamp;
      numbers[from + timedSince] = time;
    }
  }
  numbers[from + packets]!++;
  words[sender + latestLength] = length;
  words[sender + previous] = 0;
  words[sender + window] = segment.window;
  words[sender + shift] = Math.max(0, words[sender + windowShift]!);
  if (advanced > 0) {
    words[sender + acknowledged] = acknowledgment;
    numbers[from + acknowledgedPacket] = packet;
    numbers[from + advancedTime] = time;
    words[receiver + unanswered] = 0;
    const count = (acknowledgment - words[receiver + deliveredEnd]!) | 0;
    if (count > 0) {
      numbers[to + delivered]! += count;
      words[receiver + deliveredEnd] = acknowledgment;
    }
    const since = numbers[to + timedSince]!;
    if (!Number.isNaN(since) && ((acknowledgment - words[receiver + timed]!) | 0) >= 0) {
      sample(numbers, to + roundTrips, time - since);
      numbers[to + timedSince] = Number.NaN;
    }
  }
  return true;
}
