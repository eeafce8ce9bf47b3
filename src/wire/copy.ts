/** Up to so many octets, a loop is faster than a Uint8Array over the source. */
const FEW = 100;

/** Copies the octets of `from` from `at` to `end` to octet `to` of `octets`, over which `words` is a view. hot */
export function copy(from: DataView, at: number, end: number, octets: Uint8Array, words: DataView, to: number): void {
  const size = end - at;
  if (size > FEW) {
    octets.set(new Uint8Array(from.buffer, from.byteOffset + at, size), to);
    return;
  }
  const lastWord = size - 4;
  let i = 0;
  // In the order of most machines, which takes no swapping
  for (; i <= lastWord; i += 4) words.setUint32(to + i, from.getUint32(at + i, true), true);
  for (; i < size; i++) words.setUint8(to + i, from.getUint8(at + i));
}
