/** IPv4 options: RFC 791 §3.1 and IANA, IP Option Numbers. */
import type { Rest } from "./field.js";
import { counted, options } from "./options.js";
import { part } from "./part.js";
import { list, opaque } from "./rest.js";

const addresses = list(4, (f) => f.ipv4(0));

/** Milliseconds since midnight UTC, or with the highest bit set any other count. */
const times = list(4, (f) => f.u32(0));
const stamped = list(8, (f) => ({ address: f.ipv4(0), time: f.u32(4) }));

/** Times alone, or each behind the address of who stamped it, as the flag half an octet before tells. */
const stamps: Rest<readonly number[] | readonly { readonly address: string; readonly time: number }[]> = {
  ...(stamped.content && { content: stamped.content }),
  fits: (data, at, end) => (end - at) % (hasAddresses(data, at) ? 8 : 4) === 0,
  decode: (data, at, end) => (hasAddresses(data, at) ? stamped : times).decode(data, at, end),
  encode(value, data, at) {
    if (isTimes(value)) times.encode(value, data, at);
    else stamped.encode(value, data, at);
  },
  size: (value) => (isTimes(value) ? times.size(value) : stamped.size(value)),
  fill: (value = []) => value,
  misfit: (value) => times.misfit(value) && stamped.misfit(value),
};

function hasAddresses(data: DataView, at: number): boolean {
  return (data.getUint8(at - 1) & 15) !== 0;
}

function isTimes(value: readonly unknown[]): value is readonly number[] {
  return value.every((entry) => typeof entry === "number");
}

export const ipv4Options = options(counted, {
  /** `pointer` counts from 1 at the option's code; it lies behind the option when all places are used. */
  7: part(
    1,
    (f) => ({ kind: "recordRoute", pointer: f.u8(0), addresses: f.rest(1, addresses) }),
    () => ({ pointer: 4 }),
  ),
  /** RFC 1063 §3.1, obsolete. */
  11: part(2, (f) => ({ kind: "mtuProbe", mtu: f.u16(0) })),
  12: part(2, (f) => ({ kind: "mtuReply", mtu: f.u16(0) })),
  /** RFC 4782 §3.1. */
  25: part(6, (f) => ({
    kind: "quickStart",
    function: f.bits(0, 0, 4),
    rate: f.bits(0, 4, 4),
    ttl: f.u8(1),
    nonce: f.bits(2, 0, 30),
    reserved: f.bits(5, 6, 2),
  })),
  /** RFC 791, p. 22. `flag`: 0 times, 1 with addresses, 3 only by the addresses given. */
  68: part(
    2,
    (f) => ({
      kind: "timestamp",
      pointer: f.u8(0),
      /** Hosts that found no place. */
      overflow: f.bits(1, 0, 4),
      flag: f.bits(1, 4, 4),
      stamps: f.rest(2, stamps),
    }),
    () => ({ pointer: 5 }),
  ),
  /** RFC 1393 §2.2. */
  82: part(10, (f) => ({
    kind: "traceroute",
    id: f.u16(0),
    outboundHopCount: f.u16(2),
    returnHopCount: f.u16(4),
    originator: f.ipv4(6),
  })),
  /** RFC 1108 §2; that of RFC 791 has the same code and eleven octets. */
  130: part(1, (f) => ({ kind: "security", classification: f.u8(0, "hex"), authorities: f.rest(1, opaque) })),
  131: part(
    1,
    (f) => ({ kind: "looseSourceRoute", pointer: f.u8(0), addresses: f.rest(1, addresses) }),
    () => ({ pointer: 4 }),
  ),
  /** RFC 1108 §3. */
  133: part(1, (f) => ({ kind: "extendedSecurity", format: f.u8(0), information: f.rest(1, opaque) })),
  /** FIPS 188: the domain of interpretation, then tags. */
  134: part(4, (f) => ({ kind: "commercialSecurity", domain: f.u32(0), tags: f.rest(4, opaque) })),
  136: part(2, (f) => ({ kind: "streamId", id: f.u16(0) })),
  137: part(
    1,
    (f) => ({ kind: "strictSourceRoute", pointer: f.u8(0), addresses: f.rest(1, addresses) }),
    () => ({ pointer: 4 }),
  ),
  /** RFC 1385 §3, deprecated. */
  145: part(0, (f) => ({ kind: "extendedProtocol", octets: f.rest(0, opaque) })),
  /** RFC 2113 §2.1: 0 means that every router shall look at the packet. */
  148: part(2, (f) => ({ kind: "routerAlert", value: f.u16(0) })),
  /** RFC 1770 §2. */
  149: part(0, (f) => ({ kind: "selectiveDirectedBroadcast", addresses: f.rest(0, addresses) })),
  151: part(0, (f) => ({ kind: "dynamicPacketState", octets: f.rest(0, opaque) })),
  152: part(0, (f) => ({ kind: "upstreamMulticast", octets: f.rest(0, opaque) })),
});
