/** UDP-Lite: RFC 3828 §3.1. */
import { header, type Infer } from "./header.js";

export const udpLite = header({
  title: "Lightweight User Datagram Protocol",
  minimumLength: 8,
  layout: (f) => ({
    kind: "udpLite",
    sourcePort: f.u16(0),
    destinationPort: f.u16(2),
    /** Octets from the start of this header that the checksum covers; 0 is all of them, 1 to 7 cannot be. */
    checksumCoverage: f.u16(4),
    checksum: f.u16(6, "hex"),
  }),
});

export interface UdpLite extends Infer<typeof udpLite> {}
