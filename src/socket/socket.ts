/** What stream and datagram sockets have in common: waiting without blocking, addresses, options, closing. */
import { isIP } from "node:net";
import { badArgument, refusedArgument, requireSignal, requireType, whole } from "../arguments.js";
import type { SockinspectError } from "../errors.js";
import { parseIpv4, parseIpv6 } from "../wire/address.js";
import { binding, type NativeSocket } from "./binding.js";
import { begin, type Call, type CallName, type CallObserver, nextSocket } from "./calls.js";
import { closedSocket, errorName, socketFailure } from "./failure.js";
import { interfaceOf } from "./interfaces.js";
import { getOption, type SocketOptionName, type SocketOptions, setOption } from "./options.js";

/** One end of a 5-tuple. */
export interface SocketAddress {
  /** A link-local one with its zone: `fe80::1%eth0`. */
  readonly address: string;
  readonly port: number;
  /** 4 for an IPv4 peer of a dual-stack socket, too: that is what is on the wire. */
  readonly family: 4 | 6;
}

export interface SocketCreateOptions extends Partial<SocketOptions> {
  /** IPv4 (default) or IPv6. An IPv6 socket takes IPv4 addresses, too, unless `ipv6Only` is set: "dual stack". */
  readonly family?: 4 | 6;
  /** Is told of every call, also of the sockets that `accept()` gives. */
  readonly observe?: CallObserver | undefined;
}

export interface Waiting {
  /** Ends the wait: the call rejects with the signal's reason, and the socket stays usable. */
  readonly signal?: AbortSignal | undefined;
}

/** epoll_ctl(2). */
const IN = 1;
const OUT = 4;
const ERROR_OR_HANG_UP = 8 | 16;

/** After so many calls in a row that did not have to wait, the event loop gets its turn. */
const TURN = 64;

interface Attempt {
  /** Whether it has come to its end. */
  run(): boolean;
  fail(error: unknown): void;
}

/** What is told of a call that has ended. */
export type Outcome = Pick<Call, "result" | "remote" | "octets">;

export abstract class Socket implements AsyncDisposable {
  abstract readonly protocol: "tcp" | "udp";
  /** Its number in what an observer is told. */
  readonly number = nextSocket();
  protected readonly observe: CallObserver | undefined;
  readonly #native: NativeSocket;
  /** Asked for once: the addon's objects are slow to find. */
  readonly #fd: number;
  #closed = false;
  #immediate = 0;
  readonly #readers: Attempt[] = [];
  readonly #writers: Attempt[] = [];

  protected constructor(native: NativeSocket, observe: CallObserver | undefined) {
    this.#native = native;
    this.#fd = native.fd;
    this.observe = observe;
  }

  /** socket(2), wrapped and told to its observer, then the options. */
  protected static async make<S extends Socket>(
    type: "stream" | "datagram",
    options: SocketCreateOptions,
    wrapped: (native: NativeSocket, observe: CallObserver | undefined) => S,
  ): Promise<S> {
    requireType("options", options, "object");
    const { family = 4, observe, ...rest } = options;
    if (observe !== undefined) requireType("observe", observe, "function");
    try {
      const socket = wrapped(new (binding().Socket)({ family, type }), observe);
      if (observe) begin(observe, socket.number, "socket", { family, type })({ result: socket.number });
      try {
        socket.set(rest);
      } catch (error) {
        await socket.close();
        throw error;
      }
      return socket;
    } catch (error) {
      throw socketFailure(`cannot create a ${type} socket`, error);
    }
  }

  /** IPv4 or IPv6. */
  get family(): 4 | 6 {
    return this.#native.family;
  }

  /** The descriptor. It stays this socket's: close it by {@link close}, or take it over by {@link detach}. */
  get fd(): number {
    if (this.#closed) throw closedSocket();
    return this.#fd;
  }

  /** The addon's socket. Throws `CLOSED`. */
  protected get native(): NativeSocket {
    if (this.#closed) throw closedSocket();
    return this.#native;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Where the socket is bound to; undefined while it is not. Throws `CLOSED`. */
  get localAddress(): SocketAddress | undefined {
    const local = this.native.localAddress();
    return local?.port === 0 ? undefined : local;
  }

  /** The other end of the connection; undefined while there is none. Throws `CLOSED`. */
  get remoteAddress(): SocketAddress | undefined {
    return this.native.remoteAddress();
  }

  /**
   * Gives the socket its local address. Without an address it is every one of this machine's, without a port the kernel
   * chooses one: see {@link localAddress}. Nothing is sent. Throws `SYSTEM` (EADDRINUSE, EADDRNOTAVAIL), `PERMISSION`.
   */
  async bind(local: { readonly address?: string | undefined; readonly port?: number | undefined } = {}): Promise<void> {
    requireType("local", local, "object");
    const { address = this.family === 6 ? "::" : "0.0.0.0", port = 0 } = local;
    this.check(address, port);
    await this.call("bind", { address, port }, `cannot bind to ${address} port ${port}`, () =>
      this.native.bind(address, port),
    );
  }

  /** Sets options, in the order given. Throws `BAD_ARGUMENT`, `PERMISSION` or `SYSTEM`. */
  set(options: Partial<SocketOptions>): void {
    requireType("options", options, "object");
    for (const [name, value] of Object.entries(options)) {
      const ended = this.observe && begin(this.observe, this.number, "setsockopt", { [name]: value });
      try {
        setOption(this.native, name, value);
        ended?.({});
      } catch (error) {
        ended?.({ error: errorName(error) });
        throw socketFailure(`cannot set the socket option ${name}`, error);
      }
    }
  }

  /** An option's value, as the kernel has it. Throws `SYSTEM`. */
  get<Name extends SocketOptionName>(name: Name): SocketOptions[Name] {
    try {
      return getOption(this.native, name);
    } catch (error) {
      throw socketFailure(`cannot read the socket option ${name}`, error);
    }
  }

  /**
   * Drops what classic BPF says 0 to, before the socket sees it: SO_ATTACH_FILTER, socket(7). `program` is instructions of 8
   * octets (struct sock_filter), which see a packet from its TCP or UDP header on. Throws `BAD_ARGUMENT` or `SYSTEM`.
   */
  attachFilter(program: Uint8Array): void {
    try {
      this.native.setFilter(program);
    } catch (error) {
      throw socketFailure("cannot attach a filter", error);
    }
  }

  /** Gives the descriptor to somebody else, such as `net.Server`'s `listen({ fd })`, who closes it. This socket is closed then. */
  detach(): number {
    const { native } = this;
    this.#end();
    return native.detach();
  }

  /** Calls that wait reject with `CLOSED`. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    await this.call("close", {}, "cannot close", () => {
      this.#end();
      this.#native.close();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #end(): void {
    this.#closed = true;
    for (const attempt of [...this.#readers.splice(0), ...this.#writers.splice(0)]) attempt.fail(closedSocket());
  }

  /** Joins or leaves a multicast group, ip(7) and ipv6(7). */
  protected membership(group: string, device: string | undefined, join: boolean): void {
    this.check(group, 0);
    const index = device === undefined ? 0 : interfaceOf(device).index;
    const octets = parseIpv4(group) ?? parseIpv6(group) ?? [];
    if ((octets.length === 4) !== (this.family === 4))
      throw badAddress(group, `is a group of IPv${this.family}, as the socket is`);
    // struct ip_mreqn: group, address, index; struct ipv6_mreq: group, index
    const request = new Uint8Array(octets.length === 4 ? 12 : 20);
    request.set(octets);
    new DataView(request.buffer).setUint32(request.length - 4, index, true);
    const [level, option] = octets.length === 4 ? [0, join ? 35 : 36] : [41, join ? 20 : 21];
    try {
      this.native.setOption(level, option, request);
    } catch (error) {
      throw socketFailure(`cannot ${join ? "join" : "leave"} the group ${group}`, error);
    }
  }

  /** A caller's address and port. Throws `BAD_ARGUMENT`. */
  protected check(address: string, port: number): void {
    const family = typeof address === "string" ? isIP(address) : 0;
    if (family === 0) throw badAddress(address, "is a numeric address: look names up with node:dns");
    if (family === 6 && this.family === 4)
      throw badAddress(address, "is an IPv4 address, as the socket is (family 6 takes both)");
    whole("port", port, 0, 65_535);
  }

  /** Makes a call, says to the observer when it begins and ends, and puts a refusal in words. */
  protected async call<T>(
    name: CallName,
    args: Call["arguments"],
    tried: string,
    action: () => T | Promise<T>,
    outcome?: (value: T) => Outcome,
    octets?: Uint8Array,
  ): Promise<T> {
    const ended = this.observe && begin(this.observe, this.number, name, args, octets);
    try {
      const pending = action();
      const value = pending instanceof Promise ? await pending : pending;
      ended?.(outcome?.(value) ?? {});
      return value;
    } catch (error) {
      ended?.({ error: error instanceof Aborted ? "ABORTED" : errorName(error) });
      throw this.failure(tried, error);
    }
  }

  /** As {@link call}, for a call that is made once and does not wait: undefined where it would have to. */
  protected now<T>(
    name: CallName,
    args: Call["arguments"],
    tried: string,
    action: () => T | undefined,
    outcome: (value: T) => Outcome,
  ): T | undefined {
    const ended = this.observe && begin(this.observe, this.number, name, args);
    try {
      const value = action();
      ended?.(value === undefined ? { error: "EAGAIN" } : outcome(value));
      return value;
    } catch (error) {
      ended?.({ error: errorName(error) });
      throw socketFailure(tried, error);
    }
  }

  /** What a failed call rejects with: the signal's reason, or a refusal of the system in words. */
  protected failure(tried: string, error: unknown): unknown {
    return error instanceof Aborted ? error.reason : socketFailure(tried, error);
  }

  /**
   * Makes `attempt`, which gives undefined where it would have to wait, again and again until it gives something: once the
   * calls before it have come to their end, and whenever the socket is ready.
   */
  protected until<T>(
    direction: "readable" | "writable",
    signal: AbortSignal | undefined,
    attempt: () => T | undefined,
  ): T | Promise<T> {
    throwIfAborted(signal);
    const queue = direction === "readable" ? this.#readers : this.#writers;
    if (queue.length === 0) {
      const value = attempt();
      if (value !== undefined)
        return ++this.#immediate % TURN === 0 ? new Promise((next) => setImmediate(next, value)) : value;
    }
    return new Promise<T>((resolve, reject) => {
      const abort = (): void => {
        queue.splice(queue.indexOf(entry), 1);
        this.#wait();
        reject(new Aborted(signal?.reason));
      };
      const entry: Attempt = {
        run: () => {
          const value = attempt();
          if (value === undefined) return false;
          signal?.removeEventListener("abort", abort);
          resolve(value);
          return true;
        },
        fail: (error) => {
          signal?.removeEventListener("abort", abort);
          reject(error);
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      queue.push(entry);
      this.#wait();
    });
  }

  #wait(): void {
    if (this.#closed) return;
    const events = (this.#readers.length > 0 ? IN : 0) | (this.#writers.length > 0 ? OUT : 0);
    this.#native.wait(events, this.#ready);
  }

  readonly #ready = (events: number): void => {
    if ((events & (IN | ERROR_OR_HANG_UP)) !== 0) this.#run(this.#readers);
    if ((events & (OUT | ERROR_OR_HANG_UP)) !== 0) this.#run(this.#writers);
    // It has called back once; without more to wait for, that is all
    if (this.#readers.length > 0 || this.#writers.length > 0) this.#wait();
  };

  /** Makes the attempts that wait, the first of them first, until one has to wait on. */
  #run(queue: Attempt[]): void {
    for (let first = queue[0]; first !== undefined && !this.#closed; first = queue[0]) {
      try {
        if (!first.run()) return;
        queue.shift();
      } catch (error) {
        queue.shift();
        first.fail(error);
      }
    }
  }
}

/** Carries a signal's reason, which is anything, past what puts errors in words. */
class Aborted {
  readonly reason: unknown;

  constructor(reason: unknown) {
    this.reason = reason;
  }
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  requireSignal(signal);
  if (signal?.aborted) throw new Aborted(signal.reason);
}

function badAddress(value: unknown, what: string): SockinspectError<"BAD_ARGUMENT"> {
  return refusedArgument("address", value, `address ${what}, not ${String(value)}`);
}

/** Octets of a message: text is UTF-8. */
export function octetsOf(message: Uint8Array | string): Uint8Array {
  if (typeof message === "string") return new TextEncoder().encode(message);
  if (!(message instanceof Uint8Array)) throw badArgument("message", message, "a text or a Uint8Array");
  return message;
}

/** Room for what is received. Throws `BAD_ARGUMENT`. */
export function roomFor(max: number): Uint8Array {
  whole("max", max, 1, 0x4000_0000);
  return max <= shared.length ? shared.subarray(0, max) : new Uint8Array(max);
}

/** What one receives is copied out of here before the next one receives. */
const shared = new Uint8Array(65_536);
