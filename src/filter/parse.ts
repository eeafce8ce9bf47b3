import { requireType } from "../arguments.js";
import { parseArithmetic, parseNumber } from "./arithmetic.js";
import { fault, type Span } from "./fault.js";
import { lex, type Token } from "./lex.js";
import { beginsNamed, parseNamed } from "./parse-named.js";
import { deeper, isKeyword, isSign, next, peek, type Reader, spanFrom, textOf, unexpected } from "./reader.js";
import type {
  AddressType,
  Arithmetic,
  Direction,
  Expression,
  Operand,
  Qualifiers,
  RelationOperator,
} from "./syntax.js";
import type { Protocol } from "./words.js";

/**
 * What was read where an operand may stand: an expression; an address or number that takes the qualifiers of the one
 * before it; or a number or arithmetic, which a relation has to follow.
 */
type Part =
  | {
      readonly tag: "expression" | "address";
      readonly expression: Expression;
      readonly inherits: Qualifiers | undefined;
    }
  | { readonly tag: "arithmetic"; readonly arithmetic: Arithmetic };

/** The filter `source` as a tree; undefined when it is empty, which accepts every packet. Throws `BAD_FILTER`. */
export function parse(source: string): Expression | undefined {
  requireType("filter", source, "string");
  const reader: Reader = { source, tokens: lex(source), position: 0, depth: 0, isOperand: false };
  if (peek(reader).kind === "end") return undefined;
  const { expression } = asExpression(reader, parseChain(reader, undefined, false), undefined, false);
  const token = peek(reader);
  if (token.kind !== "end") throw unexpected(reader, "'and', 'or' or the end");
  return expression;
}

/** Operands joined by `and` and `or`, up to something else; or a lone number, which may be part of a comparison. */
function parseChain(reader: Reader, inherited: Qualifiers | undefined, addressMayStart: boolean): Part {
  const start = peek(reader);
  const first = parsePart(reader, inherited, addressMayStart);
  if (first.tag === "arithmetic" && !joins(peek(reader))) return first;
  const head = asExpression(reader, first, inherited, addressMayStart);
  const rest: { operator: "and" | "or"; expression: Expression }[] = [];
  let { tag, inherits } = head;
  while (joins(peek(reader))) {
    const operator = isKeyword(next(reader), "and") ? "and" : "or";
    const operand = asExpression(reader, parsePart(reader, inherits, true), inherits, true);
    rest.push({ operator, expression: operand.expression });
    inherits = operand.inherits;
    if (operand.tag === "expression") tag = "expression";
  }
  if (rest.length === 0) return head;
  return { tag, inherits, expression: { ...spanFrom(reader, start), kind: "chain", first: head.expression, rest } };
}

function joins(token: Token): boolean {
  return isKeyword(token, "and") || isKeyword(token, "or");
}

/** A lone number becomes what the qualifiers before it make of it: `port 80 or 443`. */
function asExpression(
  reader: Reader,
  part: Part,
  inherited: Qualifiers | undefined,
  addressAllowed: boolean,
): Exclude<Part, { tag: "arithmetic" }> {
  if (part.tag !== "arithmetic") return part;
  const { arithmetic } = part;
  if (arithmetic.kind !== "number") throw unexpected(reader, "a comparison, as '= 5',");
  if (!addressAllowed || inherited === undefined)
    throw fault(
      reader.source,
      arithmetic,
      `nothing says what the number '${textOf(reader, arithmetic)}' is; write a word before it, as 'port ${arithmetic.value}'`,
    );
  const { at, length, value } = arithmetic;
  const operand: Operand = { kind: "number", value };
  return {
    tag: "address",
    inherits: inherited,
    expression: { at, length, kind: "address", qualifiers: inherited, operand },
  };
}

function parsePart(reader: Reader, inherited: Qualifiers | undefined, addressAllowed: boolean): Part {
  const token = peek(reader);
  if (isKeyword(token, "not")) {
    next(reader);
    const of = deeper(reader, () =>
      asExpression(reader, parsePart(reader, inherited, addressAllowed), inherited, addressAllowed),
    );
    const span = spanFrom(reader, token);
    return { tag: of.tag, inherits: of.inherits, expression: { ...span, kind: "not", of: of.expression } };
  }
  if (isSign(token, "(")) return parseBrackets(reader, inherited, addressAllowed);
  if (token.kind === "number" || isSign(token, "-") || isKeyword(token, "len")) return parseRelation(reader, undefined);
  if (beginsNamed(reader, addressAllowed ? inherited : undefined)) return plain(parseNamed(reader));
  const operand = addressAllowed && inherited !== undefined ? parseOperand(reader) : undefined;
  if (operand !== undefined) {
    const span = spanFrom(reader, token);
    const expression: Expression = { ...span, kind: "address", qualifiers: inherited!, operand };
    return { tag: "address", inherits: inherited, expression };
  }
  return parsePrimitive(reader);
}

function parseBrackets(reader: Reader, inherited: Qualifiers | undefined, addressAllowed: boolean): Part {
  const open = next(reader);
  const inner = deeper(reader, () => parseChain(reader, inherited, addressAllowed));
  if (!isSign(peek(reader), ")")) throw unexpected(reader, "')'");
  next(reader);
  if (inner.tag === "arithmetic") {
    const arithmetic = { ...inner.arithmetic, ...spanFrom(reader, open) };
    return parseRelation(reader, arithmetic);
  }
  // What stands in brackets leaves no qualifiers behind, unless it is only addresses: 'port (80 or 443) or 8080'.
  return { ...inner, inherits: inner.tag === "address" ? inner.inherits : inherited };
}

const relations = new Set(["=", "!=", ">", ">=", "<", "<="]);

function parseRelation(reader: Reader, begun: Arithmetic | undefined): Part {
  const start = begun ?? peek(reader);
  const left = parseArithmetic(reader, begun);
  const token = peek(reader);
  if (token.kind !== "sign" || !relations.has(token.sign)) return { tag: "arithmetic", arithmetic: left };
  next(reader);
  const right = parseArithmetic(reader, undefined);
  const operator = token.sign as RelationOperator;
  return plain({ ...spanFrom(reader, start), kind: "relation", operator, left, right });
}

/** An expression that leaves no qualifiers for what follows it. */
function plain(expression: Expression): Part {
  return { tag: "expression", inherits: undefined, expression };
}

/** An address or name, or nothing when no such thing begins here. Numbers are read by {@link parsePart}. */
function parseOperand(reader: Reader): Operand | undefined {
  const token = peek(reader);
  switch (token.kind) {
    case "name":
      next(reader);
      return { kind: "name", text: token.text };
    case "ethernet":
    case "arcnet":
      next(reader);
      return { kind: token.kind, text: token.text };
    case "ipv6":
    case "ipv4": {
      next(reader);
      const { kind, text } = token;
      if (isSign(peek(reader), "/")) {
        next(reader);
        const prefix = peek(reader);
        if (prefix.kind !== "number") throw unexpected(reader, "the number of bits of the network");
        next(reader);
        return { kind, text, prefix: prefix.value };
      }
      if (kind === "ipv4" && isKeyword(peek(reader), "mask")) {
        next(reader);
        const mask = peek(reader);
        if (mask.kind !== "ipv4") throw unexpected(reader, "a mask, as 255.255.255.0,");
        next(reader);
        return { kind, text, mask: mask.text };
      }
      return { kind, text };
    }
    default:
      return undefined;
  }
}

function parsePrimitive(reader: Reader): Part {
  const start = peek(reader);
  let protocol: Protocol | undefined;
  if (start.kind === "protocol") {
    protocol = start.protocol;
    if (isSign(peek(reader, 1), "[")) return parseRelation(reader, undefined);
    next(reader);
  }
  const token = peek(reader);
  if (token.kind === "keyword") {
    switch (token.word) {
      case "broadcast":
      case "multicast":
        next(reader);
        return plain({
          ...spanFrom(reader, start),
          kind: token.word,
          ...(protocol === undefined ? {} : { protocol }),
        });
      case "src":
      case "dst":
      case "host":
      case "net":
      case "port":
      case "portrange":
      case "proto":
      case "protochain":
      case "gateway":
        return parseQualified(reader, start, protocol);
      default:
        if (protocol === undefined) return plain(parseSpecial(reader));
    }
  }
  if (protocol !== undefined) return plain({ at: start.at, length: start.length, kind: "protocol", protocol });
  throw unexpected(reader, "a word such as 'host', 'port' or 'tcp'");
}

function parseQualified(reader: Reader, start: Span, protocol: Protocol | undefined): Part {
  const direction = parseDirection(reader);
  const type = parseType(reader, direction !== undefined);
  const qualifiers: Qualifiers = {
    ...spanFrom(reader, start),
    ...(protocol === undefined ? {} : { protocol }),
    ...(direction === undefined ? {} : { direction }),
    ...(type === undefined ? {} : { type }),
  };
  const token = peek(reader);
  if (token.kind === "protocol" && (type === "proto" || type === "protochain"))
    throw fault(
      reader.source,
      token,
      `'${textOf(reader, token)}' is a word of the language; write '\\${textOf(reader, token)}' for the protocol's name`,
    );
  const starts = ["name", "number", "ipv4", "ipv6", "ethernet", "arcnet"].includes(token.kind);
  if (!starts && !isSign(token, "(") && !isKeyword(token, "not"))
    throw unexpected(reader, `${wantedBy(type)} after '${textOf(reader, qualifiers)}'`);
  const { isOperand } = reader;
  reader.isOperand = true;
  const part = asExpression(reader, parsePart(reader, qualifiers, true), qualifiers, true);
  reader.isOperand = isOperand;
  return { ...part, tag: "expression" };
}

function wantedBy(type: AddressType | undefined): string {
  if (type === "port") return "a port";
  if (type === "portrange") return "a range of ports, as 6000-6008,";
  if (type === "proto" || type === "protochain") return "a protocol";
  return type === "net" ? "a network" : "an address";
}

function parseDirection(reader: Reader): Direction | undefined {
  const token = peek(reader);
  if (token.kind !== "keyword" || (token.word !== "src" && token.word !== "dst")) return undefined;
  next(reader);
  const between = peek(reader);
  const other = token.word === "src" ? "dst" : "src";
  if (joins(between) && isKeyword(peek(reader, 1), other)) {
    reader.position += 2;
    return isKeyword(between, "and") ? "src and dst" : "src or dst";
  }
  return token.word;
}

function parseType(reader: Reader, directed: boolean): AddressType | undefined {
  const token = peek(reader);
  if (token.kind !== "keyword") return undefined;
  switch (token.word) {
    case "host":
    case "net":
    case "port":
    case "portrange":
      next(reader);
      return token.word;
    case "proto":
    case "protochain":
    case "gateway":
      if (directed) throw fault(reader.source, token, `'${token.word}' has no source and destination`);
      next(reader);
      return token.word;
    default:
      return undefined;
  }
}

function parseSpecial(reader: Reader): Expression {
  const start = next(reader);
  const word = start.kind === "keyword" ? start.word : "";
  switch (word) {
    case "less":
    case "greater": {
      const value = requireNumber(reader, "a length in octets");
      return { ...spanFrom(reader, start), kind: word, value };
    }
    case "byte": {
      const index = requireNumber(reader, "an offset in octets");
      const sign = peek(reader);
      const operator = sign.kind === "sign" ? sign.sign : "";
      if (operator !== "&" && operator !== "|" && operator !== "<" && operator !== ">" && operator !== "=")
        throw unexpected(reader, "'=', '<', '>', '&' or '|'");
      next(reader);
      const value = requireNumber(reader, "a number");
      return { ...spanFrom(reader, start), kind: "byte", index, operator, value };
    }
    case "inbound":
    case "outbound":
      return { ...spanFrom(reader, start), kind: word };
    case "ifindex": {
      const value = requireNumber(reader, "the index of an interface");
      return { ...spanFrom(reader, start), kind: "ifindex", value };
    }
    case "ifname": {
      const token = peek(reader);
      const named = token.kind === "name" || token.kind === "keyword" || token.kind === "protocol";
      if (!named) throw unexpected(reader, "the name of an interface");
      next(reader);
      const name = token.kind === "name" ? token.text : textOf(reader, token);
      return { ...spanFrom(reader, start), kind: "ifname", name };
    }
    case "vlan":
    case "mpls":
    case "pppoes":
    case "geneve": {
      const token = peek(reader);
      const numbered = token.kind === "number" || isSign(token, "(");
      const value = numbered ? parseNumber(reader) : undefined;
      return { ...spanFrom(reader, start), kind: word, ...(value === undefined ? {} : { value }) };
    }
    case "pppoed":
      return { ...spanFrom(reader, start), kind: "pppoed" };
    case "llc": {
      const token = peek(reader);
      const text = textOf(reader, token);
      if (token.kind !== "name" && text !== "rnr") return { ...spanFrom(reader, start), kind: "llc" };
      next(reader);
      return { ...spanFrom(reader, start), kind: "llc", type: text };
    }
    default:
      reader.position--;
      throw unexpected(reader, "a word such as 'host', 'port' or 'tcp'");
  }
}

function requireNumber(reader: Reader, wanted: string): number {
  const token = peek(reader);
  if (token.kind !== "number") throw unexpected(reader, wanted);
  next(reader);
  return token.value;
}
