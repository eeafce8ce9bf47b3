/** Which way packets would go: the kernel's routing table and its table of neighbours, by netlink. */
import { refusedArgument, requireType } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { binding, type NativeRoute } from "./binding.js";
import { type Interface, interfaceOf, interfaces } from "./interfaces.js";

/** The way to a destination. */
export interface Route {
  readonly device: Interface;
  /** Where packets of this host would come from. */
  readonly source: string;
  /** The router on the way; undefined where the destination is on the link, or here. */
  readonly gateway: string | undefined;
  /** Octets of an IP packet that the way takes, as far as this host knows. */
  readonly mtu: number;
  readonly type: "unicast" | "local" | "broadcast" | "multicast" | "other";
}

export interface RouteOptions {
  /** Only by this device. */
  readonly interface?: string | undefined;
  /** For packets from this address. */
  readonly source?: string | undefined;
}

/** RTN_…, rtnetlink(7). */
const types: Readonly<Record<number, Route["type"]>> = { 1: "unicast", 2: "local", 3: "broadcast", 5: "multicast" };

/**
 * The route the kernel would take to an IPv4 or IPv6 address, a link-local one with its zone (fe80::1%eth0). Throws
 * `NO_ROUTE`, `BAD_ARGUMENT` where it is no address, or `NO_SUCH_INTERFACE`.
 */
export function routeTo(destination: string, options: RouteOptions = {}): Route {
  requireType("destination", destination, "string");
  requireType("options", options, "object");
  if (options.source !== undefined) requireType("source", options.source, "string");
  const device = options.interface === undefined ? undefined : interfaceOf(options.interface);
  const found = lookUp(destination, options.source ?? "", device);
  const all = interfaces();
  const by = all.find(({ index }) => index === found.interfaceIndex);
  if (!by) throw noRoute(destination, "the kernel names no device for it", undefined);
  return {
    device: by,
    source: found.source === "" ? (options.source ?? firstAddress(by, destination)) : found.source,
    gateway: found.gateway === "" ? undefined : found.gateway,
    mtu: found.mtu === 0 ? by.mtu : found.mtu,
    type: types[found.type] ?? "other",
  };
}

function lookUp(destination: string, source: string, device: Interface | undefined): NativeRoute {
  try {
    return binding().route(destination, source, device?.index ?? 0);
  } catch (error) {
    const { code = "", syscall } = error as NodeJS.ErrnoException;
    if (syscall === "inet_pton" || syscall === "if_nametoindex")
      throw refusedArgument(
        "destination",
        destination,
        syscall === "inet_pton"
          ? `${destination} is no IPv4 or IPv6 address`
          : `${destination} names no interface behind %`,
        { cause: error },
      );
    const by = device ? ` by ${device.name}` : "";
    if (code === "ENETUNREACH" || code === "EHOSTUNREACH")
      throw noRoute(destination, `no route leads there${by}`, error);
    if (code === "EACCES" || code === "EINVAL")
      throw noRoute(destination, `the routing table refuses it${source === "" ? by : `${by} from ${source}`}`, error);
    throw error;
  }
}

function noRoute(destination: string, why: string, cause: unknown): SockinspectError<"NO_ROUTE"> {
  return new SockinspectError(
    "NO_ROUTE",
    `cannot reach ${destination}: ${why} (see 'ip route get ${destination}', or name the interface)`,
    { destination },
    { cause },
  );
}

/** Some routes name no source: then the device's own address, else the one that stands for none. */
function firstAddress(device: Interface, destination: string): string {
  const six = destination.includes(":");
  const own = device.addresses.find(({ address }) => address.includes(":") === six);
  return own?.address ?? (six ? "::" : "0.0.0.0");
}

/** The hardware address of a neighbour on the link of `device` that the kernel knows to be there. */
export function knownNeighbor(device: Interface, address: string): string | undefined {
  return binding().neighbor(device.index, address);
}
