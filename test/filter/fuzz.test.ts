import { array, constant, constantFrom, assert as holds, nat, oneof, property, string, tuple } from "fast-check";
import { expect, test } from "vitest";
import { isSockinspectError } from "../../src/errors.js";
import { compile, compileStage, type Target } from "../../src/filter/compile.js";
import { explain } from "../../src/filter/explain.js";
import { caret } from "../../src/filter/fault.js";
import { namesIn } from "../../src/filter/name.js";
import { predicate, remainder } from "../../src/filter/predicate.js";
import { bpf, maximumInstructions, memoryWords, type Program } from "../../src/filter/program.js";
import { run } from "../../src/filter/run.js";
import { stagesOf } from "../../src/filter/stages.js";
import { keywords, numberWords, protocolWords } from "../../src/filter/words.js";
import { headers } from "../../src/packet/headers.js";
import { named } from "./named.js";
import { random, traffic } from "./traffic.js";

/** What the kernel demands of a program before it runs it; net/core/filter.c, bpf_check_classic. */
function expectSound(program: Program): void {
  expect(program.length).toBeLessThanOrEqual(maximumInstructions);
  program.forEach(({ code, jt, jf, k }, at) => {
    const kind = code & 7;
    if (kind === bpf.JMP) {
      const furthest = code === bpf.JMP ? k : Math.max(jt, jf);
      expect(at + 1 + furthest).toBeLessThan(program.length);
      expect(Math.min(jt, jf, k)).toBeGreaterThanOrEqual(0);
      expect(Math.max(jt, jf)).toBeLessThan(256);
    }
    if (kind === bpf.ST || kind === bpf.STX) expect(k).toBeLessThan(memoryWords);
    if (kind === bpf.ALU && (code & 8) === 0 && ((code & 0xf0) === bpf.DIV || (code & 0xf0) === bpf.MOD))
      expect(k).not.toBe(0);
  });
  expect(program.at(-1)!.code & 7).toBe(bpf.RET);
}

const targets: readonly Target[] = ["live", { linkType: 1 }, { linkType: 0 }, { linkType: 101 }, { linkType: 276 }];
const packets = traffic(1, 30, 5);

/** Whether it compiled. */
function compileOrRefuse(source: string, target: Target): boolean {
  try {
    const { program, complete } = compileStage(source, { target });
    expectSound(program);
    explain(source);
    stagesOf(source);
    if (target === "live") {
      expect(remainder(source, { target }) === undefined).toBe(complete);
      return true;
    }
    const matches = predicate(source, target);
    for (const { octets, length } of packets) {
      const data = new DataView(octets.buffer);
      // Loads relative to a length that is more than there is fail.
      if (!complete && length !== data.byteLength) continue;
      const selected = run(program, data, 0, data.byteLength, length) > 0;
      const matched = matches(data, 0, data.byteLength, length);
      expect(complete ? matched === selected : selected || !matched).toBe(true);
    }
    return true;
  } catch (error) {
    if (!isSockinspectError(error, "BAD_FILTER")) throw error;
    const { at, length } = error.info;
    expect(at).toBeGreaterThanOrEqual(0);
    expect(at + length).toBeLessThanOrEqual(source.length);
    expect(caret(error).split("\n")).toHaveLength(2);
    return false;
  }
}

const words = [
  ...Object.keys(keywords),
  ...Object.keys(protocolWords),
  ...Object.keys(numberWords).slice(0, 10),
  ..."( ) [ ] + - * / % & | ^ << >> < > = != >= <= ! && || : ( ( ) )".split(" "),
  ..."192.0.2.1 10.0 2001:db8::1 :: 02:00:00:00:00:01 0 1 4 20 80 0xff 6000-6008 http \\tcp $01 name /".split(" "),
];

const names = headers.flatMap(({ kind }) => namesIn(kind)).map(({ text }) => text);
const parts = [
  ...new Set(names.flatMap((name) => name.split("."))),
  ..."constructor toString __proto__ hasOwnProperty ip eth src dst ttl mss".split(" "),
];
const values = [
  ..."== != < <= > >= = & true false in out other syn echoRequest https eth0 192.0.2.0/24 2001:db8::/32".split(" "),
  ..."0 1 6 64 255 0x12 1460 65535 4294967295 192.0.2.1 ::1 02:00:00:00:00:01 0a1b2c3d direction device".split(" "),
];

test("any text compiles to a program that the kernel takes, or is refused as a bad filter", () => {
  const text = oneof(string({ maxLength: 60 }), string({ unit: "binary", maxLength: 30 }));
  holds(
    property(text, constantFrom(...targets), (source, target) => {
      compileOrRefuse(source, target);
    }),
    { numRuns: 3000, seed: 1 },
  );
});

test("so does any row of words", () => {
  const row = array(oneof({ weight: 5, arbitrary: constantFrom(...words) }, nat(70000).map(String)), { maxLength: 12 });
  holds(
    property(row, constant(" "), constantFrom(...targets), (parts, space, target) => {
      compileOrRefuse(parts.join(space), target);
    }),
    { numRuns: 6000, seed: 2 },
  );
});

test("so does any row of names, whole and in parts, among words", () => {
  const name = oneof(
    constantFrom(...names),
    array(constantFrom(...parts), { minLength: 1, maxLength: 4 }).map((row) => row.join(".")),
    constantFrom(...names).map((text) => text.slice(0, -1)),
  );
  const comparison = tuple(name, constantFrom(...values.slice(0, 7)), constantFrom(...values)).map((row) =>
    row.join(" "),
  );
  const joining = constantFrom("and", "or", "and not", "or not", "and (", ") or", "&&");
  const sound = constantFrom(...named(random(29), 800).map(({ source }) => source));
  const row = array(
    tuple(
      oneof({ weight: 6, arbitrary: sound }, name, comparison, constantFrom(...words), constantFrom(...values)),
      joining,
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  ).map((pairs) => pairs.flat().slice(0, -1).join(" "));
  let compiled = 0;
  holds(
    property(row, constantFrom(...targets), (source, target) => {
      if (compileOrRefuse(source, target)) compiled++;
    }),
    { numRuns: 1500, seed: 3 },
  );
  expect(compiled).toBeGreaterThan(300);
});

test.each([
  ["names", `tcp.flags.syn${" or tcp.options.mss > 5".repeat(9000)}`],
  ["fields of tunnels", Array.from({ length: 1000 }, (_, i) => `not tcp.window == ${i}`).join(" and ")],
  ["long names", "tcp.".repeat(15000)],
  ["brackets", `${"(".repeat(20000)}tcp`],
  ["negations", `${"not ".repeat(16000)}tcp`],
  ["signs", `${"-".repeat(60000)}1 = 1`],
  ["indices", `${"ip[".repeat(20000)}0`],
  ["sums", `ip[0]${" + ip[1]".repeat(8000)} = 0`],
  ["powers", `ip[0]${" ^ ip[1]".repeat(8000)} = 0`],
  ["addresses", Array.from({ length: 3000 }, (_, i) => `host 10.0.${i >> 8}.${i & 255}`).join(" or ")],
  ["ports", `port 1${Array.from({ length: 8000 }, (_, i) => ` or ${i}`).join("")}`],
  ["tags", "vlan and ".repeat(6000)],
  ["chains", `protochain 6${" or protochain 7".repeat(4000)}`],
  ["tunnels", `geneve${" and geneve".repeat(5000)}`],
  ["text", "a".repeat(1_000_000)],
])("more %s than fit are refused soon", (_, source) => {
  const start = performance.now();
  expect(() => compile(source, { target: "live" })).toThrow(
    expect.objectContaining({ code: "BAD_FILTER" }) as unknown as Error,
  );
  expect(performance.now() - start).toBeLessThan(20_000);
});

test("a thousand alternatives still compile", () => {
  const hosts = Array.from({ length: 900 }, (_, i) => `src host 10.0.${i >> 8}.${i & 255}`).join(" or ");
  const program = compile(hosts, { target: { linkType: 1 } });
  expectSound(program);
  const last = traffic(1, 1, 1)[0]!;
  expect(program.length).toBeLessThan(maximumInstructions);
  expect(run(program, new DataView(last.octets.buffer), 0, last.octets.length, last.length)).toBe(0);
});
