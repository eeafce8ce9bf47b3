import type { RelationOperator } from "./syntax.js";
import type { Value, Values } from "./value.js";

export type Comparison = "equal" | "greater" | "atLeast";

/** What a packet has to be: the filter in terms of its octets, before it is put in an order. */
export type Condition =
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "test"; readonly comparison: Comparison; readonly left: Value; readonly right: Value }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }
  | {
      readonly kind: "choose";
      readonly when: Condition;
      readonly met: Condition;
      readonly otherwise: Condition;
    }
  /** Stands in several places; there is to be one copy of it. */
  | { readonly kind: "shared"; readonly of: Condition }
  /** Holds always, and keeps `value` in a word of `M[]`. */
  | { readonly kind: "set"; readonly register: number; readonly value: Value };

export const always: Condition = { kind: "constant", value: true };
export const never: Condition = { kind: "constant", value: false };

export function not(of: Condition): Condition {
  if (of.kind === "constant") return of.value ? never : always;
  return of.kind === "not" ? of.of : { kind: "not", of };
}

/** All of them, asked in this order. */
export function and(...conditions: Condition[]): Condition {
  return conditions.reduce((left, right) => ({ kind: "and", left, right }));
}

/** Any of them, asked in this order. */
export function or(...conditions: Condition[]): Condition {
  return conditions.reduce((left, right) => ({ kind: "or", left, right }));
}

export function equal(left: Value, right: Value): Condition {
  return { kind: "test", comparison: "equal", left, right };
}

/** A comparison as it is written, by those that instructions make. */
export function related(left: Value, operator: RelationOperator, right: Value): Condition {
  const test = (comparison: Comparison): Condition => ({ kind: "test", comparison, left, right });
  switch (operator) {
    case "=":
      return equal(left, right);
    case "!=":
      return not(equal(left, right));
    case ">":
      return test("greater");
    case ">=":
      return test("atLeast");
    case "<":
      return not(test("atLeast"));
    case "<=":
      return not(test("greater"));
    default:
      return operator satisfies never;
  }
}

/** Whether a value's bits under `mask` are those of `expected`. */
export function masked(stock: Values, value: Value, expected: number, mask: number): Condition {
  const bits = mask === 0xffffffff ? value : stock.operation("&", value, stock.constant(mask));
  return equal(bits, stock.constant(expected));
}
