/** Which conversation a packet belongs to. */
import { hashOf, type Key, WORDS } from "./key.js";
import { RECORD } from "./layout.js";
import { Page } from "./record.js";

/** Conversations for which there is room at first; doubled as they come. */
const FEW = 1024;

/** Records of a page, and its logarithm. */
const MANY = 256;
const BITS = 8;

/** In words of a record, behind its key: the next with the same hash. */
const CHAIN = WORDS;
/** In numbers of a record: when it was last asked for, as {@link Table.find} counts. */
const USED = 7;

/** Numbers before the record `slot` in its page. */
export function placeOf(slot: number): number {
  return (slot & (MANY - 1)) * RECORD;
}

/**
 * Records by {@link Key}, in bounded memory: when it is full, that which was longest not asked for goes. A key may be given
 * another record; the one before stays until it is oldest. Records are counted from 0, and told by this number.
 */
export class Table {
  readonly #most: number;
  readonly #evicted: (slot: number) => void;
  readonly #pages: Page[] = [];
  /** The latest record of each hash. */
  #heads: Int32Array = new Int32Array(2 * FEW).fill(-1);
  #count = 0;
  #clock = 0;
  /** Those longest not asked for when they were looked for, the longest last, and when each was. */
  readonly #old: { readonly slot: number; readonly used: number }[] = [];

  /** `most` records at once; `evicted` is told which one goes, before it does. */
  constructor(most: number, evicted: (slot: number) => void) {
    this.#most = most;
    this.#evicted = evicted;
  }

  get size(): number {
    return this.#count;
  }

  page(slot: number): Page {
    return this.#pages[slot >> BITS]!;
  }

  /** The latest record of `key`; -1 where there is none. hot */
  find(key: Key): number {
    let slot = this.#heads[key.hash() & (this.#heads.length - 1)]!;
    while (slot >= 0) {
      const { numbers, words } = this.#pages[slot >> BITS]!;
      const at = placeOf(slot);
      if (key.isAt(words, 2 * at)) {
        numbers[at + USED] = ++this.#clock;
        return slot;
      }
      slot = words[2 * at + CHAIN]!;
    }
    return -1;
  }

  /** The latest record of a key that differs in nothing but the device, and that `joins`; -1 where there is none. */
  findBeside(key: Key, joins: (slot: number) => boolean): number {
    let slot = this.#heads[key.hash() & (this.#heads.length - 1)]!;
    while (slot >= 0) {
      const page = this.page(slot);
      const at = placeOf(slot);
      if (key.isBeside(page.words, 2 * at) && joins(slot)) {
        page.numbers[at + USED] = ++this.#clock;
        return slot;
      }
      slot = page.words[2 * at + CHAIN]!;
    }
    return -1;
  }

  /** An empty record of `key`. */
  add(key: Key): number {
    const slot = this.#count === this.#most ? this.#evict() : this.#make();
    const { numbers, words } = this.page(slot);
    const at = placeOf(slot);
    numbers[at + USED] = ++this.#clock;
    words.set(key.words, 2 * at);
    this.#chain(slot);
    return slot;
  }

  #bucket(slot: number): number {
    return hashOf(this.page(slot).words, 2 * placeOf(slot)) & (this.#heads.length - 1);
  }

  #chain(slot: number): void {
    const bucket = this.#bucket(slot);
    this.page(slot).words[2 * placeOf(slot) + CHAIN] = this.#heads[bucket]!;
    this.#heads[bucket] = slot;
  }

  #next(slot: number): number {
    return this.page(slot).words[2 * placeOf(slot) + CHAIN]!;
  }

  #unchain(slot: number): void {
    const bucket = this.#bucket(slot);
    const next = this.#next(slot);
    let before = this.#heads[bucket]!;
    if (before === slot) {
      this.#heads[bucket] = next;
      return;
    }
    while (this.#next(before) !== slot) before = this.#next(before);
    this.page(before).words[2 * placeOf(before) + CHAIN] = next;
  }

  #used(slot: number): number {
    return this.page(slot).numbers[placeOf(slot) + USED]!;
  }

  /** Makes room. */
  #evict(): number {
    let oldest = this.#old.pop();
    // Who was asked for since is not old
    while (oldest && this.#used(oldest.slot) !== oldest.used) oldest = this.#old.pop();
    if (!oldest) {
      this.#look();
      return this.#evict();
    }
    this.#evicted(oldest.slot);
    this.#unchain(oldest.slot);
    const at = placeOf(oldest.slot);
    this.page(oldest.slot).numbers.fill(0, at, at + RECORD);
    return oldest.slot;
  }

  /** Looks for the oldest: a quarter at once, so that most evictions need not look. */
  #look(): void {
    const used = Float64Array.from({ length: this.#count }, (_, slot) => this.#used(slot));
    const latest = used.toSorted()[used.length >> 2]!;
    for (const [slot, time] of used.entries()) if (time <= latest) this.#old.push({ slot, used: time });
    this.#old.sort((a, b) => b.used - a.used);
  }

  #make(): number {
    const slot = this.#count;
    if ((slot & (MANY - 1)) === 0) this.#pages.push(new Page(Math.min(MANY, this.#most - slot) * RECORD));
    if (2 * slot === this.#heads.length) {
      this.#heads = new Int32Array(2 * this.#heads.length).fill(-1);
      // In the order in which they came, so that of two with the same key the later is found first
      for (let known = 0; known < slot; known++) this.#chain(known);
    }
    this.#count++;
    return slot;
  }
}
