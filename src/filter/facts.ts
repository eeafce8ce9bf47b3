import type { Comparison } from "./condition.js";
import type { Value } from "./value.js";

export interface Question {
  readonly comparison: Comparison;
  readonly left: Value;
  readonly right: Value;
}

/** What is known at a place of a program: the answer that led there, and what was known before. */
export type Facts = Fact | undefined;

interface Fact {
  readonly question: Question | undefined;
  readonly yes: boolean;
  /** The words of `M[]` that changed here, as bits: what depends on them is not known from before. */
  readonly changed: number;
  readonly before: Facts;
  readonly depth: number;
}

/**
 * The answer to a question where it follows from what is known. It could be found more often (no type of Ethernet that
 * is 0x0800 is a length, too), but a packet that is cut short is then matched where libpcap fails to read it.
 */
export function answer(facts: Facts, { comparison, left, right }: Question): boolean | undefined {
  if (left.kind === "constant" && right.kind === "constant") {
    if (comparison === "equal") return left.value === right.value;
    return comparison === "greater" ? left.value > right.value : left.value >= right.value;
  }
  const registers = left.registers | right.registers;
  for (let fact = facts; fact !== undefined; fact = fact.before) {
    if ((fact.changed & registers) !== 0) return undefined;
    const { question, yes } = fact;
    if (question?.left !== left || question.comparison !== comparison) continue;
    if (question.right === right) return yes;
    if (yes && comparison === "equal" && right.kind === "constant" && question.right.kind === "constant") return false;
  }
  return undefined;
}

/** What is known once a question has got this answer. */
export function learn(before: Facts, question: Question, yes: boolean): Facts {
  return { question, yes, changed: 0, before, depth: (before?.depth ?? 0) + 1 };
}

/** What is known after the words of `M[]` in `changed` have changed. */
export function forget(before: Facts, changed: number): Facts {
  return { question: undefined, yes: false, changed, before, depth: (before?.depth ?? 0) + 1 };
}

/** So far back is looked for what both of two ways know though they learned it apart; it keeps long filters quick. */
const farthest = 50;

/** What is known where two ways meet: what was known where they parted, and what both have learned since. */
export function common(one: Facts, other: Facts): Facts {
  let [a, b] = [one, other];
  let changed = 0;
  const learned: Fact[] = [];
  while (a !== b && a !== undefined && b !== undefined) {
    if (a.depth >= b.depth) {
      changed |= a.changed;
      if (learned.length < farthest) learned.push(a);
      a = a.before;
    } else {
      changed |= b.changed;
      b = b.before;
    }
  }
  let result = a === b ? a : undefined;
  if (changed !== 0) result = forget(result, changed);
  for (const { question, yes } of learned.reverse())
    if (question !== undefined && answer(one, question) === yes && answer(other, question) === yes)
      result = learn(result, question, yes);
  return result;
}
