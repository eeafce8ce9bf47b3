/** The addon, loaded when it is first needed: decoding and reading files works where there is none. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { SockinspectError } from "../errors.js";

/**
 * What `binding/` exports. Refusals of the operating system are Node-shaped errors: `code`, `errno` (negative) and
 * `syscall`; an argument of the wrong form is a TypeError with `code` ERR_INVALID_ARG_VALUE.
 */
export interface Binding {
  /** packet(7): a link-layer socket with a TPACKET_V3 receive ring. */
  readonly PacketSocket: new (
    options: NativePacketSocketOptions,
  ) => NativePacketSocket;
  /** raw(7), and RFC 3542 for IPv6: IP packets with or without their IP header. */
  readonly RawSocket: new (
    options: NativeRawSocketOptions,
  ) => NativeRawSocket;
  /** socket(7): stream and datagram sockets, a system call a method. */
  readonly Socket: new (
    options: NativeSocketOptions,
  ) => NativeSocket;
  /** epoll(7). */
  readonly Poll: new () => NativePoll;
  /** Room for `count` datagrams, 1 to 1024. */
  readonly DatagramBatch: (new (count: number) => NativeDatagramBatch) & { readonly stride: number };
  /**
   * The route the kernel would take to `destination` (with a zone where it needs one: fe80::1%eth0); `source` may be
   * empty and `interfaceIndex` 0. Throws ENETUNREACH, EHOSTUNREACH, EACCES or EINVAL where there is none.
   */
  route(destination: string, source: string, interfaceIndex: number): NativeRoute;
  /** The hardware address of a neighbour that the kernel knows to be there. */
  neighbor(interfaceIndex: number, address: string): string | undefined;
  /** Every network device of the calling thread's network namespace, by netlink, ordered by index. */
  interfaces(): NativeInterface[];
  /** Brings a device up. */
  setInterfaceUp(name: string): void;
  /** Gives a device an address, IPv4 or IPv6; an IPv6 one can be used at once (no duplicate address detection). */
  addAddress(name: string, address: string, prefixLength: number): void;
  /**
   * Makes two joined Ethernet devices; both are down at first. `peer` is made in the network namespace of this
   * descriptor; without one, beside `name`.
   */
  createVethPair(name: string, peer: string, peerNamespace?: number): void;
  /** Octets of the largest packet that a device takes, its link-layer header apart. */
  setMtu(name: string, mtu: number): void;
  /** Lets IPv4 packets that come in by a device go on by others: the namespace is a router then. */
  setForwarding(name: string): void;
  /** A route by way of a gateway; prefix length 0 is the default route. */
  addRoute(destination: string, prefixLength: number, gateway: string): void;
  /** Lets no checksum and no segmentation be left to a device: packets are captured as they travel. */
  disableOffloads(name: string): void;
  /**
   * The state (TCP_…, linux/tcp_states.h: 1 ESTABLISHED, 2 SYN_SENT, …, 10 LISTEN) of the TCP socket of the calling thread's
   * network namespace between these ends, also of one that no program has any more, or of the listener that would take a
   * connection between them; undefined where there is neither. sock_diag(7).
   */
  tcpState(localAddress: string, localPort: number, remoteAddress: string, remotePort: number): number | undefined;
  /** The real-time clock, which packets are stamped by, read between two readings of the monotonic one. */
  readClocks(): {
    /** Since 1970 UTC. */
    readonly seconds: number;
    readonly nanoseconds: number;
    /** Milliseconds of CLOCK_MONOTONIC, which `process.hrtime` reads too; exact to a microsecond for 200 years. */
    readonly before: number;
    readonly after: number;
  };
  /** A new network namespace besides the calling thread's own. EPERM needs CAP_SYS_ADMIN, as in `unshare -Urn`. */
  readonly NetworkNamespace: new () => NativeNetworkNamespace;
  /** Moves the calling thread, and children it starts from now on, into a new network namespace; lo is down in it. */
  enterNewNetworkNamespace(): void;
  /**
   * Gives up all capabilities in every thread of the process, for good (no_new_privs is set too). Sockets that are open
   * stay usable. Throws ETIMEDOUT when a thread did not follow within 5 s: the process should end then.
   */
  dropCapabilities(): void;
}

export interface NativePacketSocketOptions {
  /** 0 is every device; then `promiscuous` must be false (ENODEV). */
  readonly interfaceIndex: number;
  /**
   * Classic BPF in the layout of `struct sock_filter`: 1 to 4096 instructions of 8 octets, host byte order. Attached
   * before anything can be queued.
   */
  readonly filter: Uint8Array;
  /** Octets; a multiple of the page size. A packet that does not fit into a block is cut: its `tp_snaplen` says so. */
  readonly blockSize: number;
  /** 0 opens a socket that only sends: no ring, nothing received, the other options do not matter. */
  readonly blockCount: number;
  /** Milliseconds after which a block that is not full is handed over; 1 or more. */
  readonly blockTimeout: number;
  readonly promiscuous: boolean;
  /** Spares the kernel a copy of each packet that leaves: for loopback, where it comes in again. PACKET_IGNORE_OUTGOING. */
  readonly ignoreOutgoing?: boolean;
  /**
   * What PACKET_FANOUT takes: a group's number, and its mode (PACKET_FANOUT_…) shifted left by 16. The sockets of a group
   * share its packets. EINVAL where the group is on another device or in another mode. Default: in no group.
   */
  readonly fanout?: number | undefined;
  /** Uses the copying path even where the runtime takes external buffers. */
  readonly copy?: boolean;
}

export interface NativePacketSocket {
  /**
   * The mapped ring, or undefined where the runtime refuses external buffers: then {@link copyBlock} is the way. Block
   * `index` begins at `index * blockSize` with a `struct tpacket_block_desc`, linux/if_packet.h. It is ready when bit 0
   * of `block_status` (a 32-bit word at octet 8 of the block) is set, and is given back by storing 0 there, both by
   * `Atomics`. Until then it may be written to: the 4 octets before each `tp_mac` are free for a stripped VLAN tag.
   * Detached once the socket is closed.
   */
  readonly ring: ArrayBuffer | undefined;
  /** A copy of the used part of block `index`, which is given back to the kernel; undefined when it is not ready. */
  copyBlock(index: number): ArrayBuffer | undefined;
  /**
   * Calls back once, when a block may be ready (where there are none: when the socket takes frames again) or the socket
   * has an error; blocks may be ready in that case too. One wait at a time (EALREADY); the event loop is kept alive meanwhile. Give ready blocks back first: while the newest
   * is held, the kernel calls the socket readable. After ENETDOWN the socket goes on when its device comes up again.
   */
  wait(callback: (error: NodeJS.ErrnoException | undefined) => void): void;
  /** Replaces the filter. What the former one let through may still be in the ring. */
  setFilter(filter: Uint8Array): void;
  /** Running totals since the socket was opened, still to be had once it is closed; `received` includes `dropped`. */
  statistics(): { received: number; dropped: number; freezes: number };
  /**
   * Sends one frame, link-layer header included, out of a device; the octets taken by the kernel. Every packet socket
   * but this one sees it leave. EAGAIN or ENOBUFS when the device's queue is full, EMSGSIZE beyond its MTU.
   */
  send(frame: Uint8Array, interfaceIndex: number): number;
  /**
   * Sends the first `count` frames of those that lie back to back in `octets`, by sendmmsg(2), until one is refused; how
   * many the kernel took. Throws as {@link send} where the first one is refused.
   */
  sendBatch(octets: Uint8Array, lengths: Uint32Array, count: number, interfaceIndex: number): number;
  /** Detaches the ring, then unmaps it and closes the socket. A pending wait is not called back. Idempotent. */
  close(): void;
}

export interface NativeRawSocketOptions {
  readonly family: 4 | 6;
  /** 0 to 255; 255 (IPPROTO_RAW) only sends. */
  readonly protocol: number;
  /** Packets to send begin with their IP header: IP_HDRINCL, IPV6_HDRINCL. */
  readonly headerIncluded: boolean;
}

export interface NativeRawSocket {
  /** Only what is sent to `address` is received, and what is sent without a header comes from there. */
  bind(address: string): void;
  /** setsockopt(2); a number is an int. */
  setOption(level: number, option: number, value: number | Uint8Array): void;
  /** getsockopt(2), an int. */
  getOption(level: number, option: number): number;
  /** The octets taken by the kernel. EAGAIN or ENOBUFS when there is no room, EMSGSIZE beyond the MTU. */
  send(packet: Uint8Array, address: string): number;
  /**
   * Sends the first `count` packets of those that lie back to back in `octets`, by sendmmsg(2), until one is refused; how
   * many the kernel took. `destinations` is one address for all, or one for each, 4 or 16 octets; `scope` the device's
   * index for link-local ones. Throws as {@link send} where the first one is refused.
   */
  sendBatch(octets: Uint8Array, lengths: Uint32Array, count: number, destinations: Uint8Array, scope?: number): number;
  /**
   * The next packet, of which as much as fits is written `into`; its whole `length` all the same. Undefined when there is
   * none. Over IPv4 it begins with its IP header, over IPv6 behind it.
   */
  receive(into: Uint8Array): { length: number; address: string; scope: number } | undefined;
  /** Calls back once, when a packet is there or the socket has an error. One such wait at a time (EALREADY). */
  waitReadable(callback: (error: NodeJS.ErrnoException | undefined) => void): void;
  /** Calls back once, when there is room for a packet or the socket has an error. One such wait at a time (EALREADY). */
  waitWritable(callback: (error: NodeJS.ErrnoException | undefined) => void): void;
  /** A pending wait is not called back. Idempotent. */
  close(): void;
}

/** `fd`: takes over a socket that is open already, IPv4 or IPv6, and makes it non-blocking. */
export type NativeSocketOptions =
  | { readonly family: 4 | 6; readonly type: "stream" | "datagram" }
  | { readonly fd: number };

export interface NativeAddress {
  /** An IPv4-mapped one as the IPv4 address it stands for; a link-local one with its zone: fe80::1%eth0. */
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
}

/**
 * Every call is made once, without waiting: where it would have to wait, it gives -1 or undefined, as said. An address is
 * numeric; on an IPv6 socket an IPv4 one is meant as its IPv4-mapped address. EBADF once closed.
 */
export interface NativeSocket {
  /** -1 once closed. */
  readonly fd: number;
  readonly family: 4 | 6;
  bind(address: string, port: number): void;
  listen(backlog: number): void;
  /** The next connection, whose descriptor is the caller's to close; undefined when there is none. */
  accept(): { fd: number; remote: NativeAddress } | undefined;
  /** Whether it is done; otherwise the socket will be writable, and {@link finishConnect} says how it went. */
  connect(address: string, port: number): boolean;
  /** Throws what the socket has as SO_ERROR, which this clears. */
  finishConnect(): void;
  /** connect(2) to AF_UNSPEC: nobody is the peer any more. */
  disconnect(): void;
  /** Octets `at` to `end`, MSG_ flags; how many the kernel took, -1 for none without waiting. SIGPIPE is never sent. */
  send(octets: Uint8Array, at: number, end: number, flags: number): number;
  sendTo(octets: Uint8Array, address: string, port: number): number;
  /** How many octets were written from `at`, at most up to `end`; 0 at the end of a stream, -1 when nothing is there. */
  receive(octets: Uint8Array, at: number, end: number, flags: number): number;
  /** The next datagram, of which as much as fits is written `into`; `length` is all it has. Undefined when none is there. */
  receiveFrom(into: Uint8Array, flags: number): { length: number; remote: NativeAddress | undefined } | undefined;
  /** The next message of the error queue, ip(7) IP_RECVERR; undefined when none is there. */
  receiveError(into: Uint8Array): NativeSocketError | undefined;
  /** 0 receiving, 1 sending, 2 both. */
  shutdown(how: number): void;
  /** setsockopt(2); a number is an int. */
  setOption(level: number, option: number, value: number | Uint8Array): void;
  /** getsockopt(2): the octets of the value. */
  getOption(level: number, option: number): Uint8Array;
  /** SO_ATTACH_FILTER: classic BPF, which sees what follows the link-layer and IP headers. */
  setFilter(filter: Uint8Array): void;
  /** Undefined where there is none. */
  localAddress(): NativeAddress | undefined;
  remoteAddress(): NativeAddress | undefined;
  /**
   * Calls back once, as soon as one of `events` (1 readable, 4 writable; epoll_ctl(2)), an error (8) or a hang-up (16) is
   * there, with what is; the event loop is kept alive until then. Takes the place of the wait before; 0 ends it.
   */
  wait(events: number, callback?: (events: number) => void): void;
  /** Gives the descriptor away: the socket counts as closed, but stays open. */
  detach(): number;
  /** A pending wait is not called back. Idempotent. */
  close(): void;
}

/** Which of many descriptors are ready, level-triggered: epoll(7). */
export interface NativePoll {
  /** The descriptors that {@link collect} found, its first so many. */
  readonly ready: Int32Array;
  /** `events`: 1 readable, 4 writable; an error and a hang-up always count. A descriptor that is closed is forgotten. */
  add(fd: number, events: number): void;
  change(fd: number, events: number): void;
  remove(fd: number): void;
  /** How many are ready now, at most the length of {@link ready}. */
  collect(): number;
  /** Calls back once, when one is ready; the event loop is kept alive until then. One wait at a time (EALREADY). */
  wait(callback: () => void): void;
  /** A pending wait is not called back. Idempotent. */
  close(): void;
}

/** Datagrams with the addresses they came from, and those of this machine that they were sent to. */
export interface NativeDatagramBatch {
  /** Datagram `at` begins at `at * DatagramBatch.stride`. */
  readonly octets: Uint8Array;
  readonly lengths: Uint32Array;
  /** recvmmsg(2): how many came, -1 when none is there. Takes the place of those before. */
  receive(fd: number): number;
  /**
   * sendmmsg(2): sends datagrams `from` to `to` where they came from (in place, or with other octets and lengths); how many
   * the kernel took, -1 for none without waiting. Throws where the first of them is refused.
   */
  send(fd: number, from: number, to: number): number;
  /** Where datagram `at` came from. */
  remote(at: number): NativeAddress | undefined;
}

/** struct sock_extended_err, ip(7). */
export interface NativeSocketError {
  /** What a call would be refused with: `code` and `errno`. */
  readonly error?: NodeJS.ErrnoException;
  /** 1 local, 2 ICMP, 3 ICMPv6. */
  readonly origin?: number;
  /** Type and code of the ICMP message. */
  readonly type?: number;
  readonly code?: number;
  /** The MTU for EMSGSIZE. */
  readonly info?: number;
  /** Who sent the ICMP message. */
  readonly offender?: NativeAddress;
  /** Where the datagram at fault was sent to. */
  readonly remote: NativeAddress | undefined;
  /** Octets of that datagram that came back, as many as fit written `into`. */
  readonly length: number;
}

export interface NativeRoute {
  /** RTN_…, rtnetlink(7): 1 unicast, 2 local, 3 broadcast, 5 multicast. */
  readonly type: number;
  readonly interfaceIndex: number;
  /** Empty where the kernel names none. */
  readonly source: string;
  /** Empty where the destination is on the link. */
  readonly gateway: string;
  /** Octets; 0 where the device's counts. */
  readonly mtu: number;
}

export interface NativeNetworkNamespace {
  /** Stands for it where a system call asks for one; -1 once closed. */
  readonly descriptor: number;
  /**
   * Calls `body` with the calling thread inside: sockets that it opens, devices that it makes and children that it
   * starts belong to this namespace for good. Nothing that `body` only begins, as an async function does, is inside.
   */
  run<T>(body: () => T): T;
  /** The namespace ends when no socket and no process of it is left, either. Idempotent. */
  close(): void;
}

interface NativeInterface {
  readonly index: number;
  readonly name: string;
  /** ARPHRD_…: 1 Ethernet, 772 loopback, 65534 none. */
  readonly hardwareType: number;
  /** Empty where the device has none. */
  readonly hardwareAddress: string;
  /** Octets. */
  readonly mtu: number;
  /** IFF_…, netdevice(7). */
  readonly flags: number;
  readonly addresses: readonly { readonly address: string; readonly prefixLength: number }[];
}

const load = createRequire(import.meta.url);
const packageRoot = new URL("../../", import.meta.url); // of src/socket/ and of dist/socket/
let loaded: Binding | undefined;

/**
 * The addon. Throws `UNSUPPORTED_PLATFORM` on anything but Linux, and `NO_ADDON` where none of the package's own places
 * holds one that this machine can load.
 */
export function binding(): Binding {
  loaded ??= loadBinding(packageRoot, process.platform);
  return loaded;
}

/** What {@link binding} does once; `root` is the package's folder. */
export function loadBinding(root: URL, platform: NodeJS.Platform): Binding {
  if (platform !== "linux") {
    throw new SockinspectError(
      "UNSUPPORTED_PLATFORM",
      `cannot open sockets on ${platform}: capturing and sending need Linux (reading files works here)`,
      { platform },
    );
  }
  // A closed list, all inside the package: this runs as root often enough not to look anywhere else.
  const tried = [
    "build/Release/sockinspect.node",
    "build/Debug/sockinspect.node",
    `prebuilds/linux-${process.arch}/sockinspect.glibc.node`,
  ].map((place) => fileURLToPath(new URL(place, root)));
  const file = tried.find((place) => existsSync(place));
  if (file === undefined) throw missing(`none of ${tried.join(", ")} is there`, tried);
  try {
    return load(file) as Binding; // what binding/addon.cc exports
  } catch (cause) {
    throw missing(cause instanceof Error ? cause.message : String(cause), [file], cause);
  }
}

function missing(why: string, tried: readonly string[], cause?: unknown): SockinspectError<"NO_ADDON"> {
  return new SockinspectError(
    "NO_ADDON",
    `cannot load the native addon on linux-${process.arch}: ${why}. It comes prebuilt for linux-x64 and linux-arm64 ` +
      "with glibc 2.28 or later; elsewhere run 'npm ci' in a clone (needs CMake 3.18 and a C++20 compiler)",
    { tried },
    { cause },
  );
}
