/** The words a header's layout is written in, and what each of them means in octets. */
import { ipv4Text, ipv6Text, macText, parseIpv4, parseIpv6, parseMac } from "./address.js";
import { hexText, parseHex } from "./hex.js";

/** A way of showing a number: as it is, in hex, or by name where one is known. */
export type Format = "dec" | "hex" | Readonly<Record<number, string>>;

/** Named bits, as plain booleans. */
export type Flags<N extends string> = { readonly [K in N]: boolean };

/** Reads and writes what follows a header's fixed part: its options. Every octet from `at` to `end` comes back from `encode`. */
export interface Rest<T> {
  decode(data: DataView, at: number, end: number): T;
  encode(value: T, data: DataView, at: number): void;
  /** Octets `value` takes once written. */
  size(value: T): number;
  /** Octets of the smallest one, all of them zero, that goes with the fixed part before `at`; none where left out. */
  smallest?(data: DataView, at: number): number;
  /** The code that the fixed part before `at` has to have for a rest such as `value`: the one it has, where that will do. */
  code?(value: T, data: DataView, at: number): number | undefined;
  /** Whether the octets from `at` to `end` are of a size this can be; any size where left out. */
  fits?(data: DataView, at: number, end: number): boolean;
  /**
   * `value` with what it leaves out, down to nothing at all: zero, off and empty, or what follows from the rest of it and
   * from the fixed part before `at` where that is there. What is no such value comes back for `misfit` to tell.
   */
  fill(value: unknown, data?: DataView, at?: number): unknown;
  /** Why `value` cannot be written, as the end of a sentence; undefined when it can. */
  misfit(value: unknown): string | undefined;
  /** What is wrong with a value that came from outside, if anything, as one short phrase. */
  malformed?(value: T): string | undefined;
  /** Whether `malformed` finds nothing in the octets from `at` to `end`, told without decoding them. */
  sound?(data: DataView, at: number, end: number): boolean;
  /** What can be asked for by name in what it decodes; nothing where that is plain text. */
  readonly content?: Content;
}

/**
 * What the values that a rest decodes to hold, each of them where they are a list: `fields`, or one of `parts` by its
 * `kind`. A field whose place varies has `at` 0.
 */
export type Content =
  | { readonly fields: readonly Field[] }
  | { readonly parts: readonly { readonly kind: string; readonly fields: readonly Field[] }[] };

/** `at` counts octets from the start of the header, `bit` bits from the most significant one of that octet, as RFC figures do. */
export interface Fields {
  u8(at: number, as?: Format): number;
  u16(at: number, as?: Format): number;
  u24(at: number, as?: Format): number;
  u32(at: number, as?: Format): number;
  /** A little-endian number, as a few link types of BSD have it. */
  u32le(at: number, as?: Format): number;
  /** `width` bits, at most 31, within the 8, 16 or 32 bits that start at octet `at`. */
  bits(at: number, bit: number, width: number, as?: Format): number;
  bit(at: number, bit: number): boolean;
  /** The low bits of the 16-bit word at `at`, by name; see {@link flagSets}. */
  flags<N extends string>(at: number, sets: readonly Flags<N>[]): Flags<N>;
  ipv4(at: number): string;
  ipv6(at: number): string;
  mac(at: number): string;
  /** `size` octets without a meaning of their own, in lower-case hex. */
  octets(at: number, size: number): string;
  /** From `at` to the end of the header. */
  rest<T>(at: number, codec: Rest<T>): T;
}

/** One row of a header's field table. `size` counts the octets that hold the field; 0 for a `rest`. */
export type Field = { readonly name: string; readonly at: number; readonly size: number } & (
  | { readonly type: "u8" | "u16" | "u24" | "u32" | "u32le"; readonly as: Format | undefined }
  | { readonly type: "bits"; readonly bit: number; readonly width: number; readonly as: Format | undefined }
  | { readonly type: "bit"; readonly bit: number }
  | { readonly type: "flags"; readonly sets: readonly Flags<string>[] }
  | { readonly type: "ipv4" | "ipv6" | "mac" | "octets" }
  | { readonly type: "rest"; readonly codec: Rest<unknown> }
);

/** Every combination of `names`, lowest bit first, made once: reading flags allocates nothing. */
export function flagSets<const N extends string>(...names: readonly N[]): readonly Flags<N>[] {
  const sets = [Object.fromEntries(names.map((name) => [name, false])) as Record<N, boolean>];
  for (const name of names) {
    for (const without of sets.slice()) {
      // A copy, so that all of them are of one shape, and are made at once
      const flags = { ...without };
      flags[name] = true;
      sets.push(flags);
    }
  }
  for (const flags of sets) Object.freeze(flags);
  return sets;
}

/** Octets that hold `bits` bits: whole words only, so that one load reads a field. */
function wordSize(bits: number): 1 | 2 | 4 {
  return bits <= 8 ? 1 : bits <= 16 ? 2 : 4;
}

export function u24(data: DataView, at: number): number {
  return (data.getUint8(at) << 16) | data.getUint16(at + 1);
}

const NO_DATA = new DataView(new ArrayBuffer(0));

/** Its methods return what is in the octets, so a layout run with it is the decoder. */
export class Reader implements Fields {
  data: DataView = NO_DATA;
  at = 0;
  end = 0;

  u8(at: number): number {
    return this.data.getUint8(this.at + at);
  }
  u16(at: number): number {
    return this.data.getUint16(this.at + at);
  }
  u24(at: number): number {
    return u24(this.data, this.at + at);
  }
  u32(at: number): number {
    return this.data.getUint32(this.at + at);
  }
  u32le(at: number): number {
    return this.data.getUint32(this.at + at, true);
  }
  // Small, and so part of the decoder: what is known of the place there leaves one load, shift and mask
  bits(at: number, bit: number, width: number): number {
    const below = bit + width;
    return below <= 8 ? (this.u8(at) >>> (8 - below)) & ((1 << width) - 1) : this.wideBits(at, below, width);
  }
  private wideBits(at: number, below: number, width: number): number {
    const word = below <= 16 ? this.u16(at) >>> (16 - below) : this.u32(at) >>> (32 - below);
    return word & ((1 << width) - 1);
  }
  bit(at: number, bit: number): boolean {
    return (this.u8(at) & (0x80 >> bit)) !== 0;
  }
  flags<N extends string>(at: number, sets: readonly Flags<N>[]): Flags<N> {
    return sets[this.data.getUint16(this.at + at) & (sets.length - 1)]!;
  }
  ipv4(at: number): string {
    return ipv4Text(this.data, this.at + at);
  }
  ipv6(at: number): string {
    return ipv6Text(this.data, this.at + at);
  }
  mac(at: number): string {
    return macText(this.data, this.at + at);
  }
  octets(at: number, size: number): string {
    return hexText(this.data, this.at + at, this.at + at + size);
  }
  rest<T>(at: number, codec: Rest<T>): T {
    return codec.decode(this.data, this.at + at, this.end);
  }
}

/** Its methods return what they were asked for, so a layout run with it is the field table. */
export const describer = {
  u8: (at: number, as?: Format) => ({ type: "u8", at, size: 1, as }),
  u16: (at: number, as?: Format) => ({ type: "u16", at, size: 2, as }),
  u24: (at: number, as?: Format) => ({ type: "u24", at, size: 3, as }),
  u32: (at: number, as?: Format) => ({ type: "u32", at, size: 4, as }),
  u32le: (at: number, as?: Format) => ({ type: "u32le", at, size: 4, as }),
  bits: (at: number, bit: number, width: number, as?: Format) => ({
    type: "bits",
    at,
    size: wordSize(bit + width),
    bit,
    width,
    as,
  }),
  bit: (at: number, bit: number) => ({ type: "bit", at, size: 1, bit }),
  flags: (at: number, sets: unknown) => ({ type: "flags", at, size: 2, sets }),
  ipv4: (at: number) => ({ type: "ipv4", at, size: 4 }),
  ipv6: (at: number) => ({ type: "ipv6", at, size: 16 }),
  mac: (at: number) => ({ type: "mac", at, size: 6 }),
  octets: (at: number, size: number) => ({ type: "octets", at, size }),
  rest: (at: number, codec: unknown) => ({ type: "rest", at, size: 0, codec }),
  // A description stands where a value would: the only reader of these is `header()`, which expects them.
} as unknown as Fields;

/** Largest number the field holds; undefined where it is no number. */
export function largest(field: Field): number | undefined {
  if (field.type === "bits") return 2 ** field.width - 1;
  return "as" in field ? 2 ** (8 * field.size) - 1 : undefined;
}

/** What `field` is where nobody says: zero, off or empty. */
export function blank(field: Field): unknown {
  if (largest(field) !== undefined) return 0;
  switch (field.type) {
    case "bit":
      return false;
    case "flags":
      return field.sets[0];
    case "ipv4":
      return "0.0.0.0";
    case "ipv6":
      return "::";
    case "mac":
      return "00:00:00:00:00:00";
    case "octets":
      return "00".repeat(field.size);
    case "rest":
      return field.codec.fill(undefined);
    default:
      return undefined; // numbers were answered above
  }
}

/** Why `value` does not fit `field`, as the end of a sentence; undefined when it does. */
export function misfit(field: Field, value: unknown): string | undefined {
  const most = largest(field);
  if (most !== undefined) {
    return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most
      ? undefined
      : `takes a whole number from 0 to ${most}`;
  }
  switch (field.type) {
    case "bit":
      return typeof value === "boolean" ? undefined : "takes true or false";
    case "flags": {
      const names = Object.keys(field.sets[0]!);
      const fits =
        typeof value === "object" &&
        value !== null &&
        Object.entries(value).every(([name, on]) => names.includes(name) && typeof on === "boolean");
      return fits ? undefined : `takes true or false for any of ${names.join(", ")}`;
    }
    case "ipv4":
      return parseIpv4(value) ? undefined : 'takes an IPv4 address such as "192.0.2.1"';
    case "ipv6":
      return parseIpv6(value) ? undefined : 'takes an IPv6 address such as "2001:db8::1"';
    case "mac":
      return parseMac(value) ? undefined : 'takes a hardware address such as "02:00:00:00:00:01"';
    case "octets":
      return parseHex(value)?.length === field.size ? undefined : `takes ${field.size} octets in hex`;
    case "rest":
      return field.codec.misfit(value);
    default:
      return undefined; // numbers were answered above
  }
}
