/** A rest whose fields are there or not, one after the other, as flags before it or its size tell. */
import { ipv4Text, ipv6Text, parseIpv4, parseIpv6 } from "./address.js";
import type { Field, Rest } from "./field.js";
import { hexText, parseHex } from "./hex.js";
import { strangerIn } from "./part.js";

/** Addresses are of IPv4 or IPv6 by their size, octets of any size in hex. */
type Columns = Readonly<Record<string, "u16" | "u32" | "octets" | "address">>;
type Row<C extends Columns> = {
  readonly [K in keyof C]?: C[K] extends "u16" | "u32" ? number : string;
};

/** `sizes` tells the octets of each column, 0 where it is not there; undefined where the octets are none of these. */
export function columns<const C extends Columns>(
  types: C,
  sizes: (data: DataView, at: number, end: number) => readonly number[] | undefined,
): Rest<Row<C>> {
  const entries = Object.entries(types);
  const octets = (type: string, value: unknown): ArrayLike<number> | undefined => {
    const text = type === "u16" ? numberText(value, 2) : type === "u32" ? numberText(value, 4) : value;
    return type === "address" ? (parseIpv4(text) ?? parseIpv6(text)) : parseHex(text);
  };
  return {
    content: { fields: entries.map(([name, type]) => fieldOf(name, type)) },
    fits: (data, at, end) => sizes(data, at, end) !== undefined,
    decode(data, at, end) {
      const row: Record<string, number | string> = {};
      let i = at;
      for (const [column, size] of (sizes(data, at, end) ?? []).entries()) {
        const [name, type] = entries[column]!;
        if (size > 0) row[name] = read(type, data, i, i + size);
        i += size;
      }
      return row as Row<C>; // its names and types are those of `types`
    },
    encode(row, data, at) {
      let i = at;
      for (const [name, type] of entries)
        if (row[name] !== undefined)
          for (const octet of Array.from(octets(type, row[name])!)) data.setUint8(i++, octet);
    },
    size: (row) =>
      entries.reduce((sum, [name, type]) => (row[name] === undefined ? sum : sum + octets(type, row[name])!.length), 0),
    fill: (row = {}) => row,
    misfit(row) {
      if (typeof row !== "object" || row === null) return `takes any of ${Object.keys(types).join(", ")}`;
      const given = row as Readonly<Record<string, unknown>>;
      const stranger = strangerIn(given, Object.keys(types));
      if (stranger !== undefined) return stranger;
      const wrong = entries.find(
        ([name, type]) => given[name] !== undefined && octets(type, given[name]) === undefined,
      );
      return wrong && `${wrong[0]} does not fit`;
    },
  };
}

function fieldOf(name: string, type: Columns[string]): Field {
  switch (type) {
    case "u16":
      return { name, at: 0, size: 2, type, as: undefined };
    case "u32":
      return { name, at: 0, size: 4, type, as: undefined };
    case "octets":
    case "address":
      return { name, at: 0, size: 0, type: "octets" };
    default:
      return type satisfies never;
  }
}

function read(type: Columns[string], data: DataView, at: number, end: number): number | string {
  switch (type) {
    case "u16":
      return data.getUint16(at);
    case "u32":
      return data.getUint32(at);
    case "octets":
      return hexText(data, at, end);
    case "address":
      return end - at === 4 ? ipv4Text(data, at) : ipv6Text(data, at);
    default:
      return type satisfies never;
  }
}

/** `size` octets of a number in hex, or undefined where it does not fit. */
function numberText(value: unknown, size: number): string | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** (8 * size)
    ? value.toString(16).padStart(2 * size, "0")
    : undefined;
}
