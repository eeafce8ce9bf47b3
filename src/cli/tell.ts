/** What is said to the person at the terminal, beside the packets: on stderr. */
import { type ColourChoice, paintFor } from "./colours.js";

export function teller(color: ColourChoice = "auto"): (text: string) => void {
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
