import type { Comparison, Condition } from "./condition.js";
import { answer, common, type Facts, forget, learn, nothingKnown } from "./facts.js";
import { fault } from "./fault.js";
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

/** So many steps never fit the kernel's 4096 instructions, however well they are put. */
const maximumSteps = 40000;

/** Steps passed over in one go through the graph, so that no filter takes long. */
const maximumHops = 2_000_000;

/** The graph of a condition, with what is known by then never asked again and equal parts there once. */
export function graph(condition: Condition, source: string): Graph {
  let result = build(condition, source);
  for (let round = 0; round < 12; round++) {
    const [threaded, changed] = thread(result);
    const merged = merge(threaded);
    const smaller = merged.steps.length < result.steps.length;
    result = merged;
    if (!changed && !smaller) break;
  }
  return result;
}

function build(condition: Condition, source: string): Graph {
  const steps: (Step | undefined)[] = [undefined, undefined];
  const copies = new Map<Condition, { readonly yes: number; readonly no: number; readonly at: number }>();

  function add(step: Step): number {
    if (steps.length >= maximumSteps)
      throw fault(source, { at: 0, length: source.length }, "it is too long for the kernel's filters; ask for less");
    return steps.push(step) - 1;
  }

  function place(start: Condition, toYes: number, toNo: number): number {
    let condition = start;
    let [yes, no] = [toYes, toNo];
    for (;;) {
      switch (condition.kind) {
        case "constant":
          return condition.value ? yes : no;
        case "not":
          [yes, no] = [no, yes];
          condition = condition.of;
          continue;
        case "and":
          yes = place(condition.right, yes, no);
          condition = condition.left;
          continue;
        case "or":
          no = place(condition.right, yes, no);
          condition = condition.left;
          continue;
        case "choose": {
          const otherwise = place(condition.otherwise, yes, no);
          yes = place(condition.met, yes, no);
          no = otherwise;
          condition = condition.when;
          continue;
        }
        case "shared": {
          const copy = copies.get(condition.of);
          if (copy !== undefined && copy.yes === yes && copy.no === no) return copy.at;
          const at = place(condition.of, yes, no);
          copies.set(condition.of, { yes, no, at });
          return at;
        }
        case "set":
          return yes === reject
            ? reject
            : add({ kind: "set", register: condition.register, value: condition.value, next: yes });
        case "test": {
          const { comparison, left, right } = condition;
          return yes === no ? yes : add({ kind: "test", comparison, left, right, yes, no });
        }
        default:
          return condition satisfies never;
      }
    }
  }

  return { root: place(condition, accept, reject), steps };
}

/** Leads every way past the questions whose answer is known on it. */
function thread({ steps, root }: Graph): readonly [Graph, boolean] {
  const result: (Step | undefined)[] = new Array(steps.length);
  const arriving: (Facts | undefined)[] = new Array(steps.length);
  let changed = false;
  let hops = 0;

  function follow(start: number, facts: Facts): number {
    let at = start;
    while (hops++ < maximumHops) {
      const step = steps[at];
      if (step === undefined || step.kind === "set") break;
      const known = answer(facts, step);
      if (known === undefined) break;
      at = known ? step.yes : step.no;
    }
    if (at !== start) changed = true;
    if (at > accept) {
      const before = arriving[at];
      arriving[at] = before === undefined ? facts : common(before, facts);
    }
    return at;
  }

  const newRoot = follow(root, nothingKnown);
  for (let at = newRoot; at > accept; at--) {
    const facts = arriving[at];
    const step = steps[at];
    if (facts === undefined || step === undefined) continue;
    if (step.kind === "set") result[at] = { ...step, next: follow(step.next, forget(facts, 1 << step.register)) };
    else
      result[at] = {
        ...step,
        yes: follow(step.yes, learn(facts, step, true)),
        no: follow(step.no, learn(facts, step, false)),
      };
    arriving[at] = undefined;
  }
  return [{ steps: result, root: newRoot }, changed];
}

/** Makes equal steps one, and drops those that nothing leads to or that make no difference. */
function merge({ steps, root }: Graph): Graph {
  const result: (Step | undefined)[] = [undefined, undefined];
  const renumbered: number[] = [reject, accept];
  const same = new Map<string, number>();
  for (let at = 2; at <= root; at++) {
    const step = steps[at];
    if (step === undefined) continue;
    let copy: Step;
    let key: string;
    if (step.kind === "set") {
      const next = renumbered[step.next]!;
      if (next === reject) {
        renumbered[at] = reject;
        continue;
      }
      copy = { ...step, next };
      key = `set ${step.register} ${step.value.id} ${next}`;
    } else {
      const yes = renumbered[step.yes]!;
      const no = renumbered[step.no]!;
      if (yes === no) {
        renumbered[at] = yes;
        continue;
      }
      copy = { ...step, yes, no };
      key = `${step.comparison} ${step.left.id} ${step.right.id} ${yes} ${no}`;
    }
    const found = same.get(key);
    renumbered[at] = found ?? result.push(copy) - 1;
    if (found === undefined) same.set(key, renumbered[at]!);
  }
  return { steps: result, root: renumbered[root]! };
}
