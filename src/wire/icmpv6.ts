/** ICMPv6: RFC 4443; neighbour discovery RFC 4861, multicast listeners RFC 2710 and 3810, mobility RFC 6275. */
import { header, type Infer } from "./header.js";
import { extendedEchoReply, extendedEchoRequest } from "./icmp-extended-echo.js";
import { icmpv6Types } from "./icmp-names.js";
import { multicastListener, multicastListenerQuery, multicastListenerReport2, reportEnd } from "./mld.js";
import { ndOptions } from "./nd-options.js";
import { part } from "./part.js";
import { list } from "./rest.js";
import { variant } from "./variant.js";

const echo = part(4, (f) => ({
  kind: "echo",
  /** Set by who asks, to know the replies; often the process. */
  identifier: f.u16(0),
  sequenceNumber: f.u16(2),
}));

const addresses = list(16, (f) => f.ipv6(0));

const duplicateAddress = part(28, (f) => ({
  kind: "duplicateAddress",
  status: f.u8(0),
  reserved: f.u8(1),
  /** Minutes. */
  lifetime: f.u16(2),
  interfaceId: f.octets(4, 8),
  address: f.ipv6(12),
}));

/** RFC 4620 §4: what is asked or answered follows the header. */
const nodeInformation = part(12, (f) => ({
  kind: "nodeInformation",
  queryType: f.u16(0),
  flags: f.u16(2, "hex"),
  nonce: f.octets(4, 8),
}));

const message = variant(-4, {
  1: part(4, (f) => ({
    kind: "unreachable",
    /** Of the quoted packet, in units of 8 octets; 0 where no extensions follow it: RFC 4884 §4.2. */
    length: f.u8(0),
    unused: f.bits(0, 8, 24),
  })),
  2: part(4, (f) => ({ kind: "packetTooBig", mtu: f.u32(0) })),
  3: part(4, (f) => ({
    kind: "timeExceeded",
    /** Of the quoted packet, in units of 8 octets; 0 where no extensions follow it: RFC 4884 §4.2. */
    length: f.u8(0),
    unused: f.bits(0, 8, 24),
  })),
  /** The octet of the quoted packet that is at fault. */
  4: part(4, (f) => ({ kind: "parameterProblem", pointer: f.u32(0) })),
  128: echo,
  129: echo,
  130: multicastListenerQuery,
  131: multicastListener,
  132: multicastListener,
  133: part(4, (f) => ({ kind: "routerSolicitation", reserved: f.u32(0), options: f.rest(4, ndOptions) })),
  134: part(12, (f) => ({
    kind: "routerAdvertisement",
    currentHopLimit: f.u8(0),
    /** Addresses by DHCPv6. */
    managed: f.bit(1, 0),
    /** Other configuration by DHCPv6. */
    other: f.bit(1, 1),
    /** RFC 6275 §7.1. */
    homeAgent: f.bit(1, 2),
    /** 0 medium, 1 high, 3 low: RFC 4191 §2.2. */
    preference: f.bits(1, 3, 2),
    proxy: f.bit(1, 5),
    reserved: f.bits(1, 6, 2),
    /** Seconds as a default router; 0 is none. */
    routerLifetime: f.u16(2),
    /** Milliseconds a neighbour counts as reachable; 0 says nothing. */
    reachableTime: f.u32(4),
    /** Milliseconds between solicitations; 0 says nothing. */
    retransmissionTimer: f.u32(8),
    options: f.rest(12, ndOptions),
  })),
  135: part(20, (f) => ({
    kind: "neighborSolicitation",
    reserved: f.u32(0),
    target: f.ipv6(4),
    options: f.rest(20, ndOptions),
  })),
  136: part(20, (f) => ({
    kind: "neighborAdvertisement",
    router: f.bit(0, 0),
    solicited: f.bit(0, 1),
    override: f.bit(0, 2),
    reserved: f.bits(0, 3, 29),
    target: f.ipv6(4),
    options: f.rest(20, ndOptions),
  })),
  137: part(36, (f) => ({
    kind: "redirect",
    reserved: f.u32(0),
    target: f.ipv6(4),
    destination: f.ipv6(20),
    options: f.rest(36, ndOptions),
  })),
  /** RFC 2894 §3.1. */
  138: part(12, (f) => ({
    kind: "routerRenumbering",
    sequenceNumber: f.u32(0),
    segmentNumber: f.u8(4),
    flags: f.u8(5, "hex"),
    /** Milliseconds. */
    maximumDelay: f.u16(6),
    reserved: f.u32(8),
  })),
  139: nodeInformation,
  140: nodeInformation,
  /** RFC 3122 §2. */
  141: part(4, (f) => ({ kind: "inverseSolicitation", reserved: f.u32(0), options: f.rest(4, ndOptions) })),
  142: part(4, (f) => ({ kind: "inverseAdvertisement", reserved: f.u32(0), options: f.rest(4, ndOptions) })),
  143: multicastListenerReport2,
  /** RFC 6275 §6.5 to §6.8. */
  144: part(4, (f) => ({ kind: "homeAgentRequest", identifier: f.u16(0), reserved: f.u16(2) })),
  145: part(4, (f) => ({
    kind: "homeAgentReply",
    identifier: f.u16(0),
    reserved: f.u16(2),
    homeAgents: f.rest(4, addresses),
  })),
  146: part(4, (f) => ({ kind: "mobilePrefixSolicitation", identifier: f.u16(0), reserved: f.u16(2) })),
  147: part(4, (f) => ({
    kind: "mobilePrefixAdvertisement",
    identifier: f.u16(0),
    managed: f.bit(2, 0),
    other: f.bit(2, 1),
    reserved: f.bits(2, 2, 14),
    options: f.rest(4, ndOptions),
  })),
  /** RFC 3971 §6.4. */
  148: part(4, (f) => ({
    kind: "certificationPathSolicitation",
    identifier: f.u16(0),
    component: f.u16(2),
    options: f.rest(4, ndOptions),
  })),
  149: part(8, (f) => ({
    kind: "certificationPathAdvertisement",
    identifier: f.u16(0),
    allComponents: f.u16(2),
    component: f.u16(4),
    reserved: f.u16(6),
    options: f.rest(8, ndOptions),
  })),
  /** RFC 4286 §3; the interval in seconds. */
  151: part(4, (f) => ({ kind: "multicastRouterAdvertisement", queryInterval: f.u16(0), robustness: f.u16(2) })),
  /** RFC 6775 §4.4. */
  157: duplicateAddress,
  158: duplicateAddress,
  /** RFC 8335 §2. */
  160: extendedEchoRequest,
  161: extendedEchoReply,
});

export const icmpv6 = header({
  title: "Internet Control Message Protocol version 6",
  minimumLength: 4,
  layout: (f) => ({
    kind: "icmpv6",
    type: f.u8(0, icmpv6Types),
    code: f.u8(1),
    checksum: f.u16(2, "hex"),
    message: f.rest(4, message),
  }),
});

export interface Icmpv6 extends Infer<typeof icmpv6> {}
export type Icmpv6Message = Icmpv6["message"];

/** Octets of the whole header by its type, where it is not 8. */
const SIZES: Readonly<Record<number, number>> = {
  131: 24,
  132: 24,
  138: 16,
  139: 16,
  140: 16,
  152: 4,
  153: 4,
  157: 32,
  158: 32,
};

/**
 * The first octet behind the header at `at`: what follows is data, or the packet that an error quotes. `end` is where the
 * octets end that are there, at least 4 of them, `wireEnd` where those end that were sent: a header that was cut ends
 * behind `end`.
 */
export function icmpv6End(data: DataView, at: number, end: number, wireEnd: number = end): number {
  const type = data.getUint8(at);
  switch (type) {
    // RFC 3810 §8.1: shorter queries are of version 1
    case 130:
      if (wireEnd < at + 28) return at + 24;
      return end < at + 28 ? wireEnd : at + 28 + data.getUint16(at + 26) * 16;
    // Options, or a list, up to the end
    case 133:
    case 134:
    case 135:
    case 136:
    case 141:
    case 142:
    case 145:
    case 147:
    case 148:
    case 149:
      return wireEnd;
    case 137:
      return redirectedAt(data, at, end) ?? wireEnd;
    case 143:
      return reportEnd(data, at, end) ?? wireEnd;
    default:
      return at + (SIZES[type] ?? 8);
  }
}

/** Where the packet starts that the redirect at `at` is about, if its last option holds one: RFC 4861 §4.6.3. */
function redirectedAt(data: DataView, at: number, end: number): number | undefined {
  for (let i = at + 40; i + 8 < end; ) {
    const size = data.getUint8(i + 1) * 8;
    if (data.getUint8(i) === 4 && i + size >= end) return i + 8;
    if (size === 0) return undefined;
    i += size;
  }
  return undefined;
}

/** Whether messages of `type` quote the packet they are about: RFC 4443 §2.1, and redirects where a packet is left of them. */
export function icmpv6Quotes(type: number): boolean {
  return (type >= 1 && type <= 4) || type === 137;
}
