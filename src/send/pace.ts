/** Packets at their times. */
import { setImmediate, setTimeout } from "node:timers/promises";
import { LONGEST } from "./waits.js";

/** Milliseconds that the event loop may wait for its turn. */
const TURN = 10;
/** Milliseconds that a timer may be late. */
const TIMER = 2;

/** Waits until so long after its start, shorter than a timer can, and lets others have their turn. */
export class Pace {
  readonly #start = performance.now();
  #turned = this.#start;

  /** Seconds since the start. */
  get elapsed(): number {
    return (performance.now() - this.#start) / 1000;
  }

  async until(seconds: number, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const left = (seconds - this.elapsed) * 1000;
      if (left <= 0) return;
      if (left > TIMER) await sleep(Math.min(left - TIMER, LONGEST), signal);
      else await setImmediate();
      this.#turned = performance.now();
    }
  }

  /** Lets timers, signals and sockets have their turn, if they have waited for long. */
  async turn(): Promise<void> {
    if (performance.now() - this.#turned < TURN) return;
    await setImmediate();
    this.#turned = performance.now();
  }
}

/** Milliseconds, unless the signal ends them before. */
async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, signal ? { signal } : {});
  } catch {
    signal?.throwIfAborted();
  }
}
