import { expect, test } from "vitest";
import { Waits, within } from "../../src/send/waits.js";

const never = new Promise<never>(() => {});
const forever = Number.POSITIVE_INFINITY;

test("a wait ends by what is waited for, in time, or by the signal's reason", async () => {
  expect(await within(Promise.resolve("here"), forever)).toBe("here");
  expect(await within(never, 1)).toBeUndefined();
  const controller = new AbortController();
  const waiting = within(never, forever, controller.signal);
  controller.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(within(never, forever, controller.signal)).rejects.toThrow("enough");
});

test("all who wait are woken, once each, and also by the clock and a signal", async () => {
  const waits = new Waits();
  const controller = new AbortController();
  const woken = [waits.wait(forever), waits.wait(60_000), waits.wait(1e12)];
  const aborted = waits.wait(forever, controller.signal);
  controller.abort();
  await aborted;
  await waits.wait(1);
  waits.wake();
  await Promise.all(woken);
  waits.wake();
});
