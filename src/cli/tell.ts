/** What is said to the person at the terminal, beside the packets: on stderr. */
import { fstatSync, writeSync } from "node:fs";
import { type ColourChoice, paintFor } from "./colours.js";

export function teller(color: ColourChoice = "auto"): (text: string) => void {
  // A stream takes longer to be made than a small file to be read
  if (color !== "always" && !fstatSync(2).isCharacterDevice()) return (text) => write(`${text}\n`);
  const paint = paintFor(process.stderr, color);
  return (text) => process.stderr.write(`${paint("quiet", text)}\n`);
}

/** Says how things stand, in one line again and again, where stderr is a terminal. Returns what ends it. */
export function progress(text: () => string): () => void {
  if (!process.stderr.isTTY) return () => {};
  const timer = setInterval(() => process.stderr.write(`\r${text()}\x1b[K`), 500);
  return () => {
    clearInterval(timer);
    process.stderr.write("\r\x1b[K");
  };
}

function write(text: string): void {
  const octets = Buffer.from(text);
  let written = 0;
  try {
    written = writeSync(2, octets);
  } catch {
    // Another program made it non-blocking, or nobody reads: the stream knows what to do
  }
  if (written < octets.length) process.stderr.write(octets.subarray(written));
}
