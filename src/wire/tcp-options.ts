/** TCP options: RFC 9293 §3.2 and IANA, TCP Option Kind Numbers. */
import { mptcp } from "./mptcp.js";
import { counted, options } from "./options.js";
import { part } from "./part.js";
import { list, opaque } from "./rest.js";

const edges = list(8, (f) => ({ left: f.u32(0), right: f.u32(4) }));

/** Octets received in each ECN field, modulo 2^24, in the order the code tells; those at the end may be left out. */
const counters = list(3, (f) => f.u24(0));

/** IANA, TCP Experimental Option Experiment Identifiers; the first 16 bits of longer ones. */
const experiments: Readonly<Record<number, string>> = Object.fromEntries([
  [0x0348, "HOST_ID"],
  [0x454e, "encryption negotiation"],
  [0xacc0, "Accurate ECN, order 0"],
  [0xacc1, "Accurate ECN, order 1"],
  [0xe2d4, "SMC-R"],
  [0xf989, "Fast Open"],
]);

/** RFC 6994: what follows the identifier is the experiment's own, the cookie for TCP Fast Open. */
const experiment = (kind: "experiment1" | "experiment2") =>
  part(2, (f) => ({ kind, id: f.u16(0, experiments), octets: f.rest(2, opaque) }));

export const tcpOptions = options(counted, {
  /** Largest segment that the sender of this option takes, in octets, without headers; RFC 9293 §3.7.1. */
  2: part(2, (f) => ({ kind: "maximumSegmentSize", size: f.u16(0) })),
  /** Left shift of every later window of this side; RFC 7323 §2.2 limits it to 14. */
  3: part(1, (f) => ({ kind: "windowScale", shift: f.u8(0) })),
  /** RFC 2018 §2. */
  4: part(0, () => ({ kind: "sackPermitted" })),
  /** Sequence numbers of what arrived out of order, `right` being the first one after each block; RFC 2018 §3. */
  5: part(0, (f) => ({ kind: "sack", blocks: f.rest(0, edges) })),
  /** RFC 1072 §3. */
  6: part(4, (f) => ({ kind: "echo", value: f.u32(0) })),
  7: part(4, (f) => ({ kind: "echoReply", value: f.u32(0) })),
  /** The sender's clock, and the latest clock it received: RFC 7323 §3.2. */
  8: part(8, (f) => ({ kind: "timestamps", value: f.u32(0), echoReply: f.u32(4) })),
  /** RFC 1693 §3. */
  9: part(0, () => ({ kind: "partialOrderPermitted" })),
  10: part(1, (f) => ({ kind: "partialOrder", start: f.bit(0, 0), end: f.bit(0, 1), filler: f.bits(0, 2, 6) })),
  /** RFC 1644 §3.1. */
  11: part(4, (f) => ({ kind: "connectionCount", count: f.u32(0) })),
  12: part(4, (f) => ({ kind: "connectionCountNew", count: f.u32(0) })),
  13: part(4, (f) => ({ kind: "connectionCountEcho", count: f.u32(0) })),
  /** RFC 1146 §2. */
  14: part(1, (f) => ({ kind: "alternateChecksumRequest", algorithm: f.u8(0) })),
  15: part(0, (f) => ({ kind: "alternateChecksum", checksum: f.rest(0, opaque) })),
  18: part(1, (f) => ({ kind: "trailerChecksum", checksum: f.u8(0) })),
  /** RFC 2385 §2. */
  19: part(16, (f) => ({ kind: "md5", digest: f.octets(0, 16) })),
  /** CCSDS 714.0-B-2 §3.2. */
  20: part(2, (f) => ({ kind: "scpsCapabilities", flags: f.u8(0, "hex"), connectionId: f.u8(1) })),
  21: part(4, (f) => ({
    kind: "selectiveNegativeAcknowledgment",
    offset: f.u16(0),
    size: f.u16(2),
    bits: f.rest(4, opaque),
  })),
  22: part(0, () => ({ kind: "recordBoundary" })),
  23: part(0, () => ({ kind: "corruptionExperienced" })),
  /** RFC 4782 §4.2. */
  27: part(6, (f) => ({
    kind: "quickStartResponse",
    reserved: f.bits(0, 0, 4),
    rate: f.bits(0, 4, 4),
    ttlDifference: f.u8(1),
    nonce: f.bits(2, 0, 30),
    unused: f.bits(5, 6, 2),
  })),
  /** RFC 5482 §3: in minutes or else in seconds. */
  28: part(2, (f) => ({ kind: "userTimeout", inMinutes: f.bit(0, 0), timeout: f.bits(0, 1, 15) })),
  /** RFC 5925 §2.2. */
  29: part(2, (f) => ({ kind: "authentication", keyId: f.u8(0), nextKeyId: f.u8(1), code: f.rest(2, opaque) })),
  30: mptcp,
  /** RFC 7413 §4.1.1: empty to ask for a cookie. */
  34: part(0, (f) => ({ kind: "fastOpen", cookie: f.rest(0, opaque) })),
  /** RFC 8547 §4.1. */
  69: part(0, (f) => ({ kind: "encryptionNegotiation", suboptions: f.rest(0, opaque) })),
  /** RFC 9768 §3.2.3: ECT(0), CE, ECT(1) in order 0, ECT(1), CE, ECT(0) in order 1. */
  172: part(0, (f) => ({ kind: "accurateEcn0", counters: f.rest(0, counters) })),
  174: part(0, (f) => ({ kind: "accurateEcn1", counters: f.rest(0, counters) })),
  253: experiment("experiment1"),
  254: experiment("experiment2"),
});
