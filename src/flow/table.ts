/** Which conversation a packet belongs to. */
import { hashOf, type Key, WORDS } from "./key.js";

/** Slots at first; doubled as they fill. */
const FEW = 1024;

/**
 * What is known of a slot lies together, in one line of the processor's cache: its key, the next slot with the same hash,
 * and its neighbours in the list from the latest used to the longest unused.
 */
const RECORD = 16;
const CHAIN = WORDS;
const OLDER = WORDS + 1;
const NEWER = WORDS + 2;

/**
 * Values by {@link Key}, in bounded memory: when it is full, the value that was longest not asked for goes. A key may be
 * given to a new value; the one before stays until it is oldest.
 */
export class KeyTable<T> {
  readonly #most: number;
  readonly #evicted: (value: T) => void;
  #values: (T | undefined)[];
  #records: Int32Array;
  #heads: Int32Array;
  #latest = -1;
  #oldest = -1;
  #count = 0;

  /** `most` values at once; `evicted` is told which one went. */
  constructor(most: number, evicted: (value: T) => void) {
    this.#most = most;
    this.#evicted = evicted;
    const slots = Math.min(FEW, most);
    this.#values = new Array(slots).fill(undefined);
    this.#records = new Int32Array(slots * RECORD);
    this.#heads = new Int32Array(powerOfTwo(2 * slots)).fill(-1);
  }

  get size(): number {
    return this.#count;
  }

  /** The latest value of `key`. hot */
  get(key: Key): T | undefined {
    const records = this.#records;
    let slot = this.#heads[key.hash() & (this.#heads.length - 1)]!;
    for (; slot >= 0; slot = records[slot * RECORD + CHAIN]!) {
      if (!key.isAt(records, slot * RECORD)) continue;
      this.#use(slot);
      return this.#values[slot];
    }
    return undefined;
  }

  set(key: Key, value: T): void {
    if (this.#count === this.#values.length && this.#count < this.#most) this.#grow();
    const slot = this.#count === this.#most ? this.#evict() : this.#count++;
    this.#values[slot] = value;
    this.#records.set(key.words, slot * RECORD);
    const bucket = key.hash() & (this.#heads.length - 1);
    this.#records[slot * RECORD + CHAIN] = this.#heads[bucket]!;
    this.#heads[bucket] = slot;
    this.#link(slot);
  }

  /** From the longest unused to the latest used. */
  *values(): Generator<T, void, undefined> {
    for (let slot = this.#oldest; slot >= 0; slot = this.#records[slot * RECORD + NEWER]!) yield this.#values[slot]!;
  }

  #use(slot: number): void {
    if (slot === this.#latest) return;
    this.#unlink(slot);
    this.#link(slot);
  }

  #link(slot: number): void {
    this.#records[slot * RECORD + NEWER] = -1;
    this.#records[slot * RECORD + OLDER] = this.#latest;
    if (this.#latest >= 0) this.#records[this.#latest * RECORD + NEWER] = slot;
    else this.#oldest = slot;
    this.#latest = slot;
  }

  #unlink(slot: number): void {
    const newer = this.#records[slot * RECORD + NEWER]!;
    const older = this.#records[slot * RECORD + OLDER]!;
    if (newer >= 0) this.#records[newer * RECORD + OLDER] = older;
    else this.#latest = older;
    if (older >= 0) this.#records[older * RECORD + NEWER] = newer;
    else this.#oldest = newer;
  }

  /** Makes room; the slot that is free. */
  #evict(): number {
    const slot = this.#oldest;
    this.#unlink(slot);
    const bucket = hashOf(this.#records, slot * RECORD) & (this.#heads.length - 1);
    if (this.#heads[bucket] === slot) this.#heads[bucket] = this.#records[slot * RECORD + CHAIN]!;
    else {
      let before = this.#heads[bucket]!;
      while (this.#records[before * RECORD + CHAIN] !== slot) before = this.#records[before * RECORD + CHAIN]!;
      this.#records[before * RECORD + CHAIN] = this.#records[slot * RECORD + CHAIN]!;
    }
    const value = this.#values[slot]!;
    this.#evicted(value);
    return slot;
  }

  #grow(): void {
    const slots = Math.min(this.#most, 2 * this.#values.length);
    this.#values.length = slots;
    this.#values.fill(undefined, this.#count);
    const records = new Int32Array(slots * RECORD);
    records.set(this.#records);
    this.#records = records;
    this.#heads = new Int32Array(powerOfTwo(2 * slots)).fill(-1);
    // In the order in which they came, so that of two with the same key the later is found first
    for (let slot = 0; slot < this.#count; slot++) {
      const bucket = hashOf(this.#records, slot * RECORD) & (this.#heads.length - 1);
      this.#records[slot * RECORD + CHAIN] = this.#heads[bucket]!;
      this.#heads[bucket] = slot;
    }
  }
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}
