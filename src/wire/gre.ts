/** GRE: RFC 2784, keys and sequence numbers RFC 2890, source routes RFC 1701, version 1 (PPTP) RFC 2637. */
import { columns } from "./columns.js";
import { header, type Infer } from "./header.js";
import { etherTypes } from "./numbers.js";
import { isObject } from "./rest.js";

/**
 * In the order of RFC 1701; `routing` is source routes in hex, `cut` the start of a field that was cut. Version 1 has
 * payload length and call id as its key.
 */
const columnsOfGre = columns(
  {
    checksum: "u16",
    offset: "u16",
    key: "u32",
    sequenceNumber: "u32",
    acknowledgmentNumber: "u32",
    routing: "octets",
    cut: "octets",
  },
  (data, at, end) => {
    const sizes = sizesOf(data, at - 4);
    let left = end - at;
    for (const [column, size] of sizes.entries()) {
      if (size > left) return [...sizes.slice(0, column), ...new Array<number>(6 - column).fill(0), left];
      left -= size;
    }
    return [...sizes, left, 0];
  },
);

const NAMES = ["checksum", "offset", "key", "sequenceNumber", "acknowledgmentNumber"] as const;

/** What the flags say is there is there. */
const optional: typeof columnsOfGre = {
  ...columnsOfGre,
  smallest: (data, at) => sizesOf(data, at - 4).reduce((sum, size) => sum + size, 0),
  fill(row = {}, data, at = 0) {
    if (!data || !isObject(row)) return row;
    const sizes = sizesOf(data, at - 4);
    const missing = NAMES.filter((name, column) => sizes[column]! > 0 && row[name] === undefined);
    return { ...row, ...Object.fromEntries(missing.map((name) => [name, 0])) };
  },
};

function sizesOf(data: DataView, at: number): readonly number[] {
  const flags = data.getUint16(at);
  const summed = (flags & 0xc000) === 0 ? 0 : 2;
  const acknowledged = (flags & 0x0080) !== 0 && (flags & 7) === 1;
  return [summed, summed, flags & 0x2000 ? 4 : 0, flags & 0x1000 ? 4 : 0, acknowledged ? 4 : 0];
}

export const gre = header({
  title: "Generic Routing Encapsulation",
  minimumLength: 4,
  layout: (f) => ({
    kind: "gre",
    checksumPresent: f.bit(0, 0),
    routingPresent: f.bit(0, 1),
    keyPresent: f.bit(0, 2),
    sequenceNumberPresent: f.bit(0, 3),
    strictSourceRoute: f.bit(0, 4),
    recursionControl: f.bits(0, 5, 3),
    /** Version 1 only. */
    acknowledgmentPresent: f.bit(1, 0),
    reserved: f.bits(1, 1, 4),
    version: f.bits(1, 5, 3),
    /** What follows. */
    protocol: f.u16(2, etherTypes),
    optional: f.rest(4, optional),
  }),
});

export interface Gre extends Infer<typeof gre> {}

/** The first octet behind the header at `at`, of which at least 4 octets are there; it may lie behind `end`. */
export function greEnd(data: DataView, at: number, end: number): number {
  let i = at + 4 + sizesOf(data, at).reduce((sum, size) => sum + size, 0);
  if ((data.getUint8(at) & 0x40) === 0) return i;
  // RFC 1701: source route entries of family, offset and length, up to one of family and length 0
  for (let last = false; !last && i + 4 <= end; ) {
    const length = data.getUint8(i + 3);
    last = data.getUint16(i) === 0 && length === 0;
    i += 4 + length;
  }
  return i;
}
