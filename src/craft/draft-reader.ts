/** The characters of a draft in text, read from left to right. */
import { SockinspectError } from "../errors.js";

/** Where in the text something stands: `at` counts characters from 0. */
export interface Span {
  readonly at: number;
  readonly length: number;
}

/** A word as it stands: numbers, addresses, names, names of flags joined by `+` or `|`. */
const WORD = /[A-Za-z0-9_.:+|-]+/y;
const NAME = /[A-Za-z][A-Za-z0-9]*/y;
const BLANK = /\s*/y;

export class DraftReader {
  readonly source: string;
  at = 0;

  constructor(source: string) {
    this.source = source;
    this.skip();
  }

  get atEnd(): boolean {
    return this.at === this.source.length;
  }

  /** The next character; empty at the end. */
  get next(): string {
    return this.source[this.at] ?? "";
  }

  /** Moves past `text` and the blanks behind it, if it is next. */
  take(text: string): boolean {
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    this.skip();
    return true;
  }

  expect(text: string, where: string): void {
    if (!this.take(text)) throw this.unexpected(`'${text}' ${where}`);
  }

  word(): string {
    return this.#match(WORD);
  }

  name(): string {
    return this.#match(NAME);
  }

  /** A text in quotes, its escapes resolved; undefined where no quote is next. */
  text(): string | undefined {
    const quote = this.next;
    if (quote !== '"' && quote !== "'") return undefined;
    const start = this.at;
    let text = "";
    for (this.at++; this.next !== quote; ) {
      if (this.atEnd) throw this.fault({ at: start, length: 1 }, `this ${quote} is not closed`);
      text += this.next === "\\" ? this.#escape() : this.source[this.at++];
    }
    this.take(quote);
    return text;
  }

  fault({ at, length }: Span, why: string): SockinspectError<"BAD_DRAFT"> {
    const { source } = this;
    const shown = source.length > 80 ? `${source.slice(0, 79)}…` : source;
    return new SockinspectError("BAD_DRAFT", `cannot read the draft '${shown}': ${why}`, { source, at, length });
  }

  unexpected(wanted: string): SockinspectError<"BAD_DRAFT"> {
    const found = this.atEnd ? "it ends" : `there is '${this.next}'`;
    return this.fault({ at: this.at, length: 1 }, `${wanted} is missing here, where ${found}`);
  }

  /** From `at` to what was read last, blanks behind it left out. */
  span(at: number): Span {
    return { at, length: Math.max(1, this.source.slice(at, this.at).trimEnd().length) };
  }

  skip(): void {
    this.#match(BLANK);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const [found = ""] = pattern.exec(this.source) ?? [];
    this.at += found.length;
    if (pattern !== BLANK) this.skip();
    return found;
  }

  #escape(): string {
    const at = this.at;
    const rest = this.source.slice(at + 1);
    const [, octet] = /^x([0-9a-f]{2})/i.exec(rest) ?? [];
    this.at += octet === undefined ? 2 : 4;
    if (octet !== undefined) return String.fromCharCode(Number.parseInt(octet, 16));
    const plain = ({ n: "\n", r: "\r", t: "\t", "0": "\0", "\\": "\\", '"': '"', "'": "'" } as Record<string, string>)[
      rest[0] ?? ""
    ];
    if (plain === undefined)
      throw this.fault({ at, length: 2 }, "escapes are \\n \\r \\t \\0 \\\\ \\\" \\' and \\x with two hex digits");
    return plain;
  }
}
