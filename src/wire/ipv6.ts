/** IPv6: RFC 8200 §3. */
import { header, type Infer } from "./header.js";
import { ipProtocols } from "./numbers.js";

export const ipv6 = header({
  title: "Internet Protocol version 6",
  minimumLength: 40,
  layout: (f) => ({
    kind: "ipv6",
    version: f.bits(0, 0, 4),
    /** Differentiated services code point: RFC 2474 §3. */
    dscp: f.bits(0, 4, 6),
    /** Explicit congestion notification: RFC 3168 §5. 0 not capable, 1 and 2 capable, 3 congestion. */
    ecn: f.bits(0, 10, 2),
    flowLabel: f.bits(0, 12, 20, "hex"),
    /** What follows this header, extension headers included, in octets; 0 in jumbograms (RFC 2675 §3). */
    payloadLength: f.u16(4),
    nextHeader: f.u8(6, ipProtocols),
    hopLimit: f.u8(7),
    source: f.ipv6(8),
    destination: f.ipv6(24),
  }),
});

export interface Ipv6 extends Infer<typeof ipv6> {}
