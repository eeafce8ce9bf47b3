// Live capture: what a tool takes for packets of a flood as fast as this machine can make one, and what it loses.
// node test/bench/live.mjs [--packets N]
//
// CPU time is that of all threads, from before the flood until the case has taken everything in. All have buffers of 32 MiB.
import { join } from "node:path";
import { benchmark } from "./harness.mjs";
import { device, figures, prepareFlood } from "./live/flooded.mjs";

const bench = await benchmark({ packets: [2_000_000, 20_000] });
const here = join(import.meta.dirname, "live");
const { execPath: node } = process;
const cli = join(import.meta.dirname, "../../dist/bundle/main.js");
const output = join(bench.folder, "output");
const python = "/usr/bin/python3";
/** `share`: of the packets, for those that would take minutes. */
const cases = [
  { name: "C reader", command: [bench.compile("live/reader.c"), device] },
  { name: "sockinspect views", ours: true, command: [node, join(here, "views.mjs"), device] },
  { name: "sockinspect values", ours: true, command: [node, join(here, "values.mjs"), device] },
  {
    name: "sockinspect to pcapng",
    ours: true,
    command: [node, cli, "capture", "-i", device, "-w", `${output}.pcapng`],
  },
  { name: "sockinspect text", ours: true, text: true, command: [node, cli, "capture", "-i", device] },
  {
    name: "gopacket afpacket",
    peer: "gopacket",
    settings: "TPACKET_V3, ZeroCopyReadPacketData, DecodingLayerParser",
    source: "live/gopacket-live.go",
    command: [device],
  },
  {
    name: "tcpdump -w",
    peer: "tcpdump",
    settings: "-B 32768, immediate mode off",
    command: ["tcpdump", "-i", device, "-B", "32768", "-w", `${output}.pcap`],
  },
  {
    name: "tcpdump -nn",
    peer: "tcpdump",
    settings: "-B 32768, immediate mode off, TZ=UTC",
    text: true,
    command: ["tcpdump", "-nn", "-i", device, "-B", "32768"],
  },
  {
    name: "netsniff-ng -o",
    peer: "netsniff-ng",
    settings: "--ring-size 32MiB",
    ready: /Running|Hang/,
    captured: /(\d+)\s+packets incoming/,
    command: ["netsniff-ng", "-i", device, "-o", `${output}.netsniff`, "-s", "--ring-size", "32MiB"],
  },
  {
    name: "dumpcap",
    peer: "dumpcap",
    settings: "-B 32",
    ready: /File: /,
    captured: /received\/dropped on interface \S+: (\d+)/,
    command: ["dumpcap", "-q", "-i", device, "-B", "32", "-w", `${output}.dumpcap`],
  },
  {
    name: "npm pcap",
    peer: "pcap",
    settings: "buffer_size 32 MiB, its decoder",
    command: [node, join(here, "npm-pcap.cjs"), device],
  },
  {
    name: "npm cap",
    peer: "cap",
    settings: "bufSize 32 MiB, its decoders",
    command: [node, join(here, "npm-cap.cjs"), device],
  },
  {
    name: "tshark",
    peer: "tshark",
    settings: "-n -B 32",
    share: 0.1,
    text: true,
    ready: /Capturing/,
    command: ["tshark", "-n", "-i", device, "-B", "32"],
  },
  {
    name: "Scapy sniff",
    peer: "scapy",
    settings: "store=False",
    share: 0.01,
    command: [python, join(here, "scapy-sniff.py"), device],
  },
];

const flooded = prepareFlood(bench);

async function run({ command, source, share = 1, peer, ...how }, size) {
  const program = source ? [bench.compile(source), ...command] : command;
  const packets = Math.max(1000, bench.packets * share);
  // libpcap hands a block over after a second
  const { said, ...figures } = await flooded(program, { packets, size, wait: peer ? 1200 : 200, ...how });
  return figures;
}

for (const size of [64, 1442])
  await bench.race({
    id: `live-${size}`,
    title: `Live capture, packets of ${size} octets`,
    note: `a flood of ${bench.packets} UDP packets as fast as sendmmsg makes them (a tenth for tshark, a hundredth for Scapy), behind a tenth of them to warm up`,
    figures,
    reference: "C reader",
    cases,
    run: (each) => run(each, size),
  });
