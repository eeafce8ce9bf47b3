import { isAskedByPrograms } from "./named-program.js";
import { parse } from "./parse.js";
import type { Expression, Named } from "./syntax.js";

/** A named field of a filter, and who asks it of live packets. */
export interface Stage {
  /** As it is understood. */
  readonly text: string;
  /**
   * "kernel": its program. "both": its program where the header is at its usual place, else whoever reads its packets, as
   * in tunnels and behind extension headers. "here": only the latter.
   */
  readonly by: "kernel" | "both" | "here";
}

/** Who asks the named fields of a filter, each of them once. Throws `BAD_FILTER`. */
export function stagesOf(source: string): readonly Stage[] {
  const expression = parse(source);
  const all = expression === undefined ? [] : namedIn(expression);
  return [...new Map(all.map((named) => [named.text, { text: named.text, by: isAskedByPrograms(named) }])).values()];
}

function namedIn(expression: Expression): Named[] {
  if (expression.kind === "chain")
    return [expression.first, ...expression.rest.map((part) => part.expression)].flatMap(namedIn);
  if (expression.kind === "not") return namedIn(expression.of);
  return expression.kind === "named" ? [expression] : [];
}
