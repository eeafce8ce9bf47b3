/** PPP over Ethernet: RFC 2516 §4; the protocol field of PPP: RFC 1661 §2. */
import { header, type Infer } from "./header.js";
import { pppProtocols } from "./numbers.js";

const codes = { 0: "session data", 7: "PADO", 9: "PADI", 25: "PADR", 101: "PADS", 167: "PADT" } as const;

export const pppoe = header({
  title: "PPP over Ethernet",
  minimumLength: 6,
  layout: (f) => ({
    kind: "pppoe",
    version: f.bits(0, 0, 4),
    type: f.bits(0, 4, 4),
    code: f.u8(1, codes),
    sessionId: f.u16(2, "hex"),
    /** What follows this header, in octets. */
    length: f.u16(4),
  }),
});

export interface Pppoe extends Infer<typeof pppoe> {}

export const ppp = header({
  title: "Point-to-Point Protocol",
  minimumLength: 2,
  layout: (f) => ({
    kind: "ppp",
    protocol: f.u16(0, pppProtocols),
  }),
});

export interface Ppp extends Infer<typeof ppp> {}
