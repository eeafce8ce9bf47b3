/** Capture files that commands read. */

import { refusedArgument } from "../arguments.js";
import type { FileSource } from "../capture/read.js";
import { fileProblemText } from "../capture/record.js";
import { printable } from "../render/text.js";
import { exitCodes } from "./failure.js";

/** Throws `BAD_ARGUMENT` where a capture file would have to be typed. */
export function refuseTerminal(file: string): void {
  if (file !== "-" || !process.stdin.isTTY) return;
  throw refusedArgument(
    "file",
    file,
    "cannot read a capture from a terminal: name a file, or pipe one into standard input",
  );
}

/** One sentence where a file was cut or wrong: packets behind that may be missing. */
export function reportProblem(file: string, { problem }: Pick<FileSource, "problem">): void {
  if (!problem) return;
  const name = file === "-" ? "standard input" : file;
  process.stderr.write(`sockinspect: cannot read all of ${printable(name)}: the ${fileProblemText(problem)}\n`);
  process.exitCode = exitCodes.data;
}
