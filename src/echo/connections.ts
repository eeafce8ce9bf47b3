import { isSockinspectError } from "../errors.js";
import type { StreamSocket } from "../socket/stream.js";
import { type Ending, isReset } from "./server.js";

export interface StreamCounters {
  /** Connections taken in all, and those that are there now. */
  accepted: number;
  open: number;
  /** Ended by a reset, by the peer or the network. */
  reset: number;
  /** Ended because nothing was said for too long. */
  idle: number;
  /** Octets. */
  received: number;
  sent: number;
}

export interface Limits {
  /** Connections at once; others wait in the backlog, as the kernel keeps them. Default: as many as there are descriptors. */
  readonly connections?: number | undefined;
  /** Milliseconds that a connection may be silent before it is closed. Default: for ever. */
  readonly idleTimeout?: number | undefined;
}

/** Silence is noticed within a quarter of the time that is allowed: one timer looks after all connections. */
const LOOKS = 4;

/** The connections of a server: counted, limited, closed when they are silent. */
export class Connections implements Disposable {
  readonly counters: StreamCounters;
  readonly #limit: number;
  /** By connection, the look after which nothing has come. */
  readonly #active = new Map<StreamSocket, number>();
  readonly #changed: () => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #look = 0;
  /** No descriptor or memory was left for the next one, until one has gone. */
  #exhausted = false;

  /** `changed` is called whenever one has ended. */
  constructor(counters: StreamCounters, limits: Limits, ending: Ending, changed: () => void = () => {}) {
    this.counters = counters;
    this.#limit = limits.connections ?? Number.POSITIVE_INFINITY;
    this.#changed = changed;
    ending.abort.addEventListener("abort", () => this.#abort(), { once: true });
    if (limits.idleTimeout !== undefined)
      this.#timer = setInterval(() => this.#closeIdle(), limits.idleTimeout / LOOKS);
    this.#timer?.unref();
  }

  get full(): boolean {
    return this.#exhausted || this.counters.open >= this.#limit;
  }

  get open(): number {
    return this.counters.open;
  }

  add(connection: StreamSocket): void {
    this.counters.accepted++;
    this.counters.open++;
    this.#active.set(connection, this.#look);
  }

  /** It has received so many octets. hot */
  received(connection: StreamSocket, octets: number): void {
    this.counters.received += octets;
    if (this.#timer) this.#active.set(connection, this.#look);
  }

  sent(connection: StreamSocket, octets: number): void {
    this.counters.sent += octets;
    if (this.#timer) this.#active.set(connection, this.#look);
  }

  /** It has come to its end, by `error` where there is one. Other errors than a connection's are thrown on. */
  async end(connection: StreamSocket, error?: unknown): Promise<void> {
    if (!this.#active.delete(connection)) return;
    this.counters.open--;
    this.#exhausted = false;
    if (isReset(error)) this.counters.reset++;
    await connection.close();
    this.#changed();
    if (error !== undefined && !isReset(error) && !isSockinspectError(error, "CLOSED")) throw error;
  }

  /** `accept()` has failed. Thrown on where it will not go better once a connection has gone. */
  failed(error: unknown): void {
    const code = isSockinspectError(error, "SYSTEM") ? error.info.code : "";
    // accept(2): errors of the network that belong to the connection, which is gone
    if (["ECONNABORTED", "ENETDOWN", "EPROTO", "EHOSTDOWN", "EHOSTUNREACH", "ENETUNREACH"].includes(code)) return;
    if (!["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"].includes(code) || this.open === 0) throw error;
    this.#exhausted = true;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #closeIdle(): void {
    this.#look++;
    for (const [connection, look] of this.#active) {
      if (this.#look - look <= LOOKS) continue;
      this.counters.idle++;
      void this.end(connection);
    }
  }

  #abort(): void {
    for (const connection of this.#active.keys()) {
      connection.set({ linger: 0 });
      void this.end(connection);
    }
  }
}
