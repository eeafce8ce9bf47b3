/** Waiting for a socket of the addon, which calls back once and knows one wait at a time. */
import { setTimeout } from "node:timers/promises";
import { requireSignal } from "../arguments.js";
import { SockinspectError } from "../errors.js";

/** Calls back once, when the socket is ready or has an error. */
type Arm = (callback: (error: NodeJS.ErrnoException | undefined) => void) => void;

/** Any number of waits for the same readiness, each of which may be given up. */
export class Readiness {
  readonly #arm: Arm;
  readonly #waiting = new Set<(error?: unknown) => void>();
  #armed = false;

  constructor(arm: Arm) {
    this.#arm = arm;
  }

  /** Resolves when the socket may be ready. Rejects with its error, the signal's reason, or `CLOSED`. */
  async wait(signal?: AbortSignal): Promise<void> {
    requireSignal(signal);
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: unknown): void => {
        this.#waiting.delete(settle);
        signal?.removeEventListener("abort", abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const abort = (): void => settle(signal?.reason);
      this.#waiting.add(settle);
      signal?.addEventListener("abort", abort, { once: true });
      if (this.#armed) return;
      try {
        this.#arm((error) => {
          this.#armed = false;
          this.#settleAll(error);
        });
        this.#armed = true;
      } catch (error) {
        settle(error);
      }
    });
  }

  /** The socket was closed, which no longer calls back. */
  close(): void {
    this.#settleAll(new SockinspectError("CLOSED", "the socket was closed", {}));
  }

  #settleAll(error: unknown): void {
    for (const settle of [...this.#waiting]) settle(error);
  }
}

/** Milliseconds until a device's queue is tried again, of which epoll(7) knows nothing. */
const QUEUE = 1;

/** Whether the kernel has no room just now: EAGAIN is the socket's own buffer, ENOBUFS the device's queue. */
export function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EAGAIN" || code === "ENOBUFS";
}

/** Resolves when there may be room again for what was refused with `error`. Rejects with the signal's reason, or `CLOSED`. */
export async function roomAfter(error: unknown, writable: Readiness, signal?: AbortSignal): Promise<void> {
  if ((error as NodeJS.ErrnoException).code === "EAGAIN") await writable.wait(signal);
  else {
    await setTimeout(QUEUE);
    signal?.throwIfAborted();
  }
}
