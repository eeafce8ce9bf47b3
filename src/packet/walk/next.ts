/**
 * What a number in a header says of the header behind it, and which number says it: the first way for those who read
 * packets, the other for those who write them. The second is made from the first, so the two cannot disagree.
 */
import { addressFamilies, etherTypes, ipProtocols, pppProtocols } from "../../wire/numbers.js";
import { ids } from "../headers.js";
import { END } from "./walk.js";

/** The header that `type` names. */
export function etherType(type: number): number {
  switch (type) {
    case 0x0800:
      return ids.ipv4;
    case 0x86dd:
      return ids.ipv6;
    case 0x0806:
    case 0x8035:
      return ids.arp;
    case 0x8100:
    case 0x88a8:
    case 0x9100:
    case 0x9200:
      return ids.vlan;
    case 0x8864:
      return ids.pppoe;
    case 0x8847:
    case 0x8848:
      return ids.mpls;
    case 0x6558:
      return ids.ethernet;
    default:
      return END;
  }
}

/** linux/if_ether.h: 4 is an 802.2 frame. */
export function cookedType(type: number): number {
  return type === 4 ? ids.llc : etherType(type);
}

/** IPv6 has a number of its own on each BSD. */
export function addressFamily(family: number): number {
  if (family === 2) return ids.ipv4;
  return family === 24 || family === 28 || family === 30 ? ids.ipv6 : END;
}

export function pppProtocol(protocol: number): number {
  return protocol === 0x0021 ? ids.ipv4 : protocol === 0x0057 ? ids.ipv6 : END;
}

/** The IP that the first four bits tell, where nothing before does. */
export function ipVersion(version: number): number {
  return version === 4 ? ids.ipv4 : version === 6 ? ids.ipv6 : END;
}

/** The header that protocol number `protocol` names, after IPv4 or among the extension headers of IPv6. */
export function ipProtocol(protocol: number): number {
  switch (protocol) {
    case 6:
      return ids.tcp;
    case 17:
      return ids.udp;
    case 1:
      return ids.icmp;
    case 58:
      return ids.icmpv6;
    case 4:
      return ids.ipv4;
    case 41:
      return ids.ipv6;
    case 0:
      return ids.hopByHopOptions;
    case 43:
      return ids.routing;
    case 44:
      return ids.fragment;
    case 60:
      return ids.destinationOptions;
    case 2:
      return ids.igmp;
    case 33:
      return ids.dccp;
    case 47:
      return ids.gre;
    case 50:
      return ids.esp;
    case 51:
      return ids.authentication;
    case 94:
      return ids.ipv4;
    case 132:
      return ids.sctp;
    case 135:
      return ids.mobility;
    case 136:
      return ids.udpLite;
    case 137:
      return ids.mpls;
    case 143:
      return ids.ethernet;
    default:
      return END;
  }
}

/** Most extension headers are IPv6's alone. */
export function ipv4Protocol(protocol: number): number {
  switch (protocol) {
    case 0:
    case 43:
    case 44:
    case 60:
    case 135:
      return END;
    default:
      return ipProtocol(protocol);
  }
}

/** The least number for which `next` gives header `id`, or {@link END}. */
export type NumberOf = (id: number) => number;

function reverse(next: (number: number) => number, names: object): NumberOf {
  const numbers = new Map<number, number>();
  for (const name of Object.keys(names).map(Number)) {
    const id = next(name);
    if (id !== END && !numbers.has(id)) numbers.set(id, name);
  }
  return (id) => numbers.get(id) ?? END;
}

export const etherTypeOf = reverse(etherType, etherTypes);
export const cookedTypeOf = reverse(cookedType, { 4: "LLC", ...etherTypes });
export const addressFamilyOf = reverse(addressFamily, addressFamilies);
export const pppProtocolOf = reverse(pppProtocol, pppProtocols);
export const ipProtocolOf = reverse(ipProtocol, ipProtocols);
export const ipv4ProtocolOf = reverse(ipv4Protocol, ipProtocols);
