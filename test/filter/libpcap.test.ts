import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { compile } from "../../src/filter/compile.js";
import type { Program } from "../../src/filter/program.js";
import { run } from "../../src/filter/run.js";
import { parsePrograms } from "./programs.js";
import { traffic } from "./traffic.js";

const fixture = new URL("../fixtures/filter/programs.txt.gz", import.meta.url);
const cases = parsePrograms(gunzipSync(readFileSync(fixture)).toString());
const linkTypes = [...new Set(cases.map(({ linkType }) => linkType))];

test.each(linkTypes)("libpcap's programs and ours agree on every packet of link type %i", (linkType) => {
  const packets = traffic(linkType, 600, linkType + 1).map(({ octets, length }) => ({
    data: new DataView(octets.buffer),
    length,
  }));
  const verdicts = (program: Program): number[] =>
    packets.map(({ data, length }) => (run(program, data, 0, data.byteLength, length) > 0 ? 1 : 0));
  const disagreeing: unknown[] = [];
  let ours = 0;
  let theirs = 0;
  let refused = 0;
  for (const { filter, program } of cases.filter((one) => one.linkType === linkType)) {
    if (program === undefined) {
      refused++;
      continue;
    }
    let compiled: Program;
    try {
      compiled = compile(filter, { target: { linkType } });
    } catch (error) {
      disagreeing.push([filter, String(error)]);
      continue;
    }
    ours += compiled.length;
    theirs += program.length;
    const expected = verdicts(program);
    const found = verdicts(compiled);
    const at = expected.findIndex((verdict, index) => verdict !== found[index]);
    if (at >= 0) disagreeing.push([filter, at, expected[at], found[at]]);
  }
  console.log(linkType, { ours, theirs, ratio: ours / theirs, refused, bad: disagreeing.length });
  expect(disagreeing.slice(0, 40)).toEqual([]);
});
