import { read } from "../capture/read.js";
import type { ColourChoice } from "./colours.js";
import { exitCodes, refusedAs } from "./failure.js";
import { type FilterOptions, filterOf } from "./filter.js";
import { refuseTerminal, reportProblem } from "./input.js";
import { type LadderCommandOptions, showing } from "./ladder.js";
import { pour, remarksOf, type Sink } from "./sink.js";
import { fileSummary, Span, unaskedRemarks } from "./summary.js";
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
  const asked = await filterOf(words, options);
  const source = read(file, { ...asked, ...(options.count !== undefined && { limit: options.count }) });
  const tell = teller(options.color);
  // In a pipeline Ctrl-C is for all: what the writer still has to say is read; the second one ends it at once
  if (file === "-") process.once("SIGINT", () => {});
  const span = new Span();
  const all = [...sinks(), span];
  await refusedAs(exitCodes.noInput, pour(source, all));
  tell(fileSummary(source, span));
  for (const remark of [...unaskedRemarks(source.unasked), ...remarksOf(all)]) tell(remark);
  reportProblem(file, source);
}
