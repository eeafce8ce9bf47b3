/**
 * The kinds of differences in which the oracle goes its own way: what each looks like. Their reasons are in
 * fixtures/known-differences.tsv.
 */
import { readFileSync } from "node:fs";
import type { Layer, LayerOf, Packet } from "../../src/packet/packet.js";
import { parseIpv6 } from "../../src/wire/address.js";
import type { Ethernet } from "../../src/wire/ethernet.js";
import { icmpQuotes } from "../../src/wire/icmp.js";
import { icmpv6Quotes } from "../../src/wire/icmpv6.js";
import { addressFamilies } from "../../src/wire/numbers.js";

/** One field of one packet in which the two differ. */
export interface Disagreement {
  readonly packet: Packet;
  readonly column: string;
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

type Test = (difference: Disagreement) => boolean;

const all = <K extends Layer["kind"]>(packet: Packet, kind: K): readonly LayerOf<K>[] =>
  packet.layers.filter((layer): layer is LayerOf<K> => layer.kind === kind);

const optionsOf = (packet: Packet): readonly { readonly kind: string; readonly code?: number }[] =>
  packet.layers.flatMap((layer): readonly { readonly kind: string }[] => {
    if (layer.kind === "icmpv6") return "options" in layer.message ? layer.message.options : [];
    return "options" in layer ? layer.options : [];
  });

/** The fields of a header, of one that was cut too. */
const fieldsOf = (layer: Layer): Readonly<Record<string, unknown>> =>
  layer.kind === "cut" ? layer.fields : (layer as unknown as Readonly<Record<string, unknown>>);

const isMalformed = (packet: Packet, kind: string, field: string): boolean =>
  packet.problems.some((problem) => problem.kind === "malformed" && problem.layer === kind && problem.field === field);

const quotes = (packet: Packet): boolean =>
  all(packet, "icmp").some(({ type }) => icmpQuotes(type)) ||
  all(packet, "icmpv6").some(({ type }) => icmpv6Quotes(type));

const startsWith = (list: readonly string[], start: readonly string[]): boolean =>
  start.every((entry, i) => list[i] === entry);

const tests: Readonly<Record<string, Test>> = {
  "payload length 0": ({ packet }) =>
    packet.layers.some(
      (layer, i) => layer.kind === "ipv6" && layer.payloadLength === 0 && !isJumbo(packet.layers[i + 1]),
    ),
  "total length 0": ({ packet, column }) =>
    (column === "ip.len" || column === "malformed") &&
    packet.layers.some((layer) => fieldsOf(layer)["totalLength"] === 0),
  "extension header in IPv4": ({ packet, column }) =>
    /^(ipv6\.|malformed$)/.test(column) &&
    all(packet, "ipv4").some(({ protocol }) => [0, 43, 44, 60, 135].includes(protocol)),
  "IPv4-compatible address": ({ ours, theirs }) =>
    theirs.length > 0 &&
    ours.length === theirs.length &&
    theirs.every((text, i) => text === ours[i] || (/^::\d+\./.test(text) && sameIpv6(text, ours[i]!))),
  "other version of IP": ({ packet, column }) =>
    isMalformed(packet, "ipv4", "version") ||
    isMalformed(packet, "ipv6", "version") ||
    (quotesOther(packet) && /^(ip(v6)?\.|short$|malformed$)/.test(column)),
  "impossible header length": ({ packet, column, ours, theirs }) =>
    startsWith(ours, theirs) &&
    ((column.startsWith("ip.") &&
      (isMalformed(packet, "ipv4", "totalLength") || isMalformed(packet, "ipv4", "headerLength"))) ||
      (column.startsWith("tcp.") && isMalformed(packet, "tcp", "dataOffset"))),
  "source route": ({ packet, column }) =>
    column === "ip.dst" && optionsOf(packet).some(({ kind }) => /SourceRoute$/.test(kind)),
  "short authentication header": ({ packet }) => all(packet, "authentication").some(({ length }) => length === 0),
  "option of impossible length": ({ packet, column, ours, theirs }) =>
    optionsOf(packet).some(({ kind }) => kind === "malformed") &&
    (/\.opt|^malformed$/.test(column) ||
      // A home address option of another length counts there as one
      (/^(udp|tcp)\.checksum\.status$/.test(column) && isMalformed(packet, "destinationOptions", "options")) ||
      (isIpv6Malformed(packet) && startsWith(ours, theirs))),
  "short security option": ({ packet }) =>
    all(packet, "ipv4").some(({ options }) =>
      options.some((option) => option.kind === "malformed" && option.code === 130),
    ),
  "quoted packet": ({ packet, column, ours, theirs }) =>
    quotes(packet) &&
    (column === "malformed" ||
      (column === "tcp.seq_raw" && startsWith(ours, theirs)) ||
      (/^icmp(v6)?\.checksum\.status$/.test(column) && ours[0] === theirs[0] && theirs.at(-1) === "2")),
  "trailer that was cut": ({ packet, column, theirs }) =>
    column === "short" && theirs.length > 0 && packet.length > packet.capturedLength,
  "frame shorter than captured": ({ packet, column }) =>
    column === "malformed" && packet.length < packet.capturedLength,
  "what the oracle reads further": ({ packet, column, theirs }) =>
    (column === "malformed" &&
      theirs.length > 0 &&
      optionsOf(packet).some(({ kind }) => /^(pref64|dnsSearchList)$/.test(kind))) ||
    (column.startsWith("eth.") &&
      all(packet, "ethernet").some(({ destination }) => /^0[13]:00:0c:00:00:/.test(destination))),
  "header that was cut": ({ packet, column, ours, theirs }) =>
    packet.problems.some(({ kind }) => kind === "truncated") &&
    (column === "malformed" ||
      theirs.at(-1) === "<missing>" ||
      startsWith(ours, theirs) ||
      (/^(arp|sll|ipv6\.(opt|routing))\./.test(column) && startsWith(theirs, ours))),
  "checksum over missing octets": ({ packet, column, theirs }) =>
    column.endsWith(".checksum.status") &&
    ((theirs.at(-1) === "2" && packet.capturedLength < packet.length) ||
      packet.problems.some(
        (problem) => problem.kind === "truncated" && /^ipv[46]$/.test(problem.layer) && problem.limit !== "capture",
      )),
  "loopback family": ({ packet }) =>
    packet.layers.some(
      (layer) => (layer.kind === "null" || layer.kind === "loop") && !(layer.family in addressFamilies),
    ),
  "guessed record header": ({ packet, theirs, column }) =>
    column === "eth.dst" && all(packet, "ethernet").some((ethernet) => theirs[0] === eightLater(ethernet)),
  "number out of range": ({ packet, column }) =>
    (column === "frame.time_epoch" && (packet.nanoseconds >= 1e9 || packet.seconds >= 2 ** 31)) ||
    (column === "frame.len" && packet.length >= 2 ** 31),
};

/** In extension headers such an option ends it for the oracle. */
function isIpv6Malformed(packet: Packet): boolean {
  return isMalformed(packet, "hopByHopOptions", "options") || isMalformed(packet, "destinationOptions", "options");
}

function isJumbo(layer: Layer | undefined): boolean {
  return layer?.kind === "hopByHopOptions" && layer.options.some(({ kind }) => kind === "jumboPayload");
}

function quotesOther(packet: Packet): boolean {
  const i = packet.layers.findIndex(({ kind }) => kind === "icmp" || kind === "icmpv6");
  const next = packet.layers[i + 1];
  return i >= 0 && next?.kind === "payload" && next.octets.length > 0;
}

/** The address that starts 8 octets behind the start of a frame. */
function eightLater({ source, type }: Ethernet): string {
  const pair = (octet: number): string => octet.toString(16).padStart(2, "0");
  return `${source.slice(6)}:${pair(type >> 8)}:${pair(type & 255)}`;
}

function sameIpv6(one: string, other: string): boolean {
  return parseIpv6(one)?.join() === parseIpv6(other)?.join();
}

/** The kind of oracle's quirk that a difference is, if it is one. */
export function kindOf(difference: Disagreement): string | undefined {
  return Object.keys(tests).find((kind) => tests[kind]!(difference));
}

export const kinds = Object.keys(tests);

export interface Reason {
  readonly kind: string;
  readonly seenIn: "corpus" | "mutated captures";
  readonly reason: string;
}

/** The rows of the table. */
export function readReasons(): readonly Reason[] {
  const text = readFileSync(new URL("../fixtures/known-differences.tsv", import.meta.url), "utf8");
  const [, ...rows] = text.trimEnd().split("\n");
  return rows.map((row) => {
    const [kind = "", seenIn, reason = ""] = row.split("\t");
    return { kind, seenIn: seenIn === "corpus" ? seenIn : "mutated captures", reason };
  });
}
