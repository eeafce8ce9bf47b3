/** Which conversation a packet belongs to. */
import { hashOf, type Key, WORDS } from "./key.js";

/** Slots at first; doubled as they fill. */
const FEW = 1024;

/**
 * Values by {@link Key}, in bounded memory: when it is full, the value that was longest not asked for goes. A key may be
 * given to a new value; the one before stays until it is oldest.
 */
export class KeyTable<T> {
  readonly #most: number;
  readonly #evicted: (value: T) => void;
  #values: (T | undefined)[];
  #keys: Int32Array;
  #heads: Int32Array;
  /** The next slot with the same hash; and of the list from the latest used to the longest unused: next and previous. */
  #chain: Int32Array;
  #older: Int32Array;
  #newer: Int32Array;
  #latest = -1;
  #oldest = -1;
  #count = 0;

  /** `most` values at once; `evicted` is told which one went. */
  constructor(most: number, evicted: (value: T) => void) {
    this.#most = most;
    this.#evicted = evicted;
    const slots = Math.min(FEW, most);
    this.#values = new Array(slots).fill(undefined);
    this.#keys = new Int32Array(slots * WORDS);
    this.#chain = new Int32Array(slots);
    this.#older = new Int32Array(slots);
    this.#newer = new Int32Array(slots);
    this.#heads = new Int32Array(powerOfTwo(2 * slots)).fill(-1);
  }

  get size(): number {
    return this.#count;
  }

  /** The latest value of `key`. hot */
  get(key: Key): T | undefined {
    const { words } = key;
    const keys = this.#keys;
    let slot = this.#heads[key.hash() & (this.#heads.length - 1)]!;
    search: for (; slot >= 0; slot = this.#chain[slot]!) {
      const at = slot * WORDS;
      for (let i = 0; i < WORDS; i++) if (keys[at + i] !== words[i]) continue search;
      this.#use(slot);
      return this.#values[slot];
    }
    return undefined;
  }

  set(key: Key, value: T): void {
    if (this.#count === this.#values.length && this.#count < this.#most) this.#grow();
    const slot = this.#count === this.#most ? this.#evict() : this.#count++;
    this.#values[slot] = value;
    this.#keys.set(key.words, slot * WORDS);
    const bucket = key.hash() & (this.#heads.length - 1);
    this.#chain[slot] = this.#heads[bucket]!;
    this.#heads[bucket] = slot;
    this.#link(slot);
  }

  /** From the longest unused to the latest used. */
  *values(): Generator<T, void, undefined> {
    for (let slot = this.#oldest; slot >= 0; slot = this.#newer[slot]!) yield this.#values[slot]!;
  }

  #use(slot: number): void {
    if (slot === this.#latest) return;
    this.#unlink(slot);
    this.#link(slot);
  }

  #link(slot: number): void {
    this.#newer[slot] = -1;
    this.#older[slot] = this.#latest;
    if (this.#latest >= 0) this.#newer[this.#latest] = slot;
    else this.#oldest = slot;
    this.#latest = slot;
  }

  #unlink(slot: number): void {
    const newer = this.#newer[slot]!;
    const older = this.#older[slot]!;
    if (newer >= 0) this.#older[newer] = older;
    else this.#latest = older;
    if (older >= 0) this.#newer[older] = newer;
    else this.#oldest = newer;
  }

  /** Makes room; the slot that is free. */
  #evict(): number {
    const slot = this.#oldest;
    this.#unlink(slot);
    const bucket = hashOf(this.#keys, slot * WORDS) & (this.#heads.length - 1);
    if (this.#heads[bucket] === slot) this.#heads[bucket] = this.#chain[slot]!;
    else {
      let before = this.#heads[bucket]!;
      while (this.#chain[before] !== slot) before = this.#chain[before]!;
      this.#chain[before] = this.#chain[slot]!;
    }
    const value = this.#values[slot]!;
    this.#evicted(value);
    return slot;
  }

  #grow(): void {
    const slots = Math.min(this.#most, 2 * this.#values.length);
    this.#values.length = slots;
    this.#values.fill(undefined, this.#count);
    this.#keys = larger(this.#keys, slots * WORDS);
    this.#older = larger(this.#older, slots);
    this.#newer = larger(this.#newer, slots);
    this.#chain = new Int32Array(slots);
    this.#heads = new Int32Array(powerOfTwo(2 * slots)).fill(-1);
    // In the order in which they came, so that of two with the same key the later is found first
    for (let slot = 0; slot < this.#count; slot++) {
      const bucket = hashOf(this.#keys, slot * WORDS) & (this.#heads.length - 1);
      this.#chain[slot] = this.#heads[bucket]!;
      this.#heads[bucket] = slot;
    }
  }
}

function larger(words: Int32Array, size: number): Int32Array {
  const copy = new Int32Array(size);
  copy.set(words);
  return copy;
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}
