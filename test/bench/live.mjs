// Live capture raced against its peers: npm run bench [-- --packets N --rounds N --size OCTETS --json]
//
// Each case runs in a process of its own, the cases in turn, round after round, in one network namespace with a veth pair
// that a C program floods. CPU time is the scheduler's account of all threads (/proc/PID/task/*/schedstat), from before
// the flood until the case has taken everything in.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { has, interleaved, machine, median, printTable, temporaryFolder } from "./harness.mjs";

const { values } = parseArgs({
  options: {
    packets: { type: "string", default: "2000000" },
    rounds: { type: "string", default: "5" },
    size: { type: "string", default: "64" },
    json: { type: "boolean", default: false },
  },
});
const INSIDE = "SOCKINSPECT_BENCH_INSIDE";
if (!process.env[INSIDE]) {
  // tcpdump cannot become its own user in a user namespace: race it as root
  const namespaces = process.getuid() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
  const { status } = spawnSync("unshare", [...namespaces, process.execPath, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, [INSIDE]: "1", TZ: "UTC" },
  });
  process.exit(status ?? 1);
}

const here = import.meta.dirname;
const folder = temporaryFolder();
for (const tool of ["flood", "reader"])
  execFileSync("cc", ["-O2", "-o", join(folder, tool), join(here, "live", `${tool}.c`)]);
const { binding } = await import("../../dist/socket/binding.js");
binding().createVethPair("flood0", "flood1");
for (const device of ["flood0", "flood1"]) binding().setInterfaceUp(device);

const cli = join(here, "../../dist/cli/main.js");
const cases = {
  "C reader": { command: [join(folder, "reader"), "flood1"] },
  "sockinspect views": { command: [process.execPath, join(here, "live/views.mjs"), "flood1"] },
  "sockinspect text": { command: [process.execPath, cli, "capture", "-i", "flood1"], text: true },
  ...(has("tcpdump") && {
    // Buffered output (no -l, no immediate mode), 32 MiB as the others have
    "tcpdump -nn": { command: ["tcpdump", "-nn", "-i", "flood1", "-B", "32768"], text: true },
  }),
};

function cpuSeconds(pid) {
  let total = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
  }
  return total / 1e9;
}

function peakMemory(pid) {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;
}

const settled = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function race({ command, text }) {
  const child = spawn(command[0], command.slice(1), { stdio: ["ignore", text ? "ignore" : "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += chunk;
  });
  let printed = "";
  child.stdout?.on("data", (chunk) => {
    printed += chunk;
  });
  const ended = once(child, "close");
  while (!/capturing|listening/.test(said))
    if ((await Promise.race([once(child.stderr, "data"), ended.then(() => "ended")])) === "ended")
      throw new Error(`${command.join(" ")}: ${said}`);
  await settled(100);
  const before = cpuSeconds(child.pid);
  const flood = JSON.parse(execFileSync(join(folder, "flood"), ["flood0", values.packets, values.size]));
  for (let last = -1, cpu = cpuSeconds(child.pid); cpu !== last; cpu = cpuSeconds(child.pid)) {
    last = cpu;
    await settled(150);
  }
  const cpu = cpuSeconds(child.pid) - before;
  const memory = peakMemory(child.pid);
  child.kill("SIGINT");
  await ended;
  const number = (pattern) => Number(pattern.exec(printed + said)?.[1] ?? Number.NaN);
  const captured = number(text ? /(\d+) packets? captured/ : /"captured":(\d+)/);
  const dropped = number(text ? /(\d+) (?:packets )?dropped by (?:the )?kernel/ : /"dropped":(\d+)/);
  return {
    cpuPerMillion: cpu / (flood.sent / 1e6),
    lost: flood.sent - captured,
    dropped,
    memory,
    rate: flood.sent / flood.seconds,
  };
}

const results = await interleaved(cases, Number(values.rounds), race);
const reference = median(results["C reader"].map((run) => run.cpuPerMillion));
const rows = Object.entries(results).map(([name, runs]) => {
  const cpu = median(runs.map((run) => run.cpuPerMillion));
  return {
    case: name,
    "CPU s per M packets": Number(cpu.toFixed(3)),
    spread: `${Math.min(...runs.map((run) => run.cpuPerMillion)).toFixed(3)}–${Math.max(...runs.map((run) => run.cpuPerMillion)).toFixed(3)}`,
    "× C reader": Number((cpu / reference).toFixed(1)),
    "lost, worst run": Math.max(...runs.map((run) => run.lost)),
    "offered k packets/s": Math.round(median(runs.map((run) => run.rate)) / 1000),
    "peak MiB": Math.round(median(runs.map((run) => run.memory))),
  };
});
if (values.json) console.log(JSON.stringify({ machine: machine(), options: values, rows, results }));
else {
  console.log(machine());
  console.log(`${values.packets} packets of ${values.size} octets, ${values.rounds} rounds, medians`);
  printTable(rows);
}
