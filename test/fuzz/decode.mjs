// npm run fuzz [-- --inputs N --seed N --seconds N]: decodes mutations of real packets and holds them to check.mjs.
//
// Inputs of a sort that was not there before are kept and mutated further. The same seed makes the same inputs (as long
// as the corpus is the same). A finding is printed with what decodes it again: --input HEX --link-type N --length N.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { check, sortOf } from "./check.mjs";
import { chance, mutate } from "./mutate.mjs";
import { inputOf, seeds } from "./seeds.mjs";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    seconds: { type: "string", default: "Infinity" },
    corpus: { type: "string", default: join(import.meta.dirname, "../../../shared/corpus/captures") },
    input: { type: "string" },
    "link-type": { type: "string", default: "1" },
    length: { type: "string" },
  },
});
const ENOUGH_FINDINGS = 20;
const LARGEST_POOL = 30_000;
const LARGEST_KEPT = 1024;
const THOROUGH = 8;

if (values.input !== undefined) {
  const octets = new Uint8Array(Buffer.from(values.input, "hex"));
  console.dir(check(inputOf(octets, Number(values["link-type"]), Number(values.length ?? octets.length)), true), {
    depth: null,
  });
  process.exit();
}

const pool = [];
const sorts = new Set();
const found = new Map();

/** Checks `input`, and keeps it for more where nothing like it was there. */
function attempt(input, thorough) {
  try {
    const packet = check(input, thorough);
    if (pool.length >= LARGEST_POOL || input.octets.length > LARGEST_KEPT) return;
    const sort = sortOf(packet);
    if (sorts.has(sort)) return;
    sorts.add(sort);
    pool.push(input);
  } catch (error) {
    const what = `${error.name}: ${error.message}`.replace(/0x[0-9a-f]+|\d+/g, "#");
    if (found.has(what)) return;
    found.set(what, input);
    console.log(
      `\n${error.stack}\nseed ${values.seed}, after ${done} inputs: --input ${Buffer.from(input.octets).toString("hex")} --link-type ${input.linkType} --length ${input.length}`,
    );
  }
}

let done = 0;
for await (const seed of seeds(values.corpus)) attempt(seed, true);
const below = chance(Number(values.seed));
const another = () => pool[below(pool.length)];
console.log(`${pool.length} sorts of packets to start from`);

const inputs = Number(values.inputs);
const started = performance.now();
const seconds = () => (performance.now() - started) / 1000;
while (done < inputs && found.size < ENOUGH_FINDINGS && (done % 1024 !== 0 || seconds() < Number(values.seconds))) {
  attempt(mutate(another(), another, below), done % THOROUGH === 0);
  done++;
  if (done % 1_000_000 === 0) console.log(`${done} inputs, ${pool.length} sorts of packets`);
}
console.log(
  `${done} inputs in ${seconds().toFixed(1)} s, ${Math.round(done / seconds())} a second; ${pool.length} sorts of packets; findings: ${found.size}`,
);
if (found.size > 0) process.exitCode = 1;
