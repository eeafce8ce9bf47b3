// Start-up: what a command takes that has next to nothing to do. node test/bench/start.mjs
import { join } from "node:path";
import { writeTraffic } from "./files/traffic.mjs";
import { benchmark } from "./harness.mjs";
import { whole } from "./process.mjs";

const bench = await benchmark({ rounds: [15, 1] });
const file = join(bench.folder, "small.pcap");
writeTraffic(file, 10);
const { execPath: node } = process;
const cli = join(import.meta.dirname, "../../dist/bundle/main.js");
const python = "/usr/bin/python3";

await bench.race({
  id: "start",
  title: "Starting up",
  note: "whole processes; a file of 10 packets",
  figures: {
    wall: { title: "wall ms", digits: 1, better: "lower" },
    cpu: { title: "CPU ms", digits: 1 },
    memory: { title: "peak MiB" },
  },
  reference: "node -e 0",
  cases: [
    { name: "node -e 0", command: [node, "-e", "0"] },
    { name: "sockinspect --version", ours: true, command: [node, cli, "--version"] },
    { name: "sockinspect read", ours: true, command: [node, cli, "read", file] },
    { name: "tcpdump -r", peer: "tcpdump", settings: "-nn, TZ=UTC", command: ["tcpdump", "-nn", "-r", file] },
    { name: "tshark -r", peer: "tshark", settings: "-n", command: ["tshark", "-n", "-r", file] },
    {
      name: "Scapy",
      peer: "scapy",
      settings: "rdpcap, summary",
      command: [python, "-c", `from scapy.all import rdpcap\nrdpcap(${JSON.stringify(file)}).summary()`],
    },
  ],
  run: ({ command }) => {
    const { wall, cpu, memory } = whole(command);
    return { wall: wall * 1000, cpu: cpu * 1000, memory };
  },
});
