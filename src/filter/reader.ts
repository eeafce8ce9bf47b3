import { fault, type Span } from "./fault.js";
import { likeliestWord, type Token } from "./lex.js";

/** Brackets, signs and `not`s may be nested this deep. */
const maximumDepth = 200;

/** The tokens of one filter and how far they are read. */
export interface Reader {
  readonly source: string;
  readonly tokens: readonly Token[];
  position: number;
  depth: number;
  /** What is read belongs to a word as `host`: every name in it is one of that kind, none a field. */
  isOperand: boolean;
}

export function peek(reader: Reader, ahead = 0): Token {
  return reader.tokens[Math.min(reader.position + ahead, reader.tokens.length - 1)]!;
}

export function next(reader: Reader): Token {
  const token = peek(reader);
  reader.position++;
  return token;
}

export function isSign(token: Token, sign: string): boolean {
  return token.kind === "sign" && token.sign === sign;
}

export function isKeyword(token: Token, word: string): boolean {
  return token.kind === "keyword" && token.word === word;
}

export function textOf(reader: Reader, { at, length }: Span): string {
  return reader.source.slice(at, at + length);
}

/** From the start of `first` to the end of what was read last. */
export function spanFrom(reader: Reader, first: Span): Span {
  const last = reader.tokens[Math.max(reader.position - 1, 0)]!;
  return { at: first.at, length: Math.max(last.at + last.length - first.at, first.length) };
}

export function deeper<T>(reader: Reader, read: () => T): T {
  if (++reader.depth > maximumDepth)
    throw fault(reader.source, peek(reader), `brackets and signs are nested more than ${maximumDepth} deep here`);
  const result = read();
  reader.depth--;
  return result;
}

export function unexpected(reader: Reader, wanted: string): Error {
  const { source } = reader;
  const token = peek(reader);
  if (token.kind === "end") return fault(source, token, `it ends where ${wanted} is needed`);
  if (token.kind === "foreign")
    return fault(source, token, `'${textOf(reader, token)}' is about ${token.of}, which sockinspect does not read`);
  if (token.kind === "name" && !token.escaped) {
    const meant = likeliestWord(token.text);
    const hint = meant === undefined ? "" : `; did you mean '${corrected(reader, meant)}'?`;
    return fault(source, token, `'${token.text}' cannot stand here, ${wanted} is needed${hint}`);
  }
  return fault(source, token, `'${textOf(reader, token)}' cannot stand here, ${wanted} is needed`);
}

/** The word as it should be, with the number or address that follows it. */
function corrected(reader: Reader, word: string): string {
  const following = peek(reader, 1);
  const operand = ["number", "ipv4", "ipv6", "ethernet"].includes(following.kind);
  return operand ? `${word} ${textOf(reader, following)}` : word;
}
