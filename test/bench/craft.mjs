// Crafting: a TCP SYN from a few fields to octets. node test/bench/craft.mjs
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { benchmark } from "./harness.mjs";

const bench = await benchmark({ milliseconds: [1000, 50] });
const here = join(import.meta.dirname, "craft");

await bench.race({
  id: "craft",
  title: "Crafting a TCP SYN",
  note: "IPv4 and TCP from a few fields, the rest computed; in a warm process",
  figures: { time: { title: "µs a packet", digits: 2, better: "lower" } },
  reference: "Scapy",
  cases: [
    { name: "sockinspect craft", ours: true, command: [process.execPath, join(here, "own.mjs")] },
    { name: "Scapy", peer: "scapy", command: ["/usr/bin/python3", join(here, "scapy-build.py")] },
  ],
  run: ({ command: [program, ...words] }) =>
    JSON.parse(execFileSync(program, [...words, String(bench.milliseconds)], { encoding: "utf8" })),
});
