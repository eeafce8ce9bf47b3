/** Datagram sockets: UDP, call by call as socket(7) and udp(7) have them. */
import { requireType } from "../arguments.js";
import type { NativeSocket, NativeSocketError } from "./binding.js";
import type { Call, CallName, CallObserver } from "./calls.js";
import type { DatagramBatch } from "./datagram-batch.js";
import { socketFailure } from "./failure.js";
import {
  type Outcome,
  octetsOf,
  roomFor,
  Socket,
  type SocketAddress,
  type SocketCreateOptions,
  throwIfAborted,
  type Waiting,
} from "./socket.js";

export interface Datagram {
  /** All of it, or its first `max` octets. */
  readonly octets: Uint8Array;
  /** Octets it had; what is more than `octets` is lost. */
  readonly length: number;
  readonly remote: SocketAddress;
}

/** What came of a datagram that was sent before: an ICMP message, or what this machine found out by itself. ip(7). */
export interface DatagramError {
  /** The errno's name, such as ECONNREFUSED for "port unreachable". */
  readonly name: string;
  readonly origin: "this machine" | "ICMP" | "ICMPv6";
  /** Type and code of the ICMP message. */
  readonly type: number;
  readonly code: number;
  /** The MTU, for EMSGSIZE. */
  readonly mtu?: number;
  /** Who sent the ICMP message. */
  readonly offender?: SocketAddress;
  /** Where the datagram was sent to. */
  readonly remote?: SocketAddress;
  /** As much of the datagram's data as came back. */
  readonly octets: Uint8Array;
}

/** Errors kept for `receiveError()`: nobody may ever ask for them. */
const KEPT = 64;
const MSG_PEEK = 0x2;

/**
 * A UDP socket. Each method is one call of socket(7); what would block waits without blocking the event loop, ended by
 * `signal` or {@link close}. A refusal of the system rejects with `SYSTEM` or `PERMISSION`, the errno's name in `info.code`
 * or in the `cause`.
 */
export class DatagramSocket extends Socket {
  readonly protocol = "udp";
  readonly #errors: DatagramError[] = [];
  #tellsErrors = false;

  private constructor(native: NativeSocket, observe: CallObserver | undefined) {
    super(native, observe);
  }

  /** socket(2), then the options. Throws `UNSUPPORTED_PLATFORM`, `NO_ADDON`, `BAD_ARGUMENT`, `PERMISSION` or `SYSTEM`. */
  static async create(options: SocketCreateOptions = {}): Promise<DatagramSocket> {
    return await Socket.make("datagram", options, (native, observe) => new DatagramSocket(native, observe));
  }

  /** As {@link Socket.set}. */
  override set(options: Parameters<Socket["set"]>[0]): void {
    super.set(options);
    if (options.receiveErrors !== undefined) this.#tellsErrors = options.receiveErrors;
  }

  override async bind(local: Parameters<Socket["bind"]>[0] = {}): Promise<void> {
    // IP_PKTINFO and IPV6_RECVPKTINFO, before anything can come: otherwise the answers of a batch could come from another
    // address than was asked
    requireType("local", local, "object");
    const everywhere = local.address === undefined || local.address === "0.0.0.0" || local.address === "::";
    if (everywhere && this.family === 4) this.native.setOption(0, 8, 1);
    if (everywhere && this.family === 6) this.native.setOption(41, 49, 1);
    await super.bind(local);
  }

  /**
   * Makes `remote` the only peer: `send()` goes there, nothing else is received, and an ICMP error fails the next call
   * (ECONNREFUSED). Nothing is sent. Resolves at once.
   */
  async connect(remote: { readonly address: string; readonly port: number }): Promise<void> {
    requireType("remote", remote, "object");
    const { address, port } = remote;
    this.check(address, port);
    await this.call("connect", { address, port }, `cannot connect to ${address} port ${port}`, () => {
      this.native.connect(address, port);
    });
  }

  /** Sends one datagram to the peer that {@link connect} named: how many octets, always all of them. */
  async send(message: Uint8Array | string, options: Waiting = {}): Promise<number> {
    const octets = octetsOf(message);
    return await this.call(
      "send",
      { octets: octets.length },
      `cannot send ${octets.length} octets`,
      () =>
        this.until("writable", options.signal, () => {
          const sent = this.native.send(octets, 0, octets.length, 0);
          return sent < 0 ? undefined : sent;
        }),
      (result) => ({ result, octets }),
      octets,
    );
  }

  /**
   * Sends one datagram: how many octets, always all of them. Resolves when the kernel has it, not when it has left or
   * arrived; whether it does, nobody says. Rejects with EMSGSIZE beyond 65 507 octets (IPv6: 65 527).
   */
  async sendTo(
    message: Uint8Array | string,
    remote: { readonly address: string; readonly port: number },
    options: Waiting = {},
  ): Promise<number> {
    const octets = octetsOf(message);
    requireType("remote", remote, "object");
    const { address, port } = remote;
    this.check(address, port);
    return await this.call(
      "sendto",
      { octets: octets.length, address, port },
      `cannot send ${octets.length} octets to ${address} port ${port}`,
      () =>
        this.until("writable", options.signal, () => {
          const sent = this.native.sendTo(octets, address, port);
          return sent < 0 ? undefined : sent;
        }),
      (result) => ({ result, octets }),
      octets,
    );
  }

  /** As {@link receiveFrom}, but only the octets: for a connected socket, whose peer is known. */
  async receive(max = 65_536, options: Waiting & { readonly peek?: boolean } = {}): Promise<Uint8Array> {
    return (await this.receiveFrom(max, options)).octets;
  }

  /**
   * The next datagram, once there is one; of a larger one than `max` the rest is lost, and `length` says so. Rejects with
   * ECONNREFUSED on a connected socket, or one with `receiveErrors`, where the datagram before met no one.
   */
  async receiveFrom(max = 65_536, options: Waiting & { readonly peek?: boolean } = {}): Promise<Datagram> {
    const room = roomFor(max);
    return await this.call(
      "recvfrom",
      { max },
      "cannot receive",
      () =>
        this.until("readable", options.signal, () => {
          const found = this.native.receiveFrom(room, options.peek ? MSG_PEEK : 0);
          // Left in the kernel's queue, they would call the socket ready for ever
          if (!found) this.#keepErrors();
          return found && { octets: room.slice(0, found.length), length: found.length, remote: found.remote! };
        }),
      (datagram) => ({ result: datagram.octets.length, octets: datagram.octets, remote: datagram.remote }),
    );
  }

  /**
   * As many datagrams as there are, once there is one, into the batch: how many. On a socket that is bound to every address,
   * they know which one each was sent to.
   */
  async receiveBatch(batch: DatagramBatch, options: Waiting = {}): Promise<number> {
    return await this.call(
      ...receiving(batch),
      () => this.until("readable", options.signal, () => this.#receiveBatch(batch)),
      (count) => received(batch, count),
    );
  }

  /** As {@link receiveBatch}, of what is there now: undefined when nothing is. hot */
  receiveBatchNow(batch: DatagramBatch): number | undefined {
    if (this.observe)
      return this.now(
        ...receiving(batch),
        () => this.#receiveBatch(batch),
        (count) => received(batch, count),
      );
    try {
      return this.#receiveBatch(batch);
    } catch (error) {
      throw socketFailure("cannot receive", error);
    }
  }

  #receiveBatch(batch: DatagramBatch): number | undefined {
    const count = batch.native.receive(this.fd);
    if (count >= 0) return count;
    // Left in the kernel's queue, they would call the socket ready for ever
    this.#keepErrors();
    return undefined;
  }

  /**
   * Sends the batch's datagrams from number `from` to before number `to` back to where they came from, and from the address
   * they were sent to: how many the kernel took before it refused one. Rejects where it refuses the first.
   */
  async sendBatch(batch: DatagramBatch, from: number, to: number, options: Waiting = {}): Promise<number> {
    return await this.call(
      ...this.#sending(batch, from, to),
      () => this.until("writable", options.signal, () => this.#sendBatch(batch, from, to)),
      (count) => sent(batch, from, count),
      batch.octets(from),
    );
  }

  /** As {@link sendBatch}, of what there is room for now: undefined when there is none. hot */
  sendBatchNow(batch: DatagramBatch, from: number, to: number): number | undefined {
    if (this.observe)
      return this.now(
        ...this.#sending(batch, from, to),
        () => this.#sendBatch(batch, from, to),
        (count) => sent(batch, from, count),
      );
    try {
      return this.#sendBatch(batch, from, to);
    } catch (error) {
      throw socketFailure("cannot send", error);
    }
  }

  #sendBatch(batch: DatagramBatch, from: number, to: number): number | undefined {
    const count = batch.native.send(this.fd, from, to);
    return count < 0 ? undefined : count;
  }

  /**
   * The next error of a datagram sent before, once there is one: the option `receiveErrors` makes the kernel tell them. Such
   * an error fails a call that waits or comes before this one, too.
   */
  async receiveError(options: Waiting = {}): Promise<DatagramError> {
    try {
      throwIfAborted(options.signal);
      return await this.until("readable", options.signal, () => {
        this.#keepErrors();
        return this.#errors.shift();
      });
    } catch (error) {
      throw this.failure("cannot receive an error", error);
    }
  }

  #sending(batch: DatagramBatch, from: number, to: number): [CallName, Call["arguments"], string] {
    const single = batch.size === 1;
    return [
      single ? "sendto" : "sendmmsg",
      single && this.observe ? { octets: batch.length(from), ...endOf(batch.remote(from)) } : { datagrams: to - from },
      "cannot send",
    ];
  }

  #keepErrors(): void {
    if (!this.#tellsErrors) return;
    for (;;) {
      const octets = new Uint8Array(512);
      const found = this.native.receiveError(octets);
      if (!found) return;
      if (this.#errors.length < KEPT) this.#errors.push(errorOf(found, octets));
    }
  }

  /** Receives what is sent to a multicast group, by `device` or by the one that the routing table says. */
  joinGroup(group: string, device?: string): void {
    this.membership(group, device, true);
  }

  leaveGroup(group: string, device?: string): void {
    this.membership(group, device, false);
  }
}

/** What is told of a call that receives, before and after. */
function receiving({ size }: DatagramBatch): [CallName, Call["arguments"], string] {
  return size === 1 ? ["recvfrom", { max: 65_535 }, "cannot receive"] : ["recvmmsg", { max: size }, "cannot receive"];
}

function received(batch: DatagramBatch, count: number): Outcome {
  const octets = batch.octets(0);
  return { result: batch.size === 1 ? octets.length : count, octets, remote: batch.remote(0) };
}

function sent(batch: DatagramBatch, from: number, count: number): Outcome {
  const octets = batch.octets(from);
  return { result: batch.size === 1 ? octets.length : count, octets };
}

function endOf({ address, port }: SocketAddress): { address: string; port: number } {
  return { address, port };
}

function errorOf(found: NativeSocketError, octets: Uint8Array): DatagramError {
  const name = found.error?.code ?? "";
  return {
    name,
    origin: found.origin === 3 ? "ICMPv6" : found.origin === 2 ? "ICMP" : "this machine",
    type: found.type ?? 0,
    code: found.code ?? 0,
    ...(name === "EMSGSIZE" && found.info !== undefined && { mtu: found.info }),
    ...(found.offender && { offender: found.offender }),
    ...(found.remote && { remote: found.remote }),
    octets: octets.slice(0, found.length),
  };
}
