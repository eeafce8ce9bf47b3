/** ICMP: RFC 792; router discovery RFC 1256, address masks RFC 950, next-hop MTU RFC 1191, extended echo RFC 8335. */
import { header, type Infer } from "./header.js";
import { extendedEchoReply, extendedEchoRequest } from "./icmp-extended-echo.js";
import { icmpTypes } from "./icmp-names.js";
import { part } from "./part.js";
import { list } from "./rest.js";
import { variant } from "./variant.js";

const echo = part(4, (f) => ({
  kind: "echo",
  /** Set by who asks, to know the replies; often the process. */
  identifier: f.u16(0),
  sequenceNumber: f.u16(2),
}));

/** Milliseconds since midnight UTC; RFC 792, p. 16. */
const timestamp = part(16, (f) => ({
  kind: "timestamp",
  identifier: f.u16(0),
  sequenceNumber: f.u16(2),
  originate: f.u32(4),
  receive: f.u32(8),
  transmit: f.u32(12),
}));

const information = part(4, (f) => ({ kind: "information", identifier: f.u16(0), sequenceNumber: f.u16(2) }));

const addressMask = part(8, (f) => ({
  kind: "addressMask",
  identifier: f.u16(0),
  sequenceNumber: f.u16(2),
  mask: f.ipv4(4),
}));

const routers = list(8, (f) => ({
  address: f.ipv4(0),
  /** Two's complement; the highest is preferred, 0x80000000 never used. */
  preference: f.u32(4, "hex"),
}));

const message = variant(-4, {
  0: echo,
  3: part(4, (f) => ({
    kind: "unreachable",
    unused: f.u8(0),
    /** Of the quoted datagram, in 32-bit words; 0 where no extensions follow it: RFC 4884 §4.1. */
    length: f.u8(1),
    /** Octets that would have passed; code 4 only. 0 from routers older than RFC 1191. */
    nextHopMtu: f.u16(2),
  })),
  4: part(4, (f) => ({ kind: "sourceQuench", unused: f.u32(0) })),
  5: part(4, (f) => ({ kind: "redirect", gateway: f.ipv4(0) })),
  8: echo,
  9: part(
    4,
    (f) => ({
      kind: "routerAdvertisement",
      count: f.u8(0),
      /** 32-bit words of each entry: 2. */
      entrySize: f.u8(1),
      /** Seconds. */
      lifetime: f.u16(2),
      routers: f.rest(4, routers),
    }),
    ({ routers }) => ({ count: routers.length, entrySize: 2 }),
  ),
  10: part(4, (f) => ({ kind: "routerSolicitation", reserved: f.u32(0) })),
  11: part(4, (f) => ({
    kind: "timeExceeded",
    unused: f.u8(0),
    /** Of the quoted datagram, in 32-bit words; 0 where no extensions follow it: RFC 4884 §4.1. */
    length: f.u8(1),
    reserved: f.u16(2),
  })),
  12: part(4, (f) => ({
    kind: "parameterProblem",
    /** Octet of the quoted datagram that is at fault. */
    pointer: f.u8(0),
    length: f.u8(1),
    reserved: f.u16(2),
  })),
  13: timestamp,
  14: timestamp,
  15: information,
  16: information,
  17: addressMask,
  18: addressMask,
  /** RFC 1393 §2.3. */
  30: part(16, (f) => ({
    kind: "traceroute",
    identifier: f.u16(0),
    unused: f.u16(2),
    outboundHopCount: f.u16(4),
    returnHopCount: f.u16(6),
    /** Octets a second. */
    outputLinkSpeed: f.u32(8),
    outputLinkMtu: f.u32(12),
  })),
  /** RFC 1475 §8. */
  31: part(4, (f) => ({ kind: "conversionError", pointer: f.u32(0) })),
  /** RFC 1788 §3. */
  37: part(4, (f) => ({ kind: "domainNameRequest", identifier: f.u16(0), sequenceNumber: f.u16(2) })),
  38: part(8, (f) => ({
    kind: "domainNameReply",
    identifier: f.u16(0),
    sequenceNumber: f.u16(2),
    /** Seconds. */
    ttl: f.u32(4),
  })),
  /** RFC 2521 §2. */
  40: part(4, (f) => ({ kind: "photuris", reserved: f.u16(0), pointer: f.u16(2) })),
  /** RFC 8335 §2. */
  42: extendedEchoRequest,
  /** RFC 8335 §3. */
  43: extendedEchoReply,
});

export const icmp = header({
  title: "Internet Control Message Protocol",
  minimumLength: 4,
  layout: (f) => ({
    kind: "icmp",
    type: f.u8(0, icmpTypes),
    code: f.u8(1),
    checksum: f.u16(2, "hex"),
    message: f.rest(4, message),
  }),
});

export interface Icmp extends Infer<typeof icmp> {}
export type IcmpMessage = Icmp["message"];

/** Octets of the whole header by its type, where it is not 8; 4 is no message at all. */
const SIZES: Readonly<Record<number, number>> = { 13: 20, 14: 20, 17: 12, 18: 12, 30: 20, 38: 12 };

/**
 * The first octet behind the header at `at`, of which at least 4 octets are there before `end`: what follows is data, or
 * the packet that an error quotes. It lies behind `end` where the header was cut.
 */
export function icmpEnd(data: DataView, at: number, end: number): number {
  const type = data.getUint8(at);
  if (type === 9 && at + 8 <= end) return at + 8 + data.getUint8(at + 4) * data.getUint8(at + 5) * 4;
  return at + (SIZES[type] ?? 8);
}

/** Whether messages of `type` quote the packet they are about. RFC 792, RFC 1475. */
export function icmpQuotes(type: number): boolean {
  return type === 3 || type === 4 || type === 5 || type === 11 || type === 12 || type === 31;
}
