/** IPv6 extension headers: RFC 8200 §4; authentication: RFC 4302 §2, in IPv4 too. */
import { header, type Infer } from "./header.js";
import { ipv6Options } from "./ipv6-options.js";
import { routingBody } from "./ipv6-routing.js";
import { ipProtocols } from "./numbers.js";
import { opaque } from "./rest.js";

export const hopByHopOptions = header({
  title: "IPv6 hop-by-hop options",
  minimumLength: 2,
  layout: (f) => ({
    kind: "hopByHopOptions",
    nextHeader: f.u8(0, ipProtocols),
    /** In units of 8 octets, the first 8 not counted. */
    length: f.u8(1),
    options: f.rest(2, ipv6Options),
  }),
});

export interface HopByHopOptions extends Infer<typeof hopByHopOptions> {}

export const destinationOptions = header({
  title: "IPv6 destination options",
  minimumLength: 2,
  layout: (f) => ({
    kind: "destinationOptions",
    nextHeader: f.u8(0, ipProtocols),
    /** In units of 8 octets, the first 8 not counted. */
    length: f.u8(1),
    options: f.rest(2, ipv6Options),
  }),
});

export interface DestinationOptions extends Infer<typeof destinationOptions> {}

/** IANA, IPv6 Routing Types. */
const routingTypes = {
  0: "source route (deprecated)",
  1: "Nimrod (deprecated)",
  2: "type 2 (mobility)",
  3: "RPL source route",
  4: "segment routing",
  5: "CRH-16",
  6: "CRH-32",
} as const;

export const routing = header({
  title: "IPv6 routing",
  minimumLength: 4,
  layout: (f) => ({
    kind: "routing",
    nextHeader: f.u8(0, ipProtocols),
    /** In units of 8 octets, the first 8 not counted. */
    length: f.u8(1),
    type: f.u8(2, routingTypes),
    /** Nodes still to be visited. */
    segmentsLeft: f.u8(3),
    body: f.rest(4, routingBody),
  }),
});

export interface Routing extends Infer<typeof routing> {}

export const fragment = header({
  title: "IPv6 fragment",
  minimumLength: 8,
  layout: (f) => ({
    kind: "fragment",
    nextHeader: f.u8(0, ipProtocols),
    reserved: f.u8(1),
    /** Where this fragment's data belongs, in units of 8 octets. */
    fragmentOffset: f.bits(2, 0, 13),
    reservedBits: f.bits(3, 5, 2),
    moreFragments: f.bit(3, 7),
    identification: f.u32(4, "hex"),
  }),
});

export interface Fragment extends Infer<typeof fragment> {}

export const authentication = header({
  title: "IP authentication header",
  minimumLength: 12,
  layout: (f) => ({
    kind: "authentication",
    nextHeader: f.u8(0, ipProtocols),
    /** In 32-bit words, the first two not counted. */
    length: f.u8(1),
    reserved: f.u16(2),
    /** Security parameters index: with the destination it names the security association. */
    spi: f.u32(4, "hex"),
    sequenceNumber: f.u32(8),
    integrityCheckValue: f.rest(12, opaque),
  }),
});

export interface Authentication extends Infer<typeof authentication> {}
