/** Stream sockets: TCP, call by call as socket(7) and tcp(7) have them. */
import { oneOf, requireType, whole } from "../arguments.js";
import { binding, type NativeSocket } from "./binding.js";
import type { CallObserver } from "./calls.js";
import { socketFailure } from "./failure.js";
import {
  octetsOf,
  roomFor,
  Socket,
  type SocketAddress,
  type SocketCreateOptions,
  throwIfAborted,
  type Waiting,
} from "./socket.js";
import { type TcpInformation, type TcpSocketState, tcpInformation } from "./tcp-information.js";

/** socket(7). */
const MSG_OOB = 0x1;
const MSG_PEEK = 0x2;
const MSG_MORE = 0x8000;
/** tcp(7). */
const IPPROTO_TCP = 6;
const TCP_INFO = 11;

export interface SendOptions extends Waiting {
  /** More follows at once: the kernel may wait for it to fill a segment. MSG_MORE. */
  readonly more?: boolean;
  /** The last octet is urgent, RFC 9293 §3.8.5. MSG_OOB. */
  readonly urgent?: boolean;
}

export interface ReceiveOptions extends Waiting {
  /** Leaves the octets where they are: the next call receives them again. MSG_PEEK. */
  readonly peek?: boolean;
}

/** As shutdown(2) numbers them. */
const ways = ["receiving", "sending", "both"] as const;

/**
 * A TCP socket. Each method is one call of socket(7); what would block waits without blocking the event loop, ended by
 * `signal` or {@link close}. A refusal of the system rejects with `SYSTEM` or `PERMISSION`, the errno's name in `info.code`
 * or in the `cause`.
 */
export class StreamSocket extends Socket {
  readonly protocol = "tcp";
  #remote: SocketAddress | undefined;

  private constructor(native: NativeSocket, observe: CallObserver | undefined, remote?: SocketAddress) {
    super(native, observe);
    this.#remote = remote;
  }

  /** socket(2), then the options. Throws `UNSUPPORTED_PLATFORM`, `NO_ADDON`, `BAD_ARGUMENT`, `PERMISSION` or `SYSTEM`. */
  static async create(options: SocketCreateOptions = {}): Promise<StreamSocket> {
    return await Socket.make("stream", options, (native, observe) => new StreamSocket(native, observe));
  }

  /** The other end: known from `connect()` or `accept()`, and kept when the connection is gone. */
  override get remoteAddress(): SocketAddress | undefined {
    return this.#remote ?? super.remoteAddress;
  }

  /**
   * Takes connections from now on: the kernel completes handshakes by itself, and keeps up to `backlog` + 1 connections
   * until they are accepted (at most net.core.somaxconn + 1). Nothing is sent.
   */
  async listen(backlog = 511): Promise<void> {
    whole("backlog", backlog, 0, 0x7fff_ffff);
    await this.call("listen", { backlog }, "cannot listen", () => this.native.listen(backlog));
  }

  /** The next connection, once there is one. */
  async accept(options: Waiting = {}): Promise<StreamSocket> {
    return await this.call(
      "accept",
      {},
      "cannot accept a connection",
      () => this.until("readable", options.signal, () => this.#accept()),
      acceptOutcome,
    );
  }

  /** The next connection, if there is one now. */
  acceptNow(): StreamSocket | undefined {
    return this.now("accept", {}, "cannot accept a connection", () => this.#accept(), acceptOutcome);
  }

  #accept(): StreamSocket | undefined {
    const found = this.native.accept();
    return found && new StreamSocket(new (binding().Socket)({ fd: found.fd }), this.observe, found.remote);
  }

  /**
   * Sends SYN and waits for the answer: resolves when the peer's kernel has taken the connection, whether or not anybody
   * accepts it. An aborted one leaves the socket unconnected. Rejects with ECONNREFUSED, ETIMEDOUT, ENETUNREACH, ….
   */
  async connect(remote: { readonly address: string; readonly port: number }, options: Waiting = {}): Promise<void> {
    requireType("remote", remote, "object");
    const { address, port } = remote;
    this.check(address, port);
    await this.call("connect", { address, port }, `cannot connect to ${address} port ${port}`, async () => {
      throwIfAborted(options.signal);
      if (!this.native.connect(address, port)) await this.#connected(options.signal);
      this.#remote = super.remoteAddress;
    });
  }

  async #connected(signal: AbortSignal | undefined): Promise<void> {
    let waited = false;
    try {
      await this.until("writable", signal, () => {
        // The first attempt is made before anything can have come
        if (waited) this.native.finishConnect();
        const done = waited;
        waited = true;
        return done || undefined;
      });
    } catch (error) {
      if (!this.closed && signal?.aborted) this.native.disconnect();
      throw error;
    }
  }

  /**
   * Hands octets to the kernel, as many as it has room for: how many. Resolves when the kernel has them, not when they have
   * left or arrived. Rejects with EPIPE or ECONNRESET where the connection is over.
   */
  async send(message: Uint8Array | string, options: SendOptions = {}): Promise<number> {
    const octets = octetsOf(message);
    return await this.call(
      "send",
      { octets: octets.length },
      "cannot send",
      () => this.until("writable", options.signal, () => this.#send(octets, 0, flagsOf(options))),
      (result) => ({ result, octets: octets.subarray(0, result) }),
      octets,
    );
  }

  /**
   * Sends all octets, in as many calls as it takes; nobody else's come between. When it is aborted, some of them may be
   * sent.
   */
  async sendAll(message: Uint8Array | string, options: SendOptions = {}): Promise<void> {
    const octets = octetsOf(message);
    let at = 0;
    await this.call(
      "send",
      { octets: octets.length },
      "cannot send",
      () =>
        this.until("writable", options.signal, () => {
          at += this.#send(octets, at, flagsOf(options)) ?? 0;
          return at === octets.length ? at : undefined;
        }),
      (result) => ({ result, octets }),
      octets,
    );
  }

  #send(octets: Uint8Array, at: number, flags: number): number | undefined {
    const sent = this.native.send(octets, at, octets.length, flags);
    return sent < 0 ? undefined : sent;
  }

  /** The first `length` octets, as many as the kernel has room for now: how many. hot */
  sendNow(octets: Uint8Array, length = octets.length): number {
    if (this.observe) return this.#observedSend(octets.subarray(0, length));
    try {
      const sent = this.native.send(octets, 0, length, 0);
      return Math.max(sent, 0);
    } catch (error) {
      throw socketFailure("cannot send", error);
    }
  }

  #observedSend(octets: Uint8Array): number {
    const outcome = (result: number): { result: number; octets: Uint8Array } => ({
      result,
      octets: octets.subarray(0, result),
    });
    return this.now("send", { octets: octets.length }, "cannot send", () => this.#send(octets, 0, 0), outcome) ?? 0;
  }

  /**
   * What has come, once something has, at most `max` octets: how many belong together is for the two ends to agree on, as a
   * stream has no messages. Empty at the end of the stream, when the peer sends nothing more. Rejects with ECONNRESET.
   */
  async receive(max = 65_536, options: ReceiveOptions = {}): Promise<Uint8Array> {
    const room = roomFor(max);
    return await this.call(
      "recv",
      { max },
      "cannot receive",
      () =>
        this.until("readable", options.signal, () => {
          const length = this.#receive(room, options.peek ? MSG_PEEK : 0);
          return length === undefined ? undefined : room.slice(0, length);
        }),
      (octets) => ({ result: octets.length, octets }),
    );
  }

  #receive(octets: Uint8Array, flags: number): number | undefined {
    const length = this.native.receive(octets, 0, octets.length, flags);
    return length < 0 ? undefined : length;
  }

  /** Receives into `octets` what is there now: how many, 0 at the end of the stream, undefined when nothing is. hot */
  receiveNow(octets: Uint8Array): number | undefined {
    if (this.observe) return this.#observedReceive(octets);
    try {
      const length = this.native.receive(octets, 0, octets.length, 0);
      return length < 0 ? undefined : length;
    } catch (error) {
      throw socketFailure("cannot receive", error);
    }
  }

  #observedReceive(octets: Uint8Array): number | undefined {
    const outcome = (result: number): { result: number; octets: Uint8Array } => ({
      result,
      octets: octets.subarray(0, result),
    });
    return this.now("recv", { max: octets.length }, "cannot receive", () => this.#receive(octets, 0), outcome);
  }

  /** "sending" says that nothing more will come (FIN), while receiving goes on: half close, RFC 9293 §3.6. */
  async shutdown(way: (typeof ways)[number] = "sending"): Promise<void> {
    const how = ways.indexOf(oneOf("way", ways, way));
    await this.call("shutdown", { how: way }, "cannot shut down", () => this.native.shutdown(how));
  }

  /** Closes at once and sends RST: what was not sent yet, or not received, is lost. */
  async abort(): Promise<void> {
    if (this.closed) return;
    this.set({ linger: 0 });
    await this.close();
  }

  /** The state of this end, RFC 9293 §3.3.2. Throws `CLOSED`. */
  state(): TcpSocketState {
    return this.information().state;
  }

  /** What the kernel knows about the connection. Throws `CLOSED`. */
  information(): TcpInformation {
    return tcpInformation(this.native.getOption(IPPROTO_TCP, TCP_INFO));
  }
}

function acceptOutcome(socket: StreamSocket): { result: number; remote: SocketAddress } {
  return { result: socket.number, remote: socket.remoteAddress! };
}

function flagsOf(options: SendOptions): number {
  return (options.more ? MSG_MORE : 0) | (options.urgent ? MSG_OOB : 0);
}
