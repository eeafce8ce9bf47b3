/** Mobile IPv6: RFC 6275 §6.1 and §6.2. */
import { header, type Infer } from "./header.js";
import { ipProtocols } from "./numbers.js";
import { options, uncounted } from "./options.js";
import { part } from "./part.js";
import { opaque } from "./rest.js";
import { variant } from "./variant.js";

const mobilityOptions = options(uncounted, {
  1: part(0, (f) => ({ kind: "padN", octets: f.rest(0, opaque) })),
  /** Units of 4 seconds. */
  2: part(2, (f) => ({ kind: "bindingRefreshAdvice", interval: f.u16(0) })),
  3: part(16, (f) => ({ kind: "alternateCareOfAddress", address: f.ipv6(0) })),
  4: part(4, (f) => ({ kind: "nonceIndices", home: f.u16(0), careOf: f.u16(2) })),
  5: part(0, (f) => ({ kind: "bindingAuthorizationData", authenticator: f.rest(0, opaque) })),
});

const types = {
  0: "binding refresh request",
  1: "home test init",
  2: "care-of test init",
  3: "home test",
  4: "care-of test",
  5: "binding update",
  6: "binding acknowledgment",
  7: "binding error",
} as const;

const testInit = part(10, (f) => ({
  kind: "testInit",
  reserved: f.u16(0),
  cookie: f.octets(2, 8),
  options: f.rest(10, mobilityOptions),
}));

const test = part(18, (f) => ({
  kind: "test",
  nonceIndex: f.u16(0),
  cookie: f.octets(2, 8),
  keygenToken: f.octets(10, 8),
  options: f.rest(18, mobilityOptions),
}));

const message = variant(-4, {
  0: part(2, (f) => ({ kind: "bindingRefreshRequest", reserved: f.u16(0), options: f.rest(2, mobilityOptions) })),
  1: testInit,
  2: testInit,
  3: test,
  4: test,
  5: part(6, (f) => ({
    kind: "bindingUpdate",
    sequenceNumber: f.u16(0),
    acknowledge: f.bit(2, 0),
    homeRegistration: f.bit(2, 1),
    linkLocalCompatible: f.bit(2, 2),
    keyManagement: f.bit(2, 3),
    reserved: f.bits(2, 4, 12),
    /** Units of 4 seconds. */
    lifetime: f.u16(4),
    options: f.rest(6, mobilityOptions),
  })),
  6: part(6, (f) => ({
    kind: "bindingAcknowledgment",
    /** Below 128 it was accepted. */
    status: f.u8(0),
    keyManagement: f.bit(1, 0),
    reserved: f.bits(1, 1, 7),
    sequenceNumber: f.u16(2),
    /** Units of 4 seconds. */
    lifetime: f.u16(4),
    options: f.rest(6, mobilityOptions),
  })),
  7: part(18, (f) => ({
    kind: "bindingError",
    status: f.u8(0),
    reserved: f.u8(1),
    homeAddress: f.ipv6(2),
    options: f.rest(18, mobilityOptions),
  })),
});

export const mobility = header({
  title: "IPv6 mobility",
  minimumLength: 6,
  layout: (f) => ({
    kind: "mobility",
    /** What follows; 59 (nothing) up to now. */
    nextHeader: f.u8(0, ipProtocols),
    /** In units of 8 octets, the first 8 not counted. */
    length: f.u8(1),
    type: f.u8(2, types),
    reserved: f.u8(3),
    checksum: f.u16(4, "hex"),
    message: f.rest(6, message),
  }),
});

export interface Mobility extends Infer<typeof mobility> {}
