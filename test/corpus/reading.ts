/** How the columns of the oracle are read from a decoded packet. */
import { headerOf } from "../../src/packet/headers.js";
import type { HeaderLayer, Layer, Packet, Verdict } from "../../src/packet/packet.js";
import type { Problem } from "../../src/packet/problem.js";
import { ndOptions } from "../../src/wire/nd-options.js";

/** A number, or a text that has to be the same in lower case. */
export type Entry = number | string;

/** What the layers of a packet say of one field, in packet order; undefined where that cannot be compared. */
export type Column = (packet: Packet) => readonly Entry[] | undefined;

type Kind = HeaderLayer["kind"];
export type Fields = Readonly<Record<string, unknown>>;

/** Headers that the oracle's profile dissects; at the first other one it stops. */
const DISSECTED: ReadonlySet<string> = new Set<Kind>([
  "ethernet",
  "vlan",
  "sll",
  "sll2",
  "null",
  "loop",
  "arp",
  "ipv4",
  "ipv6",
  "hopByHopOptions",
  "destinationOptions",
  "routing",
  "fragment",
  "authentication",
  "icmp",
  "icmpv6",
  "tcp",
  "udp",
]);

/** A header as far as it is there, with its place among the layers. */
interface Seen {
  readonly kind: string;
  readonly fields: Fields;
  readonly index: number;
  readonly before: Layer | undefined;
}

const seenOf = new WeakMap<Packet, readonly Seen[]>();

/** The headers that the oracle sees too. */
function seen(packet: Packet): readonly Seen[] {
  const known = seenOf.get(packet);
  if (known) return known;
  const found: Seen[] = [];
  for (const [index, layer] of packet.layers.entries()) {
    const kind = layer.kind === "cut" ? layer.header : layer.kind;
    if (!DISSECTED.has(kind)) break;
    const fields = layer.kind === "cut" ? layer.fields : (layer as unknown as Fields);
    found.push({ kind, fields, index, before: packet.layers[index - 1] });
  }
  seenOf.set(packet, found);
  return found;
}

function entryOf(value: unknown): Entry {
  return typeof value === "boolean" ? Number(value) : typeof value === "number" ? value : String(value);
}

/** The field of every layer of one of `kinds`, where it is there; more than one value as a list. */
export function field(kinds: Kind | readonly Kind[], read: string | ((fields: never, seen: Seen) => unknown)): Column {
  const wanted: ReadonlySet<string> = new Set([kinds].flat());
  return (packet) =>
    seen(packet)
      .filter(({ kind }) => wanted.has(kind))
      .flatMap((each) => {
        const value = typeof read === "string" ? each.fields[read] : read(each.fields as never, each);
        return value === undefined ? [] : Array.isArray(value) ? value.map(entryOf) : [entryOf(value)];
      });
}

/** The type or length field, by which of the two it is; 0 in Ethernet is shown as a type. */
export const typed = (value: number | undefined) =>
  value !== undefined && (value >= 1536 || value === 0) ? value : undefined;
export const lengthed = (value: number | undefined) =>
  value !== undefined && value <= 1500 && value !== 0 ? value : undefined;

const STATUS: Readonly<Record<Verdict, number>> = {
  bad: 0,
  good: 1,
  "cannot tell": 2,
  absent: 3,
  "not computed yet": 0,
  "verified by the kernel": 1,
};

/** No UDP checksum, over IPv6. */
const ILLEGAL = 4;

/** At a UDP length that cannot be the oracle stops; 0 it takes over IPv6 only. */
export const stopped = ({ kind, fields, before }: Seen): boolean => {
  const length = fields["length"] as number | undefined;
  return kind === "udp" && length !== undefined && length < 8 && !(length === 0 && before?.kind !== "ipv4");
};

/** What was found of each checksum of `kind`; one of a header that was cut cannot be told. */
export function status(kind: Kind): Column {
  return (packet) =>
    seen(packet)
      .filter((each) => each.kind === kind && each.fields["checksum"] !== undefined && !stopped(each))
      .map(({ index }): Verdict => packet.checksums.find(({ layer }) => layer === index)?.verdict ?? "cannot tell")
      .map((verdict) =>
        verdict === "absent" && !packet.layers.some((layer) => layer.kind === "ipv4") ? ILLEGAL : STATUS[verdict],
      );
}

interface Option {
  readonly kind: string;
  readonly code?: number;
  readonly [name: string]: unknown;
}

/** Entries of a field of the options of `kinds`. */
export function option(kinds: Kind | readonly Kind[], read: (option: Option) => unknown): Column {
  return field(kinds, (fields: { readonly options?: readonly Option[] }) =>
    fields.options?.flatMap((each) => {
      const value = read(each);
      return value === undefined ? [] : [value].flat();
    }),
  );
}

export function message(kind: "icmp" | "icmpv6", read: (message: Option, fields: Fields) => unknown): Column {
  return field(kind, (fields: Fields) => {
    const value = fields["message"] as (Option & { readonly of?: string; readonly fields?: Fields }) | undefined;
    if (!value) return undefined;
    return read(value.kind === "incomplete" ? { ...value.fields, kind: value.of ?? "" } : value, fields);
  });
}

export const only = (kind: string, name: string) => (message: Option) =>
  message.kind === kind ? message[name] : undefined;

export const isExtendedEcho = ({ kind }: Option): boolean => kind.startsWith("extendedEcho");

export const isServiceTag = ({ before }: Seen): boolean =>
  before?.kind === "ethernet" || before?.kind === "vlan" ? before.type === 0x88a8 : false;

export function tag(service: boolean, name: string): Column {
  return field("vlan", (fields: Fields, each) => (isServiceTag(each) === service ? fields[name] : undefined));
}

const tcpFlags = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ae"] as const;

export function flagBits(fields: Fields): number | undefined {
  const flags = fields["flags"] as Readonly<Record<string, boolean>> | undefined;
  if (!flags) return undefined;
  const low = tcpFlags.reduce((bits, name, i) => bits | (flags[name] ? 1 << i : 0), 0);
  return low | ((fields["reserved"] as number) << 9);
}

/** ARP addresses as the oracle shows them: written as Ethernet and IPv4 do, or in hex; none where not all are there. */
export function address(name: string, written: boolean): Column {
  const column = field("arp", (fields: Fields) => {
    const text = (fields["addresses"] as Readonly<Record<string, string>> | undefined)?.[name];
    return text && /[:.]/.test(text) === written ? text : undefined;
  });
  return (packet) =>
    packet.problems.some(({ kind, layer }) => kind === "truncated" && layer === "arp") ? [] : column(packet);
}

/** The versions of IP headers, those that cannot be included. */
export function version(kinds: readonly Kind[]): Column {
  return (packet) => [
    ...(field(kinds, "version")(packet) ?? []),
    ...packet.problems.flatMap((problem) =>
      problem.kind === "malformed" && problem.field === "version" && kinds.includes(problem.layer)
        ? [problem.value!]
        : [],
    ),
  ];
}

/** Numbers of Wireshark for LINKTYPE_ numbers: wiretap/wtap.h. */
export const encapsulations: Readonly<Record<number, number>> = {
  0: 15,
  1: 1,
  12: 7,
  14: 7,
  101: 7,
  108: 174,
  113: 25,
  228: 129,
  229: 130,
  276: 210,
};

/** The options of each layer of one of `kinds`, each with its octets as they are written. */
function options(
  kinds: Kind | readonly Kind[],
  packet: Packet,
): readonly (readonly (readonly [Uint8Array, Option])[])[] {
  const wanted: readonly string[] = [kinds].flat();
  return seen(packet)
    .filter(({ kind, index }) => wanted.includes(kind) && packet.layers[index]?.kind === kind)
    .map(({ kind, fields }) => {
      const rest = headerOf(kind as Kind).fields.find(({ type }) => type === "rest");
      const value = fields[rest?.name ?? ""];
      const list = (Array.isArray(value) ? value : ((value as Fields)["options"] ?? [])) as readonly Option[];
      const codec = kind === "icmpv6" || rest?.type !== "rest" ? ndOptions : rest.codec;
      return list.map((each) => {
        const octets = new Uint8Array(codec.size([each] as never));
        codec.encode([each] as never, new DataView(octets.buffer), 0);
        return [octets, each] as const;
      });
    });
}

export function eachOption(
  kinds: Kind | readonly Kind[],
  read: (octets: Uint8Array, option: Option) => unknown,
): Column {
  return (packet) =>
    options(kinds, packet)
      .flat()
      .flatMap(([octets, each]) => {
        const entry = read(octets, each);
        return entry === undefined ? [] : [entry].flat().map(entryOf);
      });
}

/** All option octets of each header that has some, in hex. */
export function rawOptions(kind: Kind): Column {
  return (packet) =>
    options(kind, packet)
      .map((list) => list.map(([octets]) => Buffer.from(octets).toString("hex")).join(""))
      .filter((text) => text !== "");
}

/** TCP's end of list is shown once for each zero there. */
export const codes = (octets: Uint8Array, { kind }: Option) => {
  if (kind !== "end") return octets[0];
  const other = octets.findIndex((octet) => octet !== 0);
  return Array.from(other < 0 ? octets : octets.subarray(0, other));
};

/** Addresses of a route option that were passed, or are still to be: `pointer` tells, in octets from 1. */
export const route = (passed: boolean) => (option: Option) => {
  const list = option["addresses"] as readonly string[] | undefined;
  if (!list || !/^(recordRoute|(loose|strict)SourceRoute)$/.test(option.kind)) return undefined;
  const next = ((option["pointer"] as number) - 4) / 4;
  // The last of a source route is its destination, and shown as that
  return passed ? list.slice(0, next) : option.kind === "recordRoute" ? undefined : list.slice(next, -1);
};

export const extensionOptions = ["hopByHopOptions", "destinationOptions"] as const;

export const routingBody = (kind: string, name: string) => (fields: Fields) => {
  const body = fields["body"] as Option | undefined;
  return body?.kind === kind ? body[name] : undefined;
};

/** Problems of the headers that the oracle dissects. */
export function problems(packet: Packet): readonly Problem[] {
  const kinds = new Set(seen(packet).map(({ kind }) => kind));
  // A header of another version of IP is no layer, but what carries it is
  return packet.problems.filter(({ layer }) => kinds.has(layer) || (layer.startsWith("ip") && !isHidden(packet)));
}

const isHidden = (packet: Packet): boolean =>
  seen(packet).length < packet.layers.filter(({ kind }) => kind !== "payload" && kind !== "trailer").length;

export const isShort = (problem: Problem): boolean => problem.kind === "truncated" && problem.limit === "capture";
