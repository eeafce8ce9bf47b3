/** One clock for what the program does and what the kernel sees. */
import { binding } from "../socket/binding.js";

/** CLOCK_REALTIME and CLOCK_MONOTONIC at one moment. */
interface Reading {
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Milliseconds. */
  readonly monotonic: number;
  /** How far apart the two may have been read, to either side: nanoseconds. */
  readonly bound: number;
}

/**
 * Calls are timed by CLOCK_MONOTONIC when the program makes them and gets their result, packets by CLOCK_REALTIME when the
 * kernel has them. Both are read together at the start, and again whenever the bound is asked for: somebody may have set
 * the real-time clock, and it runs a little faster or slower while NTP corrects it.
 */
export class SharedClock {
  readonly #start = read();

  /** Nanoseconds since the start, for a packet's time. */
  ofPacket({ seconds, nanoseconds }: { readonly seconds: number; readonly nanoseconds: number }): number {
    return (seconds - this.#start.seconds) * 1e9 + (nanoseconds - this.#start.nanoseconds);
  }

  /** Nanoseconds since the start, for milliseconds of CLOCK_MONOTONIC. */
  ofCall(monotonic: number): number {
    return (monotonic - this.#start.monotonic) * 1e6;
  }

  /** Nanoseconds since the start. */
  now(): number {
    const [seconds, nanoseconds] = process.hrtime();
    return this.ofCall(seconds * 1000 + nanoseconds / 1e6);
  }

  /** By how much the times of a call and of a packet may be wrong against each other, at most: nanoseconds. */
  bound(): number {
    const now = read();
    const drift = Math.abs(this.ofPacket(now) - this.ofCall(now.monotonic));
    return Math.ceil(this.#start.bound + now.bound + drift);
  }
}

/** The best of some: whoever reads them may be interrupted in between. */
function read(): Reading {
  const readings = Array.from({ length: 8 }, () => {
    const { seconds, nanoseconds, before, after } = binding().readClocks();
    return { seconds, nanoseconds, monotonic: (before + after) / 2, bound: ((after - before) / 2) * 1e6 };
  });
  return readings.reduce((best, reading) => (reading.bound < best.bound ? reading : best));
}
