/** By which socket a packet can go out as it is, and where to. */
import { oneOf, refusedArgument } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { decode } from "../packet/decode.js";
import type { Packet } from "../packet/packet.js";
import { hardwareTypes, type Interface, interfaceOf, interfaces, ownAddress } from "../socket/interfaces.js";
import { type Route, routeTo } from "../socket/routes.js";
import { ipv4Text, ipv6Text } from "../wire/address.js";
import { addUp, fold } from "../wire/checksum.js";
import { linkTypes } from "../wire/numbers.js";

/** A packet in octets; `linkType` (a LINKTYPE_ number) says what it begins with. */
export interface Outgoing {
  readonly octets: Uint8Array;
  readonly linkType: number;
}

export interface WayOptions {
  /** A raw IP socket, or the link layer through a packet socket. Default: what the packet needs. */
  readonly via?: "raw" | "link" | undefined;
  /** Only by this device. Default: the routing table's. */
  readonly interface?: string | undefined;
}

/** What a destination's packets have in common. */
export type Way = RawWay | LinkWay;

export interface RawWay {
  readonly via: "raw";
  readonly family: 4 | 6;
  readonly route: Route;
  /** The index of the device for addresses that need one, else 0. */
  readonly scope: number;
}

export interface LinkWay {
  readonly via: "link";
  readonly device: Interface;
  /** Where packets begin with their IP header: the neighbour whose hardware address is to be found out. */
  readonly next?: { readonly address: string; readonly family: 4 | 6; readonly route: Route } | undefined;
}

/** Octets of an IPv4 header without options, and of an IPv6 header. */
const IPV4 = 20;
const IPV6 = 40;

/** Ways by what packets begin with, each looked up once. */
export class Ways {
  readonly #options: WayOptions;
  readonly #device: Interface | undefined;
  readonly #raw = new Map<string, RawWay>();
  readonly #link = new Map<string, LinkWay>();
  readonly #frames = new Map<number, LinkWay>();
  #octets: Uint8Array | undefined;
  #data: DataView = new DataView(new ArrayBuffer(0));

  /** Throws `BAD_ARGUMENT` or `NO_SUCH_INTERFACE`. */
  constructor(options: WayOptions) {
    const { via } = options;
    if (via !== undefined) oneOf("via", ["raw", "link"], via);
    this.#options = options;
    this.#device = options.interface === undefined ? undefined : interfaceOf(options.interface);
  }

  /**
   * The way of one packet. Throws `NO_ROUTE`, `EXCEEDS_MTU`, or `BAD_ARGUMENT` where there is none on which it could go as it
   * is. hot
   */
  of(packet: Outgoing): Way {
    const { octets, linkType } = packet;
    const family = familyOf(packet);
    if (family === undefined) return this.#frame(packet);
    // A flood has the same octets again and again
    if (octets !== this.#octets) {
      this.#octets = octets;
      this.#data = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    }
    const data = this.#data;
    if (octets.length < (family === 4 ? IPV4 : IPV6))
      throw refusedArgument("packet", octets.length, `${octets.length} octets are too few for an IPv${family} header`);
    const destination = family === 4 ? ipv4Text(data, 16) : ipv6Text(data, 24);
    const why = family === 4 && this.#options.via !== "link" ? changedByKernel(data, linkType) : undefined;
    const { via = why === undefined ? "raw" : "link" } = this.#options;
    if (via === "raw") {
      if (family === 4) refusedByKernel(data);
      const way = this.#raw.get(destination) ?? this.#newRaw(family, destination);
      fits(octets.length, way.route);
      return way;
    }
    const way = this.#link.get(destination) ?? this.#newLink(family, destination);
    const { route } = way.next!;
    // Who forces the link layer may have set accept_local and route_localnet, which let it through
    if (why !== undefined && route.type === "local" && ownAddress(ipv4Text(data, 12)) !== undefined)
      throw refusedArgument(
        "packet",
        destination,
        `cannot send this packet to ${destination} as it is: ${why}, which a raw socket would correct, and what comes to this host from itself by the link layer the kernel drops (send it to another host or namespace, or give via: "raw")`,
      );
    fits(octets.length, route);
    return way;
  }

  #newRaw(family: 4 | 6, destination: string): RawWay {
    const route = this.#route(destination);
    const way: RawWay = { via: "raw", family, route, scope: needsZone(destination) ? route.device.index : 0 };
    this.#raw.set(destination, way);
    return way;
  }

  #newLink(family: 4 | 6, destination: string): LinkWay {
    const route = this.#route(destination);
    const way: LinkWay = {
      via: "link",
      device: this.#device ?? route.device,
      next: { address: route.gateway ?? destination, family, route },
    };
    this.#link.set(destination, way);
    return way;
  }

  #route(destination: string): Route {
    const device = this.#options.interface;
    if (!needsZone(destination)) return routeTo(destination, { interface: device });
    if (device === undefined)
      throw refusedArgument(
        "interface",
        undefined,
        `${destination} is an address of one link: name the interface of that link`,
      );
    return routeTo(`${destination}%${device}`);
  }

  #frame(packet: Outgoing): LinkWay {
    if (this.#options.via === "raw")
      throw refusedArgument(
        "via",
        "raw",
        "a raw socket takes packets that begin with their IP header: leave the link layer out",
      );
    if (packet.linkType !== linkTypes.ethernet)
      throw refusedArgument(
        "packet",
        packet.linkType,
        "only packets that begin with an Ethernet or IP header can be sent; change the link layer, or leave it out",
      );
    if (packet.octets.length < 14)
      throw refusedArgument(
        "packet",
        packet.octets.length,
        `${packet.octets.length} octets are too few for an Ethernet header`,
      );
    const device = this.#device ?? deviceFor(packet);
    const { index, hardwareType, name, mtu } = device;
    if (hardwareType !== hardwareTypes.ethernet && hardwareType !== hardwareTypes.loopback)
      throw refusedArgument("interface", name, `${name} takes no Ethernet frames: leave the Ethernet header out`);
    // A VLAN tag comes on top: packet(7) takes 4 octets more for it
    const tag = packet.octets[12] === 0x81 && packet.octets[13] === 0 ? 4 : 0;
    const size = packet.octets.length - 14 - tag;
    if (size > mtu) throw tooLarge(size, mtu, name);
    const way = this.#frames.get(index) ?? { via: "link", device };
    this.#frames.set(index, way);
    return way;
  }
}

/** 4 or 6 for what begins with an IP header. */
function familyOf({ octets, linkType }: Outgoing): 4 | 6 | undefined {
  if (linkType === linkTypes.ipv4) return 4;
  if (linkType === linkTypes.ipv6) return 6;
  if (linkType !== linkTypes.raw) return undefined;
  const version = (octets[0] ?? 0) >> 4;
  if (version === 4 || version === 6) return version;
  throw refusedArgument(
    "packet",
    version,
    `these octets begin with no IP header (version ${version}): give their linkType`,
  );
}

/** raw(7): what the kernel would write itself into an included header; undefined where it sends the header as it is. hot */
function changedByKernel(data: DataView, linkType: number): string | undefined {
  const headerLength = (data.getUint8(0) & 15) * 4;
  if (linkType === linkTypes.ipv4 && data.getUint8(0) >> 4 !== 4) return "its version is not 4";
  if (headerLength < IPV4 || headerLength > data.byteLength) return "its header length is wrong";
  if (data.getUint16(2) !== data.byteLength) return "its total length is not that of its octets";
  if (fold(addUp(data, 0, headerLength)) !== 0xffff) return "its header checksum is wrong";
  if (data.getUint32(12) === 0) return "its source is 0.0.0.0";
  if (data.getUint16(4) === 0 && (data.getUint8(6) & 0x40) === 0)
    return 'its identification is 0 without "don\'t fragment"';
  return undefined;
}

/** Throws for what raw(7) refuses even where it is forced. */
function refusedByKernel(data: DataView): void {
  const headerLength = (data.getUint8(0) & 15) * 4;
  if (headerLength < IPV4 || headerLength > data.byteLength)
    throw refusedArgument(
      "via",
      "raw",
      `a raw socket refuses a header length of ${headerLength} octets: send it by the link layer`,
    );
}

function fits(size: number, route: Route): void {
  if (size > route.mtu) throw tooLarge(size, route.mtu, route.device.name);
}

function tooLarge(size: number, mtu: number, device: string): SockinspectError<"EXCEEDS_MTU"> {
  return new SockinspectError(
    "EXCEEDS_MTU",
    `cannot send ${size} octets by ${device}, which takes ${mtu}: make the packet smaller, or fragment() it`,
    { size, mtu },
  );
}

/** RFC 4007: link-local addresses, unicast and multicast, mean nothing without their link. */
function needsZone(address: string): boolean {
  return /^(fe[89ab]|ff[0-9a-f]2:)/.test(address);
}

/** Where no device is named: whose address the frame comes from, else by which its packet would go. */
function deviceFor(packet: Outgoing): Interface {
  const decoded = decode(packet.octets, packet.linkType);
  const ethernet = decoded.layers[0];
  const source = ethernet?.kind === "ethernet" ? ethernet.source : undefined;
  const from = interfaces().filter((device) => !device.loopback && device.hardwareAddress === source);
  if (from.length === 1) return from[0]!;
  const to = destinationOf(decoded);
  if (to === undefined || needsZone(to))
    throw refusedArgument("interface", undefined, "name the interface that this frame goes by");
  return routeTo(to).device;
}

function destinationOf({ layers }: Packet): string | undefined {
  for (const layer of layers) {
    if (layer.kind === "ipv4" || layer.kind === "ipv6") return layer.destination;
    if (layer.kind === "arp") return layer.addresses.targetProtocol;
  }
  return undefined;
}
