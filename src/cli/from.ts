import { isSockinspectError, SockinspectError } from "../errors.js";
import { type LiveOptions, pourLive } from "./capture.js";
import { exitCodes, refusal } from "./failure.js";
import { pourFile } from "./read.js";
import { Reassembling } from "./show.js";
import type { Sink } from "./sink.js";

/** Hands the packets of a file, or those of the network where it is called "live", to a sink; fragments are put together. */
export async function pourFrom(
  file: string,
  words: readonly string[],
  options: LiveOptions,
  sink: () => Sink,
): Promise<void> {
  const sinks = (): Sink[] => [new Reassembling(), sink()];
  if (file === "live") return pourLive(words, options, sinks);
  try {
    await pourFile(file, words, options, sinks);
  } catch (error) {
    if (!isSockinspectError(error, "SYSTEM") || error.info.code !== "ENOENT" || words.length === 0) throw error;
    const hint = "in front of the filter stands a file, or the word live for what comes and goes";
    const explained = new SockinspectError("SYSTEM", `${error.message} (${hint})`, error.info, { cause: error.cause });
    throw refusal(exitCodes.noInput, explained);
  }
}
