/** Link-layer steps of a walk. */
import { llcSize } from "../../wire/llc.js";
import { isBigEndianNull } from "../../wire/loopback.js";
import { linkTypes } from "../../wire/numbers.js";
import { ids } from "../headers.js";
import { addressFamily, cookedType, etherType, ipVersion, pppProtocol } from "./next.js";
import { END, type Walk } from "./walk.js";

/** The header that a frame of `linkType` starts with. */
export function firstHeader(walk: Walk, linkType: number): number {
  switch (linkType) {
    case linkTypes.ethernet:
      return ids.ethernet;
    case linkTypes.null:
      return walk.end - walk.at >= 4 && isBigEndianNull(walk.data, walk.at) ? ids.loop : ids.null;
    case linkTypes.loop:
      return ids.loop;
    case linkTypes.raw:
    case linkTypes.raw12:
    case linkTypes.raw14:
      return byVersion(walk);
    case linkTypes.ipv4:
      return ids.ipv4;
    case linkTypes.ipv6:
      return ids.ipv6;
    case linkTypes.sll:
      return ids.sll;
    case linkTypes.sll2:
      return ids.sll2;
    default:
      return END;
  }
}

/** The IP that the first four bits tell, where nothing before does. */
function byVersion(walk: Walk): number {
  if (walk.at === walk.end) return END;
  return ipVersion(walk.data.getUint8(walk.at) >> 4);
}

function ethernet(walk: Walk): number {
  if (!walk.has(ids.ethernet, 14)) return END;
  const type = walk.data.getUint16(walk.at + 12);
  walk.take(ids.ethernet, 14);
  // IEEE 802.3 §3.2.6: up to 1500 it is the length of the data, from 1536 on an EtherType
  if (type >= 1536) return etherType(type);
  if (type > 1500) return END;
  walk.bound(ids.ethernet, type, "ethernet.length");
  return lengthContent(walk);
}

function vlan(walk: Walk): number {
  if (!walk.has(ids.vlan, 4)) return END;
  const type = walk.data.getUint16(walk.at + 2);
  walk.take(ids.vlan, 4);
  if (type >= 1536) return etherType(type);
  if (type > 1500) return END;
  walk.bound(ids.vlan, type, "vlan.length");
  return lengthContent(walk);
}

/** What follows a length is LLC, but for old IPX, which starts with a checksum that is not used. */
function lengthContent(walk: Walk): number {
  if (walk.end === walk.at) return END;
  return walk.end - walk.at >= 2 && walk.data.getUint16(walk.at) === 0xffff ? END : ids.llc;
}

function llc(walk: Walk): number {
  if (!walk.has(ids.llc, 3)) return END;
  const { data, at } = walk;
  const points = data.getUint16(at);
  const unnumbered = data.getUint8(at + 2) === 3;
  walk.take(ids.llc, llcSize(data, at));
  if (!unnumbered) return END;
  return points === 0xaaaa ? ids.snap : points === 0x0606 ? ids.ipv4 : END;
}

function snap(walk: Walk): number {
  if (!walk.has(ids.snap, 5)) return END;
  const { data, at } = walk;
  walk.take(ids.snap, 5);
  // RFC 1042; 0000f8 is the same for bridges
  const organization = data.getUint16(at) * 256 + data.getUint8(at + 2);
  return organization === 0 || organization === 0xf8 ? etherType(data.getUint16(at + 3)) : END;
}

function sll(walk: Walk): number {
  if (!walk.has(ids.sll, 16)) return END;
  const type = walk.data.getUint16(walk.at + 14);
  walk.take(ids.sll, 16);
  return cookedType(type);
}

function sll2(walk: Walk): number {
  if (!walk.has(ids.sll2, 20)) return END;
  const type = walk.data.getUint16(walk.at);
  walk.take(ids.sll2, 20);
  return cookedType(type);
}

function nullLoopback(walk: Walk): number {
  if (!walk.has(ids.null, 4)) return END;
  const family = walk.data.getUint32(walk.at, true);
  walk.take(ids.null, 4);
  return addressFamily(family);
}

function loop(walk: Walk): number {
  if (!walk.has(ids.loop, 4)) return END;
  const family = walk.data.getUint32(walk.at);
  walk.take(ids.loop, 4);
  return addressFamily(family);
}

function pppoe(walk: Walk): number {
  if (!walk.has(ids.pppoe, 6)) return END;
  const { data, at } = walk;
  walk.bound(ids.pppoe, 6 + data.getUint16(at + 4), "pppoe.length");
  walk.take(ids.pppoe, 6);
  return data.getUint8(at + 1) === 0 ? ids.ppp : END;
}

function ppp(walk: Walk): number {
  if (!walk.has(ids.ppp, 2)) return END;
  const protocol = walk.data.getUint16(walk.at);
  walk.take(ids.ppp, 2);
  return pppProtocol(protocol);
}

/** RFC 3032 §2.1; nothing says what is below the last label, but IP tells itself (RFC 4928 §3). */
function mpls(walk: Walk): number {
  if (!walk.has(ids.mpls, 4)) return END;
  const bottom = (walk.data.getUint8(walk.at + 2) & 1) !== 0;
  walk.take(ids.mpls, 4);
  return bottom ? byVersion(walk) : ids.mpls;
}

/** RFC 826: the sizes of the addresses are in the header. */
function arp(walk: Walk): number {
  if (!walk.has(ids.arp, 8)) return END;
  const { data, at } = walk;
  // RFC 2225 §8.7: ARP for ATM looks otherwise
  if (data.getUint16(at) === 19) return END;
  walk.take(ids.arp, 8 + 2 * (data.getUint8(at + 4) + data.getUint8(at + 5)));
  return END;
}

export const linkSteps = { ethernet, vlan, llc, snap, sll, sll2, null: nullLoopback, loop, pppoe, ppp, mpls, arp };
