import { and, type Condition, equal, not, related } from "./condition.js";
import { type Context, networkIs } from "./context.js";
import { fault } from "./fault.js";
import { loadAt, networkAt, type Offset, plusRegister, transportBase } from "./layout.js";
import { isFirstFragment } from "./port.js";
import { ipProtocol, protocolIs } from "./protocol.js";
import type { Arithmetic, RelationOperator } from "./syntax.js";
import type { Size, Value } from "./value.js";

/** A number from a packet, and what has to hold of the packet for it to have such a number. */
interface Measured {
  readonly value: Value;
  readonly needs: Condition | undefined;
}

/** A comparison of two numbers; it fails where a packet has no such field. */
export function relationHolds(
  context: Context,
  operator: RelationOperator,
  left: Arithmetic,
  right: Arithmetic,
): Condition {
  const one = measure(context, left);
  const other = measure(context, right);
  const comparison = compared(context, operator, one.value, other.value);
  return [one.needs, other.needs, comparison]
    .filter((part) => part !== undefined)
    .reduce((all, part) => and(all, part));
}

function compared(context: Context, operator: RelationOperator, left: Value, right: Value): Condition {
  // A constant belongs on the right, where an instruction has its place.
  if (left.kind === "constant" && right.kind !== "constant") return compared(context, mirrored[operator], right, left);
  // A sum with a constant is equal when the rest is equal to the difference.
  if ((operator === "=" || operator === "!=") && left.kind === "operation" && left.operator === "+")
    if (left.right.kind === "constant" && right.kind === "constant")
      return related(left.left, operator, context.stock.constant((right.value - left.right.value) >>> 0));
  return related(left, operator, right);
}

const mirrored: Readonly<Record<RelationOperator, RelationOperator>> = {
  "=": "=",
  "!=": "!=",
  ">": "<",
  ">=": "<=",
  "<": ">",
  "<=": ">=",
};

function measure(context: Context, arithmetic: Arithmetic): Measured {
  const { stock } = context;
  switch (arithmetic.kind) {
    case "number":
      return { value: stock.constant(arithmetic.value), needs: undefined };
    case "length":
      return { value: stock.length(), needs: undefined };
    case "negate": {
      const { value, needs } = measure(context, arithmetic.of);
      return { value: stock.negate(value), needs };
    }
    case "field":
      return field(context, arithmetic);
    case "operation": {
      const left = measure(context, arithmetic.left);
      const right = measure(context, arithmetic.right);
      // What the right operand needs is not asked: so libpcap does it, and `len - ip[2:2] > 14` depends on it.
      return { value: operation(context, arithmetic, left.value, right.value), needs: left.needs };
    }
    default:
      return arithmetic satisfies never;
  }
}

function both(one: Condition | undefined, other: Condition | undefined): Condition | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return and(one, other);
}

function operation(
  context: Context,
  { operator, right: written }: Arithmetic & { kind: "operation" },
  left: Value,
  right: Value,
): Value {
  const { stock } = context;
  if (right.kind === "constant") {
    if ((operator === "/" || operator === "%") && right.value === 0)
      throw fault(context.source, written, "nothing can be divided by zero");
    if ((operator === "<<" || operator === ">>") && right.value > 31)
      throw fault(context.source, written, `numbers have 32 bits, so they cannot be shifted by ${right.value}`);
  } else if (context.live && (operator === "<<" || operator === ">>")) {
    // The kernel takes a distance modulo 32, libpcap makes 0 of everything beyond: multiply by 1, or 0 from 32 on.
    const one = stock.constant(1);
    const beyond = stock.operation(">>", right, stock.constant(5));
    const keep = stock.operation(">>", stock.operation("-", beyond, one), stock.constant(31));
    const distance = stock.operation("&", right, stock.constant(31));
    return stock.operation("*", stock.operation(operator, left, distance), keep);
  }
  return stock.operation(operator, left, right);
}

/** `protocol[index:size]`. */
function field(context: Context, { protocol, index, size, ...span }: Arithmetic & { kind: "field" }): Measured {
  const { layout, stock } = context;
  const inner = measure(context, index);
  const octets = size as Size;
  switch (protocol) {
    case "link": {
      if (layout.link === "cooked" && context.live) {
        // On a device without an Ethernet header there is nothing that this could mean.
        return { value: stock.constant(0), needs: both(inner.needs, { kind: "constant", value: false }) };
      }
      return { value: behind(context, layout.header, 0, inner.value, octets), needs: inner.needs };
    }
    case "ip":
    case "ip6":
    case "arp":
    case "rarp":
    case "atalk":
    case "decnet":
    case "sca":
    case "lat":
    case "moprc":
    case "mopdl":
      return {
        value: behind(context, layout.payload, layout.network, inner.value, octets),
        needs: both(inner.needs, protocolIs(context, protocol, span)),
      };
    case "tcp":
    case "udp":
    case "sctp":
    case "icmp":
    case "igmp":
    case "igrp":
    case "pim":
    case "vrrp":
    case "carp": {
      const base = stock.operation("+", transportBase(stock, layout), inner.value);
      const needs = and(protocolIs(context, protocol, span), isFirstFragment(context));
      return {
        value: stock.indexed(octets, unwrapped(context, base), networkAt(layout)),
        needs: and(protocolIs(context, "ip", span), inner.needs === undefined ? needs : and(inner.needs, needs)),
      };
    }
    case "icmp6": {
      const ip6 = protocolIs(context, "ip6", span);
      return {
        value: behind(context, layout.payload, layout.network + 40, inner.value, octets),
        needs: and(inner.needs === undefined ? ip6 : and(inner.needs, ip6), networkIs(context, 6, 1, ipProtocol.icmp6)),
      };
    }
    default:
      throw fault(
        context.source,
        span,
        `the octets of '${protocol}' cannot be read; those of 'ip', 'tcp' or 'ether' can`,
      );
  }
}

/** Nowhere in any packet. */
const outOfReach = 0x7fffffff;

/** `size` octets at a computed distance behind `offset` + `at`. */
function behind(context: Context, offset: Offset, at: number, index: Value, size: Size): Value {
  const { stock } = context;
  if (index.kind === "constant" && offset.register === undefined) {
    // The kernel would take a negative place for something that it keeps beside the packet.
    const from = (offset.at + at + index.value) >>> 0;
    const relative = offset.at > 0x7fffffff;
    const reachable = relative ? from >= offset.at && index.value < 0xf0000 : from < outOfReach;
    return loadAt(stock, { at: 0 }, reachable ? from : outOfReach, size);
  }
  return stock.indexed(size, unwrapped(context, plusRegister(stock, index, offset)), (offset.at + at) >>> 0);
}

/**
 * An index that is nowhere in a packet where it was computed as a negative number: the kernel adds what it counts from
 * and would be back in the packet, where libpcap is not.
 */
function unwrapped({ live, stock }: Context, index: Value): Value {
  return live && atMost(index) >= outOfReach / 2 ? stock.operation("&", index, stock.constant(outOfReach)) : index;
}

/** The largest number that a value may be, or 2^32 - 1. */
function atMost(value: Value): number {
  const largest = ((): number => {
    switch (value.kind) {
      case "constant":
        return value.value;
      case "load":
      case "indexed":
        return 256 ** value.size - 1;
      case "headerLength":
        return 60;
      // Offsets of headers, and lengths of packets: far less than 2^24.
      case "memory":
      case "length":
        return 2 ** 24;
      case "negate":
        return Number.POSITIVE_INFINITY;
      case "named":
        return 1;
      case "operation":
        return operationAtMost(value);
      default:
        return value satisfies never;
    }
  })();
  return Math.min(largest, 0xffffffff);
}

function operationAtMost({ operator, left, right }: Value & { kind: "operation" }): number {
  const one = atMost(left);
  const other = atMost(right);
  switch (operator) {
    case "&":
      return Math.min(one, other);
    case "+":
    case "|":
    case "^":
      return one + other;
    case "*":
      return one * other;
    case "<<":
      return one * 2 ** other;
    case "/":
    case "%":
    case ">>":
      return one;
    case "-":
      return Number.POSITIVE_INFINITY;
    default:
      return operator satisfies never;
  }
}

/** `byte`: an octet of the link-layer header. */
export function byteIs(
  context: Context,
  index: number,
  operator: "&" | "|" | "<" | ">" | "=",
  value: number,
): Condition {
  const { stock, layout } = context;
  const octet = behind(context, layout.header, 0, stock.constant(index), 1);
  const constant = stock.constant(value);
  if (operator === "&" || operator === "|")
    return not(equal(stock.operation(operator, octet, constant), stock.constant(0)));
  return compared(context, operator, octet, constant);
}
