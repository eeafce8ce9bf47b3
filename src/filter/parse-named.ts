/** Named fields: `tcp.flags.syn`, `ipv4.ttl < 64`, `direction == out`. libpcap accepts none of these anywhere. */
import { parseIpv4, parseIpv6 } from "../wire/address.js";
import { type Field, largest } from "../wire/field.js";
import { parseHex } from "../wire/hex.js";
import { nearest } from "../wire/nearest.js";
import { parseDotted, parseEthernet } from "./address.js";
import { fault, type Span } from "./fault.js";
import type { Token } from "./lex.js";
import { flagsOf, isName, type Name, nameOf } from "./name.js";
import { isSign, next, peek, type Reader, spanFrom, textOf, unexpected } from "./reader.js";
import { services } from "./services.js";
import type { Expression, Named, Qualifiers, RelationOperator, Test } from "./syntax.js";

const relations: ReadonlySet<string> = new Set(["=", "!=", ">", ">=", "<", "<="] satisfies RelationOperator[]);

function isRelation(token: Token): boolean {
  return token.kind === "sign" && relations.has(token.sign);
}

const directions = ["in", "out", "other"];

/**
 * Whether a named field begins here. A name that a comparison follows is never one of libpcap's; one alone is, where the
 * name of a host may stand: behind `host a and`.
 */
export function beginsNamed(reader: Reader, inherited: Qualifiers | undefined): boolean {
  if (reader.isOperand) return false;
  const token = peek(reader);
  if (isRelation(peek(reader, 1)))
    return token.kind === "name" ? !token.escaped : subjectOf(reader, token) !== undefined;
  if (token.kind !== "name" || token.escaped) return subjectOf(reader, token) !== undefined;
  const name = nameOf(token.text);
  const dotted = token.text.includes(".");
  if (inherited === undefined)
    return (
      isName(name) ||
      (dotted ? name.at > 0 || name.meant !== undefined : name.meant?.endsWith(`.${token.text}`) === true)
    );
  if (!isName(name) || !dotted) return false;
  const { type, protocol } = inherited;
  if ((type === undefined || type === "host") && protocol !== "link")
    throw fault(
      reader.source,
      token,
      `'${token.text}' would be the name of a host here, as in '${textOf(reader, inherited)} 192.0.2.1 or www.example.com'; for the field, write '${comparison(name)}', or put it before '${textOf(reader, inherited)}'`,
    );
  return true;
}

function comparison({ text, value }: Name): string {
  return value === undefined || value.type === "bit" ? `${text} == true` : `${text} >= 0`;
}

/** What is known of a packet besides its octets. */
function subjectOf(reader: Reader, token: Token): "direction" | "device" | undefined {
  const text = textOf(reader, token);
  return (token.kind === "foreign" && text === "direction") || (token.kind === "name" && text === "device")
    ? (text as "direction" | "device")
    : undefined;
}

/** A named field and what is asked of it. */
export function parseNamed(reader: Reader): Expression {
  const start = next(reader);
  const text = textOf(reader, start);
  const subject = subjectOf(reader, start) ?? nameOf(text);
  if (typeof subject !== "string" && !isName(subject)) {
    const { at, length, why, meant } = subject;
    const hint = meant === undefined ? "" : `; did you mean '${meant}'?`;
    throw fault(reader.source, { at: start.at + at, length }, `${why}${hint}`);
  }
  const done = (test: Test, said: string): Expression => named(reader, start, { subject, test, text: said });
  const full = typeof subject === "string" ? subject : subject.text;
  const sign = peek(reader);
  if (!isRelation(sign)) {
    const isBit = typeof subject !== "string" && subject.value?.type === "bit";
    return done(isBit ? { kind: "number", operator: "=", value: 1 } : { kind: "there" }, full);
  }
  next(reader);
  const operator = (sign as Token & { kind: "sign" }).sign as RelationOperator;
  const said = (value: string): string => `${full} ${operator === "=" ? "==" : operator} ${value}`;
  if (subject === "direction") return done(directionTest(reader, operator), said(lastText(reader)));
  if (subject === "device") {
    const name = requireWord(reader, "the name of a device");
    return done({ kind: "text", operator: equality(reader, sign, operator), text: name }, said(name));
  }
  const whole = subject.value === undefined ? subject.only : subject;
  const truth = asTruth(peek(reader));
  if (whole?.value === undefined || (subject.value === undefined && truth !== undefined)) {
    if (truth === undefined)
      throw fault(reader.source, start, `'${full}' has no value to compare; it is there, or not: write it alone`);
    next(reader);
    const is = equality(reader, sign, operator) === "=" ? truth : !truth;
    const there = done({ kind: "there" }, full);
    return is ? there : { ...spanFrom(reader, start), kind: "not", of: there };
  }
  const first = peek(reader);
  const test = testOf(reader, whole.value, sign, operator);
  const value = reader.source.slice(first.at, endOf(reader));
  return named(reader, start, {
    subject: whole,
    test,
    text: `${whole.text} ${operator === "=" ? "==" : operator} ${value}`,
  });
}

function named(reader: Reader, start: Span, what: Named): Expression {
  return { ...spanFrom(reader, start), kind: "named", ...what };
}

function endOf(reader: Reader): number {
  const { at, length } = reader.tokens[reader.position - 1]!;
  return at + length;
}

function lastText(reader: Reader): string {
  return textOf(reader, reader.tokens[reader.position - 1]!);
}

function equality(reader: Reader, sign: Span, operator: RelationOperator): "=" | "!=" {
  if (operator === "=" || operator === "!=") return operator;
  throw fault(reader.source, sign, `'${operator}' has no meaning for this field; '==' and '!=' have`);
}

function asTruth(token: Token): boolean | undefined {
  if (token.kind === "number" && token.value < 2) return token.value === 1;
  if (token.kind !== "name") return undefined;
  return token.text === "true" ? true : token.text === "false" ? false : undefined;
}

/** A word of any kind, which here has no other meaning. */
function requireWord(reader: Reader, wanted: string): string {
  const token = peek(reader);
  if (token.kind === "sign" || token.kind === "end") throw unexpected(reader, wanted);
  next(reader);
  return textOf(reader, token);
}

function directionTest(reader: Reader, operator: RelationOperator): Test {
  const sign = reader.tokens[reader.position - 1]!;
  const token = peek(reader);
  const text = requireWord(reader, "'in', 'out' or 'other'");
  if (!directions.includes(text))
    throw fault(reader.source, token, `'${text}' is no direction: write 'in', 'out' or 'other'`);
  return { kind: "text", operator: equality(reader, sign, operator), text };
}

/** What the value that follows means for a field. */
function testOf(reader: Reader, field: Field, sign: Span, operator: RelationOperator): Test {
  switch (field.type) {
    case "u8":
    case "u16":
    case "u24":
    case "u32":
    case "u32le":
    case "bits":
      return { kind: "number", operator, value: numberOf(reader, field) };
    case "bit": {
      const truth = asTruth(peek(reader));
      if (truth === undefined) throw unexpected(reader, "'true' or 'false'");
      next(reader);
      return { kind: "number", operator: equality(reader, sign, operator), value: truth ? 1 : 0 };
    }
    case "flags":
      return { kind: "number", operator, value: flagsNumber(reader, field) };
    case "ipv4":
    case "ipv6":
    case "mac":
    case "octets":
    case "rest":
      return anyValue(reader, field, sign, operator);
    default:
      return field satisfies never;
  }
}

function flagsNumber(reader: Reader, field: Field): number {
  const names = flagsOf(field);
  const token = peek(reader);
  if (token.kind === "number") return checked(reader, 2 ** names.length - 1, field);
  const text = requireWord(reader, "a number, or the name of a flag");
  const flag = names.indexOf(text);
  if (flag >= 0) return 1 << flag;
  throw fault(reader.source, token, `${field.name} has no '${text}'${meaning(text, names)}`);
}

function meaning(text: string, words: readonly string[]): string {
  const meant = nearest(text, words);
  return meant === undefined ? `; there are ${words.slice(0, 12).join(", ")}` : `; did you mean '${meant}'?`;
}

function checked(reader: Reader, most: number, field: Field): number {
  const token = next(reader) as Token & { kind: "number" };
  if (token.value > most)
    throw fault(reader.source, token, `${field.name} is at most ${most}, so it cannot be compared with ${token.value}`);
  return token.value;
}

/** A number, or the name of one: of a type, a protocol, a service. */
function numberOf(reader: Reader, field: Field): number {
  const token = peek(reader);
  if (token.kind === "number") return checked(reader, largest(field)!, field);
  const text = requireWord(reader, "a number");
  const names = new Map(namesOfValues(field).map(([name, number]) => [letters(name), number]));
  const found = names.get(letters(text));
  if (found !== undefined) return found;
  if (field.name.endsWith("Port") && Object.hasOwn(services, text)) {
    const [tcp, udp] = services[text]!;
    return (tcp ?? udp)!;
  }
  const known = namesOfValues(field).map(([name]) => name);
  const meant = nearest(letters(text), known.map(letters));
  const hint =
    meant !== undefined
      ? `; did you mean '${known.find((name) => letters(name) === meant)}'?`
      : known.length > 0
        ? `; write a number, or a name such as '${known[0]}'`
        : "; write a number";
  throw fault(reader.source, token, `'${text}' is no value of ${field.name}${hint}`);
}

/** Names as their letters and digits: `echo request`, `echoRequest` and `echo-request` are one. */
function letters(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** The names that values of a field have, as one word each, and their numbers. */
export function namesOfValues(field: Field): readonly (readonly [string, number])[] {
  if (!("as" in field) || typeof field.as !== "object") return [];
  return Object.entries(field.as).map(([number, name]) => [camel(name), Number(number)]);
}

function camel(name: string): string {
  const [first = "", ...rest] = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  return first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

/** An address, a network, or octets in hex; where only the packet tells what it has, any of these or a number. */
function anyValue(reader: Reader, field: Field, sign: Span, operator: RelationOperator): Test {
  const token = peek(reader);
  const wrong = (): Error => unexpected(reader, wanted[field.type as keyof typeof wanted]);
  const open = field.type === "rest" || (field.type === "octets" && field.size === 0);
  if (open && token.kind === "number") {
    next(reader);
    const octets = parseHex(textOf(reader, token));
    return { kind: "number", operator, value: token.value, ...(octets && { octets: [...octets] }) };
  }
  if (token.kind === "ipv4" && (field.type === "ipv4" || open))
    return { kind: "octets", operator: equality(reader, sign, operator), ...ipv4Of(reader, token, token.text) };
  if (token.kind === "ipv6" && (field.type === "ipv6" || open))
    return { kind: "octets", operator: equality(reader, sign, operator), ...ipv6Of(reader, token, token.text) };
  if (token.kind === "ethernet" && (field.type === "mac" || open)) {
    next(reader);
    return { kind: "octets", operator: equality(reader, sign, operator), ...whole(parseEthernet(token.text)) };
  }
  if (field.type !== "octets" && field.type !== "rest") throw wrong();
  if (token.kind === "sign" || token.kind === "end") throw wrong();
  const octets = parseHex(textOf(reader, token));
  if (octets === undefined) throw wrong();
  if (field.size > 0 && octets.length !== field.size)
    throw fault(reader.source, token, `${field.name} has ${field.size} octets, not ${octets.length}`);
  next(reader);
  return { kind: "octets", operator: equality(reader, sign, operator), ...whole([...octets]) };
}

const wanted = {
  ipv4: "an address or a network, as 192.0.2.1 or 192.0.2.0/24,",
  ipv6: "an address or a network, as 2001:db8::1 or 2001:db8::/32,",
  mac: "an Ethernet address, as 02:00:00:00:00:01,",
  octets: "octets in hex, as 0a1b2c,",
  rest: "a number, an address or octets in hex",
} as const;

interface Octets {
  readonly octets: readonly number[];
  readonly mask: readonly number[];
}

function whole(octets: readonly number[]): Octets {
  return { octets, mask: octets.map(() => 255) };
}

function ipv4Of(reader: Reader, token: Token, text: string): Octets {
  next(reader);
  const dotted = parseDotted(text);
  const slash = isSign(peek(reader), "/");
  if (dotted === undefined || (!slash && parseIpv4(text) === undefined))
    throw fault(reader.source, token, `'${text}' is no IPv4 address: it has four parts of 0 to 255`);
  const { value, bits } = dotted;
  const address = value * 2 ** (32 - bits);
  return network(
    reader,
    token,
    [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256),
  );
}

function ipv6Of(reader: Reader, token: Token, text: string): Octets {
  next(reader);
  const octets = parseIpv6(text);
  if (octets === undefined) throw fault(reader.source, token, `'${text}' is no IPv6 address`);
  return network(reader, token, octets);
}

/** An address, with the bits of a network if there is a `/`. */
function network(reader: Reader, start: Span, octets: readonly number[]): Octets {
  if (!isSign(peek(reader), "/")) return whole(octets);
  next(reader);
  const prefix = peek(reader);
  if (prefix.kind !== "number") throw unexpected(reader, "the number of bits of the network");
  next(reader);
  const bits = octets.length * 8;
  if (prefix.value > bits) throw fault(reader.source, prefix, `such an address has ${bits} bits, not ${prefix.value}`);
  const mask = octets.map((_, i) => (0xff00 >> Math.min(Math.max(prefix.value - 8 * i, 0), 8)) & 0xff);
  if (octets.some((octet, i) => (octet & ~mask[i]!) !== 0))
    throw fault(
      reader.source,
      spanFrom(reader, start),
      `there are bits behind the first ${prefix.value}, which a network has none of`,
    );
  return { octets, mask };
}
