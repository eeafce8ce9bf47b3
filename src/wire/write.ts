/** How a value gets into its field: one function a field, made once. */
import { ipv4Number, parseIpv6, putMac } from "./address.js";
import type { Field, Flags } from "./field.js";
import { largest } from "./field.js";
import { parseHex } from "./hex.js";

/** Writes `value` into the header that starts at `start` if it fits, and tells whether it does; bits of neighbours in the same word stay as they are. */
export type Writer = (value: unknown, data: DataView, start: number) => boolean;

export function writer(field: Field): Writer {
  const { at } = field;
  switch (field.type) {
    case "u8":
    case "u16":
    case "u24":
    case "u32":
    case "u32le":
      return numberWriter(field.type, at, largest(field)!);
    case "bits":
      return bitsWriter(at, field.size, field.size * 8 - field.bit - field.width, largest(field)!);
    case "bit": {
      const mask = 0x80 >> field.bit;
      return (value, data, start) => {
        if (typeof value !== "boolean") return false;
        const octet = data.getUint8(start + at);
        data.setUint8(start + at, value ? octet | mask : octet & ~mask);
        return true;
      };
    }
    case "flags":
      return flagsWriter(field.sets, at);
    case "ipv4":
      return ipv4Writer(at);
    case "ipv6":
      return remembering(parseIpv6, at);
    case "mac":
      return (value, data, start) => putMac(value, data, start + at);
    case "octets": {
      const { size } = field;
      return remembering((value) => {
        const octets = parseHex(value);
        return octets?.length === size ? octets : undefined;
      }, at);
    }
    case "rest": {
      const { codec } = field;
      return (value, data, start) => {
        if (codec.misfit(value) !== undefined) return false;
        codec.encode(value, data, start + at);
        return true;
      };
    }
    default:
      return field satisfies never;
  }
}

function numberWriter(type: "u8" | "u16" | "u24" | "u32" | "u32le", at: number, most: number): Writer {
  const fits = (value: unknown): value is number => typeof value === "number" && value >>> 0 === value && value <= most;
  switch (type) {
    case "u8":
      return (value, data, start) => {
        if (!fits(value)) return false;
        data.setUint8(start + at, value);
        return true;
      };
    case "u16":
      return (value, data, start) => {
        if (!fits(value)) return false;
        data.setUint16(start + at, value);
        return true;
      };
    case "u24":
      return (value, data, start) => {
        if (!fits(value)) return false;
        data.setUint8(start + at, value >>> 16);
        data.setUint16(start + at + 1, value & 0xffff);
        return true;
      };
    default: {
      const littleEndian = type === "u32le";
      return (value, data, start) => {
        if (!fits(value)) return false;
        data.setUint32(start + at, value, littleEndian);
        return true;
      };
    }
  }
}

function bitsWriter(at: number, size: number, shift: number, most: number): Writer {
  const mask = (most << shift) >>> 0;
  return (value, data, start) => {
    if (typeof value !== "number" || value >>> 0 !== value || value > most) return false;
    const moved = value << shift;
    const i = start + at;
    if (size === 1) data.setUint8(i, (data.getUint8(i) & ~mask) | moved);
    else if (size === 2) data.setUint16(i, (data.getUint16(i) & ~mask) | moved);
    else data.setUint32(i, (data.getUint32(i) & ~mask) | moved);
    return true;
  };
}

/** Names left out are off, so `{ syn: true }` will do. */
function flagsWriter(sets: readonly Flags<string>[], at: number): Writer {
  const bits = new Map(Object.keys(sets[0]!).map((name, i) => [name, 1 << i]));
  const mask = sets.length - 1;
  return (value, data, start) => {
    if (typeof value !== "object" || value === null) return false;
    const flags = value as Readonly<Record<string, unknown>>;
    let on = 0;
    for (const name in flags) {
      const bit = bits.get(name);
      const flag = flags[name];
      if (bit === undefined || typeof flag !== "boolean") return false;
      if (flag) on |= bit;
    }
    data.setUint16(start + at, (data.getUint16(start + at) & ~mask) | on);
    return true;
  };
}

/** Packets repeat the same few addresses, so the last is kept. */
function ipv4Writer(at: number): Writer {
  let text: unknown;
  let number = -1;
  return (value, data, start) => {
    if (value !== text || number < 0) {
      number = ipv4Number(value);
      text = value;
      if (number < 0) return false;
    }
    data.setUint32(start + at, number);
    return true;
  };
}

/** Writes the octets that `parse` makes of a text. The last are kept. */
function remembering(parse: (text: unknown) => ArrayLike<number> | undefined, at: number): Writer {
  let text: unknown;
  let octets: ArrayLike<number> | undefined;
  return (value, data, start) => {
    if (value !== text || octets === undefined) {
      octets = parse(value);
      text = value;
      if (octets === undefined) return false;
    }
    for (let i = 0; i < octets.length; i++) data.setUint8(start + at + i, octets[i]!);
    return true;
  };
}
