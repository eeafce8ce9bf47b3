import { write } from "node:fs";
import { fileError } from "../capture/file.js";
import { exitCodes, refusedAs } from "./failure.js";

/** Octets handed over at once, and room for what one line adds. */
const CHUNK = 256 * 1024;
/** Text is encoded in pieces that stay in the processor's cache: measured a third faster than whole chunks. */
const PIECE = 8 * 1024;

/**
 * Standard output with back-pressure: whoever prints waits for {@link flush} when {@link full}, so a slow reader slows
 * the capture instead of filling memory, and the kernel counts what it had to drop. Written in Node's thread pool:
 * `process.stdout` would block the event loop on a full pipe, and Ctrl-C with it.
 */
export class Output {
  #text = "";
  #encoding: "utf8" | "latin1" = "utf8";
  #octets = Buffer.allocUnsafe(2 * CHUNK);
  #size = 0;

  print(line: string): void {
    if (this.#encoding !== "utf8") this.#encode("utf8");
    this.#text += `${line}\n`;
    if (this.#text.length >= PIECE) this.#encode("utf8");
  }

  /** Prints a line whose characters are the octets of UTF-8. hot */
  printOctets(line: string): void {
    if (this.#encoding !== "latin1") this.#encode("latin1");
    this.#text += `${line}\n`;
    if (this.#text.length >= PIECE) this.#encode("latin1");
  }

  get full(): boolean {
    return this.#size >= CHUNK;
  }

  /** Resolves to false when nobody reads any more (EPIPE). Throws `SYSTEM`. */
  async flush(): Promise<boolean> {
    this.#encode(this.#encoding);
    const octets = this.#octets;
    const size = this.#size;
    this.#size = 0;
    for (let at = 0; at < size; ) {
      const { error, written } = await writeSome(octets, at, size);
      if (error?.code === "EPIPE") return false;
      // A pipe that another program made non-blocking is full: its reader needs a moment
      if (error?.code === "EAGAIN") await new Promise((resolve) => setTimeout(resolve, 5));
      else if (error)
        await refusedAs(exitCodes.output, Promise.reject(fileError("write to", "standard output", error)));
      at += written;
    }
    return true;
  }

  /** Encodes what was printed; what comes is of encoding `next`. */
  #encode(next: "utf8" | "latin1"): void {
    const text = this.#text;
    const encoding = this.#encoding;
    this.#encoding = next;
    this.#text = "";
    // UTF-8 takes up to three octets for each unit of a string
    if (this.#size + 3 * text.length > this.#octets.length) {
      const larger = Buffer.allocUnsafe(2 * (this.#size + 3 * text.length));
      this.#octets.copy(larger, 0, 0, this.#size);
      this.#octets = larger;
    }
    this.#size += this.#octets.write(text, this.#size, encoding);
  }
}

function writeSome(
  octets: Buffer,
  at: number,
  end: number,
): Promise<{ error: NodeJS.ErrnoException | null; written: number }> {
  return new Promise((resolve) => {
    write(process.stdout.fd, octets, at, end - at, null, (error, written = 0) => resolve({ error, written }));
  });
}
