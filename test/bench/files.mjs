// Capture files raced against peers: npm run bench, or node files.mjs [--packets N --rounds N --json]
//
// Each case is a process of its own, the cases in turn, round after round, over the same file of mixed traffic in the page
// cache. What counts is the whole process, its start included; see measure.c.
import { execFileSync, spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeTraffic } from "./files/traffic.mjs";
import { has, interleaved, machine, median, printTable, temporaryFolder } from "./harness.mjs";

const { values } = parseArgs({
  options: {
    packets: { type: "string", default: "2000000" },
    rounds: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
  },
});
const packets = Number(values.packets);
const here = join(import.meta.dirname, "files");
const folder = temporaryFolder();
const [file, small, output] = ["traffic.pcap", "small.pcap", "output.pcap"].map((name) => join(folder, name));
const measure = join(folder, "measure");
execFileSync("cc", ["-O2", "-o", measure, join(here, "measure.c")]);
writeTraffic(file, packets);
writeTraffic(small, 10);

const node = process.execPath;
const cli = join(import.meta.dirname, "../../dist/cli/main.js");
const FILTER = "tcp port 443 and host 192.0.2.10 or udp port 53";
const gopacket = buildGopacket();
const tcpdump = has("tcpdump");
/** `over`: the case that it is compared with. */
const cases = {
  ...(gopacket && { "gopacket DecodingLayerParser": { command: [gopacket, file] } }),
  "sockinspect views": { command: [node, join(here, "views.mjs"), file], over: "gopacket DecodingLayerParser" },
  "sockinspect values": { command: [node, join(here, "values.mjs"), file] },
  ...(tcpdump && { "tcpdump -nn": { command: ["tcpdump", "-nn", "-r", file] } }),
  "sockinspect read": { command: [node, cli, "read", file], over: "tcpdump -nn" },
  ...(tcpdump && { "tcpdump -w, filtered": { command: ["tcpdump", "-r", file, "-w", output, FILTER] } }),
  "sockinspect convert, filtered": {
    command: [node, cli, "convert", file, output, FILTER],
    over: "tcpdump -w, filtered",
  },
};
const starts = {
  "node -e 0": { command: [node, "-e", "0"] },
  "sockinspect --version": { command: [node, cli, "--version"], over: "node -e 0" },
  "sockinspect read, 10 packets": { command: [node, cli, "read", small], over: "node -e 0" },
};

const results = await interleaved(cases, Number(values.rounds), race);
const startResults = await interleaved(starts, Number(values.rounds), race);

const rows = Object.entries(results).map(([name, runs]) => ({
  case: name,
  "wall ns a packet": Math.round((wall(runs) / packets) * 1e9),
  spread: spread(runs, (run) => Math.round((run.wall / packets) * 1e9)),
  "CPU ns a packet": Math.round((median(runs.map((run) => run.cpu)) / packets) * 1e9),
  "times as fast": ratio(cases, results, name, (own, other) => other / own),
  "peak MiB": Math.round(Math.max(...runs.map((run) => run.memory))),
}));
const startRows = Object.entries(startResults).map(([name, runs]) => ({
  case: name,
  "wall ms": Math.round(wall(runs) * 1000),
  spread: spread(runs, (run) => Math.round(run.wall * 1000)),
  "× node": ratio(starts, startResults, name, (own, other) => own / other),
  "peak MiB": Math.round(Math.max(...runs.map((run) => run.memory))),
}));
if (values.json)
  console.log(JSON.stringify({ machine: machine(), options: values, rows, startRows, results, startResults }));
else {
  console.log(machine());
  const size = Math.round(statSync(file).size / 2 ** 20);
  console.log(`${packets} packets in ${size} MiB, ${values.rounds} rounds, medians; whole processes, starts included`);
  printTable(rows);
  printTable(startRows);
}

function race({ command }) {
  // Else tcpdump looks at /etc/localtime for every line
  const { stdout, stderr } = spawnSync(measure, command, { env: { ...process.env, TZ: "UTC" }, encoding: "utf8" });
  const run = JSON.parse(stdout);
  if (run.status !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
  return run;
}

function wall(runs) {
  return median(runs.map((run) => run.wall));
}

function spread(runs, of) {
  const numbers = runs.map(of);
  return `${Math.min(...numbers)}–${Math.max(...numbers)}`;
}

function ratio(all, measured, name, of) {
  const other = measured[all[name].over];
  return other && Number(of(wall(measured[name]), wall(other)).toFixed(2));
}

/** Debian's golang-github-google-gopacket-dev, where it and Go are installed. */
function buildGopacket() {
  const program = join(folder, "gopacket");
  const env = { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOCACHE: join(folder, "go-cache") };
  return spawnSync("go", ["build", "-o", program, join(here, "gopacket.go")], { env }).status === 0
    ? program
    : undefined;
}
