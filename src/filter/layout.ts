import { ancillary, networkOffset } from "./program.js";
import type { Size, Value, Values } from "./value.js";

/** Octets from the packet's start: a constant, and the word of `M[]` to add where the way there varies. */
export interface Offset {
  readonly at: number;
  readonly register?: number;
}

export type Link = "ethernet" | "null" | "loop" | "raw" | "ipv4" | "ipv6" | "cooked" | "cooked2" | "ppp" | "other";

/**
 * Where the headers of the packets in question are. `vlan`, `mpls`, `pppoes` and `geneve` move on to the headers inside,
 * for everything that is written after them; pcap-filter(7).
 */
export interface Layout {
  readonly link: Link;
  readonly header: Offset;
  /** Where the type of the payload is told, if it is. */
  readonly type: Offset | undefined;
  readonly payload: Offset;
  /** Octets of the payload before the network header: the MPLS labels passed. */
  readonly network: number;
  /** The same for OSI, which follows an 802.2 header without SNAP. */
  readonly osi: number;
  readonly labels: number;
  readonly vlans: number;
  readonly outermost: boolean;
  /** Inside Geneve, where a frame may have no Ethernet header. */
  readonly geneve: boolean;
  /** In a DLT_NULL header: the octets of the other kind of machine. */
  readonly swapped: boolean;
}

const outer = { network: 0, osi: 0, labels: 0, vlans: 0, outermost: true, geneve: false, swapped: false } as const;

function flat(link: Link, type: number | undefined, payload: number): Layout {
  return {
    ...outer,
    link,
    header: { at: 0 },
    type: type === undefined ? undefined : { at: type },
    payload: { at: payload },
  };
}

/** Of an Ethernet frame, in a file or on a device. */
export const ethernet: Layout = { ...flat("ethernet", 12, 14), osi: 3 };

/** Of what the kernel has on a device without a link-layer header: a tunnel, tun, PPP. */
export const headerless: Layout = flat("cooked", ancillary.protocol, 0);

/** Of what the kernel has on any other device: it knows where the network header is, but reads only its first part. */
export const networkRelative: Layout = flat("cooked", ancillary.protocol, networkOffset);

/** Of a file's packets by their LINKTYPE_ number; undefined for those that are not known. tcpdump.org/linktypes.html. */
export function layoutOf(linkType: number, swapped: boolean): Layout | undefined {
  switch (linkType) {
    case 0:
      return { ...flat("null", 0, 4), swapped };
    case 1:
      return ethernet;
    case 9:
      return flat("ppp", 2, 4);
    // LINKTYPE_RAW, and what some systems wrote for it.
    case 12:
    case 14:
    case 101:
      return flat("raw", undefined, 0);
    case 108:
      return flat("loop", 0, 4);
    case 113:
      return flat("cooked", 14, 16);
    case 228:
      return flat("ipv4", undefined, 0);
    case 229:
      return flat("ipv6", undefined, 0);
    case 276:
      return flat("cooked2", 0, 20);
    default:
      return undefined;
  }
}

/** `size` octets, `at` octets behind `offset`. */
export function loadAt(stock: Values, offset: Offset, at: number, size: Size): Value {
  const from = (offset.at + at) >>> 0;
  if (offset.register === undefined) return stock.load(size, from);
  return stock.indexed(size, stock.memory(offset.register), from);
}

/** `size` octets of the network header. */
export function loadNetwork(stock: Values, layout: Layout, at: number, size: Size): Value {
  return loadAt(stock, layout.payload, layout.network + at, size);
}

/** What to add to {@link networkAt} to get behind the IPv4 header. */
export function transportBase(stock: Values, layout: Layout): Value {
  const { at, register } = layout.payload;
  const network = (at + layout.network) >>> 0;
  if (register === undefined) return stock.headerLength(network);
  const first = loadAt(stock, layout.payload, layout.network, 1);
  const words = stock.operation("&", first, stock.constant(0xf));
  return stock.operation("+", stock.operation("<<", words, stock.constant(2)), stock.memory(register));
}

/** The constant part of where the network header begins. */
export function networkAt(layout: Layout): number {
  return (layout.payload.at + layout.network) >>> 0;
}

/** `size` octets behind the IPv4 header, options included. */
export function loadTransport(stock: Values, layout: Layout, at: number, size: Size): Value {
  return stock.indexed(size, transportBase(stock, layout), (networkAt(layout) + at) >>> 0);
}

/** What a register adds to a value that counts from a header. */
export function plusRegister(stock: Values, value: Value, offset: Offset): Value {
  return offset.register === undefined ? value : stock.operation("+", value, stock.memory(offset.register));
}
