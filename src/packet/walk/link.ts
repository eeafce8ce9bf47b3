/** Link-layer steps of a walk. */
import { linkTypes } from "../../wire/numbers.js";
import { ids } from "../headers.js";
import { END, type Walk } from "./walk.js";

/** The header that a frame of `linkType` starts with. RAW frames say by their first four bits which IP they are. */
export function firstHeader(walk: Walk, linkType: number): number {
  switch (linkType) {
    case linkTypes.ethernet:
      return ids.ethernet;
    case linkTypes.raw:
      return walk.end === walk.at ? END : walk.data.getUint8(walk.at) >> 4 === 6 ? ids.ipv6 : ids.ipv4;
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

function etherType(type: number): number {
  switch (type) {
    case 0x0800:
      return ids.ipv4;
    case 0x86dd:
      return ids.ipv6;
    case 0x0806:
      return ids.arp;
    case 0x8100:
    case 0x88a8:
    case 0x9100:
      return ids.vlan;
    default:
      return END;
  }
}

function ethernet(walk: Walk): number {
  if (!walk.has(ids.ethernet, 14)) return END;
  const type = walk.data.getUint16(walk.at + 12);
  walk.take(ids.ethernet, 14);
  return typeOrLength(walk, type);
}

function vlan(walk: Walk): number {
  if (!walk.has(ids.vlan, 4)) return END;
  const type = walk.data.getUint16(walk.at + 2);
  walk.take(ids.vlan, 4);
  return typeOrLength(walk, type);
}

/** IEEE 802.3 §3.2.6: up to 1500 it is the length of the data, from 1536 on an EtherType. */
function typeOrLength(walk: Walk, type: number): number {
  if (type >= 1536) return etherType(type);
  if (type <= 1500) walk.bound(ids.ethernet, type, "ethernet.length");
  return END;
}

function sll(walk: Walk): number {
  if (!walk.has(ids.sll, 16)) return END;
  const type = walk.data.getUint16(walk.at + 14);
  walk.take(ids.sll, 16);
  return etherType(type);
}

function sll2(walk: Walk): number {
  if (!walk.has(ids.sll2, 20)) return END;
  const type = walk.data.getUint16(walk.at);
  walk.take(ids.sll2, 20);
  return etherType(type);
}

/** RFC 826: the sizes of the addresses are in the header. */
function arp(walk: Walk): number {
  if (!walk.has(ids.arp, 8)) return END;
  const { data, at } = walk;
  walk.take(ids.arp, 8 + 2 * (data.getUint8(at + 4) + data.getUint8(at + 5)));
  return END;
}

export const linkSteps = { ethernet, vlan, sll, sll2, arp };
