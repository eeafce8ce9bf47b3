import { fault } from "./fault.js";
import { deeper, isSign, next, peek, type Reader, spanFrom, unexpected } from "./reader.js";
import type { Arithmetic, ArithmeticOperator } from "./syntax.js";

/**
 * How tightly each operator binds, as libpcap's grammar declares it. It declares nothing for `%` and `^`, and yacc
 * then reads on: they bind tighter than anything to their left and looser than anything to their right.
 */
const binding: Readonly<Record<string, number>> = { "|": 1, "&": 2, "<<": 3, ">>": 3, "+": 4, "-": 4, "*": 5, "/": 5 };
const tightest = 6;

/** A longer sum needs more of the kernel's scratch memory, and of our stack, than there is. */
const maximumOperations = 500;

/** Arithmetic up to a sign that has no place in it; `begun` is its first operand when that is read already. */
export function parseArithmetic(reader: Reader, begun: Arithmetic | undefined): Arithmetic {
  return parseOperations(reader, begun ?? parseFactor(reader), 0);
}

/** A number, in brackets or not. */
export function parseNumber(reader: Reader): number {
  const token = peek(reader);
  if (token.kind === "number") {
    next(reader);
    return token.value;
  }
  if (!isSign(token, "(")) throw unexpected(reader, "a number");
  next(reader);
  const value = deeper(reader, () => parseNumber(reader));
  close(reader, ")");
  return value;
}

function close(reader: Reader, sign: string): void {
  if (!isSign(peek(reader), sign)) throw unexpected(reader, `'${sign}'`);
  next(reader);
}

function parseOperations(reader: Reader, first: Arithmetic, minimum: number): Arithmetic {
  let left = first;
  for (let count = 0; ; count++) {
    const token = peek(reader);
    if (token.kind !== "sign") return left;
    const absorbs = token.sign === "%" || token.sign === "^";
    const strength = binding[token.sign];
    if (!absorbs && (strength === undefined || strength <= minimum)) return left;
    if (count >= maximumOperations)
      throw fault(reader.source, token, `there are more than ${maximumOperations} operations in a row here`);
    next(reader);
    const right = deeper(reader, () => parseOperations(reader, parseFactor(reader), absorbs ? 0 : strength!));
    const operator = token.sign as ArithmeticOperator;
    left = { ...spanFrom(reader, left), kind: "operation", operator, left, right };
  }
}

function parseFactor(reader: Reader): Arithmetic {
  const token = peek(reader);
  if (token.kind === "number") {
    next(reader);
    return { at: token.at, length: token.length, kind: "number", value: token.value };
  }
  if (token.kind === "keyword" && token.word === "len") {
    next(reader);
    return { at: token.at, length: token.length, kind: "length" };
  }
  if (isSign(token, "-")) {
    next(reader);
    const of = deeper(reader, () => parseOperations(reader, parseFactor(reader), tightest));
    return { ...spanFrom(reader, token), kind: "negate", of };
  }
  if (isSign(token, "(")) {
    next(reader);
    const inner = deeper(reader, () => parseArithmetic(reader, undefined));
    close(reader, ")");
    return { ...inner, ...spanFrom(reader, token) };
  }
  if (token.kind === "protocol") {
    next(reader);
    if (!isSign(peek(reader), "[")) throw unexpected(reader, "'['");
    next(reader);
    const index = deeper(reader, () => parseArithmetic(reader, undefined));
    let size = 1;
    if (isSign(peek(reader), ":")) {
      next(reader);
      const given = peek(reader);
      if (given.kind !== "number") throw unexpected(reader, "a size of 1, 2 or 4 octets");
      if (given.value !== 1 && given.value !== 2 && given.value !== 4)
        throw fault(reader.source, given, `${given.value} octets cannot be read at once, only 1, 2 or 4`);
      next(reader);
      size = given.value;
    }
    close(reader, "]");
    return { ...spanFrom(reader, token), kind: "field", protocol: token.protocol, index, size };
  }
  throw unexpected(reader, "a number, 'len' or a field as 'tcp[13]'");
}
