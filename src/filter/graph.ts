import type { Condition } from "./condition.js";
import { answer, common, type Facts, forget, learn } from "./facts.js";
import { fault } from "./fault.js";
import { accept, type Graph, reject, type Step } from "./graph-steps.js";
import { reorder } from "./reorder.js";

/** So many steps never fit the kernel's 4096 instructions, however well they are put. */
const maximumSteps = 40000;

/** The last rounds of a filter that never comes to rest change little. */
const maximumRounds = 100;

/** Steps passed over in one go through the graph, so that no filter takes long. */
const maximumHops = 2_000_000;

/** The graph of a condition, with what is known by then never asked again and equal parts there once. */
export function graph(condition: Condition, source: string): Graph {
  let result = build(condition, source);
  for (let round = 0; round < maximumRounds; round++) {
    const [threaded, shorter] = thread(result);
    const [reordered, moved] = reorder(threaded);
    result = reordered;
    if (!shorter && !moved) break;
  }
  for (let round = 0; round < maximumRounds; round++) {
    const merged = merge(result);
    const [threaded, shorter] = thread(merged);
    result = threaded;
    if (!shorter) return merge(result);
  }
  return merge(result);
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
  /** What is known at each step that is reached. */
  const arriving = new Map<number, Facts>();
  let changed = false;
  let hops = 0;

  function follow(start: number, facts: Facts): number {
    let at = start;
    while (hops++ < maximumHops) {
      const step = steps[at];
      if (step === undefined || step.kind === "set") break;
      const known = step.yes === step.no ? true : answer(facts, step);
      if (known === undefined) break;
      at = known ? step.yes : step.no;
    }
    if (at !== start) changed = true;
    if (at > accept) {
      arriving.set(at, arriving.has(at) ? common(arriving.get(at), facts) : facts);
    }
    return at;
  }

  const newRoot = follow(root, undefined);
  for (let at = newRoot; at > accept; at--) {
    const step = steps[at];
    if (step === undefined || !arriving.has(at)) continue;
    const facts = arriving.get(at);
    if (step.kind === "set") result[at] = { ...step, next: follow(step.next, forget(facts, 1 << step.register)) };
    else
      result[at] = {
        ...step,
        yes: follow(step.yes, learn(facts, step, true)),
        no: follow(step.no, learn(facts, step, false)),
      };
    arriving.delete(at);
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
