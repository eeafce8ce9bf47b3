/** SCTP: RFC 9260 §3.1. Its chunks follow as payload. */
import { header, type Infer } from "./header.js";

export const sctp = header({
  title: "Stream Control Transmission Protocol",
  minimumLength: 12,
  layout: (f) => ({
    kind: "sctp",
    sourcePort: f.u16(0),
    destinationPort: f.u16(2),
    /** Tells the receiver that the sender belongs to the association; 0 in the first packet. */
    verificationTag: f.u32(4, "hex"),
    /** CRC32c over header and chunks, its octets in reverse order. */
    checksum: f.u32(8, "hex"),
  }),
});

export interface Sctp extends Infer<typeof sctp> {}
