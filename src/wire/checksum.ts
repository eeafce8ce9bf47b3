/** The Internet checksum: RFC 1071; the CRC32c of SCTP: RFC 9260 Appendix A. */

/** Octets of which 2^53 holds the sum of their words times 2^8. */
const SHORT = 16 * 1024;

/**
 * The sum, not yet folded, of the octets from `at` to `end` as big-endian 16-bit words, an odd last octet padded with
 * zero. `sum` is carried on from earlier parts, each of an even number of octets.
 *
 * Whole 32-bit words are added: 2^32 and 2^16 are both 1 modulo 2^16 - 1, and 2^53 holds 2 million of them exactly.
 */
export function addUp(data: DataView, at: number, end: number, sum = 0): number {
  // Headers are short: for them this is small enough to be inlined
  let total = sum;
  let i = at;
  if (end - at >= 64) {
    total += addLong(data, at, end);
    i = end - ((end - at) & 31);
  }
  for (const last = end - 3; i < last; i += 4) total += data.getUint32(i);
  if (end - i >= 2) {
    total += data.getUint16(i);
    i += 2;
  }
  return i < end ? total + (data.getUint8(i) << 8) : total;
}

/** The sum of as many whole 32 octets as there are. hot */
function addLong(data: DataView, at: number, end: number): number {
  let total = 0;
  // Two sums side by side: neither waits for the other
  let second = 0;
  if (end - at > SHORT) {
    for (let i = at, last = end - 31; i < last; i += 32) {
      total += data.getUint32(i) + data.getUint32(i + 4) + (data.getUint32(i + 8) + data.getUint32(i + 12));
      second += data.getUint32(i + 16) + data.getUint32(i + 20) + (data.getUint32(i + 24) + data.getUint32(i + 28));
    }
    return total + second;
  }
  for (let i = at, last = end - 31; i < last; i += 32) {
    total += data.getUint32(i, true) + data.getUint32(i + 4, true);
    second += data.getUint32(i + 8, true) + data.getUint32(i + 12, true);
    total += data.getUint32(i + 16, true) + data.getUint32(i + 20, true);
    second += data.getUint32(i + 24, true) + data.getUint32(i + 28, true);
  }
  // RFC 1071 §2 (B): the sum of the swapped words is the swapped sum; 2^8 times a word is the word swapped
  return (total + second) * 256;
}

/** The 16-bit ones' complement sum that `total` stands for. A sum over data and its right checksum is 0xffff. */
export function fold(total: number): number {
  let sum = Math.floor(total / 0x1_0000_0000) + (total >>> 16) + (total & 0xffff);
  sum = (sum >>> 16) + (sum & 0xffff);
  return (sum >>> 16) + (sum & 0xffff);
}

/** The value of the checksum field for octets that sum up to `total`, the field itself taken as zero. */
export function checksumOf(total: number): number {
  return ~fold(total) & 0xffff;
}

/** The sum of the pseudo-header of RFC 9293 §3.1 (IPv4, addresses of 4 octets) and RFC 8200 §8.1 (IPv6, of 16). */
export function pseudoHeader(
  data: DataView,
  source: number,
  destination: number,
  addressSize: 4 | 16,
  protocol: number,
  length: number,
): number {
  return addUp(
    data,
    source,
    source + addressSize,
    addUp(data, destination, destination + addressSize, protocol + length),
  );
}

/** What one octet does to a CRC32c, its polynomial written lowest bit first. */
const CRC32C = Uint32Array.from({ length: 256 }, (_, octet) => {
  let crc = octet;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  return crc;
});

/** The CRC32c of the octets from `at` to `end`; `crc` is that of the ones before them. */
export function crc32c(data: DataView, at: number, end: number, crc = 0): number {
  let rest = ~crc;
  for (let i = at; i < end; i++) rest = (rest >>> 8) ^ CRC32C[(rest ^ data.getUint8(i)) & 255]!;
  return ~rest >>> 0;
}
