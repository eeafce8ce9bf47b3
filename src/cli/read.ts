import { type FileSource, type ReadOptions, read } from "../capture/read.js";
import { fileProblemText } from "../capture/record.js";
import { SockinspectError } from "../errors.js";
import { addressesOf } from "../filter/compile.js";
import { printable } from "../render/text.js";
import type { ColourChoice } from "./colours.js";
import { exitCodes, refusedAs } from "./failure.js";
import { type FilterOptions, filterOf, resolveHost } from "./filter.js";
import { type LadderCommandOptions, showing } from "./ladder.js";
import { pour, remarksOf, type Sink } from "./show.js";
import { fileSummary, Span } from "./summary.js";
import { teller } from "./tell.js";

export interface FileOptions extends FilterOptions {
  readonly count?: number;
  readonly color: ColourChoice;
}

export interface ReadCommandOptions extends FileOptions, LadderCommandOptions {
  readonly quiet?: boolean;
}

export async function readCommand(file: string, words: string[], options: ReadCommandOptions): Promise<void> {
  await pourFile(file, words, options, () => (options.quiet ? [] : showing(options)));
}

/** Hands the packets of a file to the sinks, and says what became of them. */
export async function pourFile(
  file: string,
  words: readonly string[],
  options: FileOptions,
  sinks: () => readonly Sink[],
): Promise<void> {
  refuseTerminal(file);
  const filter = filterOf(words, options);
  const addresses = await addressesOf(filter, resolveHost);
  const source = read(file, readOptions(filter, addresses, options));
  const tell = teller(options.color);
  // In a pipeline Ctrl-C is for all: what the writer still has to say is read; the second one ends it at once
  if (file === "-") process.once("SIGINT", () => {});
  const span = new Span();
  const all = [...sinks(), span];
  await refusedAs(exitCodes.noInput, pour(source, all));
  tell(fileSummary(source, span));
  for (const remark of remarksOf(all)) tell(remark);
  reportProblem(file, source);
}

/** Throws `BAD_ARGUMENT` where a capture file would have to be typed. */
export function refuseTerminal(file: string): void {
  if (file !== "-" || !process.stdin.isTTY) return;
  throw new SockinspectError(
    "BAD_ARGUMENT",
    "cannot read a capture from a terminal: name a file, or pipe one into standard input",
    { argument: "file", value: file },
  );
}

function readOptions(
  filter: string,
  addresses: ReadonlyMap<string, readonly string[]>,
  { count }: FileOptions,
): ReadOptions {
  return { filter, addresses, ...(count !== undefined && { limit: count }) };
}

/** One sentence where a file was cut or wrong: packets behind that may be missing. */
export function reportProblem(file: string, { problem }: Pick<FileSource, "problem">): void {
  if (!problem) return;
  const name = file === "-" ? "standard input" : file;
  process.stderr.write(`sockinspect: cannot read all of ${printable(name)}: the ${fileProblemText(problem)}\n`);
  process.exitCode = exitCodes.data;
}
