/** What a link does to packets, as data, and how it is decided for each. */
import { refusedArgument } from "../arguments.js";
import { predicate } from "../filter/predicate.js";
import type { Frame } from "../packet/frame.js";
import { linkTypes } from "../wire/numbers.js";
import { Random } from "./random.js";

/** The end that a packet comes from. */
export type End = "client" | "server";

/**
 * Which packets, and what becomes of them. A packet has to meet all that is said of it; what is left out is met by every
 * packet. All impairments that a packet meets apply, in their order; none applies to one that was dropped.
 */
export interface Impairment {
  /** Only packets from this end. */
  readonly from?: End;
  /**
   * Only packets that match: a filter in the pcap-filter language, or a function of the frame, which is borrowed.
   * Default: "ip or ip6", so that the address resolution of IPv4 goes undisturbed.
   */
  readonly filter?: string | ((frame: Frame) => boolean);
  /** Only these of the packets that match, counted from 1; in both directions together, unless `from` says which. */
  readonly nth?: number | readonly number[];
  /** Only so many of the packets that are left, by the seed: 0 is none, 1 all. */
  readonly chance?: number;

  readonly drop?: boolean;
  /** Milliseconds longer on its way. */
  readonly delay?: number;
  /** Milliseconds by which `delay` is longer or shorter at random. Packets may overtake one another. */
  readonly jitter?: number;
  /** Arrives so many times more. */
  readonly duplicate?: number;
  /** Arrives after so many later ones of its direction; after 100 ms, where there are not so many. */
  readonly reorder?: number;
  /** So many bits are turned over, behind the link-layer header. */
  readonly corrupt?: number;
  /** Bits a second, header and data, one packet after the other. */
  readonly rate?: number;
  /** Octets that may wait for their turn because of `rate`; what comes then is dropped. Default 65 536. */
  readonly queue?: number;
}

/** What was decided about one packet. */
export interface Fate {
  dropped: boolean;
  /** Milliseconds. */
  delay: number;
  copies: number;
  behind: number;
  /** Bits to be turned over, counted from the first behind the Ethernet header. */
  bits: number[];
}

/** Octets of Ethernet's header. */
export const ETHERNET = 14;

/** An impairment that counts: of one link, for its whole life. */
export class Rule {
  /** Packets that it was applied to. */
  applied = 0;
  readonly #impairment: Impairment;
  readonly #matches: (frame: Frame) => boolean;
  readonly #nth: ReadonlySet<number> | undefined;
  readonly #random: Random;
  #matched = 0;
  /** Per direction, when the queue is empty again: milliseconds of the link's clock. */
  readonly #free: Record<End, number> = { client: 0, server: 0 };

  /** Throws `BAD_ARGUMENT`, `BAD_FILTER`. */
  constructor(impairment: Impairment, seed: number) {
    check(impairment);
    const { filter = "ip or ip6", nth } = impairment;
    this.#impairment = impairment;
    this.#matches = typeof filter === "function" ? filter : matcher(filter);
    this.#nth = nth === undefined ? undefined : new Set(typeof nth === "number" ? [nth] : nth);
    this.#random = new Random(seed);
  }

  /** Adds to the fate of a packet that came from `from` at `now`. */
  decide(frame: Frame, from: End, now: number, fate: Fate): void {
    const rule = this.#impairment;
    if ((rule.from !== undefined && rule.from !== from) || !this.#matches(frame)) return;
    this.#matched++;
    if (this.#nth && !this.#nth.has(this.#matched)) return;
    if (rule.chance !== undefined && this.#random.next() >= rule.chance) return;
    this.applied++;
    if (rule.drop) fate.dropped = true;
    if (rule.rate !== undefined) this.#queue(rule.rate, rule.queue ?? 65_536, frame.length, from, now, fate);
    fate.delay += Math.max(0, (rule.delay ?? 0) + (rule.jitter ?? 0) * (2 * this.#random.next() - 1));
    fate.copies += rule.duplicate ?? 0;
    fate.behind += rule.reorder ?? 0;
    const bits = (frame.capturedLength - ETHERNET) * 8;
    for (let n = rule.corrupt ?? 0; n > 0 && bits > 0; n--) fate.bits.push(this.#random.below(bits));
  }

  #queue(rate: number, most: number, octets: number, from: End, now: number, fate: Fate): void {
    const start = Math.max(now, this.#free[from]);
    if (((start - now) / 1000) * rate > most * 8) {
      fate.dropped = true;
      return;
    }
    this.#free[from] = start + ((octets * 8) / rate) * 1000;
    fate.delay += this.#free[from] - now;
  }
}

function matcher(filter: string): (frame: Frame) => boolean {
  const matches = predicate(filter, { linkType: linkTypes.ethernet });
  return ({ data, at, end, length }) => matches(data, at, end, length);
}

const KNOWN: readonly string[] = [
  "from",
  "filter",
  "nth",
  "chance",
  "drop",
  "delay",
  "jitter",
  "duplicate",
  "reorder",
  "corrupt",
  "rate",
  "queue",
] satisfies (keyof Impairment)[];

function check(impairment: Impairment): void {
  const { from, nth, chance, rate } = impairment;
  const refuse = (argument: string, value: unknown, why: string): never => {
    throw refusedArgument(argument, value, `${argument} of an impairment ${why}`);
  };
  for (const [name, value] of Object.entries(impairment))
    if (!KNOWN.includes(name)) refuse(name, value, `is not known; there are ${KNOWN.join(", ")}`);
  if (from !== undefined && from !== "client" && from !== "server") refuse("from", from, 'takes "client" or "server"');
  for (const n of nth === undefined ? [] : typeof nth === "number" ? [nth] : nth)
    if (!Number.isSafeInteger(n) || n < 1) refuse("nth", n, `counts from 1, ${n} is no packet`);
  if (chance !== undefined && !(chance >= 0 && chance <= 1)) refuse("chance", chance, `is from 0 to 1, not ${chance}`);
  for (const name of ["delay", "jitter", "queue"] as const) {
    const value = impairment[name];
    if (value !== undefined && !(value >= 0 && value < 2 ** 31)) refuse(name, value, `takes 0 or more, not ${value}`);
  }
  for (const name of ["duplicate", "reorder", "corrupt"] as const) {
    const value = impairment[name];
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0 && value <= 1000))
      refuse(name, value, `takes a whole number from 0 to 1000, not ${value}`);
  }
  if (rate !== undefined && !(rate > 0 && Number.isFinite(rate)))
    refuse("rate", rate, `takes a number above 0, not ${rate}`);
}
