/** Filters over the packets of the corpus: libpcap's program, ours and the predicate. */
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openCapture } from "../../src/capture/file.js";
import { compile } from "../../src/filter/compile.js";
import { predicate } from "../../src/filter/predicate.js";
import { run } from "../../src/filter/run.js";
import { decode } from "../../src/packet/decode.js";
import { holdsOf, named } from "../filter/named.js";
import { asksIdly, parsePrograms } from "../filter/programs.js";
import { random } from "../filter/traffic.js";

const corpus = process.env["CORPUS"] ?? new URL("../../../shared/corpus", import.meta.url).pathname;
const fixture = new URL("../fixtures/filter/programs.txt.gz", import.meta.url);
const cases = parsePrograms(gunzipSync(readFileSync(fixture)).toString());
const linkTypes = [...new Set(cases.map(({ linkType }) => linkType))];

/** Of long captures the beginning. */
const most = 150;

interface Record {
  readonly data: DataView;
  readonly length: number;
}

async function packets(): Promise<Map<number, Record[]>> {
  const found = new Map<number, Record[]>();
  for (const file of readdirSync(`${corpus}/captures`)) {
    const capture = await openCapture(`${corpus}/captures/${file}`);
    let count = 0;
    do {
      for (let item = capture.next(); item && count < most; item = capture.next()) {
        if (item !== "packet") continue;
        count++;
        const { data, at, end, length, linkType } = capture.record;
        const octets = new Uint8Array(data.buffer, data.byteOffset + at, end - at).slice();
        const type = linkType === 12 || linkType === 14 ? 101 : linkType;
        const list = found.get(type) ?? [];
        list.push({ data: new DataView(octets.buffer), length });
        found.set(type, list);
      }
    } while (count < most && (await capture.more()));
    await capture.close();
  }
  return found;
}

const records = await packets();

test.each(linkTypes)("all three agree on every packet of link type %i", { timeout: 600_000 }, (linkType) => {
  const list = records.get(linkType) ?? [];
  expect(list.length).toBeGreaterThan(0);
  const disagreeing: string[] = [];
  let verdicts = 0;
  for (const { filter, program } of cases.filter((one) => one.linkType === linkType)) {
    if (program === undefined) continue;
    // libpcap reads octets there for a question that makes no difference, and rejects a packet that does not have them.
    const idle = asksIdly(filter, program);
    const ours = compile(filter, { target: { linkType } });
    const matches = predicate(filter, { linkType });
    for (const { data, length } of list) {
      const size = data.byteLength;
      const theirs = run(program, data, 0, size, length) > 0;
      const found = run(ours, data, 0, size, length) > 0;
      verdicts++;
      if (matches(data, 0, size, length) === found && (theirs === found || (idle && found))) continue;
      disagreeing.push(filter);
      break;
    }
  }
  console.log(`link type ${linkType}: ${list.length} packets, ${verdicts} verdicts`);
  expect(disagreeing).toEqual([]);
});

test("named fields are what decode() says", { timeout: 600_000 }, () => {
  const comparisons = named(random(41), 300);
  const disagreeing: unknown[] = [];
  let verdicts = 0;
  let matched = 0;
  for (const [linkType, list] of records) {
    const packets = list.map(({ data, length }) => {
      const octets = new Uint8Array(data.buffer);
      return { data, length, packet: decode(octets, linkType, { length }) };
    });
    for (const comparison of comparisons) {
      const matches = predicate(comparison.source, { linkType });
      const selects = compile(comparison.source, { target: { linkType } });
      for (const { data, length, packet } of packets) {
        const size = data.byteLength;
        const found = matches(data, 0, size, length);
        verdicts++;
        if (found) matched++;
        // The kernel asks whole packets.
        const whole = length === size;
        if (found === holdsOf(packet, comparison) && (!whole || !found || run(selects, data, 0, size, length) > 0))
          continue;
        disagreeing.push({ linkType, source: comparison.source, found });
        break;
      }
    }
  }
  console.log(`named fields: ${verdicts} verdicts, ${matched} of them matches`);
  expect(disagreeing).toEqual([]);
  expect(matched).toBeGreaterThan(10_000);
});
