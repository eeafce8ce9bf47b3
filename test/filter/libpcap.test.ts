import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { compile } from "../../src/filter/compile.js";
import { predicate } from "../../src/filter/predicate.js";
import { run } from "../../src/filter/run.js";
import { asksIdly, parsePrograms } from "./programs.js";
import { traffic } from "./traffic.js";

const fixture = new URL("../fixtures/filter/programs.txt.gz", import.meta.url);
const cases = parsePrograms(gunzipSync(readFileSync(fixture)).toString());
const accepted = cases.flatMap(({ program, ...rest }) => (program === undefined ? [] : [{ ...rest, program }]));
const linkTypes = [...new Set(cases.map(({ linkType }) => linkType))];

test("the fixture has enough of every link type", () => {
  expect(new Set(accepted.map(({ filter }) => filter)).size).toBeGreaterThan(1000);
  expect(linkTypes).toHaveLength(8);
  expect(accepted.filter(({ filter, program }) => asksIdly(filter, program)).length).toBeLessThan(100);
});

test.each(linkTypes)(
  "our program, our predicate and libpcap's program agree on packets of link type %i",
  (linkType) => {
    const packets = traffic(linkType, 400, linkType + 1).map(({ octets, length }) => ({
      data: new DataView(octets.buffer),
      length,
    }));
    const disagreeing: unknown[] = [];
    const idly = new Set<string>();
    for (const { filter, program } of accepted.filter((one) => one.linkType === linkType)) {
      const ours = compile(filter, { target: { linkType } });
      const matches = predicate(filter, { linkType });
      // libpcap then rejects a packet that does not have these octets.
      const idle = asksIdly(filter, program);
      for (const [index, { data, length }] of packets.entries()) {
        const expected = run(program, data, 0, data.byteLength, length) > 0;
        const found = run(ours, data, 0, data.byteLength, length) > 0;
        const answer = matches(data, 0, data.byteLength, length);
        if (idle && found && !expected) idly.add(filter);
        if (found !== answer || (found !== expected && !(idle && found))) {
          disagreeing.push({ filter, index, expected, found, answer });
          break;
        }
      }
    }
    expect(disagreeing).toEqual([]);
    // As docs/filter.md says.
    expect(idly.size).toBeLessThanOrEqual(3);
  },
);

test("what libpcap refuses for its grammar or its meaning, and not because nothing can match, is refused here", () => {
  const lenient = cases.filter(({ linkType, filter, program }) => {
    // libpcap takes the index 0 of a divisor for the divisor.
    if (program !== undefined || filter === "ip[2:2] / ip[0] > 2") return false;
    try {
      // libpcap also refuses what no packet can match, which here is a program that rejects all.
      return compile(filter, { target: { linkType } }).length > 1;
    } catch {
      return false;
    }
  });
  expect(lenient.map(({ linkType, filter }) => `${linkType} ${filter}`)).toEqual([]);
});

test("programs are on average no longer than libpcap's", () => {
  // Chains are unrolled here, because the kernel takes no loops.
  const comparable = accepted.filter(({ filter }) => !filter.includes("protochain"));
  const ratios = comparable.map(
    ({ linkType, filter, program }) => compile(filter, { target: { linkType } }).length / program.length,
  );
  expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeLessThan(1);
});
