import { ipv4Text, ipv6Text } from "../wire/address.js";
import type { Key } from "./key.js";
import type { Reassembly } from "./reassembly.js";
import type { TcpState } from "./tcp-state.js";

/** One end of a conversation. */
export class Side {
  /** Data it sent that has not been seen before, put together in order; only where the table was asked to. */
  data: Reassembly | undefined = undefined;
  packets = 0;
  /** Data sent, in octets on the wire; what was sent twice counts twice. */
  octets = 0;
  /** A UDP or TCP port; an echo's identifier. */
  readonly port: number;
  /** The one of both ends that comes first in the conversation's {@link Key}. */
  readonly isLow: boolean;
  /** An IPv4 address as a number, which is small; an IPv6 address as text. */
  readonly #address: number | string;

  constructor({ words, isIpv6 }: Key, isLow: boolean) {
    const at = isLow ? 3 : 7;
    this.isLow = isLow;
    this.#address = isIpv6 ? ipv6Text(dataOf(words.subarray(at, at + 4)), 0) : words[at]!;
    this.port = isLow ? words[2]! >>> 16 : words[2]! & 0xffff;
  }

  get address(): string {
    return typeof this.#address === "string" ? this.#address : ipv4Text(dataOf([this.#address]), 0);
  }

  toJSON(): unknown {
    const { address, port, packets, octets } = this;
    return { address, port, packets, octets };
  }
}

/** As they are on the wire. */
function dataOf(words: Iterable<number>): DataView {
  const data = new DataView(new ArrayBuffer(16));
  let at = 0;
  for (const word of words) {
    data.setInt32(at, word);
    at += 4;
  }
  return data;
}

/** Times of a side's segments until their acknowledgment, in nanoseconds, smoothed as RFC 6298 §2 says. */
export class RoundTrips {
  samples = 0;
  latest = 0;
  least = 0;
  most = 0;
  smoothed = 0;
  variation = 0;

  sample(time: number): void {
    this.latest = time;
    if (this.samples++ === 0) {
      this.least = this.most = this.smoothed = time;
      this.variation = time / 2;
      return;
    }
    if (time < this.least) this.least = time;
    if (time > this.most) this.most = time;
    this.variation += (Math.abs(this.smoothed - time) - this.variation) / 4;
    this.smoothed += (time - this.smoothed) / 8;
  }
}

/** What is true of a side, a bit each: there are many sides, and a field takes eight octets. */
const marks = {
  hasInitial: 1,
  sentSyn: 2,
  hasNext: 4,
  isUnseen: 8,
  sentFin: 16,
  finReceived: 32,
  timedAgain: 64,
  sentSynAck: 128,
  sentRst: 256,
} as const;

/** What a side did before a RST of its own, or in its name, that the other side does not wait for: it may go on. */
export interface Doubt {
  readonly state: TcpState | undefined;
  /** It does so with what ends behind this number, … */
  readonly end: number;
  /** … or acknowledges what ends behind this one. */
  readonly sent: number;
}

/** One end of a TCP connection; sequence numbers are 32-bit integers, times nanoseconds since the conversation's first packet. */
export class TcpSide extends Side {
  state: TcpState | undefined = undefined;
  #marks = 0;

  // What nearly every packet reads and writes lies together in front, in as few lines of the processor's cache as may be

  /** Behind the highest octet sent, and when that was. */
  next = 0;
  nextTime = 0;
  /** Behind the highest octet that was sent or that the other side acknowledged since. */
  sent = 0;
  /** Behind the octets that were seen one after the other; a segment that begins there takes it up to {@link next}. */
  run = 0;
  /** Parts below {@link next} that were not seen: where each starts and ends. */
  holes: number[] | undefined = undefined;
  /** What it acknowledged last, and in which packet: 0 where it never did. */
  acknowledged = 0;
  acknowledgedPacket = 0;
  /** Times it repeated that acknowledgment with nothing else to say. */
  duplicates = 0;
  /** When it last acknowledged something new. */
  advancedTime = Number.NaN;
  /** What its previous segment was, for whoever answers it. */
  previous: "keepAlive" | "zeroWindowProbe" | "zeroWindowQuestion" | undefined = undefined;
  /** Octets of data in its latest segment. */
  latestLength = 0;
  /** As its latest segment had it, unscaled. */
  window = -1;
  /** Left shift of {@link window}: that of a SYN is not scaled (RFC 7323 §2.2). */
  shift = 0;
  /** Left shift of its windows, at most 14; -1 where its SYN was not seen, or not both SYNs offer it. */
  windowShift = -1;
  /** Behind the segment that is timed, and when it was sent: RFC 6298 §3, one at a time. */
  timed = 0;
  timedSince = Number.NaN;
  /** Its timestamp. */
  timedStamp = 0;
  roundTrips: RoundTrips | undefined = undefined;
  /** Octets of data that were seen and that the other side acknowledged, or whatever it did where none were seen. */
  delivered = 0;
  /** Behind the octets that {@link delivered} counts. */
  deliveredEnd = 0;
  /** Retransmissions since the other side last acknowledged anything new, or said nothing but what it has. */
  unanswered = 0;

  /** What {@link SYN} of its own was, or would have been where none was seen; it counts as 0. */
  initial = 0;
  /** SYNs after the first that carry the same number. */
  synRetries = 0;
  /** Behind this side's FIN. */
  finEnd = 0;
  doubt: Doubt | undefined = undefined;
  /** Largest segment that it takes, in octets; -1 where it did not say. */
  maximumSegmentSize = -1;
  /** When it last repeated an acknowledgment, or sent something since. */
  repeatedTime = 0;
  retransmissions = 0;
  outOfOrder = 0;
  /** Octets that were passed over and never seen so far. */
  missed = 0;
  zeroWindows = 0;

  get hasInitial(): boolean {
    return (this.#marks & marks.hasInitial) !== 0;
  }
  set hasInitial(is: boolean) {
    this.#mark(marks.hasInitial, is);
  }

  get sentSyn(): boolean {
    return (this.#marks & marks.sentSyn) !== 0;
  }
  set sentSyn(is: boolean) {
    this.#mark(marks.sentSyn, is);
  }

  get hasNext(): boolean {
    return (this.#marks & marks.hasNext) !== 0;
  }
  set hasNext(is: boolean) {
    this.#mark(marks.hasNext, is);
  }

  /** Octets behind {@link run} were acknowledged since it acknowledged anything else. */
  get isUnseen(): boolean {
    return (this.#marks & marks.isUnseen) !== 0;
  }
  set isUnseen(is: boolean) {
    this.#mark(marks.isUnseen, is);
  }

  get sentFin(): boolean {
    return (this.#marks & marks.sentFin) !== 0;
  }
  set sentFin(is: boolean) {
    this.#mark(marks.sentFin, is);
  }

  get sentSynAck(): boolean {
    return (this.#marks & marks.sentSynAck) !== 0;
  }
  set sentSynAck(is: boolean) {
    this.#mark(marks.sentSynAck, is);
  }

  get sentRst(): boolean {
    return (this.#marks & marks.sentRst) !== 0;
  }
  set sentRst(is: boolean) {
    this.#mark(marks.sentRst, is);
  }

  /** The other side has everything up to the FIN. */
  get finReceived(): boolean {
    return (this.#marks & marks.finReceived) !== 0;
  }
  set finReceived(is: boolean) {
    this.#mark(marks.finReceived, is);
  }

  /** What is timed was sent before: only the echo of its timestamp tells that this copy was acknowledged (RFC 7323 §4.1). */
  get timedAgain(): boolean {
    return (this.#marks & marks.timedAgain) !== 0;
  }
  set timedAgain(is: boolean) {
    this.#mark(marks.timedAgain, is);
  }

  #mark(mark: number, is: boolean): void {
    this.#marks = is ? this.#marks | mark : this.#marks & ~mark;
  }

  get hasAcknowledged(): boolean {
    return this.acknowledgedPacket > 0;
  }

  /** Octets that it takes, as its latest segment had it; undefined where its SYN, which tells the scale, was not seen. */
  get scaledWindow(): number | undefined {
    return this.window >= 0 && this.sentSyn ? this.window * 2 ** this.shift : undefined;
  }

  override toJSON(): unknown {
    const { address, port, state, packets, octets, delivered, synRetries, retransmissions, outOfOrder } = this;
    const { missed, zeroWindows, scaledWindow, windowShift, maximumSegmentSize, roundTrips } = this;
    return {
      address,
      port,
      state,
      packets,
      octets,
      delivered,
      synRetries,
      retransmissions,
      outOfOrder,
      missed,
      zeroWindows,
      ...(scaledWindow !== undefined && { scaledWindow }),
      ...(windowShift >= 0 && { windowShift }),
      ...(maximumSegmentSize >= 0 && { maximumSegmentSize }),
      ...(roundTrips && { roundTrips: { ...roundTrips } }),
    };
  }
}
