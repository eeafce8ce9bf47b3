import { expect, test } from "vitest";
import { type Impairment, Rule } from "../../src/link/impairment.js";
import { Random } from "../../src/link/random.js";

test.each<[string, object, string]>([
  ["a name that is not known", { droop: true }, "droop of an impairment is not known; there are from, filter,"],
  ["an end that there is not", { from: "left" }, 'from of an impairment takes "client" or "server"'],
  ["a packet before the first", { nth: 0 }, "nth of an impairment counts from 1, 0 is no packet"],
  ["half a packet", { nth: [1, 2.5] }, "nth of an impairment counts from 1, 2.5 is no packet"],
  ["a chance above 1", { chance: 1.5 }, "chance of an impairment is from 0 to 1, not 1.5"],
  ["a chance that is none", { chance: Number.NaN }, "chance of an impairment is from 0 to 1, not NaN"],
  ["a delay that goes back in time", { delay: -1 }, "delay of an impairment takes 0 or more, not -1"],
  ["half a copy", { duplicate: 0.5 }, "duplicate of an impairment takes a whole number from 0 to 1000, not 0.5"],
  ["a rate of nothing", { rate: 0 }, "rate of an impairment takes a number above 0, not 0"],
])("%s is refused", (_, impairment, message) => {
  expect(() => new Rule(impairment as Impairment, 1)).toThrow(
    expect.objectContaining({ code: "BAD_ARGUMENT", message: expect.stringContaining(message) }),
  );
});

test("a filter that cannot be read is refused as one", () => {
  expect(() => new Rule({ filter: "tpc" }, 1)).toThrow(expect.objectContaining({ code: "BAD_FILTER" }));
});

test("random numbers are the same for the same seed, and evenly spread", () => {
  const numbers = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 10_000 }, () => random.below(10));
  };
  expect(numbers(7)).toEqual(numbers(7));
  expect(numbers(7)).not.toEqual(numbers(8));
  const counts = Array.from({ length: 10 }, (_, digit) => numbers(7).filter((n) => n === digit).length);
  for (const n of counts) expect(Math.abs(n - 1000)).toBeLessThan(150);
});
