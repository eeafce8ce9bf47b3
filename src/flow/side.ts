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
  readonly #isIpv6: boolean;
  readonly #a: number;
  readonly #b: number;
  readonly #c: number;
  readonly #d: number;

  constructor({ words }: Key, isLow: boolean) {
    const at = isLow ? 3 : 7;
    this.isLow = isLow;
    this.#isIpv6 = words[0]! >> 8 === 6;
    this.#a = words[at]!;
    this.#b = words[at + 1]!;
    this.#c = words[at + 2]!;
    this.#d = words[at + 3]!;
    this.port = isLow ? words[2]! >>> 16 : words[2]! & 0xffff;
  }

  get address(): string {
    const data = new DataView(new ArrayBuffer(16));
    for (const [i, word] of [this.#a, this.#b, this.#c, this.#d].entries()) data.setInt32(4 * i, word);
    return this.#isIpv6 ? ipv6Text(data, 0) : ipv4Text(data, 0);
  }

  toJSON(): unknown {
    const { address, port, packets, octets } = this;
    return { address, port, packets, octets };
  }
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

/** One end of a TCP connection; sequence numbers are 32-bit integers, times nanoseconds since the conversation's first packet. */
export class TcpSide extends Side {
  state: TcpState | undefined = undefined;
  /** What {@link SYN} of its own was, or would have been where none was seen; it counts as 0. */
  initial = 0;
  hasInitial = false;
  sentSyn = false;
  /** SYNs after the first that carry the same number. */
  synRetries = 0;

  /** Behind the highest octet sent, and when that was. */
  next = 0;
  nextTime = 0;
  hasNext = false;
  /** Behind the highest octet that was sent or that the other side acknowledged since. */
  sent = 0;
  /** Behind the octets that were seen one after the other; a segment that begins there takes it up to {@link next}. */
  run = 0;
  /** Whether octets behind {@link run} were acknowledged since it acknowledged anything else. */
  isUnseen = false;
  /** Behind this side's FIN. */
  finEnd = 0;
  sentFin = false;
  finReceived = false;
  /** Parts below {@link next} that were not seen: where each starts and ends. */
  holes: number[] | undefined = undefined;

  /** What it acknowledged last, in which packet, and when. */
  acknowledged = 0;
  acknowledgedPacket = 0;
  acknowledgedTime = 0;
  /** When it last acknowledged something new. */
  advancedTime = Number.NaN;
  hasAcknowledged = false;
  /** Times it repeated that acknowledgment with nothing else to say. */
  duplicates = 0;
  /** What its previous segment was, for whoever answers it. */
  previous: "keepAlive" | "zeroWindowProbe" | undefined = undefined;

  /** Octets of data in its latest segment. */
  latestLength = 0;

  /** As its latest segment had it, unscaled. */
  window = -1;
  /** Left shift of {@link window}: that of a SYN is not scaled (RFC 7323 §2.2). */
  shift = 0;
  /** Left shift of its windows; -1 where its SYN was not seen, or not both SYNs offer it. */
  windowShift = -1;
  /** Largest segment that it takes, in octets; -1 where it did not say. */
  maximumSegmentSize = -1;
  sackPermitted = false;

  /** RFC 6298 §3: one segment at a time is timed, and none that was sent twice. */
  timed = 0;
  timedSince = Number.NaN;
  roundTrips: RoundTrips | undefined = undefined;

  retransmissions = 0;
  outOfOrder = 0;
  /** Octets that were passed over and never seen so far. */
  missed = 0;
  zeroWindows = 0;
  /** Octets of data that the other side acknowledged. */
  delivered = 0;
  /** Retransmissions since the other side last acknowledged anything new. */
  unanswered = 0;

  /** Octets that it takes, as its latest segment had it; undefined where its SYN, which tells the scale, was not seen. */
  get scaledWindow(): number | undefined {
    return this.window >= 0 && this.sentSyn ? this.window * 2 ** this.shift : undefined;
  }

  override toJSON(): unknown {
    const { address, port, state, packets, octets, delivered, retransmissions, outOfOrder, missed, zeroWindows } = this;
    const { windowShift, maximumSegmentSize, roundTrips } = this;
    return {
      address,
      port,
      state,
      packets,
      octets,
      delivered,
      retransmissions,
      outOfOrder,
      missed,
      zeroWindows,
      ...(windowShift >= 0 && { windowShift }),
      ...(maximumSegmentSize >= 0 && { maximumSegmentSize }),
      ...(roundTrips && { roundTrips: { ...roundTrips } }),
    };
  }
}
