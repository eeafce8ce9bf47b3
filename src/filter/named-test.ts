/** Named fields of packets that are there: what a program cannot ask. */
import { ids } from "../packet/headers.js";
import type { Direction } from "../packet/packet.js";
import type { Walk } from "../packet/walk/walk.js";
import { parseIpv4, parseIpv6, parseMac } from "../wire/address.js";
import type { Field } from "../wire/field.js";
import { RELEASED } from "../wire/header.js";
import { parseHex } from "../wire/hex.js";
import { getter, Place } from "../wire/place.js";
import type { Name, Way } from "./name.js";
import type { Named, RelationOperator, Test } from "./syntax.js";

/** A packet that named fields are asked of: a {@link Frame} is one. */
export interface Asked {
  /** Where its headers lie. */
  readonly walk: Walk;
  readonly direction?: Direction | undefined;
  readonly device?: string | undefined;
}

export type NamedTest = (packet: Asked) => boolean;

/** A named field as a function. The header asked is the outermost of its kind, as far as it is whole, and not one quoted. */
export function namedTest({ subject, test }: Named): NamedTest {
  if (subject === "direction") return (packet) => isText(packet.direction, test);
  if (subject === "device") return (packet) => isText(packet.device, test);
  const id = ids[subject.header];
  const holds = fieldTest(subject, test);
  // hot
  return ({ walk }) => {
    const most = Math.min(walk.count, walk.quoted);
    for (let i = 0; i < most; i++) if (walk.ids[i] === id) return holds(walk.data, walk.starts[i]!, walk.ends[i]!);
    return false;
  };
}

function isText(value: string | undefined, test: Test): boolean {
  if (value === undefined) return false;
  return test.kind !== "text" || (value === test.text) === (test.operator === "=");
}

type FieldTest = (data: DataView, at: number, end: number) => boolean;

function fieldTest({ field, flag, way }: Name, test: Test): FieldTest {
  if (field === undefined) return () => true;
  if (field.type === "rest") {
    const { codec } = field;
    const from = field.at;
    const holds = valueTest(test);
    return (data, at, end) => someIn(codec.decode(data, at + from, end), way, 0, holds);
  }
  switch (test.kind) {
    case "there":
      return () => true;
    case "number": {
      const read = numberOf(field, flag);
      const is = comparisons[test.operator];
      return (data, at) => is(read(data, at), test.value);
    }
    case "octets": {
      const { octets, mask, operator } = test;
      return (data, at) => {
        for (let i = 0; i < octets.length; i++)
          if ((data.getUint8(at + field.at + i) & mask[i]!) !== octets[i]) return operator === "!=";
        return operator === "=";
      };
    }
    case "text":
      return () => false;
    default:
      return test satisfies never;
  }
}

const comparisons: Readonly<Record<RelationOperator, (one: number, other: number) => boolean>> = {
  "=": (one, other) => one === other,
  "!=": (one, other) => one !== other,
  ">": (one, other) => one > other,
  ">=": (one, other) => one >= other,
  "<": (one, other) => one < other,
  "<=": (one, other) => one <= other,
};

/** Reads a field of numbers or bits, or one flag of several. */
function numberOf(field: Field, flag: number | undefined): (data: DataView, at: number) => number {
  if (field.type === "flags") {
    const [shift, mask] = flag === undefined ? [0, field.sets.length - 1] : [flag, 1];
    return (data, at) => (data.getUint16(at + field.at) >> shift) & mask;
  }
  const read = getter(field) as (this: { readonly place: Place }) => number | boolean;
  const placed = { place: new Place(RELEASED, 0, 0) };
  return (data, at) => {
    placed.place.data = data;
    placed.place.at = at;
    return Number(read.call(placed));
  };
}

type ValueTest = (value: unknown) => boolean;

/** Whether any of the values that a way leads to is as asked; lists are entered. */
function someIn(value: unknown, way: readonly Way[], step: number, holds: ValueTest): boolean {
  if (Array.isArray(value)) {
    if (step === way.length && holds(value)) return true;
    for (const entry of value) if (someIn(entry, way, step, holds)) return true;
    return false;
  }
  const next = way[step];
  if (next === undefined) return holds(value);
  if (typeof value !== "object" || value === null) return false;
  if ("kind" in next) return (value as { kind?: unknown }).kind === next.kind && someIn(value, way, step + 1, holds);
  const inner = (value as Readonly<Record<string, unknown>>)[next.field];
  return inner !== undefined && someIn(inner, way, step + 1, holds);
}

function valueTest(test: Test): ValueTest {
  switch (test.kind) {
    case "there":
      return (value) => (typeof value === "string" || Array.isArray(value) ? value.length > 0 : true);
    case "number": {
      const is = comparisons[test.operator];
      const { octets, operator } = test;
      const text = octets && (operator === "=" || operator === "!=") ? octetsTest(operator, octets) : () => false;
      return (value) =>
        typeof value === "number" || typeof value === "boolean" ? is(Number(value), test.value) : text(value);
    }
    case "octets":
      return octetsTest(test.operator, test.octets, test.mask);
    case "text":
      return () => false;
    default:
      return test satisfies never;
  }
}

/** Of a value that is text: an address, or octets in hex. */
function octetsTest(operator: "=" | "!=", octets: readonly number[], mask?: readonly number[]): ValueTest {
  return (value) => {
    if (typeof value !== "string") return false;
    const found = parseIpv4(value) ?? parseIpv6(value) ?? parseMac(value) ?? parseHex(value);
    if (found === undefined) return false;
    const is = found.length === octets.length && octets.every((octet, i) => (found[i]! & (mask?.[i] ?? 255)) === octet);
    return is === (operator === "=");
  };
}
