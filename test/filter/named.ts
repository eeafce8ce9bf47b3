/** Comparisons of named fields, and what decoded packets say to them: written apart from what the filter does. */
import { namesIn } from "../../src/filter/name.js";
import { headers } from "../../src/packet/headers.js";
import type { Packet } from "../../src/packet/packet.js";
import type { Field } from "../../src/wire/field.js";
import type { Random } from "./traffic.js";

export interface Comparison {
  readonly source: string;
  readonly path: readonly string[];
  /** Undefined asks whether it is there. */
  readonly operator?: string;
  /** Numbers, and text as decode() writes it. */
  readonly value?: number | string;
  readonly type?: Field["type"];
}

const values: Partial<Record<Field["type"], readonly string[]>> = {
  ipv4: ["192.0.2.1", "10.0.0.1", "127.0.0.1", "224.0.0.251"],
  ipv6: ["2001:db8::1", "fe80::1", "::1", "ff02::1"],
  mac: ["02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff"],
};
const numbers = [
  0, 1, 2, 4, 5, 6, 8, 17, 20, 40, 53, 64, 80, 100, 128, 255, 443, 1024, 1460, 2048, 33024, 34525, 40000,
];

/** So many comparisons of fields of every header, half of them of the headers that every packet has. */
export function named(next: Random, count: number): Comparison[] {
  const pick = <T>(list: readonly T[]): T => list[next(list.length)]!;
  const common = ["ethernet", "vlan", "arp", "ipv4", "ipv6", "tcp", "udp", "icmp", "icmpv6", "mpls", "pppoe"] as const;
  const found: Comparison[] = [
    { source: "direction == out", path: ["direction"], operator: "==", value: "out", type: "octets" },
    { source: "direction != in", path: ["direction"], operator: "!=", value: "in", type: "octets" },
  ];
  while (found.length < count) {
    const header = next(3) > 0 ? pick(common) : pick(headers).kind;
    const name = pick(namesIn(header).slice(1));
    const path = name.text.split(".");
    const { value: field } = name;
    if (field === undefined || next(8) === 0) {
      if (field?.type !== "bit") found.push({ source: name.text, path });
      continue;
    }
    if (field.type === "bit") {
      const on = next(2);
      found.push({
        source: next(2) === 0 && on === 1 ? name.text : `${name.text} == ${on === 1}`,
        path,
        operator: "==",
        value: on,
        type: "bit",
      });
      continue;
    }
    if (field.type === "rest" || field.type === "octets") continue;
    const texts = values[field.type];
    const operator = texts ? pick(["==", "!="]) : pick(["==", "!=", "<", "<=", ">", ">="]);
    const most = field.type === "bits" ? 2 ** field.width - 1 : field.type === "flags" ? 511 : 256 ** field.size - 1;
    const value = texts ? pick(texts) : Math.min(pick(numbers), most);
    found.push({ source: `${name.text} ${operator} ${value}`, path, operator, value, type: field.type });
  }
  return found;
}

const flagBits = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ae"];

/** Whether a packet is as asked. */
export function holdsOf(packet: Packet, { path, operator, value, type }: Comparison): boolean {
  if (path[0] === "direction") return false;
  const quoting = packet.layers.findIndex(({ kind }) => kind === "icmp" || kind === "icmpv6");
  const own = quoting < 0 ? packet.layers : packet.layers.slice(0, quoting + 1);
  const layer = own.find(({ kind }) => kind === path[0]);
  if (layer === undefined) return false;
  const leaves = valuesAt(layer, path.slice(1), true);
  if (operator === undefined)
    return leaves.some((leaf) => (typeof leaf === "string" || Array.isArray(leaf) ? leaf.length > 0 : true));
  return leaves.flat().some((leaf) => {
    const number =
      type === "flags"
        ? flagBits.reduce((sum, flag, i) => sum + ((leaf as Record<string, boolean>)[flag] ? 2 ** i : 0), 0)
        : Number(leaf);
    const one = typeof value === "string" ? String(leaf) : number;
    return compare(one, operator, value!);
  });
}

function compare(one: number | string, operator: string, other: number | string): boolean {
  if (operator === "==") return one === other;
  if (operator === "!=") return one !== other;
  if (operator === "<") return one < other;
  if (operator === "<=") return one <= other;
  return operator === ">" ? one > other : one >= other;
}

/** Kinds of options and messages that others have a field of the same name for: the name is the kind's. */
const kindsFirst = ["echoReply", "group"];

/** `known`: the kind of `value` was in the path already. */
function valuesAt(value: unknown, path: readonly string[], known = false): unknown[] {
  const [first, ...rest] = path;
  if (first === undefined) return [value];
  if (Array.isArray(value)) return value.flatMap((entry) => valuesAt(entry, path));
  if (typeof value !== "object" || value === null) return [];
  const { kind } = value as { kind?: unknown };
  if (!known && (kind === first || kindsFirst.includes(first)))
    return kind === first ? valuesAt(value, rest, true) : [];
  const inside = (value as Record<string, unknown>)[first];
  return inside === undefined ? [] : valuesAt(inside, rest);
}
