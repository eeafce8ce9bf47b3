/** A stretch of octets described once by its layout: a whole header, an option, the message of an ICMP type. */
import { blank, describer, type Field, type Fields, getter, misfit, Reader } from "./field.js";
import { nearest } from "./nearest.js";
import { once } from "./once.js";
import { writer } from "./write.js";

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
  const described = once(() => {
    const { kind = "", ...entries } = layout(describer) as Record<string, unknown>;
    const fields = Object.entries(entries).map(([name, field]) => ({ name, ...(field as object) }) as Field);
    return { kind: kind as string, fields, rest: fields.find((field) => field.type === "rest") };
  });
  const writers = once(() =>
    described().fields.map((field) => ({ name: field.name as keyof V, write: writer(field) })),
  );
  const reader = new Reader();
  return {
    get kind() {
      return described().kind;
    },
    minimumLength,
    get fields() {
      return described().fields;
    },
    fits(data, at, end) {
      const { rest } = described();
      if (!rest) return end - at === minimumLength;
      const from = at + minimumLength;
      return from <= end && (rest.codec.fits?.(data, from, end) ?? true);
    },
    decode(data, at, end) {
      reader.data = data;
      reader.at = at;
      reader.end = end;
      return layout(reader);
    },
    decodePart(data, at, end) {
      const placed = { place: { data, at, end } };
      const whole = described().fields.filter((field) => field.type !== "rest" && at + field.at + field.size <= end);
      return Object.fromEntries(whole.map((field) => [field.name, getter(field).call(placed)])) as Partial<V>;
    },
    size(value) {
      const { rest } = described();
      return minimumLength + (rest ? rest.codec.size(value[rest.name as keyof V]) : 0);
    },
    encode(value, data, at) {
      for (const { name, write } of writers()) write(value[name], data, at);
    },
    fill(value) {
      const given = value as Readonly<Record<string, unknown>>;
      const more: Record<string, unknown> = {};
      for (const field of described().fields) {
        const { name } = field;
        if (given[name] === undefined) more[name] = blank(field);
        else if (field.type === "rest") more[name] = field.codec.fill(given[name]);
      }
      const filled = { ...given, ...more };
      // Its fields are all there now
      for (const [name, count] of Object.entries(counts?.(filled as V) ?? {}))
        if (given[name] === undefined) filled[name] = count;
      return filled;
    },
    misfit(value) {
      if (typeof value !== "object" || value === null) return "takes an object of fields";
      const { kind, fields } = described();
      const stranger = strangerIn(value, [...fields.map(({ name }) => name), ...(kind === "" ? [] : ["kind"])]);
      if (stranger !== undefined) return stranger;
      for (const field of fields) {
        const why = misfit(field, value[field.name as keyof typeof value]);
        if (why !== undefined) return `${field.name} ${why}`;
      }
      return undefined;
    },
    malformed(value) {
      const { rest } = described();
      return rest?.codec.malformed?.(value[rest.name as keyof V]);
    },
  };
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

export function pick(
  entry: Part<Kinded> | Choice<Kinded> | undefined,
  data: DataView,
  at: number,
  end: number,
): Part<Kinded> | undefined {
  return entry && "pick" in entry ? entry.pick(data, at, end) : entry;
}

export function partsOf(parts: Parts): readonly { readonly code: number; readonly part: Part<Kinded> }[] {
  return Object.entries(parts).flatMap(([code, entry]) =>
    ("pick" in entry ? entry.parts : [entry]).map((part) => ({ code: Number(code), part })),
  );
}
