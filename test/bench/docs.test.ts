import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

// Scripts without types
const { generated, pages, storedRaces } = (await import("./docs.mjs" as string)) as {
  generated(races: unknown, pages: unknown): Record<string, string>;
  pages(): { page: string };
  storedRaces(): { id: string; quick: boolean; cases: { runs: unknown[] }[] }[];
};
const { ratio, summary, table } = (await import("./report.mjs" as string)) as {
  ratio(race: unknown, name: string): number | undefined;
  summary(each: unknown, name: string, figure: object): unknown;
  table(race: unknown): string;
};

const committed = (name: string): string => readFileSync(join(import.meta.dirname, "../..", name), "utf8");

test("every figure of the pages and charts comes from the measurements that are committed", () => {
  const files = generated(storedRaces(), pages());
  expect(Object.keys(files)).toContain("docs/performance.md");
  for (const [name, content] of Object.entries(files)) expect(content === committed(name), name).toBe(true);
});

test("a page tells what was measured, with its chart, goals and machine, and what was not yet", () => {
  const race = {
    id: "live-64",
    title: "A race",
    note: "of numbers",
    figures: { cpu: { title: "s", digits: 1, better: "lower" } },
    reference: "C reader",
    rounds: 1,
    load: 0.5,
    date: "2026-01-02T03:04:05Z",
    machine: { processors: "1 × any", memory: 1, kernel: "6", node: "v20" },
    cases: [
      { name: "C reader", runs: [{ cpu: 1 }] },
      { name: "sockinspect views", ours: true, runs: [{ cpu: 8 }] },
    ],
    missing: [],
  };
  const files = generated([race], pages());
  const page = files["docs/performance.md"]!;
  expect(page).toContain("| **sockinspect views** | 8.0 | 8.0–8.0 | 8.00 |");
  expect(page).toContain("| sockinspect views / C reader | 8.00 | ≤ 7.00 | **not met** |");
  expect(page).toContain("live-64 2026-01-02 03:04 (load 0.5)");
  expect(page).toContain("<!-- race files-decode -->\nNot measured yet.\n<!-- end -->");
  expect(files["README.md"]).toContain("](docs/performance.svg)");
  expect(files["docs/performance.svg"]).toContain(">sockinspect views</text>");
});

test("what is committed was measured in earnest", () => {
  for (const { id, quick, cases } of storedRaces()) {
    expect(quick, id).toBe(false);
    for (const { runs } of cases) expect(runs.length, id).toBeGreaterThan(0);
  }
});

test("a race tells medians, spreads and ratios, and who was not there", () => {
  const race = {
    title: "A race",
    note: "of numbers",
    figures: { time: { title: "s", digits: 1 }, lost: { title: "lost", worst: true } },
    reference: "other",
    rounds: 3,
    date: "2026-01-02T03:04:05Z",
    machine: { processors: "1 × any", memory: 1, kernel: "6", node: "v20" },
    cases: [
      { name: "other", runs: [9, 2, 1].map((time) => ({ time, lost: 0 })) },
      { name: "own", ours: true, runs: [4, 5, 30].map((time) => ({ time, lost: time })) },
    ],
    missing: [{ name: "third", why: "not installed" }],
  };
  expect(ratio(race, "own")).toBe(2.5);
  expect(ratio(race, "third")).toBeUndefined();
  expect(summary(race.cases[1], "time", {})).toEqual({ value: 5, least: 4, most: 30 });
  expect(summary(race.cases[1], "lost", { worst: true })).toMatchObject({ value: 30 });
  expect(table(race)).toContain("third: not raced: not installed");
  expect(table(race)).toMatch(/^own +5\.0 +4\.0–30\.0 +2\.50 +30$/m);
});
