/** Named fields as far as a program can ask for them: where a header is at its usual place. */
import { type HeaderKind, headerOf } from "../packet/headers.js";
import type { Field } from "../wire/field.js";
import { always, and, type Condition, equal, masked, never, not, or, related } from "./condition.js";
import type { Context } from "./context.js";
import { ethernet, headerless } from "./layout.js";
import type { Name } from "./name.js";
import { ancillary } from "./program.js";
import { isLong } from "./reach.js";
import type { Named, Test } from "./syntax.js";
import type { Size, Value } from "./value.js";

/** Where a header begins: octets from the packet's start, or from behind the IPv4 header at `behind`. */
interface Place {
  readonly at: number;
  readonly behind?: number;
}

/** Types in an Ethernet header behind which any other header may be. */
const carriers = [0x8100, 0x88a8, 0x9100, 0x9200, 0x8864, 0x8847, 0x8848, 0x6558];
/** Protocols of IP of the same sort: tunnels, and the authentication header. */
const tunnels = [4, 41, 47, 51, 94, 137, 143];
/** Extension headers of IPv6. */
const extensions = [0, 43, 44, 60, 135];

/** Headers that Ethernet carries, by the types it has for them, with the octets that there have to be. */
const overEthernet: Partial<Record<HeaderKind, readonly number[]>> = {
  vlan: [0x8100, 0x88a8, 0x9100, 0x9200],
  arp: [0x0806, 0x8035],
  mpls: [0x8847, 0x8848],
  pppoe: [0x8864],
};

/** And those that IP of both versions carries. */
const overIp: Partial<Record<HeaderKind, number>> = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  dccp: 33,
  gre: 47,
  esp: 50,
  authentication: 51,
  icmpv6: 58,
  sctp: 132,
  udpLite: 136,
};

const overIpv6: Partial<Record<HeaderKind, number>> = {
  hopByHopOptions: 0,
  routing: 43,
  fragment: 44,
  destinationOptions: 60,
  mobility: 135,
};

/** Octets without which a header is none, where that is more than its fixed part. */
const atLeast: Partial<Record<HeaderKind, number>> = {
  hopByHopOptions: 8,
  routing: 8,
  destinationOptions: 8,
  mobility: 8,
  dccp: 12,
};

/** The longest payload IEEE 802.3 has; a larger number in its place is a type. */
const longestPayload = 1500;

const packetTypes = { other: 3, out: 4 };

/**
 * A named field, exactly where the header is at its usual place; open where it may be elsewhere or cannot be asked. Where the whole
 * filter fails with it (`certain`), a load that fails is an answer, and lengths are not asked.
 */
export function namedInProgram(context: Context, { subject, test }: Named, certain: boolean): Condition {
  if (subject === "device") return open(context);
  if (subject === "direction") return direction(context, test);
  const { outermost, live } = context;
  const asked = { name: subject, test, certain };
  if (outermost.link === "ethernet") return inFrame(context, asked);
  // Whatever is in front, and in the kernel's sight, is not known of other devices.
  return live && outermost === headerless ? inDatagram(context, asked) : open(context);
}

interface Question {
  readonly name: Name;
  readonly test: Test;
  readonly certain: boolean;
}

/** Whether a packet has so many octets, in front of loads that are not to fail. */
function long({ stock }: Context, { certain }: Question, octets: number): Condition {
  return certain ? always : isLong(stock, stock.constant(octets));
}

/** Whether the kernel's program asks a named field: all of it, where the header is at its usual place, or not at all. */
export function isAskedByPrograms({ subject, test }: Named): "kernel" | "both" | "here" {
  if (subject === "direction") return "kernel";
  if (subject === "device") return "here";
  const { header, field } = subject;
  const places: Partial<Record<HeaderKind, unknown>> = {
    ethernet,
    ipv4: 0,
    ipv6: 0,
    ...overEthernet,
    ...overIp,
    ...overIpv6,
  };
  if (!(header in places) || field?.type === "rest") return "here";
  return test.kind === "there" || field === undefined || !unreadable.includes(field.type) ? "both" : "here";
}

/** Types of fields that a program does not load. */
const unreadable: readonly Field["type"][] = ["u24", "u32le", "octets"];

function open(context: Context): Condition {
  context.told.incomplete = true;
  return context.most ? always : never;
}

function direction(context: Context, test: Test): Condition {
  if (!context.live) return open(context);
  const { stock } = context;
  const is = (type: number): Condition => equal(stock.load(2, ancillary.packetType), stock.constant(type));
  if (test.kind !== "text") return always;
  const asked =
    test.text === "in"
      ? not(or(is(packetTypes.out), is(packetTypes.other)))
      : is(test.text === "out" ? packetTypes.out : packetTypes.other);
  return test.operator === "=" ? asked : not(asked);
}

/** In an Ethernet frame. */
function inFrame(context: Context, asked: Question): Condition {
  const { stock } = context;
  const { name, test } = asked;
  const { header } = name;
  const here = (place: Place): Condition => fieldIs(context, name, test, place);
  // In the place of the type is that of what the tag is on.
  if (header === "ethernet" && context.tagStripped && name.field?.name === "type") return open(context);
  if (header === "ethernet") return and(isLong(stock, stock.constant(14)), here({ at: 0 }));
  if (header === "vlan" && context.tagStripped) return strippedTag(context, name, test);
  const type = stock.load(2, 12);
  const isType = (number: number): Condition => equal(type, stock.constant(number));
  const own = overEthernet[header] ?? [];
  const present = and(long(context, asked, 14 + headerOf(header).minimumLength), here({ at: 14 }));
  // RFC 2225 §8.7: ARP for ATM looks otherwise.
  const whole = header === "arp" ? and(not(equal(stock.load(2, 14), stock.constant(19))), present) : present;
  const others = carriers.filter((number) => !own.includes(number));
  const deeper = and(or(...others.map(isType), related(type, "<=", stock.constant(longestPayload))), open(context));
  const inside: Condition =
    own.length === 0 ? deeper : { kind: "choose", when: or(...own.map(isType)), met: whole, otherwise: deeper };
  return and(long(context, asked, 14), {
    kind: "choose",
    when: isType(0x0800),
    met: inIpv4(context, asked, 14),
    otherwise: { kind: "choose", when: isType(0x86dd), met: inIpv6(context, asked, 14), otherwise: inside },
  });
}

/** On a device whose packets begin with the IP header. */
function inDatagram(context: Context, asked: Question): Condition {
  const { stock } = context;
  const type = stock.load(2, ancillary.protocol);
  const version = stock.load(1, 0);
  return and(or(equal(type, stock.constant(0x0800)), equal(type, stock.constant(0x86dd))), long(context, asked, 1), {
    kind: "choose",
    when: masked(stock, version, 0x40, 0xf0),
    met: inIpv4(context, asked, 0),
    otherwise: and(masked(stock, version, 0x60, 0xf0), inIpv6(context, asked, 0)),
  });
}

/** In what the type calls IPv4, at `at`. */
function inIpv4(context: Context, asked: Question, at: number): Condition {
  const { stock } = context;
  const { name, test, certain } = asked;
  const { header } = name;
  const isIpv4 = certain
    ? always
    : and(isLong(stock, stock.constant(at + 20)), masked(stock, stock.load(1, at), 0x40, 0xf0));
  if (header === "ipv4") return and(isIpv4, fieldIs(context, name, test, { at }));
  const length = stock.headerLength(at);
  const total = stock.load(2, at + 2);
  const reaches = (limit: Value, octets: number): Condition =>
    related(limit, ">=", stock.operation("+", length, stock.constant(octets)));
  const words = stock.operation("&", stock.load(1, at), stock.constant(0x0f));
  const first = equal(stock.operation("&", stock.load(2, at + 6), stock.constant(0x1fff)), stock.constant(0));
  const protocol = stock.load(1, at + 9);
  const is = (number: number): Condition => equal(protocol, stock.constant(number));
  const number = overIp[header];
  const size = atLeast[header] ?? headerOf(header).minimumLength;
  // A total length of 0 is what a segment has that the network card is to split.
  const whole = and(reaches(stock.length(), at + size), or(equal(total, stock.constant(0)), reaches(total, size)));
  const present = and(certain ? always : whole, fieldIs(context, name, test, { at, behind: at }));
  const deeper = and(or(...tunnels.filter((one) => one !== number).map(is)), open(context));
  return and(
    isIpv4,
    certain ? always : related(words, ">=", stock.constant(5)),
    first,
    number === undefined ? deeper : { kind: "choose", when: is(number), met: present, otherwise: deeper },
  );
}

function inIpv6(context: Context, asked: Question, at: number): Condition {
  const { stock } = context;
  const { name, test, certain } = asked;
  const { header } = name;
  const isIpv6 = certain
    ? always
    : and(isLong(stock, stock.constant(at + 40)), masked(stock, stock.load(1, at), 0x60, 0xf0));
  if (header === "ipv6") return and(isIpv6, fieldIs(context, name, test, { at }));
  const payload = stock.load(2, at + 4);
  const protocol = stock.load(1, at + 6);
  const is = (one: number): Condition => equal(protocol, stock.constant(one));
  const number = overIp[header] ?? overIpv6[header];
  const size = atLeast[header] ?? headerOf(header).minimumLength;
  const whole = and(
    isLong(stock, stock.constant(at + 40 + size)),
    or(equal(payload, stock.constant(0)), related(payload, ">=", stock.constant(size))),
  );
  const present = and(certain ? always : whole, fieldIs(context, name, test, { at: at + 40 }));
  const others = [...extensions, ...tunnels].filter((one) => one !== number);
  const deeper = and(or(...others.map(is)), open(context));
  return and(
    isIpv6,
    number === undefined ? deeper : { kind: "choose", when: is(number), met: present, otherwise: deeper },
  );
}

/** A tag that the kernel has taken out of the frame and keeps beside it. */
function strippedTag(context: Context, name: Name, test: Test): Condition {
  const { stock } = context;
  const long = isLong(stock, stock.constant(14));
  if (test.kind === "there") return long;
  const { field } = name;
  if (test.kind !== "number" || field === undefined) return open(context);
  const { at } = field;
  // Behind the tag stands what in the frame is where the tag was.
  const word = at === 2 ? stock.load(2, 12) : stock.load(2, ancillary.vlanTag);
  if (field.type === "u16") return and(long, related(word, test.operator, stock.constant(test.value)));
  if (field.type !== "bits" && field.type !== "bit") return open(context);
  const width = field.type === "bits" ? field.width : 1;
  return and(long, bitsAre(context, word, 16 - field.bit - width, width, test));
}

/** Whether a field of the header at `place`, which is whole, is as asked. */
function fieldIs(context: Context, name: Name, test: Test, place: Place): Condition {
  const { stock } = context;
  const { field, flag } = name;
  if (field === undefined) return always;
  const load = (at: number, size: Size): Value =>
    place.behind === undefined
      ? stock.load(size, place.at + at)
      : stock.indexed(size, stock.headerLength(place.behind), place.at + at);
  if (field.type === "rest") return hasOptions(context, name, load);
  if (test.kind === "there") return always;
  if (test.kind === "octets") return octetsAre(context, field, test, load);
  if (test.kind !== "number") return open(context);
  switch (field.type) {
    case "u8":
    case "u16":
    case "u32":
      return related(load(field.at, field.size as Size), test.operator, stock.constant(test.value));
    case "bits":
    case "bit": {
      const width = field.type === "bits" ? field.width : 1;
      const word = load(field.at, field.size as Size);
      return bitsAre(context, word, 8 * field.size - field.bit - width, width, test);
    }
    case "flags": {
      const [shift, width] = flag === undefined ? [0, Math.log2(field.sets.length)] : [flag, 1];
      return bitsAre(context, load(field.at, 2), shift, width, test);
    }
    default:
      return open(context);
  }
}

/** Options can be asked for being there at all; which they are, and messages of ICMP, is left open. */
function hasOptions(context: Context, { header }: Name, load: (at: number, size: Size) => Value): Condition {
  const { stock } = context;
  const longer = (at: number, mask: number, words: number): Condition =>
    related(stock.operation("&", load(at, 1), stock.constant(mask)), ">", stock.constant(words));
  if (header === "tcp") return and(longer(12, 0xf0, 0x50), open(context));
  if (header === "ipv4") return and(longer(0, 0x0f, 5), open(context));
  return open(context);
}

/** `width` bits of a word, `shift` bits from its lowest one. */
function bitsAre(
  context: Context,
  word: Value,
  shift: number,
  width: number,
  { operator, value }: Test & { kind: "number" },
): Condition {
  const { stock } = context;
  const mask = (2 ** width - 1) * 2 ** shift;
  if (operator === "=" || operator === "!=") {
    const is = masked(stock, word, value * 2 ** shift, mask);
    return operator === "=" ? is : not(is);
  }
  const bits = stock.operation("&", stock.operation(">>", word, stock.constant(shift)), stock.constant(2 ** width - 1));
  return related(bits, operator, stock.constant(value));
}

function octetsAre(
  { stock }: Context,
  field: Field,
  { operator, octets, mask }: Test & { kind: "octets" },
  load: (at: number, size: Size) => Value,
): Condition {
  const parts: Condition[] = [];
  for (let at = 0; at < octets.length; ) {
    const size: Size = octets.length - at >= 4 ? 4 : octets.length - at >= 2 ? 2 : 1;
    const number = (list: readonly number[]): number =>
      list.slice(at, at + size).reduce((sum, octet) => sum * 256 + octet, 0);
    const bits = number(mask);
    const all = 256 ** size - 1;
    if (bits !== 0) {
      const word = load(field.at + at, size);
      parts.push(
        bits === all ? equal(word, stock.constant(number(octets))) : masked(stock, word, number(octets), bits),
      );
    }
    at += size;
  }
  const is = parts.length === 0 ? always : and(...parts);
  return operator === "=" ? is : not(is);
}
