/** Logical Link Control: IEEE Std 802.2 §3; its Subnetwork Access Protocol: IEEE Std 802 §9.5. */
import { header, type Infer } from "./header.js";
import { etherTypes } from "./numbers.js";
import { opaque } from "./rest.js";

/** Service access points, as destination (even) and source; the lowest bit tells groups and responses. */
const accessPoints = {
  0: "null",
  6: "IP",
  66: "spanning tree",
  127: "ISO 802.2",
  170: "SNAP",
  224: "IPX",
  240: "NetBIOS",
  254: "OSI",
  255: "global",
} as const;

export const llc = header({
  title: "Logical Link Control",
  minimumLength: 3,
  layout: (f) => ({
    kind: "llc",
    destination: f.u8(0, accessPoints),
    source: f.u8(1, accessPoints),
    /** 3 is unnumbered information; all but unnumbered formats have a second octet. */
    control: f.u8(2, "hex"),
    secondControl: f.rest(3, opaque),
  }),
});

export interface Llc extends Infer<typeof llc> {}

/** Octets of the header at `at`, of which at least 3 are there. */
export function llcSize(data: DataView, at: number): number {
  return (data.getUint8(at + 2) & 3) === 3 ? 3 : 4;
}

export const snap = header({
  title: "Subnetwork Access Protocol",
  minimumLength: 5,
  layout: (f) => ({
    kind: "snap",
    /** Who assigns `protocol`; 0 means EtherTypes. */
    organization: f.u24(0, "hex"),
    protocol: f.u16(3, etherTypes),
  }),
});

export interface Snap extends Infer<typeof snap> {}
