import { expect, test } from "vitest";

// A script without types
const { orderText } = (await import("./order.mjs" as string)) as {
  orderText(before: readonly unknown[], after: readonly unknown[]): string;
};

function race(times: Readonly<Record<string, readonly number[]>>): unknown {
  const cases = Object.entries(times).map(([name, cpu]) => ({ name, runs: cpu.map((one) => ({ cpu: one })) }));
  return { id: "race", figures: { cpu: { title: "s" } }, cases };
}

test("cases changed places where both runs tell them apart, and do not agree which is ahead", () => {
  const before = [race({ one: [1, 2], two: [3, 4], three: [3, 5], gone: [1] })];
  const after = [race({ one: [8, 9], two: [5, 6], three: [9, 11] }), { id: "new" }];
  expect(orderText(before, after)).toBe(
    [
      "race: 3 pairs, 1 told apart by both runs, 1 of them in another order",
      "  before: one 1–2, two 3–4",
      "  now: one 8–9, two 5–6",
    ].join("\n"),
  );
  expect(orderText(before, before)).toBe("race: 6 pairs, 4 told apart by both runs, 0 of them in another order");
});
