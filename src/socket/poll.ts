/** Many sockets, one wait: epoll(7). */
import { SockinspectError } from "../errors.js";
import { binding } from "./binding.js";
import { closedSocket, socketFailure } from "./failure.js";
import type { Socket } from "./socket.js";

/** epoll_ctl(2). */
const events = { readable: 1, writable: 4 } as const;

/** After so many waits in a row that found something at once, the event loop gets its turn. */
const TURN = 8;

/** Says which of many sockets are ready for what they are watched for, as one wake-up serves them all. */
export class Poll<S extends Socket> implements Disposable {
  readonly #native = new (binding().Poll)();
  readonly #found: Int32Array = this.#native.ready;
  /** By descriptor. */
  readonly #sockets: (S | undefined)[] = [];
  readonly #ready: S[] = [];
  #immediate = 0;
  #resume: (() => void) | undefined;
  #woken = false;
  #closed = false;

  /** Watches a socket until it is closed. One that has failed counts as ready in any case. Throws `CLOSED` or `SYSTEM`. */
  add(socket: S, what: keyof typeof events = "readable"): void {
    this.#control(() => this.#native.add(socket.fd, events[what]));
    this.#sockets[socket.fd] = socket;
  }

  change(socket: S, what: keyof typeof events): void {
    this.#control(() => this.#native.change(socket.fd, events[what]));
  }

  remove(socket: S): void {
    this.#control(() => this.#native.remove(socket.fd));
    this.#sockets[socket.fd] = undefined;
  }

  /** The sockets that are ready, once one is: an array that is good until the next wait. Empty after {@link wake}. hot */
  async wait(): Promise<readonly S[]> {
    if (this.#resume) throw new SockinspectError("BAD_ARGUMENT", "one wait at a time", { argument: "wait", value: "" });
    if (++this.#immediate % TURN === 0) await new Promise(setImmediate);
    while (!this.#woken) {
      if (this.#closed) throw closedSocket();
      if (this.#collect()) return this.#ready;
      await this.#readiness();
    }
    this.#woken = false;
    this.#ready.length = 0;
    return this.#ready;
  }

  /** Ends the wait that is on, or the next one. */
  wake(): void {
    this.#woken = true;
    this.#resume?.();
  }

  /** The sockets stay open. */
  close(): void {
    this.#closed = true;
    this.#native.close();
    this.#resume?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** hot */
  #collect(): boolean {
    const count = this.#native.collect();
    const ready = this.#ready;
    ready.length = 0;
    for (let at = 0; at < count; at++) {
      const socket = this.#sockets[this.#found[at]!];
      if (socket !== undefined) ready.push(socket);
    }
    return ready.length > 0;
  }

  #readiness(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = () => {
        this.#resume = undefined;
        resolve();
      };
      if (!this.#waits) this.#native.wait(this.#told);
      this.#waits = true;
    });
  }

  #waits = false;
  readonly #told = (): void => {
    this.#waits = false;
    this.#resume?.();
  };

  #control(change: () => void): void {
    if (this.#closed) throw closedSocket();
    try {
      change();
    } catch (error) {
      throw socketFailure("cannot watch a socket", error);
    }
  }
}
