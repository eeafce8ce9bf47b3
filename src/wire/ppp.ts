/** PPP over Ethernet: RFC 2516 §4; the protocol field of PPP: RFC 1661 §2. */
import { header, type Infer } from "./header.js";

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

/** IANA, PPP numbers. */
const protocols: Readonly<Record<number, string>> = Object.fromEntries([
  [0x0021, "IPv4"],
  [0x0057, "IPv6"],
  [0x8021, "IPCP"],
  [0x8057, "IPV6CP"],
  [0xc021, "LCP"],
  [0xc023, "PAP"],
  [0xc025, "LQR"],
  [0xc223, "CHAP"],
]);

export const ppp = header({
  title: "Point-to-Point Protocol",
  minimumLength: 2,
  layout: (f) => ({
    kind: "ppp",
    protocol: f.u16(0, protocols),
  }),
});

export interface Ppp extends Infer<typeof ppp> {}
