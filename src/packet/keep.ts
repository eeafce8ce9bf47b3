/** Copies of octets that outlive what they were copied from. */
import { copy } from "../wire/copy.js";

/** Octets of a buffer that copies share. */
const SLAB = 16 * 1024;
/** Larger ones get a buffer of their own. */
const LARGE = SLAB / 8;

let octets = new Uint8Array(0);
// Apart, as a Uint8Array takes its time to tell its buffer
let { buffer } = octets;
let words = new DataView(buffer);
let used = 0;

/**
 * A copy of the octets of `data` from `at` to `end`. Small ones lie side by side in one buffer: a buffer for each costs
 * five times as much as its octets. Whoever keeps one copy so keeps {@link SLAB} octets at most, however few it is of. hot
 */
export function keep(data: DataView, at: number, end: number): Uint8Array {
  const size = end - at;
  if (size > LARGE) return new Uint8Array(data.buffer, data.byteOffset + at, size).slice();
  if (used + size > octets.length) {
    buffer = new ArrayBuffer(SLAB);
    octets = new Uint8Array(buffer);
    words = new DataView(buffer);
    used = 0;
  }
  const to = used;
  used += size;
  copy(data, at, end, octets, words, to);
  return new Uint8Array(buffer, to, size);
}
