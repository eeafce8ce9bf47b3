/** IPv6 options: RFC 8200 §4.2 and IANA, Destination Options and Hop-by-Hop Options. */
import { options, uncounted } from "./options.js";
import { part } from "./part.js";
import { opaque } from "./rest.js";

export const ipv6Options = options(uncounted, {
  1: part(0, (f) => ({ kind: "padN", octets: f.rest(0, opaque) })),
  /** How many more tunnels the packet may enter: RFC 2473 §4.1.1. */
  4: part(1, (f) => ({ kind: "tunnelEncapsulationLimit", limit: f.u8(0) })),
  /** RFC 2711: 0 for MLD, 1 for RSVP. */
  5: part(2, (f) => ({ kind: "routerAlert", value: f.u16(0) })),
  /** Octets behind the IPv6 header, where they are more than 65535: RFC 2675 §2. */
  194: part(4, (f) => ({ kind: "jumboPayload", length: f.u32(0) })),
  /** RFC 6275 §6.3. */
  201: part(16, (f) => ({ kind: "homeAddress", address: f.ipv6(0) })),
});
