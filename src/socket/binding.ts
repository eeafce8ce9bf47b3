/** The addon, loaded when it is first needed: decoding and reading files works where there is none. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { SockinspectError } from "../errors.js";

/** What `binding/` exports. Its errors are Node-shaped: `code`, `errno` (negative) and `syscall`. */
export interface Binding {
  /** packet(7): a link-layer socket with a TPACKET_V3 receive ring. */
  readonly PacketSocket: new (options: NativePacketSocketOptions) => NativePacketSocket;
  /** Every network device of the calling thread's network namespace, by netlink. */
  interfaces(): NativeInterface[];
  /** Brings a device up. */
  setInterfaceUp(name: string): void;
  /** Gives a device an address, IPv4 or IPv6. */
  addAddress(name: string, address: string, prefixLength: number): void;
  /** Makes two joined Ethernet devices; both are down at first. */
  createVethPair(name: string, peer: string): void;
  /** Moves the calling thread, and children it starts from now on, into a new network namespace; lo is down in it. */
  enterNewNetworkNamespace(): void;
  /** Gives up all capabilities in every thread of the process, for good (no_new_privs is set too). */
  dropCapabilities(): void;
}

export interface NativePacketSocketOptions {
  /** 0 is every device. */
  readonly interfaceIndex: number;
  /** Classic BPF in the layout of `struct sock_filter`, 8 octets an instruction, host byte order. Attached before anything can be queued. */
  readonly filter: Uint8Array;
  /** Octets; a power of two times the page size. */
  readonly blockSize: number;
  /** 0 opens a socket that only sends: no ring, nothing received. */
  readonly blockCount: number;
  /** Milliseconds after which a block that is not full is handed over. */
  readonly blockTimeout: number;
  readonly promiscuous: boolean;
  /** Uses the copying path even where the runtime takes external buffers. */
  readonly copy?: boolean;
}

export interface NativePacketSocket {
  /** The mapped ring, or undefined where the runtime refuses external buffers: then {@link copyBlock} is the way. */
  readonly ring: ArrayBuffer | undefined;
  /** A copy of the used part of block `index`, which is given back to the kernel; undefined when it is not ready. */
  copyBlock(index: number): ArrayBuffer | undefined;
  /** Calls back once, when a block may be ready or the socket has an error. One wait at a time; the event loop is kept alive meanwhile. */
  wait(callback: (error: NodeJS.ErrnoException | undefined) => void): void;
  /** Replaces the filter. */
  setFilter(filter: Uint8Array): void;
  /** Running totals since the socket was opened; `received` includes `dropped`. */
  statistics(): { received: number; dropped: number; freezes: number };
  /** Sends one frame, link-layer header included, out of a device. Octets taken by the kernel. */
  send(frame: Uint8Array, interfaceIndex: number): number;
  /** Detaches the ring, then unmaps it and closes the socket. A pending wait is not called back. Idempotent. */
  close(): void;
}

export interface NativeInterface {
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
