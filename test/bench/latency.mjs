// From the sending of a packet to a line about it in a pipe, and what a capture costs that has nothing to do.
// node test/bench/latency.mjs [--packets N] [--rate N] [--idle SECONDS]
import { execFileSync } from "node:child_process";
import { openSync } from "node:fs";
import { join } from "node:path";
import { binding } from "../../dist/socket/binding.js";
import { benchmark } from "./harness.mjs";
import { Running } from "./process.mjs";

const bench = await benchmark({ packets: [2000, 50], rate: [1000, 200], idle: [2, 0.2] });
const here = join(import.meta.dirname, "latency");
const [pace, lines] = [bench.compile("latency/pace.c"), bench.compile("latency/lines.c")];
binding().createVethPair("flood0", "flood1");
for (const device of ["flood0", "flood1"]) binding().setInterfaceUp(device);
const fifo = join(bench.folder, "lines");
execFileSync("mkfifo", [fifo]);

const device = "flood1";
const { execPath: node } = process;
const cli = join(import.meta.dirname, "../../dist/bundle/main.js");

async function run({ command, ready }) {
  const arriving = await Running.start([lines, fifo, String(bench.packets), "192.0.2.1"]);
  const running = await Running.start(command, { ready, stdout: openSync(fifo, "r+") });
  // Its start must be over
  await running.settled();
  const before = running.cpu();
  await new Promise((resolve) => setTimeout(resolve, bench.idle * 1000));
  const idle = ((running.cpu() - before) / bench.idle) * 1000;
  const sent = times(execFileSync(pace, ["flood0", String(bench.packets), String(bench.rate)], { encoding: "utf8" }));
  await Promise.race([arriving.ended, new Promise((resolve) => setTimeout(resolve, 1500))]);
  const cpu = running.cpu() - before;
  await running.stop();
  const there = times(await arriving.stop());
  if (there.length < sent.length) throw new Error(`it told of ${there.length} packets of ${sent.length}`);
  const waits = there.map((time, at) => (time - sent[at]) / 1e6).sort((a, b) => a - b);
  const share = (part) => waits[Math.floor(part * (waits.length - 1))];
  return { p50: share(0.5), p99: share(0.99), idle, busy: (cpu / bench.packets) * 1e6 };
}

const times = (text) => text.match(/^\d+$/gm)?.map(Number) ?? [];

await bench.race({
  id: "latency",
  title: "Latency of a live capture",
  note: `${bench.packets} packets, ${bench.rate} a second: from sending one to a line about it in a pipe`,
  figures: {
    p50: { title: "p50 ms", digits: 2, better: "lower" },
    p99: { title: "p99 ms", digits: 2 },
    idle: { title: "idle: CPU ms a second", digits: 2 },
    busy: { title: "CPU µs a packet", digits: 0 },
  },
  reference: "tcpdump --immediate-mode",
  cases: [
    { name: "C, recv without a ring", command: [bench.compile("latency/receive.c"), device] },
    { name: "sockinspect capture", ours: true, command: [node, cli, "capture", "-i", device, "udp"] },
    { name: "sockinspect values", ours: true, command: [node, join(here, "values.mjs"), device] },
    { name: "sockinspect values, latency 1", ours: true, command: [node, join(here, "values.mjs"), device, "1"] },
    {
      name: "tcpdump --immediate-mode",
      peer: "tcpdump",
      settings: "-l --immediate-mode",
      command: ["tcpdump", "-nn", "-l", "--immediate-mode", "-i", device, "udp"],
    },
    { name: "tcpdump -l", peer: "tcpdump", settings: "-l", command: ["tcpdump", "-nn", "-l", "-i", device, "udp"] },
    {
      name: "tshark -l",
      peer: "tshark",
      settings: "-n -l",
      ready: /Capturing/,
      command: ["tshark", "-n", "-l", "-i", device, "udp"],
    },
    { name: "npm cap", peer: "cap", settings: "setMinBytes(0)", command: [node, join(here, "npm-cap.cjs"), device] },
    {
      name: "npm pcap",
      peer: "pcap",
      settings: "buffer_timeout 1",
      command: [node, join(here, "npm-pcap.cjs"), device],
    },
    { name: "Scapy sniff", peer: "scapy", command: ["/usr/bin/python3", join(here, "scapy-sniff.py"), device] },
  ],
  run,
});
