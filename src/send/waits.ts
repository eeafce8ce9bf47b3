/** Waits that end in time, or when a signal says so. */
import { badArgument, whole } from "../arguments.js";

/** Milliseconds that a timer takes at most; what is to last longer is waited for in steps. */
export const LONGEST = 2 ** 31 - 1;

/** What `answer` gives within so many milliseconds; undefined after that. Throws the signal's reason. */
export async function within<T>(
  answer: Promise<T>,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  signal?.throwIfAborted();
  let release = (): void => {};
  const end = new Promise<undefined>((resolve, reject) => {
    const timer = after(milliseconds, () => resolve(undefined));
    const abort = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    release = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
  });
  try {
    return await Promise.race([answer, end]);
  } finally {
    release();
  }
}

/** Those who wait for something to happen. */
export class Waits {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next {@link wake}, after so many milliseconds, or when the signal says so. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = after(milliseconds, () => wake());
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

function after(milliseconds: number, then: () => void): NodeJS.Timeout | undefined {
  return Number.isFinite(milliseconds) ? setTimeout(then, Math.min(milliseconds, LONGEST)) : undefined;
}

/** Throws `BAD_ARGUMENT`. */
export function checkWaiting(timeout: number, retries: number): void {
  if (typeof timeout !== "number" || !(timeout > 0)) throw badArgument("timeout", timeout, "milliseconds above 0");
  whole("retries", retries, 0);
}
