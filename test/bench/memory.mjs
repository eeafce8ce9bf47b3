// Whether memory stays flat: node memory.mjs [--seconds N]. Views and text, each under a flood for so long, and the
// resident memory (MiB) at ten moments of it.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { machine, temporaryFolder } from "./harness.mjs";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" } } });
const INSIDE = "SOCKINSPECT_BENCH_INSIDE";
if (!process.env[INSIDE]) {
  const namespaces = process.getuid() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
  const { status } = spawnSync("unshare", [...namespaces, process.execPath, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, [INSIDE]: "1" },
  });
  process.exit(status ?? 1);
}

const here = import.meta.dirname;
const flood = join(temporaryFolder(), "flood");
execFileSync("cc", ["-O2", "-o", flood, join(here, "live/flood.c")]);
const { binding } = await import("../../dist/socket/binding.js");
binding().createVethPair("flood0", "flood1");
for (const device of ["flood0", "flood1"]) binding().setInterfaceUp(device);

const resident = (pid) =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024);

console.log(`${machine()}, ${values.seconds} s each`);
for (const [name, script] of [
  ["views", [join(here, "live/views.mjs"), "flood1"]],
  ["text", [join(here, "../../dist/cli/main.js"), "capture", "-i", "flood1"]],
]) {
  const child = spawn(process.execPath, script, { stdio: ["ignore", "ignore", "pipe"] });
  await once(child.stderr, "data");
  const flooding = spawn(flood, ["flood0", String(Number(values.seconds) * 5_000_000), "64"], { stdio: "ignore" });
  const sizes = [];
  for (let i = 0; i < 10; i++) {
    await new Promise((resolve) => setTimeout(resolve, Number(values.seconds) * 100));
    sizes.push(resident(child.pid));
  }
  flooding.kill();
  await once(flooding, "close");
  child.kill("SIGINT");
  await once(child, "close");
  console.log(`${name.padEnd(6)} ${sizes.join(" ")}`);
}
