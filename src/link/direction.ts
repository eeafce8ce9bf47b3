/** One direction of a link: takes frames in at one end, and sends them out at the other when their time has come. */
import type { Frame } from "../packet/frame.js";
import { type End, ETHERNET, type Fate, type Rule } from "./impairment.js";

/** What became of packets of one direction. `received` + `duplicated` = `forwarded` + `dropped` + `refused` + those still held. */
export interface Counters {
  readonly received: number;
  readonly forwarded: number;
  readonly dropped: number;
  readonly duplicated: number;
  readonly delayed: number;
  readonly reordered: number;
  readonly corrupted: number;
  /** Packets that the kernel did not take from the link: larger than the other end's device takes, or it is gone. */
  readonly refused: number;
}

/** How far a packet came: sent on at once, not at all, or later; or it is one that was held, or copied, and is sent on now. */
export type Step = "through" | "lost" | "held" | "late";

/** A packet at the link. */
export interface Passage {
  readonly step: Step;
  readonly from: End;
  /** Counts the packets of this direction as they came in, from 1; that of a "late" one is that of the packet it was. */
  readonly number: number;
  /** As it came in; borrowed. Undefined for a "late" one. */
  readonly frame: Frame | undefined;
  /** What goes on, or did: changed where it was corrupted. */
  readonly octets: Uint8Array;
  readonly fate: Readonly<Fate>;
}

interface Held {
  readonly octets: Uint8Array;
  readonly number: number;
  readonly fate: Fate;
  /** Milliseconds of the link's clock. */
  due: number;
  /** Later packets that have to go first. */
  behind: number;
}

/** Milliseconds that a packet waits for later ones. */
const PATIENCE = 100;

export class Direction {
  readonly counters: { -readonly [K in keyof Counters]: number } = {
    received: 0,
    forwarded: 0,
    dropped: 0,
    duplicated: 0,
    delayed: 0,
    reordered: 0,
    corrupted: 0,
    refused: 0,
  };
  readonly #from: End;
  readonly #send: (octets: Uint8Array) => boolean;
  readonly #observe: (passage: Passage) => void;
  /** By the time at which they are due. */
  readonly #held: Held[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `send` says whether the kernel took the frame. */
  constructor(from: End, send: (octets: Uint8Array) => boolean, observe: (passage: Passage) => void) {
    this.#from = from;
    this.#send = send;
    this.#observe = observe;
  }

  get held(): number {
    return this.#held.length;
  }

  take(frame: Frame, rules: readonly Rule[]): void {
    const now = performance.now();
    const { counters } = this;
    const number = ++counters.received;
    const fate: Fate = { dropped: false, delay: 0, copies: 0, behind: 0, bits: [] };
    for (const rule of rules) {
      rule.decide(frame, this.#from, now, fate);
      if (fate.dropped) break;
    }
    const waits = fate.delay > 0 || fate.behind > 0;
    const keeps = !fate.dropped && (waits || fate.copies > 0 || fate.bits.length > 0);
    const octets = keeps ? corrupted(frame.octets, fate.bits) : frame.octets;
    const step = fate.dropped ? "lost" : waits ? "held" : "through";
    this.#observe({ step, from: this.#from, number, frame, octets, fate });
    if (fate.dropped) {
      counters.dropped++;
      return;
    }
    if (fate.bits.length > 0) counters.corrupted++;
    counters.duplicated += fate.copies;
    if (fate.delay > 0) counters.delayed++;
    if (fate.behind > 0) counters.reordered++;
    const passing = { octets, number, fate };
    if (waits)
      this.#hold({ ...passing, due: now + fate.delay + (fate.behind > 0 ? PATIENCE : 0), behind: fate.behind });
    else this.#forward(octets, number);
    for (let n = 0; n < fate.copies; n++) this.#hold({ ...passing, due: now + fate.delay, behind: 0 });
    this.#release();
  }

  /** Nothing is sent on any more; what was held is dropped. */
  end(): void {
    clearTimeout(this.#timer);
    this.counters.dropped += this.#held.length;
    this.#held.length = 0;
  }

  #forward(octets: Uint8Array, number: number): void {
    if (this.#send(octets)) this.counters.forwarded++;
    else this.counters.refused++;
    for (const held of this.#held)
      if (held.behind > 0 && held.number < number && --held.behind === 0) held.due -= PATIENCE;
  }

  #hold(held: Held): void {
    // Behind those that are due at the same time
    let at = this.#held.length;
    while (at > 0 && this.#held[at - 1]!.due > held.due) at--;
    this.#held.splice(at, 0, held);
  }

  /** Sends on what is due, and waits for what is due next. */
  #release(): void {
    clearTimeout(this.#timer);
    for (let due = this.#due(); due; due = this.#due()) {
      this.#held.splice(this.#held.indexOf(due), 1);
      const { octets, number, fate } = due;
      this.#observe({ step: "late", from: this.#from, number, frame: undefined, octets, fate });
      this.#forward(octets, number);
    }
    if (this.#held.length === 0) return;
    const next = Math.min(...this.#held.map((held) => held.due));
    this.#timer = setTimeout(() => this.#release(), Math.max(1, Math.ceil(next - performance.now())));
  }

  #due(): Held | undefined {
    const now = performance.now();
    return this.#held.find(({ due }) => due <= now);
  }
}

/** A copy, with these bits turned over. */
function corrupted(octets: Uint8Array, bits: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(octets);
  for (const bit of bits) copy[ETHERNET + (bit >> 3)]! ^= 0x80 >> (bit & 7);
  return copy;
}
