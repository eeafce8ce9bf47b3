import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../dist/bundle/main.js");

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built command line, as a user runs it; it inherits the test's network namespace. */
export class Running {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly #closed: Promise<unknown[]>;

  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    folder?: string,
    main: string = MAIN,
  ) {
    this.child = spawn(process.execPath, [main, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
      cwd: folder,
    });
    this.child.stdout?.on("data", (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.#closed = once(this.child, "close");
  }

  /** Resolves when `stream` has said `text`; rejects when the command ends before. */
  async until(stream: "stdout" | "stderr", text: string): Promise<void> {
    while (!this[stream].includes(text)) {
      const ended = await Promise.race([
        once(this.child[stream]!, "data").then(() => false),
        this.#closed.then(() => true),
      ]);
      if (ended && !this[stream].includes(text)) throw new Error(`it ended without saying ${text}: ${this.stderr}`);
    }
  }

  /** Resolves when its sockets are open. */
  async capturing(): Promise<void> {
    await this.until("stderr", "capturing on");
  }

  async end(signal?: NodeJS.Signals): Promise<Result> {
    if (signal) this.child.kill(signal);
    const [code] = (await this.#closed) as [number | null];
    return { code, stdout: this.stdout, stderr: this.stderr };
  }
}

/** Runs a command to its end. */
export async function run(...args: string[]): Promise<Result> {
  return await new Running(args).end();
}
