/** What may follow the fixed part of a header: octets without a meaning of their own, and lists. */
import { macText, parseMac } from "./address.js";
import { describer, type Field, type Fields, misfit, Reader, type Rest } from "./field.js";
import { hexText, parseHex } from "./hex.js";
import { type Part, part, strangerIn } from "./part.js";
import { Slot } from "./slot.js";

/** All octets up to the end, in lower-case hex. */
export const opaque: Rest<string> = {
  decode: hexText,
  encode(value, data, at) {
    let i = at;
    for (const octet of parseHex(value) ?? []) data.setUint8(i++, octet);
  },
  size: (value) => value.length / 2,
  fill: (value = "") => value,
  misfit: (value) => (parseHex(value) ? undefined : "takes octets in hex"),
};

/** A link-layer address up to the end: as Ethernet writes it where it has 6 octets, else in hex. */
export const hardwareAddress: Rest<string> = {
  decode: (data, at, end) => (end - at === 6 ? macText(data, at) : hexText(data, at, end)),
  encode(value, data, at) {
    let i = at;
    for (const octet of parseMac(value) ?? parseHex(value) ?? []) data.setUint8(i++, octet);
  },
  size: (value) => (parseMac(value) ?? parseHex(value))!.length,
  fill: (value = "00:00:00:00:00:00") => value,
  misfit: (value) => (parseMac(value) || parseHex(value) ? undefined : "takes a hardware address or octets in hex"),
};

/** Entries of `size` octets each, up to the end: single fields (`(f) => f.ipv4(0)`) or objects of them. */
export function list<const T>(size: number, layout: (f: Fields) => T): Rest<readonly T[]> {
  const entry = entryOf(size, layout);
  return {
    ...(entry.fields && { content: { fields: entry.fields } }),
    fits: (_, at, end) => (end - at) % size === 0,
    decode(data, at, end) {
      const entries: T[] = [];
      for (let i = at; i + size <= end; i += size) entries.push(entry.decode(data, i, i + size));
      return entries;
    },
    encode(entries, data, at) {
      for (const [i, value] of entries.entries()) entry.encode(value, data, at + i * size);
    },
    size: (entries) => entries.length * size,
    fill: (entries) => fillAll(entries, entry),
    misfit: (entries) => misfitOfSome(entries, entry),
  };
}

/** Parts of various sizes one after the other; `sizeOf` tells that of the one at `at`, or 0 where it is not all there. */
export function records<V extends object>(
  record: Part<V>,
  sizeOf: (data: DataView, at: number, end: number) => number,
): Rest<readonly V[]> {
  return {
    content: { fields: record.fields },
    fits(data, at, end) {
      let i = at;
      for (let size = 1; size > 0 && i < end; i += size) size = sizeOf(data, i, end);
      return i === end;
    },
    decode(data, at, end) {
      const found: V[] = [];
      for (let i = at; i < end; ) {
        const size = sizeOf(data, i, end);
        if (size === 0) break;
        found.push(record.decode(data, i, i + size));
        i += size;
      }
      return found;
    },
    encode(values, data, at) {
      let i = at;
      for (const value of values) {
        record.encode(value, data, i);
        i += record.size(value);
      }
    },
    size: (values) => values.reduce((sum, value) => sum + record.size(value), 0),
    fill: (values) => fillAll(values, record),
    misfit: (values) => misfitOfSome(values, record),
  };
}

/** Two rests one after the other, by name; `middle` tells where the second starts, which may lie behind `end`. */
export function split<const A extends string, S, const B extends string, T>(
  [a, first]: readonly [A, Rest<S>],
  [b, second]: readonly [B, Rest<T>],
  middle: (data: DataView, at: number) => number,
): Rest<Readonly<Record<A, S> & Record<B, T>>> {
  const rest = (name: string, codec: Rest<unknown>): Field => ({ name, at: 0, size: 0, type: "rest", codec });
  return {
    // Who reads a table treats all codecs alike.
    content: { fields: [rest(a, first as Rest<unknown>), rest(b, second as Rest<unknown>)] },
    fits(data, at, end) {
      const i = middle(data, at);
      return i <= end && (first.fits?.(data, at, i) ?? true) && (second.fits?.(data, i, end) ?? true);
    },
    decode(data, at, end) {
      const i = middle(data, at);
      // Two names make these two properties, which the compiler widens to an index.
      return { [a]: first.decode(data, at, i), [b]: second.decode(data, i, end) } as Record<A, S> & Record<B, T>;
    },
    encode(value, data, at) {
      first.encode(value[a], data, at);
      second.encode(value[b], data, at + first.size(value[a]));
    },
    size: (value) => first.size(value[a]) + second.size(value[b]),
    fill(value = {}) {
      if (!isObject(value)) return value;
      return { ...value, [a]: first.fill(value[a]), [b]: second.fill(value[b]) };
    },
    misfit(value) {
      if (typeof value !== "object" || value === null) return `takes ${a} and ${b}`;
      const given = value as Readonly<Record<string, unknown>>;
      const stranger = strangerIn(given, [a, b]);
      if (stranger !== undefined) return stranger;
      const why = first.misfit(given[a]);
      if (why !== undefined) return `${a} ${why}`;
      const other = second.misfit(given[b]);
      return other && `${b} ${other}`;
    },
  };
}

function fillAll(values: unknown, entry: { fill(value: object): unknown }): unknown {
  if (values === undefined) return [];
  return Array.isArray(values) ? values.map((value) => (isObject(value) ? entry.fill(value) : value)) : values;
}

/** Whether `value` may have fields. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function misfitOfSome(values: unknown, entry: { misfit(value: unknown): string | undefined }): string | undefined {
  if (!Array.isArray(values)) return "takes a list";
  for (let i = 0; i < values.length; i++) {
    const why = entry.misfit(values[i]);
    if (why !== undefined) return `entry ${i} ${why}`;
  }
  return undefined;
}

interface Entry<T> {
  /** Of entries that are objects. */
  readonly fields?: readonly Field[];
  decode(data: DataView, at: number, end: number): T;
  encode(value: T, data: DataView, at: number): void;
  fill(value: object): unknown;
  misfit(value: unknown): string | undefined;
}

function entryOf<T>(size: number, layout: (f: Fields) => T): Entry<T> {
  // A layout of one field describes itself by that field's row.
  const described = layout(describer) as object;
  if (!("type" in described && typeof described.type === "string"))
    return part(size, layout as (f: Fields) => T & object) as Entry<T>;
  const field = { name: "", ...described } as Field;
  const reader = new Reader();
  const slot = new Slot(field);
  return {
    decode(data, at, end) {
      Object.assign(reader, { data, at, end });
      return layout(reader);
    },
    encode(value, data, at) {
      slot.write(value, data, at);
    },
    fill: (value) => value,
    misfit: (value) => misfit(field, value),
  };
}
