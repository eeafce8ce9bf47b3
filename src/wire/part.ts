/** A stretch of octets described once by its layout: a whole header, an option, the message of an ICMP type. */
import { blank, describer, type Field, type Fields, misfit, Reader } from "./field.js";
import { nearest } from "./nearest.js";
import { once } from "./once.js";
import { getter } from "./place.js";
import { Slot } from "./slot.js";

export interface Part<V extends object> {
  /** The `kind` of its values; empty where they have none. */
  readonly kind: string;
  /** Octets of the fixed part. */
  readonly minimumLength: number;
  readonly fields: readonly Field[];
  /** Whether the octets from `at` to `end` are of a size this can be. */
  fits(data: DataView, at: number, end: number): boolean;
  /** At least {@link minimumLength} octets. */
  decode(data: DataView, at: number, end: number): V;
  /** The fields that lie wholly before `end`, for octets that were cut. */
  decodePart(data: DataView, at: number, end: number): Partial<V>;
  /** Octets `value` takes once written. */
  size(value: V): number;
  /** Writes a value that {@link misfit} has passed. */
  encode(value: V, data: DataView, at: number): void;
  /** `value` with the fields that it leaves out; see {@link Rest.fill}. */
  fill(value: object): object;
  /** Why `value` cannot be written, as the end of a sentence; undefined when it can. */
  misfit(value: unknown): string | undefined;
  /** What is wrong with a value that came from outside, if anything, as one short phrase. */
  malformed(value: V): string | undefined;
}

/** The value type of a header or part: `interface Udp extends Infer<typeof udp> {}`. */
export type Infer<P> = P extends { decode(data: DataView, at: number, end: number): infer V } ? V : never;

/** `counts` tells fields that follow from others of the same part, for whoever leaves them out. */
export function part<const V extends object>(
  minimumLength: number,
  layout: (f: Fields) => V,
  counts?: (value: V) => Partial<Record<keyof V, number>>,
): Part<V> {
  return new LaidOut(minimumLength, layout, counts);
}

/** A class, as its objects are all of one shape, which those with getters of their own are not: decoding looks at many. */
class LaidOut<V extends object> implements Part<V> {
  readonly minimumLength: number;
  readonly #layout: (f: Fields) => V;
  readonly #counts: ((value: V) => Partial<Record<keyof V, number>>) | undefined;
  readonly #reader = new Reader();
  readonly #literal: () => Literal;
  readonly #described: () => Described;
  readonly #slots: () => readonly Slot[];

  constructor(
    minimumLength: number,
    layout: (f: Fields) => V,
    counts: ((value: V) => Partial<Record<keyof V, number>>) | undefined,
  ) {
    this.minimumLength = minimumLength;
    this.#layout = layout;
    this.#counts = counts;
    this.#literal = once(() => layout(describer) as Literal);
    this.#described = once(() => describe(this.#literal()));
    this.#slots = once(() => this.fields.map((field) => new Slot(field)));
  }

  get kind(): string {
    return kindOf(this.#literal());
  }

  get fields(): readonly Field[] {
    return this.#described().fields;
  }

  fits(data: DataView, at: number, end: number): boolean {
    const { rest } = this.#described();
    if (!rest) return end - at === this.minimumLength;
    const from = at + this.minimumLength;
    return from <= end && (rest.codec.fits?.(data, from, end) ?? true);
  }

  /** hot */
  decode(data: DataView, at: number, end: number): V {
    const reader = this.#reader;
    // To look is less than to tell the garbage collector of a change
    if (reader.data !== data) reader.data = data;
    reader.at = at;
    reader.end = end;
    return this.#layout(reader);
  }

  decodePart(data: DataView, at: number, end: number): Partial<V> {
    const placed = { place: { data, at, end } };
    const whole = this.fields.filter((field) => field.type !== "rest" && at + field.at + field.size <= end);
    return Object.fromEntries(whole.map((field) => [field.name, getter(field).call(placed)])) as Partial<V>;
  }

  size(value: V): number {
    const { rest } = this.#described();
    return this.minimumLength + (rest ? rest.codec.size(value[rest.name as keyof V]) : 0);
  }

  encode(value: V, data: DataView, at: number): void {
    for (const slot of this.#slots()) slot.write(value[slot.name as keyof V], data, at);
  }

  fill(value: object): object {
    const given = value as Readonly<Record<string, unknown>>;
    let filled: Record<string, unknown> | undefined;
    for (const field of this.fields) {
      const { name } = field;
      const now = given[name];
      const full = now === undefined ? blank(field) : field.type === "rest" ? field.codec.fill(now) : now;
      if (full === now) continue;
      filled ??= { ...given };
      filled[name] = full;
    }
    if (filled === undefined) return value;
    // Its fields are all there now
    for (const [name, count] of Object.entries(this.#counts?.(filled as V) ?? {}))
      if (given[name] === undefined) filled[name] = count;
    return filled;
  }

  misfit(value: unknown): string | undefined {
    if (typeof value !== "object" || value === null) return "takes an object of fields";
    const stranger = strangerIn(value, this.#described().names);
    if (stranger !== undefined) return stranger;
    for (const slot of this.#slots()) {
      const given = value[slot.name as keyof typeof value];
      if (!slot.fits(given)) return `${slot.name} ${misfit(slot.field, given) ?? "does not take this value"}`;
    }
    return undefined;
  }

  malformed(value: V): string | undefined {
    const { rest } = this.#described();
    return rest?.codec.malformed?.(value[rest.name as keyof V]);
  }
}

/** What a layout gives for the describer: by their names, the fields, and the kind. */
type Literal = Readonly<Record<string, unknown>>;

interface Described {
  readonly kind: string;
  readonly fields: readonly Field[];
  /** Those of its fields, and of its kind where it has one. */
  readonly names: readonly string[];
  readonly rest: Extract<Field, { readonly type: "rest" }> | undefined;
}

function kindOf({ kind = "" }: Literal): string {
  return kind as string;
}

function describe(literal: Literal): Described {
  const { kind: _, ...entries } = literal;
  const fields = Object.entries(entries).map(([name, field]) => ({ name, ...(field as object) }) as Field);
  const kind = kindOf(literal);
  const names = [...Object.keys(entries), ...(kind === "" ? [] : ["kind"])];
  return { kind, fields, names, rest: fields.find((field) => field.type === "rest") };
}

/** A field that `value` has although its name is none of `names`, as the end of a sentence; undefined where there is none. */
export function strangerIn(value: object, names: readonly string[]): string | undefined {
  for (const name in value) {
    if (names.includes(name)) continue;
    const meant = nearest(name, names);
    const known = names.length > 0 ? `it has ${names.join(", ")}` : "it has no fields";
    return `has no ${name}${meant === undefined ? "" : `, did you mean ${meant}?`}; ${known}`;
  }
  return undefined;
}

export interface Kinded {
  readonly kind: string;
}

/** What one code may mean, where that depends on more than the code. */
export interface Choice<V extends Kinded> {
  readonly parts: readonly Part<V>[];
  /** The part that the octets from `at` to `end` are; undefined when unknown. */
  pick(data: DataView, at: number, end: number): Part<V> | undefined;
}

/** What each code stands for. */
export type Parts = Readonly<Record<number, Part<Kinded> | Choice<Kinded>>>;

/** The values of all parts of `P`. */
export type ValueOf<P extends Parts> = { [K in keyof P]: P[K] extends Choice<infer V> ? V : Infer<P[K]> }[keyof P];

/** Finds what a code of one octet stands for, told by the octets from `at` to `end` where that depends on more. */
export type Picker = (code: number, data: DataView, at: number, end: number) => Part<Kinded> | undefined;

export function picker(parts: Parts): Picker {
  const entries = Array.from({ length: 256 }, (_, code) => parts[code]);
  const choices = entries.map((entry) => (entry && "pick" in entry ? entry : undefined));
  const known = entries.map((entry) => (entry && "pick" in entry ? undefined : entry));
  return (code, data, at, end) => known[code] ?? choices[code]?.pick(data, at, end);
}

export function partsOf(parts: Parts): readonly { readonly code: number; readonly part: Part<Kinded> }[] {
  return Object.entries(parts).flatMap(([code, entry]) =>
    ("pick" in entry ? entry.parts : [entry]).map((part) => ({ code: Number(code), part })),
  );
}
