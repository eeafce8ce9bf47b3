import { spawn } from "node:child_process";
import { once } from "node:events";
import { handshake } from "../demo/handshake.js";
import { SockinspectError } from "../errors.js";
import { lines } from "../render/line.js";
import { binding } from "../socket/binding.js";
import { type ColourChoice, paintFor } from "./colours.js";

/** Set for the process that runs inside the private namespace. */
const INSIDE = "SOCKINSPECT_INSIDE_NAMESPACE";

export async function demoCommand(scenario: string, options: { color: ColourChoice }): Promise<void> {
  if (process.env[INSIDE] === undefined) return await again();
  binding().setInterfaceUp("lo");
  const paint = paintFor(process.stdout, options.color);
  const line = lines({ time: "relative", paint });
  const print = (text: string): boolean => process.stdout.write(`${text}\n`);
  switch (scenario) {
    case "handshake":
      return await handshake({
        say: (text) => print(paint("title", text)),
        show: (packet) => print(`  ${line(packet)}`),
      });
    default:
      throw new SockinspectError("BAD_ARGUMENT", `there is no demo called ${scenario}`, {
        argument: "scenario",
        value: scenario,
      });
  }
}

/**
 * Runs this command again in namespaces of its own: a process with threads, as Node has them, may not enter a new user
 * namespace itself. unshare(2), unshare(1).
 */
async function again(): Promise<void> {
  const namespaces = process.getuid?.() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
  const child = spawn(
    "unshare",
    [...namespaces, "--", process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    {
      stdio: ["inherit", "inherit", "pipe"],
      env: { ...process.env, [INSIDE]: "1" },
    },
  );
  const said: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  const failure = once(child, "error").then(([error]) => error as NodeJS.ErrnoException);
  const end = once(child, "close").then(([code]) => code as number | null);
  const result = await Promise.race([failure, end]);
  const stderr = Buffer.concat(said).toString();
  if (result instanceof Error || stderr.startsWith("unshare:"))
    throw new SockinspectError(
      "PERMISSION",
      `cannot make a private network namespace: ${result instanceof Error ? result.message : stderr.trim()} (see 'sockinspect doctor')`,
      { needs: "user namespaces" },
    );
  process.stderr.write(stderr);
  process.exitCode = result ?? 1;
}
