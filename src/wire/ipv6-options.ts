/** IPv6 options: RFC 8200 §4.2 and IANA, Destination Options and Hop-by-Hop Options. */
import { options, uncounted } from "./options.js";
import { part } from "./part.js";
import { opaque } from "./rest.js";

/** The instance and rank of the sender; what follows is the instance's own. */
const rpl = <const K extends string>(kind: K) =>
  part(4, (f) => ({
    kind,
    down: f.bit(0, 0),
    rankError: f.bit(0, 1),
    forwardingError: f.bit(0, 2),
    reserved: f.bits(0, 3, 5),
    instance: f.u8(1),
    rank: f.u16(2),
    octets: f.rest(4, opaque),
  }));

export const ipv6Options = options(uncounted, {
  1: part(0, (f) => ({ kind: "padN", octets: f.rest(0, opaque) })),
  /** How many more tunnels the packet may enter: RFC 2473 §4.1.1. */
  4: part(1, (f) => ({ kind: "tunnelEncapsulationLimit", limit: f.u8(0) })),
  /** RFC 2711: 0 for MLD, 1 for RSVP. */
  5: part(2, (f) => ({ kind: "routerAlert", value: f.u16(0) })),
  /** RFC 5570 §5.1: compartments in 32-bit words of `bitmap`. */
  7: part(
    8,
    (f) => ({
      kind: "calipso",
      domain: f.u32(0),
      compartmentLength: f.u8(4),
      sensitivity: f.u8(5),
      checksum: f.u16(6, "hex"),
      bitmap: f.rest(8, opaque),
    }),
    ({ bitmap }) => ({ compartmentLength: bitmap.length / 8 }),
  ),
  /** RFC 8250 §3.2: times in units of 2 to the power of the scale attoseconds. */
  15: part(10, (f) => ({
    kind: "performance",
    lastReceivedScale: f.u8(0),
    lastSentScale: f.u8(1),
    sequenceNumber: f.u16(2),
    lastSequenceNumber: f.u16(4),
    lastReceived: f.u16(6),
    lastSent: f.u16(8),
  })),
  /** RFC 4782 §3.2. */
  38: part(6, (f) => ({
    kind: "quickStart",
    function: f.bits(0, 0, 4),
    rate: f.bits(0, 4, 4),
    ttl: f.u8(1),
    nonce: f.bits(2, 0, 30),
    reserved: f.bits(5, 6, 2),
  })),
  /** RFC 9268 §5: the least MTU so far, and the one that came back, without its lowest bit. */
  48: part(4, (f) => ({
    kind: "pathMtu",
    minimum: f.u16(0),
    returned: f.bits(2, 0, 15),
    wantsReturn: f.bit(3, 7),
  })),
  /** RFC 6553 §3, RFC 9008. */
  35: rpl("rplInstance"),
  99: rpl("rplInstanceOld"),
  /** RFC 6744 §2. */
  139: part(0, (f) => ({ kind: "ilnpNonce", nonce: f.rest(0, opaque) })),
  /** RFC 6788 §5.2. */
  140: part(
    1,
    (f) => ({ kind: "lineIdentification", length: f.u8(0), id: f.rest(1, opaque) }),
    ({ id }) => ({ length: id.length / 2 }),
  ),
  /** Octets behind the IPv6 header, where they are more than 65535: RFC 2675 §2. */
  194: part(4, (f) => ({ kind: "jumboPayload", length: f.u32(0) })),
  /** RFC 6275 §6.3. */
  201: part(16, (f) => ({ kind: "homeAddress", address: f.ipv6(0) })),
});
