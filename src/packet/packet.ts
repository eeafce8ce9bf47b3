import type { Arp } from "../wire/arp.js";
import type { Dccp } from "../wire/dccp.js";
import type { Esp } from "../wire/esp.js";
import type { Ethernet } from "../wire/ethernet.js";
import type { Gre } from "../wire/gre.js";
import type { Icmp } from "../wire/icmp.js";
import type { Icmpv6 } from "../wire/icmpv6.js";
import type { Igmp } from "../wire/igmp.js";
import type { Ipv4 } from "../wire/ipv4.js";
import type { Ipv6 } from "../wire/ipv6.js";
import type {
  Authentication,
  DestinationOptions,
  Fragment,
  HopByHopOptions,
  Routing,
} from "../wire/ipv6-extensions.js";
import type { Llc, Snap } from "../wire/llc.js";
import type { Loop, NullLoopback } from "../wire/loopback.js";
import type { Mobility } from "../wire/mobility.js";
import type { Mpls } from "../wire/mpls.js";
import type { Ppp, Pppoe } from "../wire/ppp.js";
import type { Sctp } from "../wire/sctp.js";
import type { Sll } from "../wire/sll.js";
import type { Sll2 } from "../wire/sll2.js";
import type { Tcp } from "../wire/tcp.js";
import type { Udp } from "../wire/udp.js";
import type { UdpLite } from "../wire/udp-lite.js";
import type { Vlan } from "../wire/vlan.js";
import type { HeaderKind } from "./headers.js";
import type { Problem } from "./problem.js";

/**
 * What the capturing kernel said of a packet's transport checksum: left to the network card (`TP_STATUS_CSUMNOTREADY`),
 * checked (`TP_STATUS_CSUM_VALID`), or nothing; "unknown" where a file does not have what it said. packet(7),
 * linux/if_packet.h.
 */
export type Offload = "none" | "unknown" | "not computed yet" | "verified by the kernel";

/** What the last header carries, as far as it was kept. */
export interface Payload {
  readonly kind: "payload";
  /** Octets on the wire; more than `octets` holds when the capture cut them. */
  readonly length: number;
  readonly octets: Uint8Array;
}

/** Octets behind the end that a header's length field gives its packet, such as the padding of a short Ethernet frame. */
export interface Trailer {
  readonly kind: "trailer";
  readonly length: number;
  readonly octets: Uint8Array;
}

/** A header of which too little is there to be one: the fields that are, and the octets. */
export interface Cut {
  readonly kind: "cut";
  readonly header: HeaderKind;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly octets: Uint8Array;
}

export type HeaderLayer =
  | Ethernet
  | Vlan
  | Sll
  | Sll2
  | NullLoopback
  | Loop
  | Llc
  | Snap
  | Pppoe
  | Ppp
  | Mpls
  | Arp
  | Ipv4
  | Ipv6
  | HopByHopOptions
  | DestinationOptions
  | Routing
  | Fragment
  | Authentication
  | Mobility
  | Esp
  | Gre
  | Icmp
  | Icmpv6
  | Igmp
  | Tcp
  | Udp
  | UdpLite
  | Sctp
  | Dccp;

/** One layer of a packet, told apart by `kind`. */
export type Layer = HeaderLayer | Payload | Trailer | Cut;

/** Which way a packet went: "other" was addressed to another host and seen by a promiscuous device. */
export type Direction = "in" | "out" | "other";

/**
 * What a checksum was found to be. "not computed yet": the kernel left it to the network card, which works after the
 * capture; where it is not known what the kernel said, the sum of the pseudo-header alone, which is what the kernel then
 * leaves there. "verified by the kernel": the card or kernel had checked it, and it was not computed again here. "absent": a
 * UDP datagram over IPv4 says so by zero. "cannot tell": octets it covers are missing (cut, or a fragment).
 */
export type Verdict = "good" | "bad" | "not computed yet" | "verified by the kernel" | "absent" | "cannot tell";

/** The verdict on the checksum of `layers[layer]`. */
export interface Checksum {
  readonly layer: number;
  readonly verdict: Verdict;
}

/** What is known of a packet besides its octets. */
export interface About {
  /** Since 1970 UTC; the rest in nanoseconds. Default: 0. */
  readonly seconds?: number;
  readonly nanoseconds?: number;
  readonly device?: string | undefined;
  readonly direction?: Direction | undefined;
  /** Default: "none". */
  readonly offload?: Offload;
  /** Default: no. */
  readonly gso?: boolean;
  readonly comment?: string | undefined;
}

/** One captured packet. Plain data: safe for `postMessage` and deep comparison. */
export interface Packet {
  /** Since 1970 UTC, whole seconds and the rest in nanoseconds: exact where one number would not be. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Octets on the wire, from the link-layer header on. */
  readonly length: number;
  /** Octets kept. */
  readonly capturedLength: number;
  /** LINKTYPE_ number of the first layer. */
  readonly linkType: number;
  readonly device?: string | undefined;
  readonly direction?: Direction | undefined;
  readonly offload: Offload;
  /** Larger than a segment on the wire: the network card splits it, after the capture (`TP_STATUS_GSO_TCP`). */
  readonly gso: boolean;
  /** What somebody wrote about it in a pcapng file; several comments are joined by line feeds. */
  readonly comment?: string | undefined;
  /** Outermost first; a kind may occur more than once (tunnels, VLANs, a packet quoted by an ICMP error). */
  readonly layers: readonly Layer[];
  /** Frozen: packets share it. */
  readonly checksums: readonly Checksum[];
  readonly problems: readonly Problem[];
  /** Where this packet is the last fragment that was missing of a datagram: the datagram, whole. */
  readonly reassembled?: Reassembled | undefined;
}

/**
 * A datagram made of its fragments, as its host sees it: `layers` start with its IP header, which is the first fragment's
 * with the length, flags, offset and header checksum of the whole (RFC 791 §3.2), over IPv6 without the fragment header
 * (RFC 8200 §4.5). Time, device and direction are those of the fragment that came last. It may in turn be the last
 * fragment of another one, in a tunnel.
 */
export interface Reassembled extends Packet {
  /** How many fragments it was put together from. */
  readonly fragments: number;
  /** The layer of the last fragment's packet that is its IP header: layers before it carried the datagram. */
  readonly layer: number;
}

/** The layers of a packet; those of the datagram that it completes take the place of the fragment's. */
export function wholeLayers({ layers, reassembled }: Packet): readonly Layer[] {
  return reassembled ? [...layers.slice(0, reassembled.layer), ...wholeLayers(reassembled)] : layers;
}

export type LayerOf<K extends Layer["kind"]> = Extract<Layer, { readonly kind: K }>;

/** The outermost layer of `kind`, if the packet has one. */
export function layer<K extends Layer["kind"]>(packet: Packet, kind: K): LayerOf<K> | undefined {
  return packet.layers.find((candidate): candidate is LayerOf<K> => candidate.kind === kind);
}
