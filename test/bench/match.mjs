// Filters beside libpcap's: compiling, and matching packets of files. node test/bench/match.mjs
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { packets } from "./filter/packets.mjs";
import { benchmark } from "./harness.mjs";

const bench = await benchmark();
const FILTERS = {
  short: "tcp port 5000",
  longer: "host 192.0.2.1 and tcp[tcpflags] & tcp-syn != 0",
  tagged: "vlan and udp port 53",
};
const input = packets.map((packet) => `${packet.toString("hex")}\n`).join("");
const own = [process.execPath, join(import.meta.dirname, "filter/own.mjs")];
const libpcap = (what) => [bench.compile("filter/libpcap.c", "-lpcap"), what];
const hits = new Map();

function run({ command, filter }) {
  const [program, ...words] = [...(typeof command === "function" ? command() : command), filter];
  const { status, stdout, stderr } = spawnSync(program, words, { input, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
  const { time, found } = JSON.parse(stdout);
  if (found !== (hits.get(filter) ?? found)) throw new Error(`${program}: ${filter} matches ${found} of 4 packets`);
  if (found !== undefined) hits.set(filter, found);
  return { time };
}

for (const [what, title, unit] of [
  ["compile", "Compiling a filter", "µs a filter"],
  ["match", "Matching packets in memory", "ns a packet"],
])
  for (const [name, filter] of Object.entries(FILTERS))
    await bench.race({
      id: `filter-${what}-${name}`,
      title: `${title}: ${filter}`,
      note: "for Ethernet, in a warm process",
      figures: { time: { title: unit, digits: 1, better: "lower" } },
      reference: "libpcap",
      cases: [
        {
          name: "libpcap",
          peer: "libpcap",
          settings: what === "match" ? "bpf_filter" : "pcap_compile, optimized",
          command: () => libpcap(what),
          filter,
        },
        {
          name: "sockinspect",
          ours: true,
          settings: what === "match" ? "predicate" : undefined,
          command: [...own, what],
          filter,
        },
      ],
      run,
    });
