import { nearest } from "../wire/nearest.js";
import { fault, type Span } from "./fault.js";
import { foreignWords, type Keyword, keywords, numberWords, type Protocol, protocolWords } from "./words.js";

/** One word, number, address or sign of a filter, with where it stands. */
export type Token = Span &
  (
    | { readonly kind: "keyword"; readonly word: Keyword }
    | { readonly kind: "protocol"; readonly protocol: Protocol }
    | { readonly kind: "foreign"; readonly of: string }
    | { readonly kind: "name"; readonly text: string; readonly escaped: boolean }
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "ipv4" | "ipv6" | "ethernet" | "arcnet"; readonly text: string }
    | { readonly kind: "sign"; readonly sign: string }
    | { readonly kind: "end" }
  );

/** More text than this is no filter: the kernel's 4096 instructions would not hold it. */
const maximumLength = 65536;

const space = /[ \r\n\t]+/y;
const sign = /&&|\|\||>=|<=|!=|==|<<|>>|[+\-*/%:[\]!<>()&|^=]/y;
const name = /[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y;
const escapedName = /\\[^ !()\n\t]+/y;
const number = /0[xX][0-9A-Fa-f]+|[0-9]+/y;
const dotted = /(?:0[xX][0-9A-Fa-f]+|[0-9]+)(?:\.(?:0[xX][0-9A-Fa-f]+|[0-9]+)){1,3}/y;
const ethernet =
  /[0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2}){5}|[0-9A-Fa-f]{1,2}(?:-[0-9A-Fa-f]{1,2}){5}|[0-9A-Fa-f]{1,2}(?:\.[0-9A-Fa-f]{1,2}){5}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}|[0-9A-Fa-f]{12}/y;
const brokenEthernet = /[0-9A-Fa-f]{1,2}:+(?:[0-9A-Fa-f]{1,2}:+)+/y;
const arcnet = /\$[0-9A-Fa-f]{1,2}/y;
const colons = /[0-9A-Fa-f]*:[0-9A-Fa-fxX:.]+/y;

const everyWord = (): string[] => [
  ...Object.keys(keywords),
  ...Object.keys(protocolWords),
  ...Object.keys(numberWords),
];

/** The words most like `text`, of all there are. */
export function likeliestWord(text: string): string | undefined {
  return nearest(text, everyWord());
}

function matched(pattern: RegExp, source: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? "";
}

/** The longest IPv6 address that begins `text`, by its shape: 8 groups, or fewer around one `::`. */
function ipv6In(text: string): string {
  for (let length = Math.min(text.length, 64); length >= 2; length--) {
    const part = text.slice(0, length);
    if (part.includes(":") && shapedLikeIpv6(part)) return part;
  }
  return "";
}

function shapedLikeIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    if (half === "") continue;
    const parts = half.split(":");
    for (const [position, part] of parts.entries()) {
      const last = position === parts.length - 1 && index === halves.length - 1;
      if (last && /^(?:0[xX][0-9A-Fa-f]+|[0-9]+)(?:\.(?:0[xX][0-9A-Fa-f]+|[0-9]+)){3}$/.test(part)) groups += 2;
      else if (/^[0-9A-Fa-f]{1,4}$/.test(part)) groups++;
      else return false;
    }
  }
  return halves.length === 2 ? groups <= 7 : groups === 8;
}

/** A number as C writes it: `0x` hexadecimal, `0` octal, else decimal; at most 32 bits. */
function numberOf(source: string, span: Span, text: string): number {
  const octal = /^0[0-9]+$/.test(text);
  if (octal && /[89]/.test(text))
    throw fault(source, span, `'${text}' begins with 0, so it is octal, but has an 8 or 9`);
  const value = octal ? Number(`0o${text}`) : Number(text);
  if (value > 0xffffffff) throw fault(source, span, `'${text}' needs more than 32 bits`);
  return value;
}

function wordOf(span: Span, text: string): Token {
  if (Object.hasOwn(keywords, text)) return { ...span, kind: "keyword", word: keywords[text as keyof typeof keywords] };
  if (Object.hasOwn(protocolWords, text))
    return { ...span, kind: "protocol", protocol: protocolWords[text as keyof typeof protocolWords] };
  if (Object.hasOwn(numberWords, text)) return { ...span, kind: "number", value: numberWords[text]! };
  if (Object.hasOwn(foreignWords, text)) return { ...span, kind: "foreign", of: foreignWords[text]! };
  return { ...span, kind: "name", text, escaped: false };
}

function tokenAt(source: string, at: number): Token {
  // The longest match counts, and of equally long ones the first: an Ethernet address before a number before a name.
  const [longest, kind] = (
    [
      [matched(ethernet, source, at), "ethernet"],
      [matched(number, source, at), "number"],
      [matched(dotted, source, at), "ipv4"],
      [ipv6In(matched(colons, source, at)), "ipv6"],
      [matched(brokenEthernet, source, at), "broken"],
      [matched(name, source, at), "name"],
    ] as const
  ).reduce((best, offer) => (offer[0].length > best[0].length ? offer : best));
  const span = { at, length: longest.length };
  if (longest !== "") {
    switch (kind) {
      case "name":
        return wordOf(span, longest);
      case "number":
        return { ...span, kind: "number", value: numberOf(source, span, longest) };
      case "broken":
        throw fault(source, span, `'${longest}' is no Ethernet address: six octets are needed, as 02:00:00:00:00:01`);
      default:
        return { ...span, kind, text: longest };
    }
  }
  const escaped = matched(escapedName, source, at);
  if (escaped !== "") return { at, length: escaped.length, kind: "name", text: escaped.slice(1), escaped: true };
  const station = matched(arcnet, source, at);
  if (station !== "") return { at, length: station.length, kind: "arcnet", text: station };
  const found = matched(sign, source, at);
  if (found !== "") {
    const length = found.length;
    if (found === "&&") return { at, length, kind: "keyword", word: "and" };
    if (found === "||") return { at, length, kind: "keyword", word: "or" };
    if (found === "!") return { at, length, kind: "keyword", word: "not" };
    return { at, length, kind: "sign", sign: found === "==" ? "=" : found };
  }
  const character = String.fromCodePoint(source.codePointAt(at)!);
  throw fault(source, { at, length: character.length }, `the character '${printable(character)}' has no meaning here`);
}

function printable(character: string): string {
  const code = character.codePointAt(0)!;
  return code < 32 || (code >= 127 && code < 160) ? `\\x${code.toString(16).padStart(2, "0")}` : character;
}

/** The tokens of a filter, the last of kind `end`. Throws `BAD_FILTER`. */
export function lex(source: string): readonly Token[] {
  if (source.length > maximumLength)
    throw fault(
      source,
      { at: maximumLength, length: source.length - maximumLength },
      `it is ${source.length} characters long; at most ${maximumLength} are taken, because the kernel's filters are short`,
    );
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += matched(space, source, at).length;
    if (at >= source.length) break;
    const token = tokenAt(source, at);
    tokens.push(token);
    at += token.length;
  }
  tokens.push({ kind: "end", at: source.length, length: 0 });
  return tokens;
}
