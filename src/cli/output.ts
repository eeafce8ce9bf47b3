import { write } from "node:fs";
import { fileError } from "../capture/file.js";
import { Pen } from "../render/pen.js";
import { exitCodes, refusedAs } from "./failure.js";

/** Octets handed over at once, and room for what one line adds. */
const CHUNK = 256 * 1024;
/**
 * Standard output with back-pressure: whoever prints waits for {@link flush} when {@link full}, so a slow reader slows
 * the capture instead of filling memory, and the kernel counts what it had to drop. Written in Node's thread pool:
 * `process.stdout` would block the event loop on a full pipe, and Ctrl-C with it.
 */
export class Output {
  /** What is written with it is printed, with the next {@link flush} at the latest. */
  readonly pen = new Pen(2 * CHUNK);
  #spare: Uint8Array<ArrayBuffer> | undefined;
  #writing: Promise<boolean> = Promise.resolve(true);

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
  async begin(): Promise<boolean> {
    const reads = await this.#writing;
    const { octets, size } = this.pen;
    this.pen.octets = this.#spare ?? new Uint8Array(2 * CHUNK);
    this.pen.size = 0;
    this.#spare = octets;
    this.#writing = reads ? writeAll(octets, size) : Promise.resolve(false);
    this.#writing.catch(() => {}); // who waits for it is told
    return reads;
  }
}

/** Resolves to false when nobody reads any more. */
async function writeAll(octets: Uint8Array, size: number): Promise<boolean> {
  for (let at = 0; at < size; ) {
    const { error, written } = await writeSome(octets, at, size);
    if (error?.code === "EPIPE") return false;
    // A pipe that another program made non-blocking is full: its reader needs a moment
    if (error?.code === "EAGAIN") await new Promise((resolve) => setTimeout(resolve, 5));
    else if (error) await refusedAs(exitCodes.output, Promise.reject(fileError("write to", "standard output", error)));
    at += written;
  }
  return true;
}

function writeSome(
  octets: Uint8Array,
  at: number,
  end: number,
): Promise<{ error: NodeJS.ErrnoException | null; written: number }> {
  return new Promise((resolve) => {
    write(process.stdout.fd, octets, at, end - at, null, (error, written = 0) => resolve({ error, written }));
  });
}
