// Capture files: what whole processes take, their start included, for the same file of mixed traffic in memory.
// node test/bench/files.mjs [--packets N]
import { statSync } from "node:fs";
import { join } from "node:path";
import { writeTraffic } from "./files/traffic.mjs";
import { benchmark } from "./harness.mjs";
import { whole } from "./process.mjs";

const bench = await benchmark({ packets: [2_000_000, 20_000] });
const here = join(import.meta.dirname, "files");
const { packets } = bench;
/** The same traffic, fewer packets: for what takes 10 µs a packet and more. */
const few = Math.min(packets, 100_000);
const fewer = Math.min(packets, 10_000);
const file = traffic(packets);
const output = join(bench.folder, "output.pcap");
const { execPath: node } = process;
const cli = join(import.meta.dirname, "../../dist/bundle/main.js");
const python = "/usr/bin/python3";
const FILTER = "tcp port 443 and host 192.0.2.10 or udp port 53";

function traffic(count) {
  const name = join(bench.folder, `traffic-${count}.pcap`);
  writeTraffic(name, count);
  return name;
}

function run({ command, source, libraries = [], count = packets }) {
  const program = source ? [bench.compile(source, ...libraries), ...command] : command;
  const { wall, cpu, memory } = whole(program);
  return { wall: (wall / count) * 1e9, cpu: (cpu / count) * 1e9, memory };
}

const figures = {
  wall: { title: "wall ns a packet", better: "lower" },
  cpu: { title: "CPU ns a packet" },
  memory: { title: "peak MiB" },
};
const note = `${packets} packets in ${Math.round(statSync(file).size / 2 ** 20)} MiB in memory; whole processes, starts included`;
/** A program of ours in files/ over `count` packets. */
const on = (count) => (count === packets ? "" : `, ${count} packets`);

await bench.race({
  id: "files-decode",
  title: "Decoding a file",
  note: `${note}; every header's fields looked at, nothing printed`,
  figures,
  reference: "gopacket",
  cases: [
    { name: "C, libpcap loop", peer: "libpcap", source: "files/libpcap.c", libraries: ["-lpcap"], command: [file] },
    { name: "sockinspect views", ours: true, command: [node, join(here, "views.mjs"), file] },
    { name: "sockinspect values", ours: true, command: [node, join(here, "values.mjs"), file] },
    {
      name: "gopacket",
      peer: "gopacket",
      settings: "pcapgo, ZeroCopyReadPacketData, DecodingLayerParser",
      source: "files/gopacket.go",
      command: [file],
    },
    {
      name: "npm pcap",
      peer: "pcap",
      settings: "createOfflineSession, its decoder",
      command: [node, join(here, "npm-pcap.cjs"), file],
    },
    {
      name: "npm pcap-parser",
      peer: "pcap-parser",
      settings: "reads only, decodes nothing",
      command: [node, join(here, "npm-pcap-parser.cjs"), file],
    },
    {
      name: "Scapy",
      peer: "scapy",
      settings: `PcapReader${on(fewer)}`,
      count: fewer,
      command: [python, join(here, "scapy-read.py"), traffic(fewer)],
    },
  ],
  run,
});

await bench.race({
  id: "files-text",
  title: "Printing a file, a line a packet",
  note: `${note}; output thrown away`,
  figures,
  reference: "tcpdump -nn",
  cases: [
    { name: "sockinspect read", ours: true, command: [node, cli, "read", file] },
    { name: "tcpdump -nn", peer: "tcpdump", settings: "TZ=UTC", command: ["tcpdump", "-nn", "-r", file] },
    {
      name: "tshark",
      peer: "tshark",
      settings: `-n${on(few)}`,
      count: few,
      command: ["tshark", "-n", "-r", traffic(few)],
    },
    {
      name: "sockinspect read --json",
      ours: true,
      command: [node, cli, "read", "--json", file],
    },
    {
      name: "tshark -T json",
      peer: "tshark",
      settings: `-n${on(fewer)}`,
      count: fewer,
      command: ["tshark", "-n", "-T", "json", "-r", traffic(fewer)],
    },
  ],
  run,
});

await bench.race({
  id: "files-filter",
  title: "Filtering a file into another",
  note: `${note}; '${FILTER}'`,
  figures,
  reference: "tcpdump -w",
  cases: [
    { name: "sockinspect read -w", ours: true, command: [node, cli, "read", file, FILTER, "-w", output] },
    { name: "tcpdump -w", peer: "tcpdump", command: ["tcpdump", "-r", file, "-w", output, FILTER] },
    {
      name: "tshark -w",
      peer: "tshark",
      settings: `display filter${on(few)}`,
      count: few,
      command: [
        "tshark",
        "-n",
        "-r",
        traffic(few),
        "-w",
        output,
        "-Y",
        "tcp.port == 443 && ip.addr == 192.0.2.10 || udp.port == 53",
      ],
    },
  ],
  run,
});
