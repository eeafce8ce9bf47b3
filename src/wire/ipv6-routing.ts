/** What follows the fixed part of a routing header, by its type. */
import { options, uncounted } from "./options.js";
import { part } from "./part.js";
import { list, opaque, split } from "./rest.js";
import { variant } from "./variant.js";

const addresses = list(16, (f) => f.ipv6(0));

/** RFC 8754 §2.1. */
const tlvs = options(uncounted, {
  4: part(0, (f) => ({ kind: "padN", octets: f.rest(0, opaque) })),
  5: part(6, (f) => ({
    kind: "hmac",
    destinationVerified: f.bit(0, 0),
    reserved: f.bits(0, 1, 15),
    keyId: f.u32(2, "hex"),
    hmac: f.rest(6, opaque),
  })),
});

/** The last segment to be visited comes first. The list starts 4 octets behind the octet that counts its entries from 0. */
const segmentList = split(
  ["addresses", addresses],
  ["tlvs", tlvs],
  (data, at) => at + (data.getUint8(at - 4) + 1) * 16,
);

export const routingBody = variant(-2, {
  /** RFC 2460 §4.4, deprecated by RFC 5095. */
  0: part(4, (f) => ({ kind: "sourceRoute", reserved: f.u32(0), addresses: f.rest(4, addresses) })),
  /** RFC 6275 §6.4. */
  2: part(20, (f) => ({ kind: "home", reserved: f.u32(0), homeAddress: f.ipv6(4) })),
  /** RFC 6554 §3: each address without the octets it shares with the destination, the last with fewer of them left out. */
  3: part(4, (f) => ({
    kind: "rpl",
    /** Octets left out of each address but the last, and of the last. */
    compressed: f.bits(0, 0, 4),
    lastCompressed: f.bits(0, 4, 4),
    /** Octets of padding behind the addresses. */
    padding: f.bits(1, 0, 4),
    reserved: f.bits(0, 12, 20),
    addresses: f.rest(4, opaque),
  })),
  /** RFC 8754 §2. */
  4: part(
    4,
    (f) => ({
      kind: "segments",
      /** Index of the last entry of the list. */
      lastEntry: f.u8(0),
      flags: f.u8(1, "hex"),
      tag: f.u16(2, "hex"),
      segments: f.rest(4, segmentList),
    }),
    ({ segments }) => ({ lastEntry: Math.max(0, segments.addresses.length - 1) }),
  ),
});
