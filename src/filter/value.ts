import type { ArithmeticOperator, Named } from "./syntax.js";

export type Size = 1 | 2 | 4;

/**
 * A 32-bit number as a program computes it from a packet. Equal ones are one object, so that what is known of a value
 * in one place of a program is known of it everywhere; `id` counts them.
 */
export type Value = {
  readonly id: number;
  /** The words of `M[]` it depends on, as bits. */
  readonly registers: number;
  /** Operations on the longest way to a leaf. */
  readonly depth: number;
} & (
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "length" }
  /** `size` octets at `at`, in network order. */
  | { readonly kind: "load"; readonly size: Size; readonly at: number }
  /** `size` octets at `at` + `base`. */
  | { readonly kind: "indexed"; readonly size: Size; readonly base: Value; readonly at: number }
  /** The length of the IPv4 header at `at`, in octets. */
  | { readonly kind: "headerLength"; readonly at: number }
  | { readonly kind: "memory"; readonly register: number }
  | { readonly kind: "negate"; readonly of: Value }
  | { readonly kind: "operation"; readonly operator: ArithmeticOperator; readonly left: Value; readonly right: Value }
  /** 1 where the packet is as `named` asks, else 0; only a predicate can tell. */
  | { readonly kind: "named"; readonly named: Named }
);

export interface Values {
  constant(value: number): Value;
  length(): Value;
  load(size: Size, at: number): Value;
  indexed(size: Size, base: Value, at: number): Value;
  headerLength(at: number): Value;
  memory(register: number): Value;
  negate(of: Value): Value;
  operation(operator: ArithmeticOperator, left: Value, right: Value): Value;
  named(named: Named): Value;
}

/** What `operator` makes of two numbers, as the kernel computes it; undefined for a division by zero. */
export function operate(operator: ArithmeticOperator, left: number, right: number): number | undefined {
  switch (operator) {
    case "+":
      return (left + right) >>> 0;
    case "-":
      return (left - right) >>> 0;
    case "*":
      return Math.imul(left, right) >>> 0;
    case "/":
      return right === 0 ? undefined : Math.floor(left / right);
    case "%":
      return right === 0 ? undefined : left % right;
    case "&":
      return (left & right) >>> 0;
    case "|":
      return (left | right) >>> 0;
    case "^":
      return (left ^ right) >>> 0;
    case "<<":
      return right > 31 ? 0 : (left << right) >>> 0;
    case ">>":
      return right > 31 ? 0 : left >>> right;
    default:
      return operator satisfies never;
  }
}

type Shape<V = Value> = V extends Value ? Omit<V, "id" | "registers" | "depth"> : never;

/** An empty stock of values for one program. */
export function values(): Values {
  const known = new Map<string, Value>();

  function one(key: string, shape: Shape, ...parts: Value[]): Value {
    const found = known.get(key);
    if (found !== undefined) return found;
    let registers = shape.kind === "memory" ? 1 << shape.register : 0;
    let depth = 0;
    for (const part of parts) {
      registers |= part.registers;
      depth = Math.max(depth, part.depth + 1);
    }
    const value = { ...shape, id: known.size, registers, depth } as Value;
    known.set(key, value);
    return value;
  }

  function constant(value: number): Value {
    return one(`#${value}`, { kind: "constant", value });
  }

  function load(size: Size, at: number): Value {
    return one(`l${size},${at}`, { kind: "load", size, at });
  }

  function indexed(size: Size, base: Value, at: number): Value {
    if (base.kind === "constant") return load(size, (base.value + at) >>> 0);
    // Only a header's length cannot wrap; `ip[ip[8] - 5]` with ip[8] below 5 must stay out of reach.
    if (base.kind === "operation" && base.left.kind === "headerLength" && base.right.kind === "constant")
      if (base.operator === "+") return indexed(size, base.left, (base.right.value + at) >>> 0);
    return one(`i${size},${base.id},${at}`, { kind: "indexed", size, base, at }, base);
  }

  function operation(operator: ArithmeticOperator, left: Value, right: Value): Value {
    if (left.kind === "constant" && right.kind === "constant") {
      const folded = operate(operator, left.value, right.value);
      if (folded !== undefined) return constant(folded);
    }
    if (right.kind === "constant") {
      if (right.value === 0) {
        // libpcap drops the load with the product, and a packet too short for it then passes: so do we.
        if (operator === "*" || operator === "&") return right;
        if (operator !== "/" && operator !== "%") return left;
      }
      if (operator === "-") return operation("+", left, constant(-right.value >>> 0));
      if (left.kind === "operation" && left.operator === operator && left.right.kind === "constant") {
        const both = operator === "+" || operator === "&" || operator === "|" || operator === "^";
        if (both) return operation(operator, left.left, constant(operate(operator, left.right.value, right.value)!));
      }
    } else if (left.kind === "constant") {
      if (operator === "+" || operator === "|" || operator === "^" || operator === "&" || operator === "*")
        return operation(operator, right, left);
      // As above: nothing can be made of 0, so the divisor or the distance is not even read.
      if (left.value === 0 && operator !== "-") return left;
    }
    return one(`${operator}${left.id},${right.id}`, { kind: "operation", operator, left, right }, left, right);
  }

  return {
    constant,
    load,
    indexed,
    operation,
    length: () => one("length", { kind: "length" }),
    headerLength: (at) => one(`h${at}`, { kind: "headerLength", at }),
    named: (named) => one(`?${named.text}`, { kind: "named", named }),
    memory: (register) => one(`m${register}`, { kind: "memory", register }),
    negate: (of) => (of.kind === "constant" ? constant(-of.value >>> 0) : one(`n${of.id}`, { kind: "negate", of }, of)),
  };
}
