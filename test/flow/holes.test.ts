import { expect, test } from "vitest";
import { fill, open } from "../../src/flow/holes.js";

test("what fills a hole is taken out of it, and counted", () => {
  const holes = open(open(undefined, 10, 20), 30, 40);
  expect(fill(holes, 0, 5)).toBe(0);
  expect(fill(holes, 12, 15)).toBe(3);
  expect(holes).toEqual([10, 12, 15, 20, 30, 40]);
  expect(fill(holes, 11, 35)).toBe(11);
  expect(holes).toEqual([10, 11, 35, 40]);
  expect(fill(holes, 0, 100)).toBe(6);
  expect(holes).toEqual([]);
});

test("holes lie across the wrap of 32 bits", () => {
  const holes = open(undefined, 0xfffffff0 | 0, 16);
  expect(fill(holes, -4, 4)).toBe(8);
  expect(holes).toEqual([-16, -4, 4, 16]);
});

test("more than 64 are not remembered", () => {
  let holes: number[] | undefined;
  for (let i = 0; i < 70; i++) holes = open(holes, 10 * i, 10 * i + 5);
  expect(holes).toHaveLength(128);
  expect(holes![0]).toBe(60);
});
