/** Linux cooked capture v1: LINKTYPE_LINUX_SLL. */
import { header, type Infer } from "./header.js";
import { etherTypes, hardwareTypes, packetTypes } from "./numbers.js";

export const sll = header({
  title: "Linux cooked capture v1",
  minimumLength: 16,
  layout: (f) => ({
    kind: "sll",
    packetType: f.u16(0, packetTypes),
    hardwareType: f.u16(2, hardwareTypes),
    /** Octets of the address; more than 8 when it was cut. */
    addressLength: f.u16(4),
    /** The sender's link-layer address in hex, of which the first `addressLength` octets count. */
    address: f.octets(6, 8),
    protocol: f.u16(14, etherTypes),
  }),
});

export interface Sll extends Infer<typeof sll> {}
