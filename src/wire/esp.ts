/** IP Encapsulating Security Payload: RFC 4303 §2. What follows is encrypted. */
import { header, type Infer } from "./header.js";

export const esp = header({
  title: "IP encapsulating security payload",
  minimumLength: 8,
  layout: (f) => ({
    kind: "esp",
    /** Security parameters index: with the destination it names the security association. */
    spi: f.u32(0, "hex"),
    sequenceNumber: f.u32(4),
  }),
});

export interface Esp extends Infer<typeof esp> {}
