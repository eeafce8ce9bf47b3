import type { Comparison } from "./condition.js";
import { operate, type Value } from "./value.js";

/** What is known of a value: that it is from `low` to `high` and none of `not`. */
interface Fact {
  readonly low: number;
  readonly high: number;
  readonly not: readonly number[];
  /** The words of `M[]` it depends on, as bits: a change of one of them ends it. */
  readonly registers: number;
}

/** What is known at a place of a program, by the key of a value or of a comparison of two. */
export type Facts = ReadonlyMap<number | string, Fact>;

export interface Question {
  readonly comparison: Comparison;
  readonly left: Value;
  readonly right: Value;
}

export const nothingKnown: Facts = new Map();

/** More exceptions than this are not remembered of one value, so that long lists stay quick to compile. */
const maximumExceptions = 64;

function keyOf({ comparison, left, right }: Question): number | string {
  return right.kind === "constant" ? left.id : `${comparison}${left.id},${right.id}`;
}

function holds(comparison: Comparison, left: number, right: number): boolean {
  if (comparison === "equal") return left === right;
  return comparison === "greater" ? left > right : left >= right;
}

/** The number a value must be, if there is only one. */
function known(facts: Facts, value: Value): number | undefined {
  if (value.kind === "constant") return value.value;
  const fact = facts.get(value.id);
  if (fact !== undefined && fact.low === fact.high) return fact.low;
  if (value.kind === "operation" && value.right.kind === "constant") {
    const left = known(facts, value.left);
    return left === undefined ? undefined : operate(value.operator, left, value.right.value);
  }
  return undefined;
}

/** The answer to a question where it follows from what is known. */
export function answer(facts: Facts, question: Question): boolean | undefined {
  const { comparison, left, right } = question;
  if (right.kind !== "constant") {
    const fact = facts.get(keyOf(question));
    return fact === undefined ? undefined : fact.low === 1;
  }
  const exact = known(facts, left);
  if (exact !== undefined) return holds(comparison, exact, right.value);
  const fact = facts.get(left.id);
  if (fact === undefined) return undefined;
  const { low, high, not } = fact;
  const { value } = right;
  if (comparison === "equal") return value < low || value > high || not.includes(value) ? false : undefined;
  if (holds(comparison, low, value)) return true;
  return holds(comparison, high, value) ? undefined : false;
}

/** What is known once a question has got this answer. */
export function learn(facts: Facts, question: Question, yes: boolean): Facts {
  const { comparison, left, right } = question;
  const key = keyOf(question);
  const registers = left.registers | right.registers;
  const result = new Map(facts);
  if (right.kind !== "constant") {
    const value = yes ? 1 : 0;
    return result.set(key, { low: value, high: value, not: [], registers });
  }
  const { value } = right;
  let { low, high, not } = facts.get(key) ?? { low: 0, high: 0xffffffff, not: [] };
  if (comparison === "equal") {
    if (yes) [low, high] = [value, value];
    else if (value === low) low++;
    else if (value === high) high--;
    else if (not.length < maximumExceptions) not = [...not, value];
  } else {
    const boundary = comparison === "greater" ? value + 1 : value;
    if (yes) low = Math.max(low, boundary);
    else high = Math.min(high, boundary - 1);
  }
  return result.set(key, { low, high, not, registers });
}

/** What is known after the words of `M[]` in `registers` have changed. */
export function forget(facts: Facts, registers: number): Facts {
  const result = new Map(facts);
  for (const [key, fact] of facts) if ((fact.registers & registers) !== 0) result.delete(key);
  return result;
}

/** What is known where two ways meet: what is known on both. */
export function common(one: Facts, other: Facts): Facts {
  if (one === other) return one;
  const result = new Map<number | string, Fact>();
  for (const [key, a] of one) {
    const b = other.get(key);
    if (b === undefined) continue;
    const low = Math.min(a.low, b.low);
    const high = Math.max(a.high, b.high);
    const excludes = ({ low, high, not }: Fact, value: number): boolean =>
      value < low || value > high || not.includes(value);
    const not = [...new Set([...a.not, ...b.not, ...gap(a, b)])].filter(
      (value) => excludes(a, value) && excludes(b, value),
    );
    // Even the widest range says that the value could be read.
    result.set(key, { low, high, not: not.slice(0, maximumExceptions), registers: a.registers });
  }
  return result;
}

/** Numbers between two ranges that are one apart: `x = 5` and `x > 6` leave out 6. */
function gap(a: Fact, b: Fact): number[] {
  if (a.high + 2 === b.low) return [a.high + 1];
  return b.high + 2 === a.low ? [b.high + 1] : [];
}
