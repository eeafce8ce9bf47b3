import { accept, type Graph, reject, type Step } from "./graph-steps.js";

/** In larger graphs the order is left as it is, so that no filter takes long to compile. */
const maximumSteps = 12000;

/**
 * Moves questions about a value up to others about the same value, along a row of alternatives (or of conditions) that
 * all lead to the same place: `host a or b` then reads each address once. It is the branch movement of BPF+ (Begel,
 * McCanne, Graham 1999, §6.1) as libpcap does it, because the order decides what becomes of packets that are cut short.
 */
export function reorder(graph: Graph): readonly [Graph, boolean] {
  const { steps, root } = graph;
  if (steps.length > maximumSteps || steps.some((step) => step?.kind === "set")) return [graph, false];
  const yes = steps.map((step) => (step?.kind === "test" ? step.yes : -1));
  const no = steps.map((step) => (step?.kind === "test" ? step.no : -1));
  const value = steps.map((step) => (step?.kind === "test" ? step.left.id : -1));
  const { order, level } = reached(steps, root);
  const arriving = predecessors(order, yes, no, steps.length);
  const dominates = dominators(order, arriving, root, steps.length);
  let changed = false;

  /** Along `on`, the way taken while the row goes on; `out` leaves it. */
  function pullUp(at: number, on: number[], out: number[]): void {
    const before = arriving[at]!;
    const first = before[0];
    if (first === undefined) return;
    const wanted = value[first]!;
    if (before.some((step) => value[step] !== wanted)) return;
    const inRow = (step: number): boolean => step > accept && out[step] === out[at] && dominates(at, step);
    let above = -1;
    let other = at;
    while (inRow(other) && value[other] === wanted) {
      above = other;
      other = on[other]!;
    }
    if (!inRow(other)) return;
    let below = other;
    for (let same = on[below]!; inRow(same); same = on[below]!) {
      if (value[same] !== wanted) {
        below = same;
        continue;
      }
      on[below] = on[same]!;
      on[same] = other;
      if (above >= 0) on[above] = same;
      else
        for (const step of before) {
          if (yes[step] === at) yes[step] = same;
          else no[step] = same;
        }
      above = same;
      changed = true;
    }
  }

  for (const at of order.toSorted((one, two) => level[one]! - level[two]!)) {
    pullUp(at, no, yes);
    pullUp(at, yes, no);
  }
  return changed ? [renumber(steps, yes, no, root), true] : [graph, false];
}

/** The steps that the root leads to, from it downwards, and how far each is from the end. */
function reached(steps: Graph["steps"], root: number): { order: number[]; level: number[] } {
  const level: number[] = new Array(steps.length).fill(0);
  const seen = new Set([root]);
  const order: number[] = [];
  for (let at = root; at > accept; at--) {
    const step = steps[at];
    if (step?.kind !== "test" || !seen.has(at)) continue;
    order.push(at);
    seen.add(step.yes).add(step.no);
  }
  for (const at of order.toReversed()) {
    const step = steps[at] as Step & { kind: "test" };
    level[at] = Math.max(level[step.yes]!, level[step.no]!) + 1;
  }
  return { order, level };
}

function predecessors(
  order: readonly number[],
  yes: readonly number[],
  no: readonly number[],
  size: number,
): number[][] {
  const arriving: number[][] = Array.from({ length: size }, () => []);
  for (const at of order) {
    arriving[yes[at]!]!.push(at);
    if (no[at] !== yes[at]) arriving[no[at]!]!.push(at);
  }
  return arriving;
}

/** Whether every way to a step goes through another. */
function dominators(
  order: readonly number[],
  arriving: readonly (readonly number[])[],
  root: number,
  size: number,
): (one: number, step: number) => boolean {
  const parent: number[] = new Array(size).fill(-1);
  for (const at of order) {
    if (at === root) continue;
    // Numbers fall on every way down, so the higher of two steps is never below the other.
    parent[at] = arriving[at]!.reduce((one, two) => {
      let [a, b] = [one, two];
      while (a !== b) {
        if (a < b) a = parent[a]!;
        else b = parent[b]!;
      }
      return a;
    });
  }
  return (one, step) => {
    let at = step;
    while (at !== -1 && at < one) at = parent[at]!;
    return at === one;
  };
}

/** The steps with new numbers, which fall again on every way down. */
function renumber(steps: Graph["steps"], yes: readonly number[], no: readonly number[], root: number): Graph {
  const number = new Map<number, number>([
    [reject, reject],
    [accept, accept],
  ]);
  const result: (Step | undefined)[] = [undefined, undefined];
  const open = [root];
  while (open.length > 0) {
    const at = open.at(-1)!;
    const waiting = [no[at]!, yes[at]!].filter((next) => !number.has(next));
    if (number.has(at)) open.pop();
    else if (waiting.length > 0) open.push(waiting[0]!);
    else {
      const step = steps[at] as Step & { kind: "test" };
      number.set(at, result.push({ ...step, yes: number.get(yes[at]!)!, no: number.get(no[at]!)! }) - 1);
      open.pop();
    }
  }
  return { steps: result, root: number.get(root)! };
}
