/** MPLS label stack entries: RFC 3032 §2.1, traffic class RFC 5462. */
import { header, type Infer } from "./header.js";

export const mpls = header({
  title: "MPLS label stack entry",
  minimumLength: 4,
  layout: (f) => ({
    kind: "mpls",
    label: f.bits(0, 0, 20),
    trafficClass: f.bits(2, 4, 3),
    bottom: f.bit(2, 7),
    ttl: f.u8(3),
  }),
});

export interface Mpls extends Infer<typeof mpls> {}
