/** Checksums held against the octets they cover, with the kernel's word taken into account. */
import { addUp, checksumOf, crc32c, fold, pseudoHeader } from "../wire/checksum.js";
import { type HeaderKind, headers, ids } from "./headers.js";
import type { Checksum, Offload, Verdict } from "./packet.js";
import type { Problem } from "./problem.js";
import { destinationOf, sourceOf } from "./route.js";
import type { Walk } from "./walk/walk.js";

/** Verdicts by their numbers in a walk, where 0 is one that is not known yet. */
const GOOD = 1;
const BAD = 2;
const ABSENT = 3;
const UNKNOWN = 4;
/** Of a layer without a checksum. */
const NONE = 5;
/** The kernel's word, which is not in a walk. */
const NOT_COMPUTED = 6;
const VERIFIED = 7;
const VERDICTS: readonly (Verdict | undefined)[] = [
  "cannot tell",
  "good",
  "bad",
  "absent",
  "cannot tell",
  undefined,
  "not computed yet",
  "verified by the kernel",
];

/** The verdict on layer `i`, or undefined where it has no checksum. hot */
export function verdictOf(walk: Walk, i: number, offload: Offload): Verdict | undefined {
  return VERDICTS[numberOf(walk, i, offload)];
}

/** Whether the checksum of layer `i` is there and wrong. hot */
export function isWrong(walk: Walk, i: number, offload: Offload): boolean {
  return fields[walk.ids[i]!]! >= 0 && numberOf(walk, i, offload) === BAD;
}

/** As many layers as nearly all packets have; their verdicts are a number, three bits each. */
const FEW = 4;
const lists = new Map<number, readonly Checksum[]>();

/** The verdicts on all layers; packets of up to {@link FEW} share the list where they are the same. hot */
export function checksumsOf(walk: Walk, offload: Offload): readonly Checksum[] {
  const { count } = walk;
  if (count > FEW) return listOf(walk, offload);
  let key = 1;
  for (let i = 0; i < count; i++) key = key * 8 + numberOf(walk, i, offload);
  const known = lists.get(key);
  if (known) return known;
  const list = listOf(walk, offload);
  lists.set(key, list);
  return list;
}

function listOf(walk: Walk, offload: Offload): readonly Checksum[] {
  const checksums: Checksum[] = [];
  for (let layer = 0; layer < walk.count; layer++) {
    const verdict = verdictOf(walk, layer, offload);
    if (verdict) checksums.push(Object.freeze({ layer, verdict }));
  }
  return Object.freeze(checksums);
}

function numberOf(walk: Walk, i: number, offload: Offload): number {
  if (offload === "unknown") {
    const found = verify(walk, i);
    return found === BAD && isLeft(walk, i) ? NOT_COMPUTED : found;
  }
  if (offload !== "none" && isOffloaded(walk.ids[i]!) && innermost(walk, i))
    return offload === "verified by the kernel" ? VERIFIED : NOT_COMPUTED;
  return verify(walk, i);
}

/** Whether a checksum was left to the network card. hot */
export function isLeftToCard(walk: Walk, offload: Offload): boolean {
  if (offload !== "unknown") return offload === "not computed yet";
  for (let i = 0; i < walk.count; i++) if (isLeft(walk, i)) return true;
  return false;
}

/** Whether all there is in place of a checksum is the sum of the pseudo-header, as the kernel leaves it to the card. */
function isLeft(walk: Walk, i: number): boolean {
  if (walk.ids[i] !== ids.tcp && walk.ids[i] !== ids.udp) return false;
  const start = walk.starts[i]!;
  const at = start + checksumField(walk, i);
  if (at + 2 > walk.ends[i]! || !innermost(walk, i)) return false;
  const sum = pseudoHeaderSum(walk, i, walk.wireEnds[i]! - start);
  return walk.data.getUint16(at) === fold(sum) && verify(walk, i) === BAD;
}

/** Network cards make and check these. */
function isOffloaded(id: number): boolean {
  return id === ids.tcp || id === ids.udp || id === ids.sctp;
}

/** Its number, once for each walk. */
function verify(walk: Walk, i: number): number {
  const known = walk.verdicts[i]!;
  if (known !== 0) return known;
  const found = look(walk, i);
  walk.verdicts[i] = found;
  return found;
}

function look(walk: Walk, i: number): number {
  const field = checksumField(walk, i);
  if (field < 0) return NONE;
  const at = walk.starts[i]! + field;
  if (at + 2 > walk.ends[i]!) return UNKNOWN;
  // RFC 768; IPv6 does not allow it, which the walk says
  if (walk.ids[i] === ids.udp && walk.data.getUint16(at) === 0) return ABSENT;
  if (walk.ids[i] === ids.sctp) {
    const crc = sctpCrc(walk, i);
    return Number.isNaN(crc) ? UNKNOWN : walk.data.getUint32(at) === crc ? GOOD : BAD;
  }
  const total = coveredSum(walk, i);
  return Number.isNaN(total) ? UNKNOWN : fold(total) === 0xffff ? GOOD : BAD;
}

/** The problem that a bad checksum of layer `i` is. */
export function checksumProblem(walk: Walk, i: number): Problem {
  const id = walk.ids[i]!;
  const at = walk.starts[i]! + checksumField(walk, i);
  const found = id === ids.sctp ? walk.data.getUint32(at) : walk.data.getUint16(at);
  const computed = rightChecksum(walk, i);
  return { kind: "checksum", layer: headers[id]!.kind, at: at - walk.frameStart, found, computed };
}

/** What the checksum of layer `i` has to be, whatever is there now; NaN where not all that it covers is there. hot */
export function rightChecksum(walk: Walk, i: number): number {
  const id = walk.ids[i]!;
  if (id === ids.sctp) return sctpCrc(walk, i);
  // The most usual by themselves: with all the others they are too much for V8 to inline
  const total =
    id === ids.tcp
      ? sumWithPseudoHeader(walk, i, walk.wireEnds[i]!)
      : id === ids.ipv4
        ? headerSum(walk, i)
        : coveredSum(walk, i);
  if (Number.isNaN(total)) return total;
  const computed = checksumOf(total - walk.data.getUint16(walk.starts[i]! + checksumField(walk, i)));
  // RFC 768, RFC 3828 §3.1: a computed zero is sent as all ones
  return computed === 0 && (id === ids.udp || id === ids.udpLite) ? 0xffff : computed;
}

/**
 * As {@link rightChecksum}, but over all that is there, however much other fields say there should be; NaN where the layer
 * needs addresses that nothing before it has.
 */
export function checksumOverAll(walk: Walk, i: number): number {
  const start = walk.starts[i]!;
  const end = walk.ids[i] === ids.ipv4 ? walk.ends[i]! : walk.wireEnds[i]!;
  const sum = protocols[walk.ids[i]!]! < 0 ? 0 : pseudoHeaderSum(walk, i, end - start);
  if (Number.isNaN(sum)) return sum;
  return checksumOf(addUp(walk.data, start, end, sum) - walk.data.getUint16(start + checksumField(walk, i)));
}

/** By header: where the checksum stands in it, counted from its start; -1 where it has none. */
const fields = byHeader({
  ipv4: 10,
  tcp: 16,
  udp: 6,
  udpLite: 6,
  dccp: 6,
  icmp: 2,
  icmpv6: 2,
  igmp: 2,
  sctp: 8,
  mobility: 4,
  gre: 4,
});

/** By header: its number in the pseudo-header. */
const protocols = byHeader({ tcp: 6, udp: 17, dccp: 33, icmpv6: 58, mobility: 135, udpLite: 136 });

function byHeader(numbers: Partial<Record<HeaderKind, number>>): Int16Array {
  return Int16Array.from(headers, ({ kind }) => numbers[kind] ?? -1);
}

/** Where the checksum of layer `i` stands in it; -1 where it has none. */
export function checksumField(walk: Walk, i: number): number {
  const id = walk.ids[i]!;
  return id === ids.gre && (walk.data.getUint8(walk.starts[i]!) & 0x80) === 0 ? -1 : fields[id]!;
}

/** The sum over all that the checksum of layer `i` covers, itself included; NaN where not all of it is there. */
function coveredSum(walk: Walk, i: number): number {
  const { data } = walk;
  const start = walk.starts[i]!;
  const wireEnd = walk.wireEnds[i]!;
  switch (walk.ids[i]) {
    case ids.ipv4:
      return headerSum(walk, i);
    case ids.icmp:
    case ids.igmp:
    case ids.gre:
      return sumOf(walk, i, wireEnd);
    case ids.udp: {
      const length = data.getUint16(start + 4);
      const end = length === 0 ? wireEnd : start + length;
      return end > wireEnd ? Number.NaN : sumWithPseudoHeader(walk, i, end);
    }
    case ids.udpLite: {
      // RFC 3828 §3.1: 0 is all of it, 1 to 7 or more than there is cannot be
      const coverage = data.getUint16(start + 4);
      const end = coverage === 0 ? wireEnd : start + coverage;
      return end > wireEnd || (coverage > 0 && coverage < 8)
        ? Number.NaN
        : sumOf(walk, i, end, pseudoHeaderSum(walk, i, wireEnd - start));
    }
    case ids.dccp: {
      // RFC 4340 §9.2: 0 is all of it, n the header and n - 1 words of data
      const coverage = data.getUint8(start + 5) & 15;
      const end = coverage === 0 ? wireEnd : start + (data.getUint8(start + 4) + coverage - 1) * 4;
      return sumOf(walk, i, Math.min(end, wireEnd), pseudoHeaderSum(walk, i, wireEnd - start));
    }
    case ids.mobility:
      return sumWithPseudoHeader(walk, i, walk.ends[i]!);
    default:
      return sumWithPseudoHeader(walk, i, wireEnd);
  }
}

/** The sum over the IPv4 header `i`; NaN where not all of it is there. */
function headerSum({ data, starts, ends }: Walk, i: number): number {
  const start = starts[i]!;
  const size = (data.getUint8(start) & 15) * 4;
  // Less than a header has: nothing says what it covers
  return size < 20 || start + size > ends[i]! ? Number.NaN : addUp(data, start, start + size);
}

const ZEROS = new DataView(new ArrayBuffer(4));

/** RFC 9260 §6.8: over the whole packet with a checksum of zero; sent with its octets in reverse order. */
function sctpCrc(walk: Walk, i: number): number {
  const { data } = walk;
  const start = walk.starts[i]!;
  const end = walk.wireEnds[i]!;
  if (end > walk.frameEnd || i >= walk.fragmented) return Number.NaN;
  const crc = crc32c(data, start + 12, end, crc32c(ZEROS, 0, 4, crc32c(data, start, start + 8)));
  return ((crc << 24) | ((crc & 0xff00) << 8) | ((crc >>> 8) & 0xff00) | (crc >>> 24)) >>> 0;
}

/** The sum from `before` octets in front of layer `i` to `end`; NaN where not all of it is there. */
function sumOf(walk: Walk, i: number, end: number, sum = 0, before = 0): number {
  return end > walk.frameEnd || i >= walk.fragmented
    ? Number.NaN
    : addUp(walk.data, walk.starts[i]! - before, end, sum);
}

/** The sum of the pseudo-header and from the start of layer `i` to `end`. hot */
function sumWithPseudoHeader(walk: Walk, i: number, end: number): number {
  const length = end - walk.starts[i]!;
  // Nearly always both addresses stand right in front of it: one stretch
  const addresses = i === 0 ? 0 : addressesBefore(walk, i - 1);
  return addresses === 0
    ? sumOf(walk, i, end, pseudoHeaderSum(walk, i, length))
    : sumOf(walk, i, end, protocols[walk.ids[i]!]! + length, addresses);
}

/** Octets of both addresses where layer `i` is an IP header that ends with them; 0 where it is not. */
function addressesBefore(walk: Walk, i: number): number {
  const size = walk.ends[i]! - walk.starts[i]!;
  if (walk.ids[i] === ids.ipv4) return size === 20 ? 8 : 0;
  return walk.ids[i] === ids.ipv6 ? 32 : 0;
}

function pseudoHeaderSum(walk: Walk, i: number, length: number): number {
  const network = networkIndex(walk, i);
  if (network < 0) return Number.NaN;
  const at = walk.starts[network]!;
  const protocol = protocols[walk.ids[i]!]!;
  const destination = destinationOf(walk, network, i);
  if (walk.ids[network] === ids.ipv4) return pseudoHeader(walk.data, at + 12, destination, 4, protocol, length);
  return destination < 0
    ? Number.NaN
    : pseudoHeader(walk.data, sourceOf(walk, network, i), destination, 16, protocol, length);
}

/** The index of the IP header that carries layer `i`; -1 where there is none. */
function networkIndex(walk: Walk, i: number): number {
  for (let n = i - 1; n >= 0; n--) if (walk.ids[n] === ids.ipv4 || walk.ids[n] === ids.ipv6) return n;
  return -1;
}

/** Whether no transport header follows layer `i` inside the same packet: the kernel's word is about the innermost. */
function innermost(walk: Walk, i: number): boolean {
  if (i >= walk.quoted) return false;
  for (let n = i + 1; n < walk.count && n < walk.quoted; n++) if (isOffloaded(walk.ids[n]!)) return false;
  return true;
}
