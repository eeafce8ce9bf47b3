/** Linux cooked capture v2: LINKTYPE_LINUX_SLL2. */
import { header, type Infer } from "./header.js";
import { etherTypes, hardwareTypes, packetTypes } from "./numbers.js";

export const sll2 = header({
  title: "Linux cooked capture v2",
  minimumLength: 20,
  layout: (f) => ({
    kind: "sll2",
    protocol: f.u16(0, etherTypes),
    /** Must be zero. */
    reserved: f.u16(2),
    /** The device's number on the capturing host. */
    interfaceIndex: f.u32(4),
    hardwareType: f.u16(8, hardwareTypes),
    packetType: f.u8(10, packetTypes),
    /** Octets of the address; more than 8 when it was cut. */
    addressLength: f.u8(11),
    /** The sender's link-layer address in hex, of which the first `addressLength` octets count. */
    address: f.octets(12, 8),
  }),
});

export interface Sll2 extends Infer<typeof sll2> {}
