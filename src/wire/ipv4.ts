/** IPv4: RFC 791 §3.1. */
import { header, type Infer } from "./header.js";
import { ipv4Options } from "./ipv4-options.js";
import { ipProtocols } from "./numbers.js";

export const ipv4 = header({
  title: "Internet Protocol version 4",
  minimumLength: 20,
  layout: (f) => ({
    kind: "ipv4",
    version: f.bits(0, 0, 4),
    /** In 32-bit words, options included: 5 to 15. */
    headerLength: f.bits(0, 4, 4),
    /** Differentiated services code point: RFC 2474 §3. */
    dscp: f.bits(1, 0, 6),
    /** Explicit congestion notification: RFC 3168 §5. 0 not capable, 1 and 2 capable, 3 congestion. */
    ecn: f.bits(1, 6, 2),
    /** Header and data, in octets; 0 where the sender's card was to cut the packet up (TSO, BIG TCP). */
    totalLength: f.u16(2),
    identification: f.u16(4, "hex"),
    /** Must be zero. */
    reserved: f.bit(6, 0),
    dontFragment: f.bit(6, 1),
    moreFragments: f.bit(6, 2),
    /** Where this fragment's data belongs, in units of 8 octets. */
    fragmentOffset: f.bits(6, 3, 13),
    /** Hops left. */
    ttl: f.u8(8),
    protocol: f.u8(9, ipProtocols),
    checksum: f.u16(10, "hex"),
    source: f.ipv4(12),
    destination: f.ipv4(16),
    options: f.rest(20, ipv4Options),
  }),
});

export interface Ipv4 extends Infer<typeof ipv4> {}
export type Ipv4Option = Ipv4["options"][number];
