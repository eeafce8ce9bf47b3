import { always, and, type Condition, never, related } from "./condition.js";
import type { Context } from "./context.js";
import { ancillary } from "./program.js";
import type { Value, Values } from "./value.js";

/** Octets that `value` reads lie before these: a constant, and some counted from behind IPv4 headers, by where these are. */
interface Reach {
  constant: number;
  readonly behind: Map<number, number>;
  /** It cannot be told, or a division may fail. */
  unknown: boolean;
}

/**
 * The condition where the packet has all octets that it reads. Where it has not, a program ends by rejecting it, which is
 * right in a filter, but not in a prefilter that may have asked in vain: it leaves the answer open then.
 */
export function withinReach(context: Context, condition: Condition): Condition {
  const { stock } = context;
  const reach: Reach = { constant: 0, behind: new Map(), unknown: false };
  of(condition, reach);
  const open = context.most ? always : never;
  if (reach.unknown) {
    context.told.incomplete = true;
    return open;
  }
  const guards = [
    ...(reach.constant > 0 ? [isLong(stock, stock.constant(reach.constant))] : []),
    ...[...reach.behind].map(([at, octets]) =>
      isLong(stock, stock.operation("+", stock.headerLength(at), stock.constant(octets))),
    ),
  ];
  if (guards.length === 0) return condition;
  context.told.incomplete = true;
  return { kind: "choose", when: and(...guards), met: condition, otherwise: open };
}

/** Whether the packet has at least so many octets. */
export function isLong(stock: Values, octets: Value): Condition {
  return related(stock.length(), ">=", octets);
}

function of(condition: Condition, reach: Reach): void {
  switch (condition.kind) {
    case "constant":
      return;
    case "test":
      read(condition.left, reach);
      return read(condition.right, reach);
    case "not":
    case "shared":
      return of(condition.of, reach);
    case "and":
    case "or":
      of(condition.left, reach);
      return of(condition.right, reach);
    case "choose":
      of(condition.when, reach);
      of(condition.met, reach);
      return of(condition.otherwise, reach);
    case "set":
      // What is kept is read from places that vary.
      reach.unknown = true;
      return;
    default:
      return condition satisfies never;
  }
}

function read(value: Value, reach: Reach): void {
  switch (value.kind) {
    case "constant":
    case "length":
    case "named":
      return;
    case "memory":
      reach.unknown = true;
      return;
    case "load":
      return reaches(reach, value.at, value.size);
    case "headerLength":
      return reaches(reach, value.at, 1);
    case "indexed":
      if (value.base.kind !== "headerLength" || value.at > 0xffff) {
        reach.unknown = true;
        return;
      }
      reaches(reach, value.base.at, 1);
      reach.behind.set(value.base.at, Math.max(reach.behind.get(value.base.at) ?? 0, value.at + value.size));
      return;
    case "negate":
      return read(value.of, reach);
    case "operation":
      if ((value.operator === "/" || value.operator === "%") && value.right.kind !== "constant") reach.unknown = true;
      read(value.left, reach);
      return read(value.right, reach);
    default:
      return value satisfies never;
  }
}

function reaches(reach: Reach, at: number, size: number): void {
  if (at >= ancillary.protocol) return;
  // Counted from the network header, of which the kernel may not have all in one piece.
  if (at > 0x7ffffff) reach.unknown = true;
  else reach.constant = Math.max(reach.constant, at + size);
}
