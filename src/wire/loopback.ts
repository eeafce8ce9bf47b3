/**
 * BSD loopback: LINKTYPE_NULL, LINKTYPE_LOOP.
 *
 * NULL has the address family in the byte order of the capturing host, LOOP in network byte order. So a NULL frame from a
 * big-endian host is, octet for octet, a LOOP frame: it is read as one, and each of the two headers has one byte order.
 */
import { header, type Infer } from "./header.js";
import { addressFamilies } from "./numbers.js";

export const nullLoopback = header({
  title: "BSD loopback, little-endian",
  minimumLength: 4,
  layout: (f) => ({
    kind: "null",
    family: f.u32le(0, addressFamilies),
  }),
});

export interface NullLoopback extends Infer<typeof nullLoopback> {}

export const loop = header({
  title: "BSD loopback, big-endian",
  minimumLength: 4,
  layout: (f) => ({
    kind: "loop",
    family: f.u32(0, addressFamilies),
  }),
});

export interface Loop extends Infer<typeof loop> {}

/** Whether the header at `at` of a NULL frame is big-endian: families are small, so one half of it is zero. */
export function isBigEndianNull(data: DataView, at: number): boolean {
  return data.getUint16(at) === 0;
}
