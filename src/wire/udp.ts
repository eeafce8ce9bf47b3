/** UDP: RFC 768. */
import { header, type Infer } from "./header.js";

export const udp = header({
  title: "User Datagram Protocol",
  minimumLength: 8,
  layout: (f) => ({
    kind: "udp",
    sourcePort: f.u16(0),
    destinationPort: f.u16(2),
    /** Header and data, in octets; 0 in IPv6 jumbograms (RFC 2675 §4). */
    length: f.u16(4),
    /** 0 where the sender made none; a computed 0 is sent as 0xffff. */
    checksum: f.u16(6, "hex"),
  }),
});

export interface Udp extends Infer<typeof udp> {}
