/** Checksums held against the octets they cover, with the kernel's word taken into account. */
import { addUp, checksumOf, fold, pseudoHeader } from "../wire/checksum.js";
import { headers, ids } from "./headers.js";
import type { Offload, Verdict } from "./packet.js";
import type { Problem } from "./problem.js";
import type { Walk } from "./walk/walk.js";

/** The verdict on layer `i`, or undefined where it has no checksum. hot */
export function verdictOf(walk: Walk, i: number, offload: Offload): Verdict | undefined {
  const field = checksumField(walk.ids[i]!);
  if (field < 0) return undefined;
  const id = walk.ids[i]!;
  const transport = id === ids.tcp || id === ids.udp;
  if (transport && offload !== "none" && innermost(walk, i)) return offload;
  if (walk.starts[i]! + field + 2 > walk.ends[i]!) return "cannot tell";
  if (id === ids.udp && walk.data.getUint16(walk.starts[i]! + field) === 0 && networkOf(walk, i) === ids.ipv4)
    return "absent";
  const total = coveredSum(walk, i);
  return Number.isNaN(total) ? "cannot tell" : fold(total) === 0xffff ? "good" : "bad";
}

/** The problem that a bad checksum of layer `i` is. */
export function checksumProblem(walk: Walk, i: number): Problem {
  const id = walk.ids[i]!;
  const at = walk.starts[i]! + checksumField(id);
  const found = walk.data.getUint16(at);
  const computed = checksumOf(coveredSum(walk, i) - found);
  // RFC 768: a computed zero is sent as all ones
  const sent = id === ids.udp && computed === 0 ? 0xffff : computed;
  return { kind: "checksum", layer: headers[id]!.kind, at: at - walk.frameStart, found, computed: sent };
}

/** Where the checksum stands in the header, counted from its start; -1 where it has none. */
function checksumField(id: number): number {
  switch (id) {
    case ids.ipv4:
      return 10;
    case ids.tcp:
      return 16;
    case ids.udp:
      return 6;
    case ids.icmp:
    case ids.icmpv6:
      return 2;
    default:
      return -1;
  }
}

/** The sum over all that the checksum of layer `i` covers, itself included; NaN where not all of it is there. */
function coveredSum(walk: Walk, i: number): number {
  const { data } = walk;
  const id = walk.ids[i]!;
  const start = walk.starts[i]!;
  if (id === ids.ipv4) {
    const end = start + (data.getUint8(start) & 15) * 4;
    return end > walk.ends[i]! ? Number.NaN : addUp(data, start, end);
  }
  const end = walk.wireEnds[i]!;
  if (end > walk.frameEnd || i >= walk.fragmented) return Number.NaN;
  if (id === ids.icmp) return addUp(data, start, end);
  return addUp(data, start, end, pseudoHeaderSum(walk, i, end - start));
}

function pseudoHeaderSum(walk: Walk, i: number, length: number): number {
  const id = walk.ids[i]!;
  const protocol = id === ids.tcp ? 6 : id === ids.udp ? 17 : 58;
  const network = networkIndex(walk, i);
  if (network < 0) return Number.NaN;
  const at = walk.starts[network]!;
  return walk.ids[network] === ids.ipv4
    ? pseudoHeader(walk.data, at + 12, at + 16, 4, protocol, length)
    : pseudoHeader(walk.data, at + 8, at + 24, 16, protocol, length);
}

/** The index of the IP header that carries layer `i`; -1 where there is none. */
function networkIndex(walk: Walk, i: number): number {
  for (let n = i - 1; n >= 0; n--) if (walk.ids[n] === ids.ipv4 || walk.ids[n] === ids.ipv6) return n;
  return -1;
}

function networkOf(walk: Walk, i: number): number {
  const network = networkIndex(walk, i);
  return network < 0 ? -1 : walk.ids[network]!;
}

/** Whether no transport header follows layer `i` inside the same packet: the kernel's word is about the innermost. */
function innermost(walk: Walk, i: number): boolean {
  if (i >= walk.quoted) return false;
  for (let n = i + 1; n < walk.count && n < walk.quoted; n++)
    if (walk.ids[n] === ids.tcp || walk.ids[n] === ids.udp) return false;
  return true;
}
