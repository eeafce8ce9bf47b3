/** Block types and option codes of pcapng: draft-ietf-opsawg-pcapng. */
import type { Option } from "./record.js";

export const SECTION_HEADER = 0x0a0d0d0a;
export const INTERFACE_DESCRIPTION = 1;
/** Obsolete; appendix A. */
export const PACKET = 2;
export const SIMPLE_PACKET = 3;
export const INTERFACE_STATISTICS = 5;
export const ENHANCED_PACKET = 6;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
export const BYTE_ORDER_MAGIC_SWAPPED = 0x4d3c2b1a;

/** Of any block. */
export const END_OF_OPTIONS = 0;
export const COMMENT = 1;
export const SECTION_APPLICATION = 4;
export const INTERFACE_NAME = 2;
export const INTERFACE_TEXT = 3;
export const INTERFACE_RESOLUTION = 9;
export const INTERFACE_OFFSET = 14;
export const PACKET_FLAGS = 2;
export const PACKET_DROPS = 4;
export const STATISTICS_START = 2;
export const STATISTICS_END = 3;
export const STATISTICS_RECEIVED = 4;
export const STATISTICS_DROPPED = 5;
export const STATISTICS_OS_DROPPED = 7;

const NAMES: Readonly<Record<number, string>> = {
  [SECTION_HEADER]: "Section Header Block",
  [INTERFACE_DESCRIPTION]: "Interface Description Block",
  [PACKET]: "Packet Block",
  [SIMPLE_PACKET]: "Simple Packet Block",
  4: "Name Resolution Block",
  [INTERFACE_STATISTICS]: "Interface Statistics Block",
  [ENHANCED_PACKET]: "Enhanced Packet Block",
  9: "systemd Journal Export Block",
  10: "Decryption Secrets Block",
  2989: "Custom Block",
  1073744813: "Custom Block",
};

export function blockName(type: number): string {
  return NAMES[type] ?? `block of type 0x${type.toString(16).padStart(8, "0")}`;
}

/** Octets that `count` take with their padding to 32 bits. */
export function padded(count: number): number {
  return (count + 3) & ~3;
}

/** Copies the options from `at` to `end`, or those before the first that does not fit; `whole` says which. */
export function readOptions(
  data: DataView,
  at: number,
  end: number,
  littleEndian: boolean,
): { readonly options: Option[]; readonly whole: boolean } {
  const options: Option[] = [];
  let next = at;
  while (end - next >= 4) {
    const code = data.getUint16(next, littleEndian);
    const size = data.getUint16(next + 2, littleEndian);
    if (code === END_OF_OPTIONS) return { options, whole: true };
    next += 4;
    if (size > end - next) return { options, whole: false };
    options.push({ code, value: octets(data, next, next + size).slice() });
    next += padded(size);
  }
  return { options, whole: true };
}

/** Octets that `options` take with their end mark; none at all when there are none. */
export function optionsSize(options: readonly Option[]): number {
  if (options.length === 0) return 0;
  let size = 4;
  for (const { value } of options) size += 4 + padded(value.length);
  return size;
}

/** Writes `options` and their end mark at `at`. */
export function writeOptions(options: readonly Option[], data: DataView, at: number, littleEndian: boolean): void {
  if (options.length === 0) return;
  let next = at;
  for (const { code, value } of options) {
    data.setUint16(next, code, littleEndian);
    data.setUint16(next + 2, value.length, littleEndian);
    next += 4;
    octets(data, next, next + value.length).set(value);
    for (next += value.length; (next & 3) !== 0; next++) data.setUint8(next, 0);
  }
  data.setUint32(next, 0);
}

export function octets(data: DataView, at: number, end: number): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset + at, end - at);
}

const TWO_TO_32 = 2 ** 32;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** UTF-8; some writers end it by a zero octet, which is not part of it. */
export function text(value: Uint8Array): string {
  const zero = value.indexOf(0);
  return decoder.decode(zero < 0 ? value : value.subarray(0, zero));
}

/** An option of UTF-8 text, cut at a character where it is longer than an option can be. */
export function textOption(code: number, value: string): Option {
  return textOptions(code, value)[0]!;
}

/** UTF-8 text as one option, or as several where it is longer than one can be. */
export function textOptions(code: number, value: string): Option[] {
  const options: Option[] = [];
  const room = new Uint8Array(LONGEST_OPTION);
  let rest = value;
  do {
    const { read, written } = encoder.encodeInto(rest, room);
    options.push({ code, value: room.slice(0, written) });
    rest = rest.slice(read);
  } while (rest !== "");
  return options;
}

const LONGEST_OPTION = 0xffff;

/** An option that holds a 64-bit number. */
export function u64Option(code: number, value: number, littleEndian: boolean): Option {
  const data = new DataView(new ArrayBuffer(8));
  writeU64(data, 0, value, littleEndian);
  return { code, value: new Uint8Array(data.buffer) };
}

/** Writes a 64-bit number, or the largest there is; negative ones as their complement of two. hot */
export function writeU64(data: DataView, at: number, value: number, littleEndian: boolean): void {
  const high = Math.floor(value / TWO_TO_32);
  const low = high < TWO_TO_32 ? value - high * TWO_TO_32 : 0xffffffff;
  data.setUint32(littleEndian ? at + 4 : at, Math.min(high, 0xffffffff), littleEndian);
  data.setUint32(littleEndian ? at : at + 4, low, littleEndian);
}

/** A 64-bit number; beyond 2^53 the nearest one there is. hot */
export function readU64(data: DataView, at: number, littleEndian: boolean): number {
  const first = data.getUint32(at, littleEndian);
  const second = data.getUint32(at + 4, littleEndian);
  return littleEndian ? second * TWO_TO_32 + first : first * TWO_TO_32 + second;
}
