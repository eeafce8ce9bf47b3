import { type HeaderKind, headers, ids } from "../headers.js";
import { internetSteps } from "./internet.js";
import { firstHeader, linkSteps } from "./link.js";
import { transportSteps } from "./transport.js";
import { DEEPEST, END, type Step, type Walk } from "./walk.js";

const byKind: Readonly<Record<HeaderKind, Step>> = { ...linkSteps, ...internetSteps, ...transportSteps };
const steps: readonly Step[] = headers.map(({ kind }) => byKind[kind]);

/** Walks the frame from `at` to `end`, of which `length` octets were on the wire. hot */
export function run(walk: Walk, data: DataView, at: number, end: number, length: number, linkType: number): void {
  walk.start(data, at, end, length);
  let next = firstHeader(walk, linkType);
  while (next !== END) {
    if (walk.count === DEEPEST) {
      walk.malformed(ids.ethernet, "layers", DEEPEST, "more layers than are followed");
      return;
    }
    next = steps[next]!(walk);
    // Behind a header that is not all there, nothing is
    if (walk.clipped !== DEEPEST) return;
  }
}
