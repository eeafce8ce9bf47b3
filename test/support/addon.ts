import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The addon as it was built last, for threads and processes that load it themselves. */
export const addonFile = fileURLToPath(new URL("../../build/Release/sockinspect.node", import.meta.url));

/** What scripts of {@link start} and of `new Worker(…, { eval: true })` begin with. */
export const prelude = `
  const addon = require(${JSON.stringify(addonFile)});
  const filter = (ethertype) => {
    const octets = new DataView(new ArrayBuffer(32));
    const code = [[0x28, 0, 0, 12], [0x15, 0, 1, ethertype], [6, 0, 0, 0x40000], [6, 0, 0, 0]];
    for (const [at, [code_, jt, jf, k]] of code.entries()) {
      octets.setUint16(at * 8, code_, true); octets.setUint8(at * 8 + 2, jt); octets.setUint8(at * 8 + 3, jf);
      octets.setUint32(at * 8 + 4, k, true);
    }
    return new Uint8Array(octets.buffer);
  };
  const open = (options) => new addon.PacketSocket({
    interfaceIndex: addon.interfaces().find((each) => each.name === "near").index, filter: filter(0x88b5),
    blockSize: 4096, blockCount: 4, blockTimeout: 2, promiscuous: false, ...options,
  });
`;

/** Runs `body` in a Node of its own, in this thread's network namespace. */
export function start(body: string): ChildProcess {
  return spawn(process.execPath, ["--expose-gc", "-e", prelude + body], {
    stdio: ["ignore", "pipe", "pipe"],
    // Under binding/scripts/sanitize.mjs: process.exit() leaves Node's own memory behind.
    env: { ...process.env, ASAN_OPTIONS: "detect_leaks=0" },
  });
}

/** What ip(8) says, in this thread's network namespace. */
export function ip(...words: string[]): string {
  // A sanitizer that is preloaded is not for other people's programs.
  return execFileSync("ip", words, { encoding: "utf8", env: { ...process.env, LD_PRELOAD: "" } });
}

/** What a started process wrote, and how it ended. */
export async function outcome(child: ChildProcess): Promise<{ code: number | null; output: string; errors: string }> {
  let output = "";
  let errors = "";
  child.stdout?.on("data", (part) => (output += part));
  child.stderr?.on("data", (part) => (errors += part));
  const [code] = await once(child, "close");
  return { code, output, errors };
}

export const openDescriptors = () => readdirSync("/proc/self/fd").length;
export const threads = () => readdirSync("/proc/self/task").length;
