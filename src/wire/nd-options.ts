/** Neighbour Discovery options: RFC 4861 §4.6 and IANA, IPv6 Neighbor Discovery Option Formats. */
import { eights, options } from "./options.js";
import { part } from "./part.js";
import { hardwareAddress, list, opaque } from "./rest.js";

const addresses = list(16, (f) => f.ipv6(0));

export const ndOptions = options(eights, {
  1: part(0, (f) => ({ kind: "sourceLinkLayerAddress", address: f.rest(0, hardwareAddress) })),
  2: part(0, (f) => ({ kind: "targetLinkLayerAddress", address: f.rest(0, hardwareAddress) })),
  /** RFC 4861 §4.6.2; `routerAddress` RFC 6275 §7.2. */
  3: part(30, (f) => ({
    kind: "prefixInformation",
    prefixLength: f.u8(0),
    onLink: f.bit(1, 0),
    autonomous: f.bit(1, 1),
    routerAddress: f.bit(1, 2),
    reserved: f.bits(1, 3, 5),
    /** Seconds; 0xffffffff is for ever. */
    validLifetime: f.u32(2),
    preferredLifetime: f.u32(6),
    unused: f.u32(10),
    prefix: f.ipv6(14),
  })),
  /** The packet that is redirected: in hex, or nothing where it follows the header it is in. */
  4: part(
    6,
    (f) => ({
      kind: "redirectedHeader",
      /** In units of 8 octets, with the packet wherever it is. */
      length: f.u8(-1),
      reserved: f.octets(0, 6),
      packet: f.rest(6, opaque),
    }),
    ({ packet }) => ({ length: 1 + packet.length / 16 }),
  ),
  5: part(6, (f) => ({ kind: "mtu", reserved: f.u16(0), mtu: f.u32(2) })),
  /** Milliseconds between advertisements: RFC 6275 §7.3. */
  7: part(6, (f) => ({ kind: "advertisementInterval", reserved: f.u16(0), interval: f.u32(2) })),
  /** RFC 6275 §7.4; the lifetime in seconds. */
  8: part(6, (f) => ({ kind: "homeAgent", reserved: f.u16(0), preference: f.u16(2), lifetime: f.u16(4) })),
  /** RFC 3122 §4. */
  9: part(6, (f) => ({ kind: "sourceAddresses", reserved: f.octets(0, 6), addresses: f.rest(6, addresses) })),
  10: part(6, (f) => ({ kind: "targetAddresses", reserved: f.octets(0, 6), addresses: f.rest(6, addresses) })),
  /** RFC 3971 §5.1, §5.2, §5.3. */
  11: part(2, (f) => ({ kind: "cga", padLength: f.u8(0), reserved: f.u8(1), parameters: f.rest(2, opaque) })),
  12: part(18, (f) => ({
    kind: "rsaSignature",
    reserved: f.u16(0),
    keyHash: f.octets(2, 16),
    signature: f.rest(18, opaque),
  })),
  /** Seconds since 1970 in 48 bits, then 16 bits of fraction, in hex. */
  13: part(14, (f) => ({ kind: "timestamp", reserved: f.octets(0, 6), timestamp: f.octets(6, 8) })),
  14: part(0, (f) => ({ kind: "nonce", nonce: f.rest(0, opaque) })),
  /** RFC 4191 §2.3: the prefix in hex, of 0, 8 or 16 octets; the lifetime in seconds. */
  24: part(6, (f) => ({
    kind: "routeInformation",
    prefixLength: f.u8(0),
    reserved: f.bits(1, 0, 3),
    /** 0 medium, 1 high, 3 low. */
    preference: f.bits(1, 3, 2),
    unused: f.bits(1, 5, 3),
    lifetime: f.u32(2),
    prefix: f.rest(6, opaque),
  })),
  /** RFC 8106 §5.1; the lifetime in seconds. */
  25: part(6, (f) => ({
    kind: "recursiveDnsServers",
    reserved: f.u16(0),
    lifetime: f.u32(2),
    addresses: f.rest(6, addresses),
  })),
  /** RFC 5175 §4. */
  26: part(6, (f) => ({ kind: "flagsExtension", flags: f.octets(0, 6) })),
  /** RFC 8106 §5.2; the names as DNS writes them, in hex. */
  31: part(6, (f) => ({ kind: "dnsSearchList", reserved: f.u16(0), lifetime: f.u32(2), names: f.rest(6, opaque) })),
  /** RFC 8505 §4.1. */
  33: part(14, (f) => ({
    kind: "addressRegistration",
    status: f.u8(0),
    opaque: f.u8(1),
    flags: f.u8(2, "hex"),
    transactionId: f.u8(3),
    /** Minutes. */
    lifetime: f.u16(4),
    ownership: f.octets(6, 8),
  })),
  /** RFC 8910 §2.3: octets of the URI, in hex, zeros behind it. */
  37: part(0, (f) => ({ kind: "captivePortal", uri: f.rest(0, opaque) })),
  /** RFC 8781 §4: the lifetime in units of 8 seconds. */
  38: part(14, (f) => ({
    kind: "pref64",
    scaledLifetime: f.bits(0, 0, 13),
    prefixLengthCode: f.bits(0, 13, 3),
    prefix: f.octets(2, 12),
  })),
});
