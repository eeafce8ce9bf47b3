/** What the echo servers have in common: how they are begun, counted and ended. */
import { isSockinspectError, SockinspectError } from "../errors.js";
import type { CallObserver } from "../socket/calls.js";
import type { SocketAddress } from "../socket/socket.js";

export interface ServerOptions {
  /** Numeric. Default: 127.0.0.1, which only this machine reaches; 0.0.0.0 is every IPv4 address, :: every one of both kinds. */
  readonly address?: string;
  /** Default: one that the kernel chooses; see `address` of the server. */
  readonly port?: number;
  /** Is told of every call the server makes. */
  readonly observe?: CallObserver | undefined;
  /** Aborts the server. */
  readonly signal?: AbortSignal | undefined;
}

/** How a server shall end: `stop` takes nobody new, `abort` ends all there is. An abort is a stop, too. */
export interface Ending {
  readonly stop: AbortSignal;
  readonly abort: AbortSignal;
}

export interface CloseOptions {
  /** Milliseconds that connections have to come to their end; then they are reset. Default: 1000. */
  readonly grace?: number;
}

/** An echo server that serves, from the next turn of the event loop on: who is root can give it up right behind the `await`. */
export class EchoServer<Counters> implements AsyncDisposable {
  /** Where it can be reached. */
  readonly address: SocketAddress;
  /** What it has done so far. */
  readonly counters: Counters;
  /** Resolves when the server has ended; rejects where it could not go on. */
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();
  readonly #abort = new AbortController();

  constructor(
    address: SocketAddress,
    counters: Counters,
    serve: (ending: Ending) => Promise<void>,
    signal: AbortSignal | undefined,
  ) {
    this.address = address;
    this.counters = counters;
    const abort = (): void => void this.abort();
    signal?.addEventListener("abort", abort, { once: true });
    this.ended = new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => serve({ stop: this.#stop.signal, abort: this.#abort.signal }))
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) throw error;
      })
      .finally(() => signal?.removeEventListener("abort", abort));
    // Who does not ask for it need not handle it
    this.ended.catch(() => {});
    if (signal?.aborted) abort();
  }

  /** Takes no new connections, and resolves when those that there are have ended. */
  async close({ grace = 1000 }: CloseOptions = {}): Promise<void> {
    this.#stop.abort();
    const timer = setTimeout(() => this.#abort.abort(), grace);
    await this.ended.finally(() => clearTimeout(timer));
  }

  /** Resets every connection. */
  async abort(): Promise<void> {
    this.#stop.abort();
    this.#abort.abort();
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A limit that is a whole number from `least` on, or undefined. Throws `BAD_ARGUMENT`. */
export function checkLimit(argument: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  throw new SockinspectError("BAD_ARGUMENT", `${argument} is a whole number from ${least} on, not ${String(value)}`, {
    argument,
    value,
  });
}

/** Whether the peer, not we, ended a connection before its time. */
export function isReset(error: unknown): boolean {
  return isSockinspectError(error, "SYSTEM") && ["ECONNRESET", "EPIPE", "ETIMEDOUT"].includes(error.info.code);
}
