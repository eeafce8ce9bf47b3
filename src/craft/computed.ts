/** The fields that are computed where a draft leaves them out, checksums and sizes of headers aside: by header and name, from the whole stack. */
import { type HeaderKind, ids } from "../packet/headers.js";
import { ipv4Number, macText, parseIpv6 } from "../wire/address.js";
import type { Environment, Fields, Stack } from "./stack.js";

/** The value of a field of header `i`; undefined leaves it as it is by default. */
export type Compute = (stack: Stack, i: number) => unknown;

/** Dynamic ports (RFC 6335 §6: from 49152 on) that Linux gives no socket by itself, ip(7): so they are rarely another's. */
const FIRST_PORT = 61_000;
const LAST_PORT = 65_535;

let port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));

function nextPort(): number {
  port = port === LAST_PORT ? FIRST_PORT : port + 1;
  return port;
}

let identification = Math.floor(Math.random() * 0x1_0000_0000);

function nextIdentification(): number {
  identification = (identification + 1) >>> 0;
  return identification;
}

const portOf: Compute = ({ environment }) => (environment.port ?? nextPort)();
const identificationOf: Compute = ({ environment }) => (environment.identification ?? nextIdentification)();

/** Addresses of the loopback device reach only itself. */
function sourceOf(stack: Stack, destination: string, loopback: boolean, own: string): string | undefined {
  return stack.environment.source?.(destination) ?? (loopback ? own : undefined);
}

const draftOf = (stack: Stack, i: number, kind: HeaderKind): Fields | undefined =>
  stack.next[i] === ids[kind] ? stack.draft(i + 1) : undefined;

/** Where a frame goes that its packet names: everybody, or the group of a multicast address. */
const hardwareDestination: Compute = (stack, i) => {
  let n = i;
  while (stack.next[n] === ids.vlan) n++;
  const arp = draftOf(stack, n, "arp");
  if (arp) return arp["operation"] === undefined || arp["operation"] === 1 ? "ff:ff:ff:ff:ff:ff" : undefined;
  const ip = draftOf(stack, n, "ipv4") ?? draftOf(stack, n, "ipv6");
  return groupAddress(ip?.["destination"]);
};

/** The frames of a multicast or broadcast address: RFC 1112 §6.4, RFC 2464 §7. */
function groupAddress(destination: unknown): string | undefined {
  const number = ipv4Number(destination);
  if (number === 0xffff_ffff) return "ff:ff:ff:ff:ff:ff";
  if (number >>> 28 === 0xe && number >= 0) return macOf(0x0100_5e00 + ((number >>> 16) & 0x7f), number & 0xffff);
  if (number >= 0 || typeof destination !== "string" || !/^ff/i.test(destination)) return undefined;
  const octets = parseIpv6(destination);
  return octets && macOf(0x3333_0000 + octets[12]! * 256 + octets[13]!, octets[14]! * 256 + octets[15]!);
}

function macOf(high: number, low: number): string {
  const data = new DataView(new ArrayBuffer(6));
  data.setUint32(0, high);
  data.setUint16(4, low);
  return macText(data, 0);
}

const hardwareSource: Compute = (stack, i) => {
  let n = i;
  while (stack.next[n] === ids.vlan) n++;
  const addresses = draftOf(stack, n, "arp")?.["addresses"] as Fields | undefined;
  const ip = draftOf(stack, n, "ipv4") ?? draftOf(stack, n, "ipv6");
  const destination = ip?.["destination"] ?? addresses?.["targetProtocol"];
  return addresses?.["senderHardware"] ?? stack.environment.hardwareSource?.(text(destination));
};

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** IEEE 802.3 §3.2.6: in front of LLC stands the length. */
function lengthOfLlc(stack: Stack, i: number): number | undefined {
  return stack.next[i] === ids.llc ? stack.content(i) : undefined;
}

/** The value of a field that says what else the same draft gives. */
export type FromDraft = (draft: Fields, next: number) => unknown;

const has =
  (name: string): FromDraft =>
  ({ optional }) =>
    (optional as Fields | undefined)?.[name] !== undefined;

/** As {@link computed}, but needed before what they speak of is written. */
export const flagged: { readonly [K in HeaderKind]?: Readonly<Record<string, FromDraft>> } = {
  gre: {
    checksumPresent: has("checksum"),
    routingPresent: has("routing"),
    keyPresent: has("key"),
    sequenceNumberPresent: has("sequenceNumber"),
    acknowledgmentPresent: has("acknowledgmentNumber"),
    // RFC 2637 §4.1: version 1 carries PPP, and has these where its packets are numbered
    version: ({ protocol }, next) => (next === ids.ppp || protocol === 0x880b ? 1 : 0),
  },
};

/** What follows the fixed part, with what only the machine knows of it. */
export type Known = (rest: unknown, environment: Environment) => unknown;

export const known: { readonly [K in HeaderKind]?: Known } = {
  // RFC 826: the sender's addresses are those of who asks
  arp(rest, { source, hardwareSource }) {
    if (!source && !hardwareSource) return rest;
    if (rest !== undefined && (typeof rest !== "object" || rest === null)) return rest;
    const given = rest as Fields | undefined;
    const target = text(given?.["targetProtocol"]);
    const senderHardware = given?.["senderHardware"] ?? hardwareSource?.(target);
    const senderProtocol = given?.["senderProtocol"] ?? (target === undefined ? undefined : source?.(target));
    return {
      ...given,
      ...(senderHardware !== undefined && { senderHardware }),
      ...(senderProtocol !== undefined && { senderProtocol }),
    };
  },
};

export const computed: { readonly [K in HeaderKind]?: Readonly<Record<string, Compute>> } = {
  ethernet: { destination: hardwareDestination, source: hardwareSource, type: lengthOfLlc },
  vlan: { type: lengthOfLlc },
  llc: { source: (stack, i) => (stack.next[i] === ids.snap ? 0xaa : stack.next[i] === ids.ipv4 ? 6 : undefined) },
  arp: {
    hardwareSize: (stack, i) => addressSize(stack, i, "senderHardware"),
    protocolSize: (stack, i) => addressSize(stack, i, "senderProtocol"),
  },
  pppoe: { length: (stack, i) => stack.content(i) },
  ipv4: {
    totalLength: (stack, i) => stack.length(i),
    identification: (stack, i) => (identificationOf(stack, i) as number) & 0xffff,
    source(stack, i) {
      const destination = String(stack.draft(i)["destination"] ?? "127.0.0.1");
      return sourceOf(stack, destination, destination.startsWith("127."), "127.0.0.1");
    },
  },
  ipv6: {
    payloadLength: (stack, i) => (isJumbo(stack, i) ? 0 : stack.content(i)),
    source(stack, i) {
      const destination = String(stack.draft(i)["destination"] ?? "::1");
      return sourceOf(stack, destination, destination === "::1", "::1");
    },
  },
  fragment: { identification: identificationOf },
  tcp: { sourcePort: portOf },
  udp: {
    sourcePort: portOf,
    length: (stack, i) => (stack.length(i) > 0xffff && isInJumbo(stack, i) ? 0 : stack.length(i)),
  },
  udpLite: { sourcePort: portOf },
  sctp: { sourcePort: portOf },
  dccp: { sourcePort: portOf },
};

/** Octets of an address of the ARP header `i`, which is written as such or in hex. */
function addressSize(stack: Stack, i: number, name: string): number | undefined {
  const address = (stack.draft(i)["addresses"] as Fields | undefined)?.[name];
  if (typeof address !== "string") return undefined;
  return address.includes(":") ? 6 : address.includes(".") ? 4 : address.length / 2;
}

/** RFC 2675 §2: the length is in an option. */
function isJumbo(stack: Stack, i: number): boolean {
  const options = draftOf(stack, i, "hopByHopOptions")?.["options"];
  return Array.isArray(options) && options.some((option: Fields) => option["kind"] === "jumboPayload");
}

function isInJumbo(stack: Stack, i: number): boolean {
  for (let n = i - 1; n >= 0; n--) if (stack.walk.ids[n] === ids.ipv6) return isJumbo(stack, n);
  return false;
}
