/** Raw IP sockets, raw(7): the third kind of socket beside stream and datagram. Opened through the addon. */
import { isIP } from "node:net";
import { badArgument, requireSignal, requireType, whole } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { binding, type NativeRawSocket } from "./binding.js";
import { interfaceOf } from "./interfaces.js";
import { explained } from "./packet.js";
import { isFull, Readiness, roomAfter } from "./waiting.js";

export interface RawSocketOptions {
  readonly family: 4 | 6;
  /** The IP protocol received, and sent where the header is not included: 1 is ICMP, 58 ICMPv6. Default: 255, which only sends. */
  readonly protocol?: number;
  /** Whether packets to send begin with their IP header. Default: only for protocol 255. */
  readonly headerIncluded?: boolean;
  /** Sends and receives by this device only (SO_BINDTODEVICE). */
  readonly interface?: string | undefined;
}

/** What was received: over IPv4 it begins with its IP header, over IPv6 behind it. Whole datagrams: fragments are put together. */
export interface RawMessage {
  readonly octets: Uint8Array;
  /** Who sent it; a link-local address has its zone. */
  readonly address: string;
}

// asm-generic/socket.h, linux/in.h, linux/in6.h
const SOL_SOCKET = 1;
const SO_BROADCAST = 6;
const SO_BINDTODEVICE = 25;
const IPPROTO_IP = 0;
const IP_TTL = 2;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;

/** The largest IP packet. */
const LARGEST = 65_535;
const IPPROTO_RAW = 255;

/**
 * A raw socket. Over IPv4 the kernel writes the header's checksum and total length in any case, the source where it is 0,
 * and the identification where it is 0 without "don't fragment"; over IPv6 it sends an included header as it is. Throws
 * `PERMISSION`, `BAD_ARGUMENT`, `NO_SUCH_INTERFACE`, `UNSUPPORTED_PLATFORM`, `NO_ADDON` or `SYSTEM`.
 */
export class RawSocket implements AsyncDisposable {
  readonly family: 4 | 6;
  readonly #socket: NativeRawSocket;
  readonly #buffer = new Uint8Array(LARGEST);
  readonly #readable = new Readiness((callback) => this.native.waitReadable(callback));
  /** When the socket takes packets again. */
  readonly writable = new Readiness((callback) => this.native.waitWritable(callback));
  #closed = false;

  constructor(options: RawSocketOptions) {
    requireType("options", options, "object");
    const { family, protocol = IPPROTO_RAW, headerIncluded = protocol === IPPROTO_RAW } = options;
    if (family !== 4 && family !== 6) throw badArgument("family", family, "4 or 6");
    whole("protocol", protocol, 0, 255);
    const device = options.interface === undefined ? undefined : interfaceOf(options.interface);
    this.family = family;
    try {
      this.#socket = new (binding().RawSocket)({ family, protocol, headerIncluded });
      if (family === 4) this.#socket.setOption(SOL_SOCKET, SO_BROADCAST, 1);
      if (device) this.#socket.setOption(SOL_SOCKET, SO_BINDTODEVICE, new TextEncoder().encode(device.name));
    } catch (error) {
      throw explained(`cannot open a raw IPv${family} socket`, error);
    }
  }

  /** The addon's socket, for whoever sends in batches. Throws `CLOSED`. @internal */
  get native(): NativeRawSocket {
    if (this.#closed) throw new SockinspectError("CLOSED", "this raw socket is closed", {});
    return this.#socket;
  }

  /** Receives only what is sent to `address`, and sends from it where the header is not included. */
  bind(address: string): void {
    const { native } = this;
    this.#check("address", address);
    try {
      native.bind(address);
    } catch (error) {
      throw explained(`cannot bind a raw socket to ${address}`, error);
    }
  }

  /** Hops that packets may take whose header is not included: 1 to 255. */
  set hops(value: number) {
    whole("hops", value, 1, 255);
    if (this.family === 4) this.native.setOption(IPPROTO_IP, IP_TTL, value);
    else this.native.setOption(IPPROTO_IPV6, IPV6_UNICAST_HOPS, value);
  }

  get hops(): number {
    return this.family === 4
      ? this.native.getOption(IPPROTO_IP, IP_TTL)
      : this.native.getOption(IPPROTO_IPV6, IPV6_UNICAST_HOPS);
  }

  /**
   * Sends one packet; resolves when the kernel has taken it, which may have to wait for room. Throws `SYSTEM`, with EMSGSIZE
   * as its `info.code` beyond the MTU.
   */
  async send(packet: Uint8Array, address: string, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#check("address", address);
    if (!(packet instanceof Uint8Array)) throw badArgument("packet", packet, "a Uint8Array");
    requireSignal(options.signal);
    for (;;) {
      options.signal?.throwIfAborted();
      try {
        this.native.send(packet, address);
        return;
      } catch (error) {
        if (!isFull(error)) throw explained(`cannot send ${packet.length} octets to ${address}`, error);
        await roomAfter(error, this.writable, options.signal);
      }
    }
  }

  /** The next packet. Throws the signal's reason, `CLOSED`, or `SYSTEM`. */
  async receive(options: { readonly signal?: AbortSignal } = {}): Promise<RawMessage> {
    requireSignal(options.signal);
    for (;;) {
      options.signal?.throwIfAborted();
      let found: ReturnType<NativeRawSocket["receive"]>;
      try {
        found = this.native.receive(this.#buffer);
      } catch (error) {
        throw explained("cannot receive from a raw socket", error);
      }
      if (found) {
        const octets = this.#buffer.slice(0, Math.min(found.length, LARGEST));
        return { octets, address: found.address };
      }
      await this.#readable.wait(options.signal);
    }
  }

  /** All packets from now on, until the socket is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<RawMessage, void, undefined> {
    while (!this.#closed) yield await this.receive();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    this.#readable.close();
    this.writable.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #check(argument: string, address: string): void {
    if (typeof address !== "string" || isIP(address.replace(/%.*$/, "")) !== this.family)
      throw badArgument(argument, address, `an IPv${this.family} address`);
  }
}
