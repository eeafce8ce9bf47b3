/** VLAN tags: IEEE Std 802.1Q §9.6; the service tags of provider bridges (802.1ad) look the same. */
import { header, type Infer } from "./header.js";
import { etherTypes } from "./numbers.js";

export const vlan = header({
  title: "VLAN tag",
  minimumLength: 4,
  layout: (f) => ({
    kind: "vlan",
    /** Priority code point, 0 to 7. */
    priority: f.bits(0, 0, 3),
    dropEligible: f.bit(0, 3),
    /** VLAN identifier; 0 means priority only. */
    id: f.bits(0, 4, 12),
    /** What follows; up to 1500 it is instead the length of what follows in octets. */
    type: f.u16(2, etherTypes),
  }),
});

export interface Vlan extends Infer<typeof vlan> {}
