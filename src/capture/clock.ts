const NANOSECONDS = 1_000_000_000;
const HIGH = 2 ** 32;
const HALF = 2 ** 16;

export interface Instant {
  seconds: number;
  nanoseconds: number;
}

/**
 * The times of a pcapng interface: 64-bit counts of `ticksPerSecond`, `offset` seconds away from 1970 UTC; if_tsresol and
 * if_tsoffset of draft-ietf-opsawg-pcapng §4.2. Finer than nanoseconds is cut to nanoseconds.
 */
export class Clock {
  readonly ticksPerSecond: number;
  readonly offset: number;
  readonly #nanosecondsPerTick: number;
  /** The count that {@link count} found: its upper and lower 32 bits. */
  high = 0;
  low = 0;
  /** The second of the last time, and the count at its beginning. */
  #second = Number.NaN;
  #secondHigh = 0;
  #secondLow = 0;

  constructor(ticksPerSecond: number, offset: number) {
    this.ticksPerSecond = ticksPerSecond;
    this.offset = offset;
    this.#nanosecondsPerTick = NANOSECONDS / ticksPerSecond;
  }

  /** Sets `instant` to what the two halves of a count stand for. hot */
  read(high: number, low: number, instant: Instant): void {
    const ticks = this.ticksPerSecond;
    if (ticks > NANOSECONDS || !Number.isInteger(this.#nanosecondsPerTick)) {
      this.#readUncommon(high, low, instant);
      return;
    }
    // Long division, 16 bits at a time: the count does not fit a double
    const first = Math.floor(high / ticks);
    let rest = (high - first * ticks) * HALF + (low >>> 16);
    const second = Math.floor(rest / ticks);
    rest = (rest - second * ticks) * HALF + (low & 0xffff);
    const third = Math.floor(rest / ticks);
    instant.seconds = (first * HALF + second) * HALF + third + this.offset;
    instant.nanoseconds = (rest - third * ticks) * this.#nanosecondsPerTick;
  }

  /**
   * Writes the count for a time as its two halves at `at`; it is cut to this clock's ticks, and to the first or last time
   * that there is a count for. hot
   */
  write(seconds: number, nanoseconds: number, data: DataView, at: number, littleEndian: boolean): void {
    this.count(seconds, nanoseconds);
    data.setUint32(at, this.high, littleEndian);
    data.setUint32(at + 4, this.low, littleEndian);
  }

  /** As {@link write}, into {@link high} and {@link low}. hot */
  count(seconds: number, nanoseconds: number): void {
    if (seconds !== this.#second) this.#begin(seconds);
    const perTick = this.#nanosecondsPerTick;
    const low = this.#secondLow + (perTick === 1 ? nanoseconds : Math.floor(nanoseconds / perTick));
    const carry = low < HIGH ? 0 : Math.floor(low / HIGH);
    const high = this.#secondHigh + carry;
    const fits = high >= 0 && high < HIGH;
    this.high = fits ? high : high >= HIGH ? 0xffffffff : 0;
    this.low = fits ? low - carry * HIGH : this.high;
  }

  /** Many packets are of one second. */
  #begin(seconds: number): void {
    const ticks = this.ticksPerSecond;
    const whole = seconds - this.offset;
    // Multiplication by hand, 16 bits at a time, as above
    const upper = Math.floor(whole / HALF);
    const product = upper * ticks;
    const top = Math.floor(product / HALF);
    const bottom = (product - top * HALF) * HALF + (whole - upper * HALF) * ticks;
    const carry = Math.floor(bottom / HIGH);
    this.#second = seconds;
    this.#secondHigh = top + carry;
    this.#secondLow = bottom - carry * HIGH;
  }

  #readUncommon(high: number, low: number, instant: Instant): void {
    const count = (BigInt(high) << 32n) | BigInt(low >>> 0);
    const ticks = BigInt(this.ticksPerSecond);
    const whole = count / ticks;
    instant.seconds = Number(whole) + this.offset;
    instant.nanoseconds = Number(((count - whole * ticks) * BigInt(NANOSECONDS)) / ticks);
  }
}

/** Ticks a second by if_tsresol: a negative power of ten, or of two where the highest bit is set. */
export function ticksPerSecond(resolution: number): number {
  return resolution < 0x80 ? 10 ** resolution : 2 ** (resolution & 0x7f);
}

/** The if_tsresol for times that are written: the same power of ten up to nanoseconds, nanoseconds for any other. */
export function writableResolution(ticks: number): number {
  for (let resolution = 0; resolution < 9; resolution++) if (10 ** resolution === ticks) return resolution;
  return 9;
}
