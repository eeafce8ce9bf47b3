import { SockinspectError } from "../errors.js";

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

/** The filter and a row of `^` under the part at fault: two lines, joined by a line feed. */
export function caret(error: SockinspectError<"BAD_FILTER">): string {
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

/** The word out of `words` that `word` most likely was meant to be, if one is near enough. */
export function nearest(word: string, words: Iterable<string>): string | undefined {
  if (word.length > 32) return undefined;
  let best: string | undefined;
  let bestDistance = word.length <= 2 ? 2 : word.length <= 5 ? 2.5 : 3.5;
  for (const candidate of words) {
    const distance = distanceBetween(word.toLowerCase(), candidate);
    // Of two equally near, the one that begins alike.
    const weighed = distance + (candidate[0] === word[0]?.toLowerCase() ? 0 : 0.5);
    if (weighed < bestDistance) {
      bestDistance = weighed;
      best = candidate;
    }
  }
  return best;
}

/** Letters to insert, drop, replace or swap with their neighbour to turn `a` into `b`. */
function distanceBetween(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(current[column - 1]! + 1, previous[column]! + 1, previous[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        cost = Math.min(cost, beforePrevious[column - 2]! + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}
