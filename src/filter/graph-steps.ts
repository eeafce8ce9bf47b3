import type { Comparison } from "./condition.js";
import type { Value } from "./value.js";

/** One step of a filter: a question with the steps that follow either answer, or a value to keep. */
export type Step =
  | {
      readonly kind: "test";
      readonly comparison: Comparison;
      readonly left: Value;
      readonly right: Value;
      readonly yes: number;
      readonly no: number;
    }
  | { readonly kind: "set"; readonly register: number; readonly value: Value; readonly next: number };

/**
 * A filter as a graph without circles: steps[0] and steps[1] are not there and stand for reject and accept; every other
 * step leads to steps of lower numbers only.
 */
export interface Graph {
  readonly steps: readonly (Step | undefined)[];
  readonly root: number;
}

export const reject = 0;
export const accept = 1;
