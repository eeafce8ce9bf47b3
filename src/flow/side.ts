import { fill } from "./holes.js";
import { addressAt, portAt } from "./key.js";
import { HIGH, LOW, sideMarks, sideNumbers, sideWords } from "./layout.js";
import type { Reassembly } from "./reassembly.js";
import { bits, choice, type Extras, lay, numbers, View, words } from "./record.js";
import type { TcpState } from "./tcp-state.js";

const { packets, octets, roundTrips, ...tcpNumbers } = sideNumbers;
const { marks, state, previous, device, ...tcpWords } = sideWords;
const { hasExtras, ...tcpMarks } = sideMarks;

const NO_EXTRAS: Extras = Object.freeze({ data: undefined, holes: undefined, doubt: undefined });

/** One end of a conversation. */
export class Side extends View {
  declare packets: number;
  /** Data sent, in octets on the wire; what was sent twice counts twice. */
  declare octets: number;
  /** The number of the device that its packets are seen on, where that is another than the conversation's; else 0. @internal */
  declare device: number;
  /** Whether there are any {@link Extras} of it. @internal */
  declare hasExtras: boolean;
  /** The one of both ends that comes first in the conversation's key. */
  readonly isLow: boolean;

  constructor(isLow: boolean) {
    super();
    this.isLow = isLow;
  }

  get address(): string {
    return addressAt(this.words, this.#key, this.isLow);
  }

  /** A UDP or TCP port; an echo's identifier. */
  get port(): number {
    return portAt(this.words, this.#key, this.isLow);
  }

  /** Data it sent that has not been seen before, put together in order; only where the table was asked to. */
  get data(): Reassembly | undefined {
    return this.hasExtras ? this.extras.data : undefined;
  }
  set data(data: Reassembly | undefined) {
    this.extend({ data });
  }

  override toJSON(): unknown {
    const { address, port, packets, octets } = this;
    return { address, port, packets, octets };
  }

  get #key(): number {
    return 2 * (this.at - (this.isLow ? LOW : HIGH));
  }

  protected get extras(): Extras {
    return this.page.extras.get(this.at) ?? NO_EXTRAS;
  }

  /** Changes {@link extras}, and forgets them where none is left. */
  protected extend(change: Partial<Extras>): void {
    const { page, at } = this;
    const extras = { ...this.extras, ...change };
    this.hasExtras = Object.values(extras).some((extra) => extra !== undefined);
    if (this.hasExtras) page.extras.set(at, extras);
    else page.extras.delete(at);
  }
}

lay(Side, { ...numbers({ packets, octets }), ...words({ device }), ...bits(marks, { hasExtras }) });

/** Times of a side's segments until their acknowledgment, in nanoseconds, smoothed as RFC 6298 §2 says. */
export interface RoundTrips {
  readonly samples: number;
  readonly latest: number;
  readonly least: number;
  readonly most: number;
  readonly smoothed: number;
  readonly variation: number;
}

/** Numbers that {@link RoundTrips} take. */
export const ROUND_TRIPS = 6;

/** Those that {@link sample} keeps at `at`. */
export function roundTripsAt(numbers: Float64Array, at: number): RoundTrips {
  const [samples, latest, least, most, smoothed, variation] = numbers.subarray(at, at + ROUND_TRIPS);
  return { samples: samples!, latest: latest!, least: least!, most: most!, smoothed: smoothed!, variation: variation! };
}

/** Takes `time` into the {@link RoundTrips} at `at`. hot */
export function sample(numbers: Float64Array, at: number, time: number): void {
  numbers[at + 1] = time;
  if (numbers[at]!++ === 0) {
    numbers[at + 2] = numbers[at + 3] = numbers[at + 4] = time;
    numbers[at + 5] = time / 2;
    return;
  }
  if (time < numbers[at + 2]!) numbers[at + 2] = time;
  if (time > numbers[at + 3]!) numbers[at + 3] = time;
  numbers[at + 5]! += (Math.abs(numbers[at + 4]! - time) - numbers[at + 5]!) / 4;
  numbers[at + 4]! += (time - numbers[at + 4]!) / 8;
}

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
  declare state: TcpState | undefined;

  /** Behind the highest octet sent, and when that was. */
  declare next: number;
  declare nextTime: number;
  /** Behind the highest octet that was sent or that the other side acknowledged since. */
  declare sent: number;
  /** Behind the octets that were seen one after the other; a segment that begins there takes it up to {@link next}. */
  declare run: number;
  /** What it acknowledged last, and in which packet: 0 where it never did. */
  declare acknowledged: number;
  declare acknowledgedPacket: number;
  /** Times it repeated that acknowledgment with nothing else to say. */
  declare duplicates: number;
  /** When it last acknowledged something new; NaN where it never did. */
  declare advancedTime: number;
  /** What its previous segment was, for whoever answers it. */
  declare previous: "keepAlive" | "zeroWindowProbe" | "zeroWindowQuestion" | undefined;
  /** Octets of data in its latest segment. */
  declare latestLength: number;
  /** As its latest segment had it, unscaled; -1 before one did. */
  declare window: number;
  /** Left shift of {@link window}: that of a SYN is not scaled (RFC 7323 §2.2). */
  declare shift: number;
  /** Left shift of its windows, at most 14; -1 where its SYN was not seen, or not both SYNs offer it. */
  declare windowShift: number;
  /** Behind the segment that is timed, and when it was sent, or NaN: RFC 6298 §3, one at a time. */
  declare timed: number;
  declare timedSince: number;
  /** Its timestamp. */
  declare timedStamp: number;
  /** Octets of data that were seen and that the other side acknowledged, or whatever it did where none were seen. */
  declare delivered: number;
  /** Behind the octets that {@link delivered} counts. */
  declare deliveredEnd: number;
  /** Retransmissions since the other side last acknowledged anything new, or said nothing but what it has. */
  declare unanswered: number;
  /** What {@link SYN} of its own was, or would have been where none was seen; it counts as 0. */
  declare initial: number;
  /** SYNs after the first that carry the same number. */
  declare synRetries: number;
  /** Behind this side's FIN. */
  declare finEnd: number;
  /** Largest segment that it takes, in octets; -1 where it did not say. */
  declare maximumSegmentSize: number;
  /** When it last repeated an acknowledgment, or sent something since. */
  declare repeatedTime: number;
  declare retransmissions: number;
  declare outOfOrder: number;
  /** Octets that were passed over and never seen so far. */
  declare missed: number;
  declare zeroWindows: number;

  declare hasInitial: boolean;
  declare sentSyn: boolean;
  declare sentSynAck: boolean;
  declare sentFin: boolean;
  declare sentRst: boolean;
  declare hasNext: boolean;
  /** Octets behind {@link run} were acknowledged since it acknowledged anything else. */
  declare isUnseen: boolean;
  /** The other side has everything up to the FIN. */
  declare finReceived: boolean;
  /** What is timed was sent before: only the echo of its timestamp tells that this copy was acknowledged (RFC 7323 §4.1). */
  declare timedAgain: boolean;

  /** Of an empty record. @internal */
  begin(): void {
    this.advancedTime = this.timedSince = Number.NaN;
    this.window = this.windowShift = this.maximumSegmentSize = -1;
  }

  /** Parts below {@link next} that were not seen: where each starts and ends. */
  get holes(): number[] | undefined {
    return this.hasExtras ? this.extras.holes : undefined;
  }
  set holes(holes: number[] | undefined) {
    this.extend({ holes });
  }

  /** Takes the octets from `start` to `end` out of {@link holes}; how many of them were missing. @internal */
  fill(start: number, end: number): number {
    const { holes } = this;
    const filled = fill(holes, start, end);
    if (holes?.length === 0) this.holes = undefined;
    return filled;
  }

  get doubt(): Doubt | undefined {
    return this.hasExtras ? this.extras.doubt : undefined;
  }
  set doubt(doubt: Doubt | undefined) {
    if (doubt || this.hasExtras) this.extend({ doubt });
  }

  /** Undefined before a segment was timed. */
  get roundTrips(): RoundTrips | undefined {
    const at = this.at + roundTrips;
    return this.numbers[at]! > 0 ? roundTripsAt(this.numbers, at) : undefined;
  }

  /** A segment of this side was acknowledged after `time`. @internal */
  sample(time: number): void {
    sample(this.numbers, this.at + roundTrips, time);
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
      ...(roundTrips && { roundTrips }),
    };
  }
}

/** Undefined before anything tells. */
export const states: readonly (TcpState | undefined)[] = [
  undefined,
  "LISTEN",
  "SYN-SENT",
  "SYN-RECEIVED",
  "ESTABLISHED",
  "FIN-WAIT-1",
  "FIN-WAIT-2",
  "CLOSE-WAIT",
  "CLOSING",
  "LAST-ACK",
  "TIME-WAIT",
  "CLOSED",
];

lay(TcpSide, {
  ...numbers(tcpNumbers),
  ...words(tcpWords),
  ...bits(marks, tcpMarks),
  state: choice(state, states),
  previous: choice(previous, [undefined, "keepAlive", "zeroWindowProbe", "zeroWindowQuestion"]),
});
