// What processes take, from the operating system.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Milliseconds that a command may take, and that one may take to begin or to end. */
const LONGEST = 300_000;
const LONGEST_WAIT = 20_000;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Runs a command to its end, its output thrown away or into a `pipe` that nobody looks at: seconds on the clock and of CPU,
 * children included, and MiB that the largest process had resident; wait4(2). Throws what it said when it fails.
 */
export function whole(command, { env } = {}) {
  const measure = join(process.env.SOCKINSPECT_BENCH_FOLDER, "measure");
  if (!existsSync(measure)) execFileSync("cc", ["-O2", "-o", measure, join(import.meta.dirname, "files/measure.c")]);
  const { stdout, stderr } = spawnSync(measure, command, {
    env: { ...process.env, ...env },
    encoding: "utf8",
    timeout: LONGEST,
  });
  if (stdout === "") throw new Error(`${command.join(" ")} took longer than ${LONGEST / 1000} s`);
  const run = JSON.parse(stdout);
  if (run.status !== 0) throw new Error(`${command.join(" ")}: status ${run.status}: ${stderr}`);
  return run;
}

/** A process that runs while something else happens, and its children. */
export class Running {
  static #alive = new Set();
  #child;
  #ended;
  /** What it has written to stderr so far. */
  said = "";
  /** And to stdout. */
  printed = "";

  /** Ends what a case that failed has left behind. */
  static killAll() {
    for (const running of Running.#alive) running.#kill();
  }

  /** Resolves once it has said something that matches `ready`. `stdout`: kept in {@link printed}, thrown away, or a descriptor. */
  static async start(command, { ready = /capturing|listening/i, stdout = "pipe", env } = {}) {
    const running = new Running(command, stdout, env);
    const late = setTimeout(() => running.#child.kill("SIGKILL"), LONGEST_WAIT);
    while (!ready.test(running.said + running.printed)) {
      const events = [once(running.#child.stderr, "data")];
      if (stdout === "pipe") events.push(once(running.#child.stdout, "data"));
      if ((await Promise.race([...events, running.#ended.then(() => "ended")])) === "ended")
        throw new Error(`${command.join(" ")} does not begin: ${running.said}`);
    }
    clearTimeout(late);
    await pause(100);
    return running;
  }

  constructor(command, stdout, env) {
    this.#child = spawn(command[0], command.slice(1), {
      stdio: ["ignore", stdout, "pipe"],
      env: { ...process.env, ...env },
    });
    this.#ended = once(this.#child, "close");
    Running.#alive.add(this);
    this.#child.once("close", () => Running.#alive.delete(this));
    this.#child.stderr.on("data", (chunk) => {
      this.said += chunk;
    });
    this.#child.stdout?.on("data", (chunk) => {
      this.printed += chunk;
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** Resolves when it has ended. */
  get ended() {
    return this.#ended;
  }

  /** Seconds of CPU so far, of all threads: the scheduler's account, proc_pid_schedstat. */
  cpu() {
    let total = 0;
    for (const pid of family(this.pid))
      for (const task of list(`/proc/${pid}/task`))
        total += Number(read(`/proc/${pid}/task/${task}/schedstat`).split(" ")[0]);
    return total / 1e9;
  }

  /** MiB it had resident at most, its children added. */
  memory() {
    const peaks = family(this.pid).map((pid) => Number(/VmHWM:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0));
    return peaks.reduce((sum, peak) => sum + peak, 0) / 1024;
  }

  /** MiB it has resident now. */
  resident() {
    return Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${this.pid}/status`))[1]) / 1024;
  }

  /** Resolves with its seconds of CPU, once so long has gone by and it uses less than a hundredth of a core. */
  async settled(milliseconds = 200) {
    await pause(milliseconds);
    let cpu = this.cpu();
    for (let last = -1; cpu - last > 0.002; cpu = this.cpu()) {
      last = cpu;
      await pause(200);
    }
    return cpu;
  }

  /** Resolves with what it has said, once it has ended; what does not end in time is killed, its children with it. */
  async stop(signal = "SIGINT") {
    if (signal === "SIGKILL") this.#kill();
    else this.#child.kill(signal);
    const late = setTimeout(() => this.#kill(), LONGEST_WAIT);
    await this.#ended;
    clearTimeout(late);
    return this.printed + this.said;
  }

  #kill() {
    for (const pid of family(this.pid)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended
      }
    }
  }
}

/** A process, its children and theirs. */
function family(root) {
  const found = [root];
  for (const parent of found)
    for (const task of list(`/proc/${parent}/task`))
      found.push(...read(`/proc/${parent}/task/${task}/children`).split(" ").filter(Boolean).map(Number));
  return found;
}

/** Packets that a device of this namespace has received, by the kernel's count. */
export function received(device) {
  return Number(new RegExp(`${device}: *\\d+ +(\\d+)`).exec(readFileSync("/proc/net/dev", "utf8"))[1]);
}

// What ends meanwhile is no error

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
