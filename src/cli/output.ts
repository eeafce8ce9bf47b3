import { fstatSync, write, writeSync } from "node:fs";
import { fileError } from "../capture/file-error.js";
import { Pen } from "../render/pen.js";
import { exitCodes, refusal, report } from "./failure.js";

/** Octets handed over at once, and room for what one line adds. */
const CHUNK = 256 * 1024;
/**
 * Standard output with back-pressure: whoever prints waits for {@link flush} when {@link full}, so a slow reader slows
 * the capture instead of filling memory, and the kernel counts what it had to drop. Written in Node's thread pool:
 * `process.stdout` would block the event loop on a full pipe, and Ctrl-C with it. What no reader can hold up is written at
 * once, which takes less than to ask a thread for it.
 */
export class Output {
  /** What is written with it is printed, with the next {@link flush} at the latest. */
  readonly pen = new Pen(2 * CHUNK);
  #spare: Uint8Array<ArrayBuffer> | undefined;
  readonly #write = wayToWrite();
  #writing: Promise<boolean> = Promise.resolve(true);
  #begun: Promise<boolean> = Promise.resolve(true);

  print(line: string): void {
    this.pen.text(line);
    this.pen.text("\n");
  }

  get full(): boolean {
    return this.pen.size >= CHUNK;
  }

  /** Whether it is worth not waiting for. */
  get much(): boolean {
    return this.pen.size >= CHUNK / 4;
  }

  /** Resolves when what was printed is written: to false when nobody reads any more (EPIPE). Throws `SYSTEM`. */
  async flush(): Promise<boolean> {
    await this.begin();
    return await this.#writing;
  }

  /** As {@link flush}, of what was printed before; what was printed since is written while more is printed. */
  begin(): Promise<boolean> {
    this.#begun = this.#begun.then(() => this.#begin());
    return this.#begun;
  }

  async #begin(): Promise<boolean> {
    const reads = await this.#writing;
    const octets = this.pen.exchange(this.#spare ?? new Uint8Array(2 * CHUNK));
    this.#spare = new Uint8Array(octets.buffer);
    this.#writing = reads ? writeAll(octets, this.#write) : Promise.resolve(false);
    this.#writing.catch(() => {}); // who waits for it is told
    return reads;
  }
}

/** Prints lines on standard output. Resolves to false when nobody reads any more (EPIPE). Throws `SYSTEM`. */
export async function print(lines: readonly string[]): Promise<boolean> {
  return await put(lines.map((line) => `${line}\n`).join(""));
}

/** As {@link print}, what is no lines. */
export async function put(what: string | Uint8Array): Promise<boolean> {
  return await writeAll(typeof what === "string" ? Buffer.from(what) : what, wayToWrite());
}

/** What write(2) says. */
interface Written {
  readonly error?: NodeJS.ErrnoException | null;
  readonly written: number;
}

type Write = (octets: Uint8Array, at: number) => Written | Promise<Written>;

/** Resolves to false when nobody reads any more. */
async function writeAll(octets: Uint8Array, write: Write): Promise<boolean> {
  for (let at = 0; at < octets.length; ) {
    const { error, written } = await write(octets, at);
    if (error?.code === "EPIPE") return false;
    // A pipe that another program made non-blocking is full: its reader needs a moment
    if (error?.code === "EAGAIN") await new Promise((resolve) => setTimeout(resolve, 5));
    else if (error) throw unwritten(error);
    at += written;
  }
  return true;
}

/** Says what was wrong with a write to `process.stdout`, unless nobody reads any more. */
export function reportUnwritten(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") report(unwritten(error));
}

function unwritten(error: NodeJS.ErrnoException): unknown {
  return refusal(exitCodes.output, fileError("write to", "standard output", error));
}

/** Neither a file nor a device such as /dev/null lets anybody wait. */
function wayToWrite(): Write {
  const stat = fstatSync(process.stdout.fd);
  return stat.isFile() || (stat.isCharacterDevice() && !process.stdout.isTTY) ? writeAtOnce : writeInPool;
}

function writeAtOnce(octets: Uint8Array, at: number): Written {
  try {
    return { written: writeSync(process.stdout.fd, octets, at, octets.length - at) };
  } catch (error) {
    return { error: error as NodeJS.ErrnoException, written: 0 };
  }
}

function writeInPool(octets: Uint8Array, at: number): Promise<Written> {
  return new Promise((resolve) => {
    write(process.stdout.fd, octets, at, octets.length - at, null, (error, written = 0) => resolve({ error, written }));
  });
}
