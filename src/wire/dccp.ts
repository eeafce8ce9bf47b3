/** DCCP: RFC 4340 §5. */
import { header, type Infer } from "./header.js";
import { part } from "./part.js";
import { opaque } from "./rest.js";
import { variant } from "./variant.js";

const types = {
  0: "request",
  1: "response",
  2: "data",
  3: "ack",
  4: "dataAck",
  5: "closeReq",
  6: "close",
  7: "reset",
  8: "sync",
  9: "syncAck",
} as const;

/** What the type adds (acknowledgment, service code, reset code), then options, in hex. */
const short = part(3, (f) => ({ kind: "short", sequenceNumber: f.u24(0), content: f.rest(3, opaque) }));

const extended = part(7, (f) => ({
  kind: "extended",
  reserved: f.u8(0),
  /** 48 bits in hex. */
  sequenceNumber: f.octets(1, 6),
  content: f.rest(7, opaque),
}));

/** By the extended-sequence-numbers bit, the lowest of the octet before. */
const sequence = variant(-1, Object.fromEntries(Array.from({ length: 256 }, (_, i) => [i, i & 1 ? extended : short])));

export const dccp = header({
  title: "Datagram Congestion Control Protocol",
  minimumLength: 9,
  layout: (f) => ({
    kind: "dccp",
    sourcePort: f.u16(0),
    destinationPort: f.u16(2),
    /** Header length in 32-bit words, options included. */
    dataOffset: f.u8(4),
    /** For the congestion control of the sender. */
    ccval: f.bits(5, 0, 4),
    /** What the checksum covers: 0 all, 1 only this header, then as many 32-bit words of data, less one. */
    checksumCoverage: f.bits(5, 4, 4),
    checksum: f.u16(6, "hex"),
    reserved: f.bits(8, 0, 3),
    type: f.bits(8, 3, 4, types),
    extended: f.bit(8, 7),
    sequence: f.rest(9, sequence),
  }),
});

export interface Dccp extends Infer<typeof dccp> {}
