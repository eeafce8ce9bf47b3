import { badArgument } from "../arguments.js";
import { isSockinspectError, SockinspectError } from "../errors.js";

/** Where in a filter's text something stands: `at` counts characters from 0. */
export interface Span {
  readonly at: number;
  readonly length: number;
}

/** A filter that cannot be compiled; `why` says what is wrong there and what to write instead. */
export function fault(source: string, { at, length }: Span, why: string): SockinspectError<"BAD_FILTER"> {
  const shown = source.length > 80 ? `${source.slice(0, 79)}…` : source;
  return new SockinspectError("BAD_FILTER", `cannot compile the filter '${shown}': ${why}`, { source, at, length });
}

/** The text and a row of `^` under the part at fault: two lines, joined by a line feed. */
export function caret(error: SockinspectError<"BAD_FILTER" | "BAD_DRAFT">): string {
  if (!isSockinspectError(error, "BAD_FILTER") && !isSockinspectError(error, "BAD_DRAFT"))
    throw badArgument("error", error, "BAD_FILTER or BAD_DRAFT");
  const { source, at, length } = error.info;
  // A control character would move the caret, or reach the terminal.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  const line = source.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ");
  const start = Math.max(0, at - 60);
  const end = Math.min(line.length, at + Math.max(length, 1) + 60);
  const before = start > 0 ? "…" : "";
  const after = end < line.length ? "…" : "";
  const marks = "^".repeat(Math.max(1, Math.min(length, end - at)));
  return `${before}${line.slice(start, end)}${after}\n${" ".repeat(before.length + at - start)}${marks}`;
}
