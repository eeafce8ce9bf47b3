import { copy } from "../wire/copy.js";

// What is read stays in the second-level cache until it is looked at: measured, 512 KiB take five times as long to read
const WINDOW_SIZE = 128 * 1024;
const OUTBOX_SIZE = 256 * 1024;

/**
 * Octets that arrive in pieces and are read in place: a window that slides over a file. Whoever has octets puts them into
 * {@link space} and says so by {@link filled}; whoever reads moves `at` towards `end`. The window keeps its size (128 KiB,
 * which stays in the processor's cache) until one record needs more, and then only grows with octets that really came, so
 * that a length that lies costs nothing.
 */
export class Window {
  data: DataView;
  /** First octet not yet read, and the first one that has not come yet. */
  at = 0;
  end = 0;
  /** Nothing will come any more. */
  ended = false;
  #octets: Uint8Array;
  #base = 0;

  constructor(size = WINDOW_SIZE) {
    this.#octets = new Uint8Array(size);
    this.data = new DataView(this.#octets.buffer);
  }

  /** The octets of the window; `data` and this change when it grows. */
  get octets(): Uint8Array {
    return this.#octets;
  }

  /** Where octet `at` of the window is in the file. */
  position(at: number): number {
    return this.#base + at;
  }

  /** Where to put what comes next; at least one octet. What was read may be overwritten. */
  space(): Uint8Array {
    const size = this.#octets.length;
    // Moves at most as much as was read since the last time: linear altogether, however small the pieces
    if (this.at === this.end || this.at >= size / 2) {
      this.#octets.copyWithin(0, this.at, this.end);
      this.#base += this.at;
      this.end -= this.at;
      this.at = 0;
    } else if (this.end === size) {
      const larger = new Uint8Array(2 * size);
      larger.set(this.#octets);
      this.#octets = larger;
      this.data = new DataView(larger.buffer);
    }
    return this.#octets.subarray(this.end);
  }

  /** `count` octets were put into {@link space}. */
  filled(count: number): void {
    this.end += count;
  }
}

/** Octets on their way out, record after record, so that nothing but whole records is ever handed on. */
export class Outbox {
  data: DataView;
  /** The same octets, in this machine's order. */
  words: Uint32Array;
  end = 0;
  #octets: Uint8Array;
  /** Given back: as many as were ever on their way at the same time. */
  readonly #spare: Uint8Array[] = [];
  readonly #size: number;

  constructor(size = OUTBOX_SIZE) {
    this.#size = size;
    this.#octets = new Uint8Array(size);
    this.data = new DataView(this.#octets.buffer);
    this.words = new Uint32Array(this.#octets.buffer);
  }

  /** Makes room for `count` octets; returns where they go. Those not written are zero or left over. hot */
  reserve(count: number): number {
    const at = this.end;
    this.end = at + count;
    if (this.end > this.#octets.length) this.#grow();
    return at;
  }

  /** Copies the octets of `data` from `at` to `end` to `to`. hot */
  copy(data: DataView, at: number, end: number, to: number): void {
    copy(data, at, end, this.#octets, this.data, to);
  }

  set(octets: Uint8Array, to: number): void {
    this.#octets.set(octets, to);
  }

  /** What was written since the last time; the caller's until it is given {@link back}. */
  take(): Uint8Array {
    const taken = this.#octets.subarray(0, this.end);
    this.#use(this.#spare.pop() ?? new Uint8Array(this.#size));
    this.end = 0;
    return taken;
  }

  /** Octets that were taken and are needed no more. */
  back(taken: Uint8Array): void {
    if (taken.buffer.byteLength === this.#size) this.#spare.push(new Uint8Array(taken.buffer as ArrayBuffer));
  }

  #grow(): void {
    const larger = new Uint8Array(Math.max(2 * this.#octets.length, Math.ceil(this.end / 4) * 4));
    larger.set(this.#octets);
    this.#use(larger);
  }

  #use(octets: Uint8Array): void {
    this.#octets = octets;
    this.data = new DataView(octets.buffer);
    this.words = new Uint32Array(octets.buffer);
  }
}
