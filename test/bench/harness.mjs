// What the benchmarks have in common. Each is a script of its own, run alone (node test/bench/live.mjs --quick) or by run.mjs:
//
//   const bench = await benchmark({ packets: [2_000_000, 20_000] });  // an option, as usual and with --quick
//   await bench.race({
//     id: "live-64", title: "Live capture, 64 octets", note: "...",
//     figures: { cpu: { title: "CPU s per M packets", digits: 3, better: "lower" } },  // the first one decides
//     reference: "C reader",                                          // what the others are ratios to
//     cases: [{ name: "C reader", command: [...] },
//             { name: "sockinspect views", ours: true, command: [...] },
//             { name: "tcpdump -w", peer: "tcpdump", settings: "-B 32768", command: [...] }],  // only with --peers
//     run: async (case) => ({ cpu: 0.02 }),                            // one process a case: see process.mjs
//   });
//
// Options of each: --quick, --peers, --rounds N, --only PATTERN (of the names of races and cases), --json FILE.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, tmpdir, totalmem } from "node:os";
import { basename, extname, join } from "node:path";
import { parseArgs } from "node:util";
import { installPeers, peer } from "./peers.mjs";
import { Running } from "./process.mjs";
import { table } from "./report.mjs";

const INSIDE = "SOCKINSPECT_BENCH_FOLDER";
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Reads the command line and goes into namespaces of its own. `numbers`: further options with the number they have
 * usually and with --quick; they are properties of what this resolves with.
 */
export async function benchmark(numbers = {}) {
  const named = Object.keys(numbers).map((name) => [name, { type: "string" }]);
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      peers: { type: "boolean", default: false },
      rounds: { type: "string" },
      only: { type: "string", default: "" },
      json: { type: "string" },
      ...Object.fromEntries(named),
    },
  });
  if (values.peers && !process.env[INSIDE]) installPeers();
  await enterNamespaces();
  const all = { rounds: [5, 1], ...numbers };
  const chosen = Object.entries(all).map(([name, [usual, quick]]) => [
    name,
    Number(values[name] ?? (values.quick ? quick : usual)),
  ]);
  return new Benchmark({ ...values, ...Object.fromEntries(chosen) });
}

/**
 * Goes on as the first process of own process, mount and network namespaces: however this ends, the kernel kills what it
 * started, and the devices and the temporary file system go with them. Needs root or user namespaces.
 */
async function enterNamespaces() {
  if (process.env[INSIDE]) {
    // The first process of a namespace ignores signals that it does not handle
    for (const signal of SIGNALS) process.on(signal, () => process.exit(130));
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), "sockinspect-bench-"));
  process.on("exit", () => rmdirSync(folder));
  // tcpdump cannot become its own user in a user namespace: root goes without
  const user = process.getuid() === 0 ? [] : ["--user", "--map-root-user"];
  const unshare = ["unshare", ...user, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];
  const mount = ["sh", "-c", 'mount -t tmpfs -o mode=1777 sockinspect "$0" && exec "$@"', folder];
  const inside = spawn(
    "setpriv",
    ["--pdeathsig", "KILL", ...unshare, ...mount, process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    // Without a time zone tcpdump looks at /etc/localtime for every line
    { stdio: "inherit", env: { ...process.env, [INSIDE]: folder, TZ: "UTC" } },
  );
  for (const signal of SIGNALS) process.on(signal, () => inside.kill("SIGKILL"));
  inside.on("error", ({ message }) => {
    console.error(`benchmarks need setpriv and unshare of util-linux: ${message}`);
    process.exit(1);
  });
  inside.on("exit", (status) => process.exit(status ?? 130));
  await new Promise(() => {});
}

class Benchmark {
  /** A temporary file system. */
  folder = process.env[INSIDE];
  #races = [];

  constructor(options) {
    Object.assign(this, options);
  }

  /** Runs the cases in turn, round after round, so that what else the machine does hits all of them; prints a table. */
  async race({ id, title, note, figures, reference, cases, run, ...more }) {
    const [first, second] = this.only.split("/");
    const wanted = (name, pattern) => new RegExp(pattern ?? "").test(name);
    if (second === undefined ? !cases.some(({ name }) => wanted(`${id} ${name}`, first)) : !wanted(id, first)) return;
    const running = [];
    const missing = [];
    for (const each of cases) {
      if (!wanted(second === undefined ? `${id} ${each.name}` : each.name, second ?? first)) continue;
      if (each.peer !== undefined && !this.peers) continue;
      const { why, version } = each.peer === undefined ? {} : peer(each.peer);
      if (why) missing.push({ name: each.name, why });
      else running.push({ ...each, version, runs: [] });
    }
    // What else the machine had to do when it began
    const load = loadavg()[0];
    let race;
    for (let round = 0; round < this.rounds; round++) {
      for (const each of running) {
        if (each.failed) continue;
        try {
          each.runs.push(await run(each));
        } catch (error) {
          Running.killAll();
          // A peer that fails is no reason to say nothing about the others
          if (each.peer === undefined) throw error;
          each.failed = reasonOf(error);
        }
      }
      race = {
        id,
        title,
        note,
        figures,
        reference,
        ...more,
        rounds: round + 1,
        quick: this.quick,
        date: new Date().toISOString(),
        load,
        machine: machine(),
        cases: running
          .filter(({ failed }) => !failed)
          .map(({ name, ours, peer: of, version, settings, x, series, runs }) => ({
            name,
            ours,
            peer: of,
            version,
            settings,
            x,
            series,
            runs,
          })),
        missing: [
          ...missing,
          ...running.filter(({ failed }) => failed).map(({ name, failed }) => ({ name, why: failed })),
        ],
      };
      // Whole rounds are worth something, even where the next one is cut short
      if (this.json) writeFileSync(this.json, JSON.stringify({ races: [...this.#races, race] }));
    }
    this.#races.push(race);
    console.log(table(race));
  }

  /** Compiles a C or Go program of this folder, once; returns where it is. */
  compile(source, ...libraries) {
    const from = join(import.meta.dirname, source);
    const program = join(
      this.folder,
      basename(source).replace(/\.(c|go)$/, (end) => `-${end.slice(1)}`),
    );
    if (existsSync(program)) return program;
    if (extname(source) === ".go") {
      execFileSync("go", ["build", "-o", program, from], { stdio: ["ignore", "inherit", "pipe"] });
    } else execFileSync("cc", ["-O2", "-pthread", "-o", program, from, ...libraries]);
    return program;
  }
}

/** What a figure means nothing without. */
function machine() {
  return {
    processors: `${cpus().length} × ${cpus()[0].model.trim()}`,
    memory: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  };
}

/** In one line, without where things are on this machine: it is written into the documentation. */
function reasonOf(error) {
  return String(error.message)
    .trim()
    .split("\n")
    .slice(-3)
    .join(" ")
    .replace(/(?<![\w.])\/(?:[^\s/]+\/)+/g, "");
}
