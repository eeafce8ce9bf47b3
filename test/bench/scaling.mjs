// Whether the cost of a packet stays what it is: with more conversations, larger packets, longer filters, more threads.
// node --expose-gc test/bench/scaling.mjs [--packets N]
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { benchmark } from "./harness.mjs";
import { device, figures, prepareFlood } from "./live/flooded.mjs";

const bench = await benchmark({ rounds: [3, 1], packets: [2_000_000, 20_000] });
const here = join(import.meta.dirname, "scaling");
const views = join(import.meta.dirname, "live/views.mjs");
const cli = join(import.meta.dirname, "../../dist/bundle/main.js");
const node = process.execPath;
const reader = bench.compile("live/reader.c");

const told = (command) => JSON.parse(execFileSync(command[0], command.slice(1), { encoding: "utf8" }));

const conversations = bench.quick ? [10, 1000] : [10, 100, 1000, 10_000, 100_000, 1_000_000];
await bench.race({
  id: "scaling-conversations",
  title: "Following conversations, by how many there are",
  note: `${bench.packets} packets of TCP, at least 4 a conversation, in memory; on top of walking the headers`,
  figures: {
    follow: { title: "ns a packet", better: "lower" },
    walk: { title: "ns to walk" },
    memory: { title: "octets a conversation" },
  },
  x: "conversations at once",
  reference: "1000",
  cases: conversations.map((x) => ({ name: String(x), ours: true, x, series: "sockinspect" })),
  run: ({ x }) =>
    told([node, "--expose-gc", join(here, "follow.mjs"), String(x), String(Math.max(bench.packets, 4 * x))]),
});

const flooded = prepareFlood(bench);
const { memory, ...sizeFigures } = figures;
const sizes = bench.quick ? [64] : [64, 256, 512, 1024, 1500];
await bench.race({
  id: "scaling-size",
  title: "Live capture, by the size of packets",
  note: `a flood of ${bench.packets} UDP packets`,
  figures: sizeFigures,
  x: "octets",
  reference: "C reader, 64",
  cases: sizes.flatMap((x) => [
    { name: `C reader, ${x}`, x, series: "C reader", command: [reader, device] },
    { name: `sockinspect views, ${x}`, ours: true, x, series: "sockinspect views", command: [node, views, device] },
    {
      name: `sockinspect to pcapng, ${x}`,
      ours: true,
      x,
      series: "sockinspect to pcapng",
      command: [node, cli, "capture", "-i", device, "-w", join(bench.folder, "output.pcapng")],
    },
  ]),
  run: ({ command, x }) => flooded(command, { packets: bench.packets, size: x }),
});

await bench.race({
  id: "scaling-filter",
  title: "Matching, by the length of the filter",
  note: "'udp port A or udp port B or ...'; packets that the last port lets through, and packets that none does",
  figures: {
    match: { title: "ns a packet", better: "lower" },
    compile: { title: "µs to compile" },
    instructions: { title: "instructions for the kernel" },
  },
  x: "ports",
  reference: "1",
  cases: (bench.quick ? [1, 10] : [1, 10, 30, 100]).map((x) => ({
    name: String(x),
    ours: true,
    x,
    series: "sockinspect",
  })),
  run: ({ x }) => told([node, join(here, "match.mjs"), String(x)]),
});

await bench.race({
  id: "scaling-workers",
  title: "Live capture, by the number of threads that share it",
  note: `a flood of ${bench.packets} UDP packets of 64 octets in 64 conversations; fanout in the mode hash`,
  figures: { ...figures, least: { title: "least share %", digits: 1 } },
  x: "threads",
  reference: "1",
  cases: (bench.quick ? [1, 2] : [1, 2, 4]).map((x) => ({
    name: String(x),
    ours: true,
    x,
    series: "sockinspect views",
    command: [node, join(here, "workers.mjs"), device, String(x)],
  })),
  run: async ({ command }) => {
    const run = await flooded(command, { packets: bench.packets, size: 64, flows: 64 });
    return { ...run, least: (Number(/"least":(\d+)/.exec(run.said)[1]) / run.captured) * 100 };
  },
});
