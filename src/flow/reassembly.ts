/** The data that one side sent, put in order: RFC 9293 §3.4 numbers its octets. */
import type { Segment } from "./segment.js";

/** Octets that are missing, and why. */
export interface Gap {
  readonly kind: "gap";
  /** Octets of the stream before it. */
  readonly at: number;
  readonly length: number;
  /** "unseen": not captured, though the other side has them; "cut": the capture kept less of a packet; "not kept": there was no room. */
  readonly reason: "unseen" | "cut" | "not kept";
}

/** A part of the stream. */
export interface Stretch {
  readonly kind: "octets";
  readonly at: number;
  readonly octets: Uint8Array;
}

export type Piece = Stretch | Gap;

/** Of what is sent twice, that which came first counts: as most receivers do, and an attacker cannot change what was read. */
export class Reassembly implements AsyncIterable<Uint8Array> {
  /** Octets put in order so far, those of gaps included. */
  at = 0;
  /** Octets that are missing so far. */
  missing = 0;
  readonly #keep: number;
  /** Sequence number of the octet at {@link at}. */
  #next = 0;
  #hasNext = false;
  /** Behind a gap, in order, none over another. */
  #ahead: Stretch[] = [];
  #ready: Piece[] = [];
  #kept = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  /** Holds up to `keep` octets that were not taken yet. */
  constructor(keep: number) {
    this.#keep = keep;
  }

  /** Takes in a segment of its side; `first` is the number of its first octet where a SYN was seen. */
  segment(segment: Segment, first: number | undefined): void {
    const { length } = segment;
    if (length === 0 && first === undefined) return;
    if (!this.#hasNext) {
      this.#hasNext = true;
      this.#next = first ?? segment.sequence;
    }
    if (length === 0) return;
    // A SYN takes the number before its data
    const start = (segment.flags & 2) !== 0 ? (segment.sequence + 1) | 0 : segment.sequence;
    const at = this.at + ((start - this.#next) | 0);
    this.#place(at, segment.payload.subarray(0, length));
    if (!segment.isWhole) this.#cut(at + segment.payload.length, at + length);
  }

  /** A datagram is a piece by itself. */
  datagram(segment: Segment): void {
    this.#append(segment.payload.subarray(0, segment.length));
    const missing = segment.length - segment.payload.length;
    if (missing > 0) this.#skip(missing, "cut");
    this.#notify();
  }

  /** The other side has everything before `acknowledgment`: what was not seen of it will not come. */
  acknowledged(acknowledgment: number): void {
    const first = this.#ahead[0];
    if (!first) return;
    const upTo = this.at + ((acknowledgment - this.#next) | 0);
    for (let next: Stretch | undefined = first; next && upTo >= next.at; next = this.#ahead[0]) {
      this.#skip(next.at - this.at, "unseen");
      this.#drain();
    }
    this.#notify();
  }

  /**
   * Nothing more is to come: what waits behind gaps is given out, and iterations end. What comes all the same, as behind a
   * RST that the other side did not believe, can be taken.
   */
  end(): void {
    for (let next = this.#ahead[0]; next; next = this.#ahead[0]) {
      this.#skip(next.at - this.at, "unseen");
      this.#drain();
    }
    this.#ended = true;
    this.#notify();
  }

  /** What is in order and was not taken yet, without waiting. */
  take(): readonly Piece[] {
    const ready = this.#ready;
    this.#ready = [];
    for (const piece of ready) if (piece.kind === "octets") this.#kept -= piece.octets.length;
    return ready;
  }

  /** The stream as it comes, with its gaps; ends with the conversation. */
  async *pieces(): AsyncGenerator<Piece, void, undefined> {
    for (;;) {
      yield* this.take();
      if (this.#ready.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  /** The octets alone. {@link missing} tells whether there are gaps between them. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of this.pieces()) if (piece.kind === "octets") yield piece.octets;
  }

  #notify(): void {
    if (this.#ready.length === 0 && !this.#ended) return;
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Octets from `at` on, as far as they are new. */
  #place(at: number, octets: Uint8Array): void {
    const end = at + octets.length;
    let from = Math.max(at, this.at);
    if (from === this.at && !this.#ahead.length) {
      this.#append(octets.subarray(from - at));
      this.#notify();
      return;
    }
    // Between what is there already
    const parts: Stretch[] = [];
    for (const known of this.#ahead) {
      if (known.at >= end) break;
      if (known.at > from) parts.push({ kind: "octets", at: from, octets: octets.slice(from - at, known.at - at) });
      from = Math.max(from, known.at + known.octets.length);
    }
    if (from < end) parts.push({ kind: "octets", at: from, octets: octets.slice(from - at) });
    for (const part of parts) {
      if (this.#kept + part.octets.length > this.#keep) continue; // a gap in the end, said then
      this.#kept += part.octets.length;
      const i = this.#ahead.findIndex((known) => known.at > part.at);
      this.#ahead.splice(i < 0 ? this.#ahead.length : i, 0, part);
    }
    this.#drain();
    this.#notify();
  }

  /** What the capture cut from `start` to `end` never comes, unless it is sent again before it is reached. */
  #cut(start: number, end: number): void {
    if (start !== this.at) return;
    const next = this.#ahead[0];
    this.#skip(Math.min(end, next?.at ?? end) - start, "cut");
    this.#drain();
    this.#notify();
  }

  /** Moves what follows without a gap from behind it. */
  #drain(): void {
    for (let next = this.#ahead[0]; next && next.at === this.at; next = this.#ahead[0]) {
      this.#ahead.shift();
      this.#kept -= next.octets.length;
      this.#append(next.octets);
    }
  }

  #append(octets: Uint8Array): void {
    if (octets.length === 0) return;
    const room = this.#keep - this.#kept;
    const kept = octets.length <= room ? octets : octets.subarray(0, Math.max(0, room));
    if (kept.length > 0) {
      this.#ready.push({ kind: "octets", at: this.at, octets: kept.slice() });
      this.#kept += kept.length;
      this.#advance(kept.length);
    }
    if (kept.length < octets.length) this.#skip(octets.length - kept.length, "not kept");
  }

  #skip(length: number, reason: Gap["reason"]): void {
    if (length <= 0) return;
    this.missing += length;
    const last = this.#ready.at(-1);
    if (last?.kind === "gap" && last.reason === reason)
      this.#ready[this.#ready.length - 1] = { ...last, length: last.length + length };
    else this.#ready.push({ kind: "gap", at: this.at, length, reason });
    this.#advance(length);
  }

  #advance(length: number): void {
    this.at += length;
    this.#next = (this.#next + length) | 0;
  }
}
