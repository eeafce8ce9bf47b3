import { linkTypes } from "../../wire/numbers.js";
import { type HeaderKind, headers, ids } from "../headers.js";
import { internetSteps } from "./internet.js";
import { firstHeader, linkSteps } from "./link.js";
import { straight } from "./straight.js";
import { transportSteps } from "./transport.js";
import { DEEPEST, END, type Step, type Walk } from "./walk.js";

const byKind: Readonly<Record<HeaderKind, Step>> = { ...linkSteps, ...internetSteps, ...transportSteps };
const steps: readonly Step[] = headers.map(({ kind }) => byKind[kind]);

/** Walks the frame from `at` to `end`, of which `length` octets were on the wire. hot */
export function run(walk: Walk, data: DataView, at: number, end: number, length: number, linkType: number): void {
  walk.start(data, at, end, length);
  walk.plain = linkType === linkTypes.ethernet && straight(walk, data, at, end);
  if (!walk.plain) step(walk, linkType);
}

/** Takes one header after the other of a walk that was started. */
export function step(walk: Walk, linkType: number): void {
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
