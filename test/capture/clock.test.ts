import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Clock, ticksPerSecond, writableResolution } from "../../src/capture/clock.js";

/** What the draft says, in whole numbers. */
function expected(count: bigint, ticks: bigint, offset: number): { seconds: number; nanoseconds: number } {
  return { seconds: Number(count / ticks) + offset, nanoseconds: Number(((count % ticks) * 1_000_000_000n) / ticks) };
}

function read(clock: Clock, count: bigint): { seconds: number; nanoseconds: number } {
  const instant = { seconds: 0, nanoseconds: 0 };
  clock.read(Number(count >> 32n), Number(count & 0xffff_ffffn), instant);
  return instant;
}

const u64 = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 2n ** 64n - 1n, 2n ** 53n + 1n));
const resolution = fc.oneof(fc.integer({ min: 0, max: 18 }), fc.integer({ min: 0x80, max: 0xbf }));

describe("times of pcapng", () => {
  test("are exact to the nanosecond, whatever they count", () => {
    fc.assert(
      fc.property(u64, resolution, fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), (count, exponent, offset) => {
        const ticks = exponent < 0x80 ? 10n ** BigInt(exponent) : 2n ** BigInt(exponent & 0x7f);
        expect(read(new Clock(ticksPerSecond(exponent), offset), count)).toEqual(expected(count, ticks, offset));
      }),
      { numRuns: 2000 },
    );
  });

  test("read as they were written", () => {
    const arbitrary = fc.record({
      exponent: fc.integer({ min: 0, max: 9 }),
      seconds: fc.integer({ min: 0, max: 18_446_744_072 }),
      nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
      offset: fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
      littleEndian: fc.boolean(),
    });
    fc.assert(
      fc.property(arbitrary, ({ exponent, seconds, nanoseconds, offset, littleEndian }) => {
        const clock = new Clock(10 ** exponent, offset);
        const data = new DataView(new ArrayBuffer(8));
        clock.write(seconds + offset, nanoseconds, data, 0, littleEndian);
        const instant = { seconds: 0, nanoseconds: 0 };
        clock.read(data.getUint32(0, littleEndian), data.getUint32(4, littleEndian), instant);
        const tick = 10 ** (9 - exponent);
        expect(instant).toEqual({ seconds: seconds + offset, nanoseconds: Math.floor(nanoseconds / tick) * tick });
      }),
      { numRuns: 2000 },
    );
  });

  test("of one second after the other are counted as each alone", () => {
    const times = fc.array(
      fc.tuple(fc.integer({ min: 1_700_000_000, max: 1_700_000_009 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    );
    fc.assert(
      fc.property(times, (instants) => {
        const clock = new Clock(1e9, 0);
        for (const [seconds, nanoseconds] of instants) {
          clock.count(seconds, nanoseconds);
          const count = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
          expect([clock.high, clock.low]).toEqual([Number(count >> 32n), Number(count & 0xffff_ffffn)]);
        }
      }),
    );
  });

  test("that no count stands for are written as the nearest one", () => {
    const data = new DataView(new ArrayBuffer(8));
    const clock = new Clock(1e9, 0);
    clock.write(-1, 0, data, 0, true);
    expect(data.getBigUint64(0)).toBe(0n);
    clock.write(1e12, 0, data, 0, true);
    expect(data.getBigUint64(0)).toBe(2n ** 64n - 1n);
    clock.write(Number.NaN, 0, data, 0, true);
    expect(data.getBigUint64(0)).toBe(0n);
  });

  test("are written in nanoseconds where they count in powers of two", () => {
    expect([0, 3, 6, 9].map((exponent) => writableResolution(10 ** exponent))).toEqual([0, 3, 6, 9]);
    expect([ticksPerSecond(0x8a), 1e12].map(writableResolution)).toEqual([9, 9]);
  });
});
