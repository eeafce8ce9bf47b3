import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { compareFlows, type FlowDifference } from "./flow-differences.js";
import { flowKinds, readFlowReasons } from "./flow-known.js";

/** Any folder of captures/ and golden/, as the README of the corpus describes them. */
const directory = process.env["CORPUS"] ?? "../shared/corpus";
const isOurs = process.env["CORPUS"] === undefined;

const captures = readdirSync(join(directory, "captures")).filter((capture) =>
  existsSync(join(directory, "golden", `${capture}.l4.tsv.gz`)),
);

const found: FlowDifference[] = [];
let flagged = 0;

function textOf({ frame, column, ours, theirs }: FlowDifference): string {
  return `packet ${frame}: ${column} is ${ours || "nothing"} here, ${theirs || "nothing"} there`;
}

describe("conversations, what is remarkable about their packets, and round trips are what the oracle says", () => {
  it.each(captures)("in %s", async (capture) => {
    const comparison = await compareFlows(directory, capture);
    found.push(...comparison.differences);
    flagged += comparison.flagged;
    expect(comparison.differences.filter(({ kind }) => kind === undefined).map(textOf)).toEqual([]);
  });
});

describe("the table of known differences", () => {
  it("has a reason for each kind", () => {
    const reasons = readFlowReasons();
    expect([...reasons.keys()].sort()).toEqual([...flowKinds].sort());
    for (const reason of reasons.values()) expect(reason).toMatch(/^\S.{20,}\.$/);
  });

  it.runIf(isOurs)("lists no kind that does not occur", () => {
    const seen = new Set(found.map(({ kind }) => kind));
    // What the corpus has none of is in test/peers/analysis.test.ts
    const missing = ["probe that was taken", "both open", "RST out of place"];
    expect(flowKinds.filter((kind) => !seen.has(kind))).toEqual(missing);
  });

  it.runIf(isOurs)("explains fewer than 5 of 1000 packets that either flags", () => {
    expect(flagged).toBeGreaterThan(950);
    expect(found.filter(({ column }) => column === "flags").length / flagged).toBeLessThan(0.005);
  });

  it.runIf(isOurs)("explains no stream of TCP: all have the same number", () => {
    expect(found.filter(({ column, theirs }) => column === "stream" && theirs.startsWith("tcp"))).toEqual([]);
  });
});
