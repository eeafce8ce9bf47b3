/**
 * What following writes for each packet lies in records of numbers, one for each conversation: they take a few lines of the
 * processor's cache, one behind the other, where objects of their own would take several times as many, each found through
 * another. Conversations and their sides are views of a record.
 */
import { Plain } from "../wire/borrowed.js";
import type { Reassembly } from "./reassembly.js";
import type { Doubt } from "./side.js";

/** Of a side, what few have. */
export interface Extras {
  data: Reassembly | undefined;
  holes: number[] | undefined;
  doubt: Doubt | undefined;
}

/** Records that lie together. */
export class Page {
  readonly numbers: Float64Array;
  /** The same octets: a number is two words. */
  readonly words: Int32Array;
  /** By where their side lies. */
  readonly extras = new Map<number, Extras>();

  /** Room for `size` numbers. */
  constructor(size: number) {
    this.numbers = new Float64Array(size);
    this.words = new Int32Array(this.numbers.buffer);
  }
}

const NOWHERE = new Page(0);

/** Shows a part of a record by names. */
export abstract class View extends Plain {
  /** @internal */
  page = NOWHERE;
  /** @internal */
  numbers = NOWHERE.numbers;
  /** @internal */
  words = NOWHERE.words;
  /** Numbers before the part in {@link page}. @internal */
  at = 0;

  /** hot @internal */
  move(page: Page, at: number): void {
    this.page = page;
    this.numbers = page.numbers;
    this.words = page.words;
    this.at = at;
  }
}

type Field = PropertyDescriptor & ThisType<View>;
type Fields<Name extends string> = { readonly [K in Name]: Field };
/** Places in a part, by name. */
type Places = Readonly<Record<string, number>>;

/** Numbers of a part. */
export function numbers<P extends Places>(places: P): Fields<keyof P & string> {
  return fields(places, (i) => ({
    get() {
      return this.numbers[this.at + i];
    },
    set(value: number) {
      this.numbers[this.at + i] = value;
    },
  }));
}

/** 32-bit integers of a part. */
export function words<P extends Places>(places: P): Fields<keyof P & string> {
  return fields(places, (i) => ({
    get() {
      return this.words[2 * this.at + i];
    },
    set(value: number) {
      this.words[2 * this.at + i] = value;
    },
  }));
}

/** Bits of word `i`. */
export function bits<P extends Places>(i: number, marks: P): Fields<keyof P & string> {
  return fields(marks, (mark) => ({
    get() {
      return (this.words[2 * this.at + i]! & mark) !== 0;
    },
    set(is: boolean) {
      const before = this.words[2 * this.at + i]!;
      this.words[2 * this.at + i] = is ? before | mark : before & ~mark;
    },
  }));
}

/** One of `choices`, of which word `i` says the place; the first before any was set. */
export function choice(i: number, choices: readonly unknown[]): Field {
  return {
    get() {
      return choices[this.words[2 * this.at + i]!];
    },
    set(value: unknown) {
      let place = 0;
      while (choices[place] !== value) place++;
      this.words[2 * this.at + i] = place;
    },
  };
}

/** What `type` declares of its part. */
export function lay<T extends View>(
  type: { readonly prototype: T },
  fields: { readonly [K in keyof T]?: Field },
): void {
  Object.defineProperties(type.prototype, fields as PropertyDescriptorMap);
}

function fields<P extends Places>(places: P, field: (place: number) => Field): Fields<keyof P & string> {
  const entries = Object.entries(places).map(([name, place]) => [name, field(place)]);
  return Object.fromEntries(entries); // its names are those of `places`
}
