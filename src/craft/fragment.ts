/** Packets cut into fragments: RFC 791 §3.2, RFC 8200 §4.5. */
import { badArgument, requireType } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { frameOf } from "../packet/decode.js";
import { headers, ids } from "../packet/headers.js";
import type { Layer } from "../packet/packet.js";
import type { Walk } from "../packet/walk/walk.js";
import type { Ipv4 } from "../wire/ipv4.js";
import { type Craftable, craft } from "./craft.js";
import type { Crafted } from "./crafted.js";
import { requirePacket } from "./fault.js";

/** A packet as its octets: a crafted one, or a frame of a capture. */
export interface Octets {
  readonly octets: Uint8Array;
  /** LINKTYPE_ number. */
  readonly linkType: number;
}

export interface FragmentOptions {
  /** Of the fragments, over IPv6; the next one of this process where left out. Over IPv4 it is the packet's own. */
  readonly identification?: number;
}

/**
 * The fragments, first to last, in which the packet goes over a link whose IP packets have up to `mtu` octets: the packet
 * as it is where that suffices. Its outermost IP header is the one that is cut. Throws `BAD_ARGUMENT` where there is none,
 * where it must not be cut (`dontFragment`, a fragment over IPv6), or where `mtu` leaves no room for data.
 */
export function fragment(packet: Octets, mtu: number, options: FragmentOptions = {}): readonly Crafted[] {
  requirePacket(packet);
  requireType("options", options, "object");
  if (typeof mtu !== "number" || !(mtu > 0)) throw badArgument("mtu", mtu, "a number of octets");
  const { octets, linkType } = packet;
  const frame = frameOf(octets, linkType);
  const { walk } = frame;
  const { layers } = frame.own();
  const at = layers.findIndex(({ kind }) => kind === "ipv4" || kind === "ipv6");
  if (at < 0) throw refuse("packet", `fragment() takes a packet with an ipv4 or ipv6 header, not ${kinds(layers)}`, kinds(layers)); // biome-ignore format: one thought
  const end = Math.min(walk.wireEnds[at]!, octets.length);
  if (end - walk.starts[at]! <= mtu) return [craft(...layers)];
  const link = layers.slice(0, at).map(unmeasured);
  const network = layers[at]!;
  if (network.kind === "ipv4") return fragments4(link, network, octets.subarray(walk.ends[at]!, end), mtu);
  return fragments6(link, layers, lastOfEach(walk, at), walk, octets.subarray(0, end), mtu, options);
}

/** A link layer's header without the length of what follows it. */
function unmeasured(layer: Layer, i: number, link: readonly Layer[]): Craftable {
  if (layer.kind === "pppoe") return { ...layer, length: undefined };
  return (layer.kind === "ethernet" || layer.kind === "vlan") && layer.type <= 1500 && i < link.length
    ? { ...layer, type: undefined }
    : layer;
}

function fragments4(link: readonly Craftable[], ip: Ipv4, data: Uint8Array, mtu: number): readonly Crafted[] {
  if (ip.dontFragment)
    throw refuse("packet", `an IPv4 packet of ${data.length + ip.headerLength * 4} octets must not be cut to ${mtu}: its dontFragment is set`, ip); // biome-ignore format: one thought
  // RFC 791 §3.1: an option's highest bit says whether it is copied into every fragment
  const copied = ip.options.filter((option) => isCopied(option.kind, option));
  const later = { ...ip, options: copied };
  return pieces(data, (first) => {
    const size = first ? ip.headerLength * 4 : craft({ ...later, headerLength: undefined, totalLength: undefined }).octets.length; // biome-ignore format: one thought
    return roomFor(mtu, size);
  }).map(({ at, chunk, last }) =>
    craft(
      ...link,
      {
        ...(at === 0 ? ip : later),
        headerLength: undefined,
        totalLength: undefined,
        checksum: undefined,
        fragmentOffset: ip.fragmentOffset + at / 8,
        moreFragments: ip.moreFragments || !last,
      },
      chunk,
    ),
  );
}

/** The copied options of RFC 791 §3.1 and later, by the highest bit of their codes. */
const COPIED: ReadonlySet<string> = new Set([
  "security",
  "looseSourceRoute",
  "extendedSecurity",
  "commercialSecurity",
  "streamId",
  "strictSourceRoute",
  "extendedProtocol",
  "routerAlert",
  "selectiveDirectedBroadcast",
  "dynamicPacketState",
  "upstreamMulticast",
]);

function isCopied(kind: string, option: object): boolean {
  return COPIED.has(kind) || ("code" in option && typeof option.code === "number" && option.code >= 128);
}

/** RFC 8200 §4.5: the index of the last header that is in every fragment: up to routing or hop-by-hop options. */
function lastOfEach(walk: Walk, at: number): number {
  let last = at;
  for (let i = at + 1; i < walk.count; i++) {
    const id = walk.ids[i];
    if (id === ids.fragment) throw refuse("packet", "an IPv6 packet that is a fragment must not be cut again", headers[id]!.kind); // biome-ignore format: one thought
    if (id === ids.routing || id === ids.hopByHopOptions) last = i;
    else if (id !== ids.destinationOptions) break;
  }
  return last;
}

function fragments6(
  link: readonly Craftable[],
  layers: readonly Layer[],
  last: number,
  walk: Walk,
  octets: Uint8Array,
  mtu: number,
  { identification }: FragmentOptions,
): readonly Crafted[] {
  const first = link.length;
  const each = layers.slice(first, last + 1) as readonly (Layer & { readonly nextHeader: number })[];
  const before = walk.ends[last]! - walk.starts[first]!;
  const nextHeader = each.at(-1)!.nextHeader;
  // 44 is the fragment header
  const lead = each.map((layer, i) => ({
    ...layer,
    ...(i === each.length - 1 && { nextHeader: 44 }),
    ...(i === 0 && { payloadLength: undefined }),
  })) as unknown as readonly Craftable[];
  const header = { kind: "fragment", nextHeader, identification } as const;
  const [shared] = craft(...lead, header).layers.filter(({ kind }) => kind === "fragment") as readonly { readonly identification: number }[]; // biome-ignore format: one thought
  return pieces(octets.subarray(walk.ends[last]!), () => roomFor(mtu, before + 8)).map(({ at, chunk, last: isLast }) =>
    craft(
      ...link,
      ...lead,
      { ...header, identification: shared!.identification, fragmentOffset: at / 8, moreFragments: !isLast },
      chunk,
    ),
  );
}

/** Octets of data in a fragment: a multiple of 8. */
function roomFor(mtu: number, headers: number): number {
  const room = Math.floor((mtu - headers) / 8) * 8;
  if (room >= 8) return room;
  throw refuse("mtu", `a fragment has ${headers} octets of headers and at least 8 of data, more than ${mtu}`, mtu);
}

interface Chunk {
  readonly at: number;
  readonly chunk: Uint8Array;
  readonly last: boolean;
}

function pieces(data: Uint8Array, room: (first: boolean) => number): readonly Chunk[] {
  const found: Chunk[] = [];
  for (let at = 0; at < data.length; ) {
    const end = Math.min(data.length, at + room(at === 0));
    found.push({ at, chunk: data.subarray(at, end), last: end === data.length });
    at = end;
  }
  return found;
}

function kinds(layers: readonly Layer[]): string {
  return layers.map(({ kind }) => kind).join("/");
}

function refuse(argument: string, message: string, value: unknown): SockinspectError<"BAD_ARGUMENT"> {
  return new SockinspectError("BAD_ARGUMENT", message, { argument, value });
}
