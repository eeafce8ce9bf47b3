import type { Comparison } from "./condition.js";
import type { Value } from "./value.js";

export interface Question {
  readonly comparison: Comparison;
  readonly left: Value;
  readonly right: Value;
}

/** What is known at a place of a program: answers by their question, and the numbers that values are known to be. */
export type Facts = ReadonlyMap<string | number, Fact>;

interface Fact {
  readonly is: number;
  /** The words of `M[]` it depends on, as bits: a change of one of them ends it. */
  readonly registers: number;
}

export const nothingKnown: Facts = new Map();

function keyOf({ comparison, left, right }: Question): string {
  return `${comparison}${left.id},${right.id}`;
}

/**
 * The answer to a question where it follows from what is known. It could be found more often (no type of Ethernet that
 * is 0x0800 is a length, too), but a packet that is cut short is then matched where libpcap fails to read it.
 */
export function answer(facts: Facts, question: Question): boolean | undefined {
  const { comparison, left, right } = question;
  if (left.kind === "constant" && right.kind === "constant") {
    if (comparison === "equal") return left.value === right.value;
    return comparison === "greater" ? left.value > right.value : left.value >= right.value;
  }
  if (comparison === "equal" && right.kind === "constant") {
    const exact = facts.get(left.id);
    if (exact !== undefined) return exact.is === right.value;
  }
  const same = facts.get(keyOf(question));
  return same === undefined ? undefined : same.is === 1;
}

/** What is known once a question has got this answer. */
export function learn(facts: Facts, question: Question, yes: boolean): Facts {
  const { comparison, left, right } = question;
  const registers = left.registers | right.registers;
  const result = new Map(facts);
  if (yes && comparison === "equal" && right.kind === "constant")
    return result.set(left.id, { is: right.value, registers });
  return result.set(keyOf(question), { is: yes ? 1 : 0, registers });
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
  const result = new Map<string | number, Fact>();
  for (const [key, fact] of one) if (other.get(key)?.is === fact.is) result.set(key, fact);
  return result;
}
