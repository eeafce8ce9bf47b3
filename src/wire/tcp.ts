/** TCP: RFC 9293 §3.1. */
import { flagSets } from "./field.js";
import { header, type Infer } from "./header.js";
import { tcpOptions } from "./tcp-options.js";

/** Lowest bit first: RFC 9293 §3.1, and AE of RFC 9768 (once NS). */
export const tcpFlags = flagSets("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ae");

export const tcp = header({
  title: "Transmission Control Protocol",
  minimumLength: 20,
  layout: (f) => ({
    kind: "tcp",
    sourcePort: f.u16(0),
    destinationPort: f.u16(2),
    /** Number of the first octet of data, or the initial number itself when SYN is set. */
    sequenceNumber: f.u32(4),
    /** Next octet expected from the other side; meaningful only when ACK is set. */
    acknowledgmentNumber: f.u32(8),
    /** Header length in 32-bit words, options included: 5 to 15. */
    dataOffset: f.bits(12, 0, 4),
    reserved: f.bits(12, 4, 3),
    flags: f.flags(12, tcpFlags),
    /** Octets the sender takes, before the window scale of the handshake. */
    window: f.u16(14),
    checksum: f.u16(16, "hex"),
    /** Octets from {@link sequenceNumber} to the end of urgent data; meaningful only when URG is set. */
    urgentPointer: f.u16(18),
    options: f.rest(20, tcpOptions),
  }),
});

export interface Tcp extends Infer<typeof tcp> {}
export type TcpOption = Tcp["options"][number];
