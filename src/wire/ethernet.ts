/** Ethernet II and IEEE 802.3: IEEE Std 802.3 §3. */
import { header, type Infer } from "./header.js";
import { etherTypes } from "./numbers.js";

export const ethernet = header({
  title: "Ethernet",
  minimumLength: 14,
  layout: (f) => ({
    kind: "ethernet",
    destination: f.mac(0),
    source: f.mac(6),
    /** What follows; up to 1500 it is instead the length of what follows in octets, and that starts with LLC. */
    type: f.u16(12, etherTypes),
  }),
});

export interface Ethernet extends Infer<typeof ethernet> {}
