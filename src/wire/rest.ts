/** What may follow the fixed part of a header: octets without a meaning of their own, and lists. */
import { describer, type Field, type Fields, misfit, Reader, type Rest, write } from "./field.js";
import { hexText, parseHex } from "./hex.js";
import { part } from "./part.js";

/** All octets up to the end, in lower-case hex. */
export const opaque: Rest<string> = {
  decode: hexText,
  encode(value, data, at) {
    for (const octet of parseHex(value) ?? []) data.setUint8(at++, octet);
  },
  size: (value) => value.length / 2,
  misfit: (value) => (parseHex(value) ? undefined : "takes octets in hex"),
};

/** Entries of `size` octets each, up to the end: single fields (`(f) => f.ipv4(0)`) or objects of them. */
export function list<const T>(size: number, layout: (f: Fields) => T): Rest<readonly T[]> {
  const entry = entryOf(size, layout);
  return {
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
    misfit(entries) {
      if (!Array.isArray(entries)) return "takes a list";
      const whys = entries.map((value) => entry.misfit(value));
      const i = whys.findIndex((why) => why !== undefined);
      return i < 0 ? undefined : `entry ${i} ${whys[i]}`;
    },
  };
}

interface Entry<T> {
  decode(data: DataView, at: number, end: number): T;
  encode(value: T, data: DataView, at: number): void;
  misfit(value: unknown): string | undefined;
}

function entryOf<T>(size: number, layout: (f: Fields) => T): Entry<T> {
  // A layout of one field describes itself by that field's row.
  const described = layout(describer) as object;
  if (!("type" in described && typeof described.type === "string"))
    return part(size, layout as (f: Fields) => T & object) as Entry<T>;
  const field = { name: "", ...described } as Field;
  const reader = new Reader();
  return {
    decode(data, at, end) {
      Object.assign(reader, { data, at, end });
      return layout(reader);
    },
    encode: (value, data, at) => write(field, value, data, at),
    misfit: (value) => misfit(field, value),
  };
}
