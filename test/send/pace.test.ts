import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { Pace } from "../../src/send/pace.js";

test("a time that no timer reaches is waited for all the same, until the signal ends it", async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error) => warnings.push(warning);
  process.on("warning", warn);
  const controller = new AbortController();
  // Four months
  const waiting = new Pace().until(1e7, controller.signal);
  const ended = expect(waiting).rejects.toThrow("enough");
  await setImmediate();
  expect(warnings).toEqual([]);
  controller.abort(new Error("enough"));
  await ended;
  process.off("warning", warn);
});
