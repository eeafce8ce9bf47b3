// npm run bench [-- NAME...] [--peers] [--quick] [--rounds N] [--only PATTERN] [--json FILE] [--against FILE] [--write-docs]
//
// Runs the benchmarks, or those named (live, files, ...), one after the other, each in a process of its own.
//   --peers       races other programs and packages, too; brings what is not installed into the user's cache (peers.mjs)
//   --quick       tiny inputs, one round: to see that all of them run
//   --rounds N    how often each case runs
//   --only TEXT   only races and cases whose name matches; RACE/CASE matches both apart
//   --json FILE   writes what was measured
//   --against FILE  says whether an earlier run, of which --json wrote FILE, put the cases into the same order (order.mjs)
//   --write-docs  puts what was measured into docs/performance.md and its charts (docs.mjs)
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeDocs } from "./docs.mjs";
import { orderText } from "./order.mjs";

/** In this folder. One that is added here is one that calls `benchmark()`: see harness.mjs. */
const BENCHMARKS = [
  "live",
  "files",
  "start",
  "latency",
  "memory",
  "scaling",
  "echo",
  "craft",
  "flood",
  "match",
  "conversations",
];
/** Those that still have options of their own: what they are told with --quick. */
const OTHERS = {
  filter: [],
  flow: [],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    only: { type: "string" },
    json: { type: "string" },
    against: { type: "string" },
    "write-docs": { type: "boolean", default: false },
  },
});
const all = [...BENCHMARKS, ...Object.keys(OTHERS)];
const unknown = positionals.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark is called ${unknown.join(", ")}; there are ${all.join(", ")}`);
  process.exit(64);
}

if (values.quick && values["write-docs"]) {
  console.error("tiny inputs say nothing: --write-docs goes without --quick");
  process.exit(64);
}

if (values.against && !existsSync(values.against)) {
  console.error(`there is no file ${values.against}: --against takes one that --json wrote`);
  process.exit(66);
}
const earlier = values.against && JSON.parse(readFileSync(values.against, "utf8")).races;
const folder = mkdtempSync(join(tmpdir(), "sockinspect-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const races = [];
let running;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => {
    running?.kill("SIGTERM");
    process.exit(130);
  });
for (const name of positionals.length > 0 ? positionals : all) {
  console.log(`\n== ${name}`);
  const json = join(folder, `${name}.json`);
  const options = BENCHMARKS.includes(name) ? ["--json", json, ...passed()] : values.quick ? OTHERS[name] : [];
  const script = join(import.meta.dirname, `${name}.mjs`);
  // However this ends, so does it
  running = spawn("setpriv", ["--pdeathsig", "TERM", process.execPath, script, ...options], { stdio: "inherit" });
  const [status] = await once(running, "exit");
  if (status !== 0) {
    console.error(`${name} failed`);
    process.exitCode = 1;
  }
  if (existsSync(json)) races.push(...JSON.parse(readFileSync(json, "utf8")).races);
}
if (earlier) console.log(`\n== the order, against ${values.against}\n${orderText(earlier, races)}`);
if (values["write-docs"]) writeDocs(races);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ races }, undefined, 1)}\n`);

function passed() {
  const options = [];
  if (values.peers) options.push("--peers");
  if (values.quick) options.push("--quick");
  for (const name of ["rounds", "only"]) if (values[name] !== undefined) options.push(`--${name}`, values[name]);
  return options;
}
