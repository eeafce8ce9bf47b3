// A table of a file's conversations: whole processes. node test/bench/conversations.mjs [--packets N]
import { join } from "node:path";
import { writeTraffic } from "./files/traffic.mjs";
import { benchmark } from "./harness.mjs";
import { whole } from "./process.mjs";

const bench = await benchmark({ packets: [2_000_000, 20_000] });
const few = Math.min(bench.packets, 200_000);
const [all, some] = [bench.packets, few].map((count) => {
  const name = join(bench.folder, `traffic-${count}.pcap`);
  writeTraffic(name, count);
  return name;
});
const cli = join(import.meta.dirname, "../../dist/bundle/main.js");
const tshark = (file) => ["tshark", "-n", "-q", "-z", "conv,tcp", "-z", "conv,udp", "-r", file];

await bench.race({
  id: "conversations",
  title: "Conversations of a file",
  note: `${bench.packets} packets of 512 conversations; TCP followed in state and sequence numbers`,
  figures: {
    wall: { title: "wall ns a packet", better: "lower" },
    cpu: { title: "CPU ns a packet" },
    memory: { title: "peak MiB" },
  },
  reference: "tshark -z conv",
  cases: [
    { name: "sockinspect flows", ours: true, command: [process.execPath, cli, "flows", all], count: bench.packets },
    {
      name: "tshark -z conv",
      peer: "tshark",
      settings: `-n -q -z conv,tcp -z conv,udp, ${few} packets`,
      command: tshark(some),
      count: few,
    },
  ],
  run: ({ command, count }) => {
    const { wall, cpu, memory } = whole(command);
    return { wall: (wall / count) * 1e9, cpu: (cpu / count) * 1e9, memory };
  },
});
