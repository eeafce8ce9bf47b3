// Whether memory stays flat: node test/bench/memory.mjs [--seconds N]. Each case under a flood for so long.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { binding } from "../../dist/socket/binding.js";
import { benchmark } from "./harness.mjs";
import { Running } from "./process.mjs";
import { median } from "./report.mjs";

const bench = await benchmark({ rounds: [1, 1], seconds: [30, 1] });
const flood = bench.compile("live/flood.c");
binding().createVethPair("flood0", "flood1");
for (const device of ["flood0", "flood1"]) binding().setInterfaceUp(device);

const node = process.execPath;
const here = join(import.meta.dirname, "live");
const cli = join(import.meta.dirname, "../../dist/bundle/main.js");

await bench.race({
  id: "memory",
  title: "Memory under a flood",
  note: `resident memory during ${bench.seconds} s of flood, in tenths of it`,
  figures: {
    growth: { title: "MiB it grew, last third over second", digits: 1, better: "lower" },
    first: { title: "MiB after a tenth" },
    last: { title: "MiB at the end" },
  },
  cases: [
    { name: "sockinspect views", ours: true, command: [node, join(here, "views.mjs"), "flood1"] },
    { name: "sockinspect values", ours: true, command: [node, join(here, "values.mjs"), "flood1"] },
    { name: "sockinspect text", ours: true, command: [node, cli, "capture", "-i", "flood1"] },
    { name: "sockinspect to pcapng", ours: true, command: [node, cli, "capture", "-i", "flood1", "-w", "/dev/null"] },
  ],
  run: async ({ command }) => {
    const running = await Running.start(command, { stdout: "ignore" });
    const flooding = spawn(flood, ["flood0", String(bench.seconds * 5_000_000), "64"], { stdio: "ignore" });
    const sizes = [];
    for (let i = 0; i < 10; i++) {
      await new Promise((resolve) => setTimeout(resolve, bench.seconds * 100));
      sizes.push(running.resident());
    }
    flooding.kill();
    await once(flooding, "close");
    await running.stop();
    return { growth: median(sizes.slice(7)) - median(sizes.slice(4, 7)), first: sizes[0], last: sizes.at(-1) };
  },
});
