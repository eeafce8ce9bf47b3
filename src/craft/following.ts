/** How each header says what follows it: by which number in which field. */
import { type HeaderKind, headers, ids } from "../packet/headers.js";
import {
  addressFamilyOf,
  cookedTypeOf,
  etherTypeOf,
  ipProtocolOf,
  ipv4ProtocolOf,
  type NumberOf,
  pppProtocolOf,
} from "../packet/walk/next.js";
import { END } from "../packet/walk/walk.js";

export interface Following {
  /** The field, where there is one that says it. */
  readonly field?: string;
  /** What the field holds in front of header `id`; {@link END} where that cannot follow. */
  readonly number: NumberOf;
  /** What it holds in front of octets without a header, and in front of nothing. */
  readonly payload: number;
  readonly nothing?: number;
}

// IEEE Std 802: local experimental EtherType 1
const EXPERIMENTAL_TYPE = 0x88b5;
// RFC 3692 §2.1
const EXPERIMENTAL_PROTOCOL = 253;
// RFC 8200 §4.7
const NO_NEXT_HEADER = 59;

const only =
  (id: number, number: number): NumberOf =>
  (next) =>
    next === id ? number : END;
const nothing: Following = { number: () => END, payload: 0 };

/** In front of LLC stands its length, which is known later. */
const typed: Following = {
  field: "type",
  number: (id) => (id === ids.llc ? 0 : etherTypeOf(id)),
  payload: EXPERIMENTAL_TYPE,
};
const cooked: Following = { field: "protocol", number: cookedTypeOf, payload: EXPERIMENTAL_TYPE };
const family: Following = { field: "family", number: addressFamilyOf, payload: 0 };
const extension: Following = {
  field: "nextHeader",
  // RFC 8200 §4.1: hop-by-hop options stand behind the IPv6 header only
  number: (id) => (id === ids.hopByHopOptions ? END : ipProtocolOf(id)),
  payload: EXPERIMENTAL_PROTOCOL,
  nothing: NO_NEXT_HEADER,
};

export const following: Readonly<Record<HeaderKind, Following>> = {
  ethernet: typed,
  vlan: typed,
  sll: cooked,
  sll2: cooked,
  null: family,
  loop: family,
  // Destination and source, an octet each; 0 for what has no number
  llc: { field: "destination", number: (id) => (id === ids.snap ? 0xaa : id === ids.ipv4 ? 6 : END), payload: 0 },
  snap: { field: "protocol", number: etherTypeOf, payload: EXPERIMENTAL_TYPE },
  pppoe: { field: "code", number: only(ids.ppp, 0), payload: 0 },
  ppp: { field: "protocol", number: pppProtocolOf, payload: 0 },
  mpls: {
    field: "bottom",
    number: (id) => (id === ids.mpls ? 0 : id === ids.ipv4 || id === ids.ipv6 ? 1 : END),
    payload: 1,
  },
  arp: nothing,
  ipv4: { field: "protocol", number: ipv4ProtocolOf, payload: EXPERIMENTAL_PROTOCOL },
  ipv6: { field: "nextHeader", number: ipProtocolOf, payload: EXPERIMENTAL_PROTOCOL, nothing: NO_NEXT_HEADER },
  hopByHopOptions: extension,
  destinationOptions: extension,
  routing: extension,
  fragment: extension,
  authentication: extension,
  mobility: { ...extension, payload: NO_NEXT_HEADER },
  esp: nothing,
  // RFC 2637 §4.1
  gre: { field: "protocol", number: (id) => (id === ids.ppp ? 0x880b : etherTypeOf(id)), payload: EXPERIMENTAL_TYPE },
  // An error quotes a packet, "destination unreachable" the most common; echo requests have data
  icmp: { field: "type", number: only(ids.ipv4, 3), payload: 8 },
  icmpv6: { field: "type", number: only(ids.ipv6, 1), payload: 128 },
  igmp: nothing,
  tcp: nothing,
  udp: nothing,
  udpLite: nothing,
  sctp: nothing,
  dccp: nothing,
};

/** Why header `next` cannot follow header `id`, and what can stand between them. */
export function whyNot(id: number, next: number): string {
  const { kind } = headers[id]!;
  const wanted = headers[next]!.kind;
  const middle = headers.filter(
    (header, between) => following[kind].number(between) !== END && following[header.kind].number(next) !== END,
  );
  // Most have IP between them; a longer list helps nobody
  const usual = middle.filter(({ kind: between }) => between === "ipv4" || between === "ipv6");
  const names = (usual.length > 0 ? usual : middle.slice(0, 3)).map(({ kind: between }) => `${between}()`);
  const { field } = following[kind];
  const said = field === undefined ? `nothing but a payload follows ${kind}` : `no ${kind}.${field} names ${wanted}`;
  if (names.length > 0)
    return `${said}: put ${names.join(" or ")} between them${field === undefined ? "" : `, or give ${field}`}`;
  return field === undefined
    ? `${said}: leave ${wanted} out, or give its octets`
    : `${said}: give ${field} a number of your own`;
}
