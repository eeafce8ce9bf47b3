import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Difference, differences } from "./compare.js";
import { kinds, readReasons } from "./known.js";

/** Any folder of captures/ and golden/, as the README of the corpus describes them. */
const directory = process.env["CORPUS"] ?? "../shared/corpus";
const isOurs = process.env["CORPUS"] === undefined;

const captures = readdirSync(join(directory, "captures")).filter((capture) =>
  existsSync(join(directory, "golden", `${capture}.l4.tsv.gz`)),
);

const found: Difference[] = [];

function textOf({ frame, column, ours, theirs }: Difference): string {
  return `packet ${frame}: ${column} is ${ours || "nothing"} here, ${theirs || "nothing"} there`;
}

describe("every field of every packet is what the oracle says", () => {
  it.each(captures)("in %s", async (capture) => {
    const all = await differences(directory, capture);
    found.push(...all);
    expect(all.filter(({ kind }) => kind === undefined).map(textOf)).toEqual([]);
  });
});

describe("the table of known differences", () => {
  const reasons = readReasons();

  it("has a reason for each kind, fewer than 20 of them", () => {
    expect(reasons.map(({ kind }) => kind).sort()).toEqual([...kinds].sort());
    for (const { reason } of reasons) expect(reason).toMatch(/^\S.{20,}\.$/);
    expect(kinds.length).toBeLessThan(20);
  });

  // Other captures need not have them all
  if (isOurs)
    it("lists no kind that does not occur", () => {
      const seen = new Set(found.map(({ kind }) => kind));
      const gone = reasons.filter(({ kind, seenIn }) => seenIn === "corpus" && !seen.has(kind));
      expect(gone.map(({ kind }) => kind)).toEqual([]);
    });
});
