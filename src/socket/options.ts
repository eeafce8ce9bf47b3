/** Socket options by their whole names: socket(7), ip(7), ipv6(7), tcp(7). A table of them, one line each. */
import { refusedArgument } from "../arguments.js";
import type { SockinspectError } from "../errors.js";
import type { NativeSocket } from "./binding.js";
import { interfaceOf, interfaces } from "./interfaces.js";

/** How an option is told to the kernel and read from it. `option` is [level, number], for IPv4 and IPv6 where they differ. */
interface Kind<T> {
  readonly option: (family: 4 | 6) => readonly [level: number, number: number];
  readonly encode: ((value: T) => number | Uint8Array) | undefined;
  readonly decode: (octets: Uint8Array) => T;
  /** Whether `value` is one; what it should be otherwise. */
  readonly wants: (value: unknown) => string | undefined;
}

type Place = readonly [level: number, number: number];
const SOL_SOCKET = 1;
const IP = 0;
const IPV6 = 41;
const TCP = 6;

const int = (octets: Uint8Array): number => {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  return octets.length >= 4 ? view.getInt32(0, true) : view.getUint8(0);
};
const at = (place: Place, ipv6?: Place) => (family: 4 | 6) => (family === 6 && ipv6 ? ipv6 : place);

function flag(place: Place, ipv6?: Place): Kind<boolean> {
  return {
    option: at(place, ipv6),
    encode: (on) => Number(on),
    decode: (octets) => int(octets) !== 0,
    wants: (value) => (typeof value === "boolean" ? undefined : "true or false"),
  };
}

function number(place: Place, ipv6?: Place, most = 0x7fffffff): Kind<number> {
  return {
    option: at(place, ipv6),
    encode: (value) => value,
    decode: int,
    wants: (value) =>
      Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most
        ? undefined
        : `a whole number from 0 to ${most}`,
  };
}

const readOnly = <T>(kind: Kind<T>): Kind<T> => ({ ...kind, encode: undefined });

function text(place: Place): Kind<string> {
  return {
    option: at(place),
    encode: (value) => new TextEncoder().encode(value),
    decode: (octets) => new TextDecoder().decode(octets).replace(/\0.*$/s, ""),
    wants: (value) => (typeof value === "string" ? undefined : "a string"),
  };
}

/** socket(7): struct linger is whether it is on, and seconds. */
const linger: Kind<number | undefined> = {
  option: at([SOL_SOCKET, 13]),
  encode: (seconds) => new Uint8Array(new Int32Array([seconds === undefined ? 0 : 1, seconds ?? 0]).buffer),
  decode: (octets) => (int(octets) === 0 ? undefined : int(octets.subarray(4))),
  wants: (value) => (value === undefined || value === 0 ? undefined : "0 (close() sends a reset) or undefined"),
};

const discovery = ["dont", "want", "do", "probe", "interface", "omit"] as const;
export type PathMtuDiscovery = (typeof discovery)[number];
const pathMtuDiscovery: Kind<PathMtuDiscovery> = {
  option: at([IP, 10], [IPV6, 23]),
  encode: (value) => discovery.indexOf(value),
  decode: (octets) => discovery[int(octets)] ?? "want",
  wants: (value) => (discovery.includes(value as PathMtuDiscovery) ? undefined : `one of ${discovery.join(", ")}`),
};

const multicastInterface: Kind<string> = {
  option: at([IP, 32], [IPV6, 17]),
  // struct ip_mreqn: group, address, index
  encode: (name) => interfaceOf(name).index,
  decode: (octets) => interfaces().find((device) => device.index === int(octets))?.name ?? "",
  wants: (value) => (typeof value === "string" ? undefined : "the name of an interface"),
};

const table = {
  /** Binds although connections of the address are in TIME-WAIT. SO_REUSEADDR. */
  reuseAddress: flag([SOL_SOCKET, 2]),
  /** Several sockets of one user bind to the same port, and share what comes. SO_REUSEPORT. */
  reusePort: flag([SOL_SOCKET, 15]),
  /** Datagrams may go to a broadcast address. SO_BROADCAST. */
  broadcast: flag([SOL_SOCKET, 6]),
  /** Octets the kernel keeps for sending; it doubles what is set, and says the double. SO_SNDBUF. */
  sendBuffer: number([SOL_SOCKET, 7]),
  /** Octets the kernel keeps for receiving; doubled as well. Set before listen() or connect() to bound the window. SO_RCVBUF. */
  receiveBuffer: number([SOL_SOCKET, 8]),
  /** Undefined: close() returns at once and the kernel sends the rest. 0: close() drops the rest and sends RST. SO_LINGER. */
  linger,
  /** Only by this interface; needs privileges. SO_BINDTODEVICE. */
  interface: text([SOL_SOCKET, 25]),
  /** Urgent octets stay in the stream. SO_OOBINLINE. */
  urgentInline: flag([SOL_SOCKET, 10]),
  /** Asks a silent peer whether it is there. SO_KEEPALIVE. */
  keepAlive: flag([SOL_SOCKET, 9]),
  /** Seconds of silence before the first question. TCP_KEEPIDLE. */
  keepAliveIdle: number([TCP, 4]),
  /** Seconds between questions. TCP_KEEPINTVL. */
  keepAliveInterval: number([TCP, 5]),
  /** Questions without an answer before the connection is given up. TCP_KEEPCNT. */
  keepAliveCount: number([TCP, 6]),
  /** Sends small segments at once: no Nagle's algorithm, RFC 9293 §3.7.4. TCP_NODELAY. */
  noDelay: flag([TCP, 1]),
  /** Sends no segment that is not full. TCP_CORK. */
  cork: flag([TCP, 3]),
  /** Acknowledges at once, for now. TCP_QUICKACK. */
  quickAck: flag([TCP, 12]),
  /** Octets of data in a segment, at most. Set before listen() or connect(). TCP_MAXSEG. */
  maximumSegmentSize: number([TCP, 2]),
  /** SYNs sent again before connect() is given up. TCP_SYNCNT. */
  synRetries: number([TCP, 7]),
  /** Milliseconds that data may stay unacknowledged before the connection is given up; 0: the kernel's own. TCP_USER_TIMEOUT. */
  userTimeout: number([TCP, 18]),
  /** The algorithm, such as cubic. TCP_CONGESTION. */
  congestionControl: text([TCP, 13]),
  /** IPv4's time to live, IPv6's hop limit, of packets to one receiver. IP_TTL, IPV6_UNICAST_HOPS. */
  hopLimit: number([IP, 2], [IPV6, 16], 255),
  /** DSCP and ECN, RFC 2474 and RFC 3168. IP_TOS, IPV6_TCLASS. */
  trafficClass: number([IP, 1], [IPV6, 67], 255),
  /** An IPv6 socket that takes no IPv4: otherwise it is of both families ("dual stack"). IPV6_V6ONLY. */
  ipv6Only: flag([IPV6, 26]),
  /** Hops of packets to a group. IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS. */
  multicastHopLimit: number([IP, 33], [IPV6, 18], 255),
  /** Whether this machine's own members of a group get what the socket sends to it. IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP. */
  multicastLoop: flag([IP, 34], [IPV6, 19]),
  /** The interface packets to a group leave by; over IPv4 the kernel does not tell it again. IP_MULTICAST_IF, IPV6_MULTICAST_IF. */
  multicastInterface,
  /** Whether packets may be fragmented: "do" never, "dont" always. IP_MTU_DISCOVER, IPV6_MTU_DISCOVER. */
  pathMtuDiscovery,
  /** Octets of an IP packet on the way to the peer, as far as the kernel knows; to be read, once connected. IP_MTU, IPV6_MTU. */
  pathMtu: readOnly(number([IP, 14], [IPV6, 24])),
  /** ICMP errors are told for every peer: they fail the next call, and `receiveError()` says more. IP_RECVERR, IPV6_RECVERR. */
  receiveErrors: flag([IP, 11], [IPV6, 25]),
};

type Table = typeof table;
export type SocketOptionName = keyof Table;
/** Socket options with their values. */
export type SocketOptions = { -readonly [Name in SocketOptionName]: Table[Name] extends Kind<infer T> ? T : never };

/** setsockopt(2). Throws `BAD_ARGUMENT`; a refusal of the system is thrown as it is. */
export function setOption(socket: NativeSocket, name: string, value: unknown): void {
  const kind = Object.hasOwn(table, name) ? (table[name as SocketOptionName] as Kind<unknown>) : undefined;
  if (!kind) throw badOption(name, value, `is no socket option; there are ${Object.keys(table).join(", ")}`);
  if (!kind.encode) throw badOption(name, value, "can only be read");
  const wants = kind.wants(value);
  if (wants !== undefined) throw badOption(name, value, `is ${wants}`);
  const [level, option] = kind.option(socket.family);
  let encoded = kind.encode(value);
  // ip(7): struct ip_mreqn has the index behind two addresses
  if (name === "multicastInterface" && socket.family === 4)
    encoded = new Uint8Array(new Int32Array([0, 0, encoded as number]).buffer);
  socket.setOption(level, option, encoded);
}

/** getsockopt(2). */
export function getOption<Name extends SocketOptionName>(socket: NativeSocket, name: Name): SocketOptions[Name] {
  const kind = table[name] as unknown as Kind<SocketOptions[Name]>;
  const [level, option] = kind.option(socket.family);
  return kind.decode(socket.getOption(level, option));
}

function badOption(name: string, value: unknown, what: string): SockinspectError<"BAD_ARGUMENT"> {
  return refusedArgument(name, value, `the socket option ${name} ${what}`);
}
