/** Between which addresses a packet goes in the end: what RFC 8200 §8.1 and RFC 1122 §4.2.3.8 have transports use. */
import { ids } from "./headers.js";
import type { Walk } from "./walk/walk.js";

/**
 * Where the address stands that the IP header of layer `network`, and the headers between it and layer `i`, lead to: its
 * destination, or the end of a source route; -1 where that cannot be told. hot
 */
export function destinationOf(walk: Walk, network: number, i: number): number {
  if (walk.ids[network] === ids.ipv4) return routedDestination(walk, network);
  let destination = walk.starts[network]! + 24;
  for (let n = network + 1; n < i; n++)
    if (walk.ids[n] === ids.routing) destination = finalDestination(walk, n, destination);
  return destination;
}

/** Where the address stands that the packet is from: its source, or the home address of a mobile node (RFC 6275 §11.3.1). hot */
export function sourceOf(walk: Walk, network: number, i: number): number {
  const at = walk.starts[network]!;
  if (walk.ids[network] === ids.ipv4) return at + 12;
  let source = at + 8;
  for (let n = network + 1; n < i; n++)
    if (walk.ids[n] === ids.destinationOptions) source = homeAddress(walk, n, source);
  return source;
}

/** RFC 791, p. 18: the route's addresses are taken one by one; behind the last of them the header has it. */
function routedDestination(walk: Walk, n: number): number {
  const { data } = walk;
  const start = walk.starts[n]!;
  const end = walk.ends[n]!;
  for (let i = start + 20; i + 2 < end; ) {
    const type = data.getUint8(i);
    const length = data.getUint8(i + 1);
    if (type === 0) break;
    if (type === 131 || type === 137) {
      const last = i + length - 4;
      return length >= 7 && i + length <= end && data.getUint8(i + 2) <= length ? last : start + 16;
    }
    if (type !== 1 && length < 2) break;
    i += type === 1 ? 1 : length;
  }
  return start + 16;
}

/** Where the last address stands that the routing header of layer `n` leads to; -1 where that cannot be told. */
function finalDestination(walk: Walk, n: number, destination: number): number {
  const { data } = walk;
  const at = walk.starts[n]!;
  const segmentsLeft = data.getUint8(at + 3);
  if (segmentsLeft === 0) return destination;
  const last = data.getUint8(at + 2) === 4 ? at + 8 : at + data.getUint8(at + 1) * 8 - 8;
  switch (data.getUint8(at + 2)) {
    case 0:
    case 2:
    case 4:
      return last >= at + 8 && last + 16 <= walk.ends[n]! ? last : -1;
    default:
      return -1;
  }
}

/** Where the home address of the options of layer `n` stands, or else `source`. */
function homeAddress(walk: Walk, n: number, source: number): number {
  const { data } = walk;
  const end = walk.ends[n]!;
  for (let i = walk.starts[n]! + 2; i + 2 <= end; ) {
    const type = data.getUint8(i);
    const length = data.getUint8(i + 1);
    if (type === 201 && length === 16 && i + 18 <= end) return i + 2;
    i += type === 0 ? 1 : 2 + length;
  }
  return source;
}
