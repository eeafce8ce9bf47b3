// npm run bench [-- --quick]: every benchmark, one after the other; --quick with tiny inputs, to see that all still run.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const quick = process.argv.includes("--quick");
const benchmarks = [
  ["live.mjs", quick ? ["--packets", "20000", "--rounds", "1"] : []],
  ["files.mjs", quick ? ["--packets", "20000", "--rounds", "1"] : []],
  ["latency.mjs", quick ? ["--packets", "5", "--idle", "0.5"] : []],
  ["memory.mjs", quick ? ["--seconds", "1"] : []],
  ["filter.mjs", []],
  ["flow.mjs", []],
];
for (const [name, options] of benchmarks) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, name), ...options], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
