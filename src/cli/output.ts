import { write } from "node:fs";

/** Text is handed over in pieces of this many characters. */
const CHUNK = 64 * 1024;

/**
 * Standard output with back-pressure: whoever prints waits for {@link flush} when {@link full}, so a slow reader slows
 * the capture instead of filling memory, and the kernel counts what it had to drop. Written in Node's thread pool:
 * `process.stdout` would block the event loop on a full pipe, and Ctrl-C with it.
 */
export class Output {
  #text = "";

  print(line: string): void {
    this.#text += line;
    this.#text += "\n";
  }

  get full(): boolean {
    return this.#text.length >= CHUNK;
  }

  /** Resolves to false when nobody reads any more (EPIPE). */
  async flush(): Promise<boolean> {
    const text = this.#text;
    this.#text = "";
    const octets = Buffer.from(text);
    for (let at = 0; at < octets.length; ) {
      const { error, written } = await writeSome(octets, at);
      if (error?.code === "EPIPE") return false;
      // A pipe that another program made non-blocking is full: its reader needs a moment
      if (error?.code === "EAGAIN") await new Promise((resolve) => setTimeout(resolve, 5));
      else if (error) throw error;
      at += written;
    }
    return true;
  }
}

function writeSome(octets: Buffer, at: number): Promise<{ error: NodeJS.ErrnoException | null; written: number }> {
  return new Promise((resolve) => {
    write(process.stdout.fd, octets, at, octets.length - at, null, (error, written = 0) => resolve({ error, written }));
  });
}
