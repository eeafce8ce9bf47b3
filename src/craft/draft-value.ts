/** Values of fields in the text of a draft, by the rows of the headers' tables. */
import { type Content, type Field, type Format, largest, misfit } from "../wire/field.js";
import { nearest } from "../wire/nearest.js";
import type { DraftReader, Span } from "./draft-reader.js";

type Values = Record<string, unknown>;

/** What parts of a header's rest go by: fields, or kinds with fields of their own. */
type Named = { readonly name: string; readonly fields: readonly Field[] };

/** `name=value, …)` up to the closing bracket, which is read too; `inner` takes the fields that are in the rest. */
export function readFields(
  reader: DraftReader,
  { name: owner, fields }: Named,
  close: ")" | "}",
  inner?: { readonly fields: readonly Field[]; readonly values: Values },
): Values {
  const values: Values = {};
  while (!reader.take(close)) {
    const at = reader.at;
    const name = reader.name();
    if (name === "") throw reader.unexpected(`a field of ${owner}, or '${close}',`);
    const span = { at, length: name.length };
    const known = fields.find((field) => field.name === name);
    const field = known ?? inner?.fields.find((candidate) => candidate.name === name);
    if (!field) throw unknown(reader, span, owner, name, [...fields, ...(inner?.fields ?? [])].map((each) => each.name)); // biome-ignore format: one thought
    const target = known ? values : inner!.values;
    if (name in target) throw reader.fault(span, `${name} is given twice`);
    // A bit by its name is on
    if (reader.take("=") || (close === "}" && reader.take(":"))) target[name] = readValue(reader, field, owner);
    else if (field.type === "bit") target[name] = true;
    else throw reader.unexpected(`'=' and the value of ${name}`);
    if (!reader.take(",") && reader.next !== close) throw reader.unexpected(`',' or '${close}'`);
  }
  return values;
}

function unknown(reader: DraftReader, span: Span, owner: string, name: string, names: readonly string[]): Error {
  return reader.fault(span, `${owner} has no ${name}; ${instead(name, distinctNames(names))}`);
}

/** What may have been meant by `word`, or all that there is. */
export function instead(word: string, words: readonly string[]): string {
  const meant = nearest(word, words);
  if (meant !== undefined) return `did you mean ${/\W/.test(meant) ? `"${meant}"` : meant}?`;
  return words.length > 0 ? `there are ${words.join(", ")}` : "there are none";
}

function distinctNames(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

function readValue(reader: DraftReader, field: Field, owner: string): unknown {
  const at = reader.at;
  if (field.type === "rest") return readRest(reader, field, owner);
  const value = scalar(reader, field);
  // How many octets there may be, only all of the rest tells
  const why = field.type === "octets" && field.size === 0 ? undefined : misfit(field, value);
  if (why !== undefined) throw reader.fault(reader.span(at), `${field.name} ${why}`);
  return value;
}

function scalar(reader: DraftReader, field: Field): unknown {
  const at = reader.at;
  if (field.type === "flags" && reader.take("[")) {
    const names: string[] = [];
    while (!reader.take("]")) {
      names.push(reader.word());
      if (!reader.take(",") && reader.next !== "]") throw reader.unexpected("',' or ']'");
    }
    return flagsOf(reader, reader.span(at), field.sets[0]!, names);
  }
  const text = reader.text() ?? reader.word();
  if (text === "") throw reader.unexpected(`the value of ${field.name}`);
  if (largest(field) !== undefined)
    return numberOf(reader, reader.span(at), text, "as" in field ? field.as : undefined);
  if (field.type === "flags") return flagsOf(reader, reader.span(at), field.sets[0]!, text === "none" ? [] : text.split(/[+|]/)); // biome-ignore format: one thought
  if (field.type === "bit") return { true: true, yes: true, on: true, 1: true, false: false, no: false, off: false, 0: false }[text] ?? text; // biome-ignore format: one thought
  return field.type === "octets" ? octetsText(text) : text;
}

/** A decimal or hexadecimal number, or a name that it has, blanks and capitals of which do not matter. */
function numberOf(reader: DraftReader, span: Span, text: string, as: Format | undefined): unknown {
  if (/^(\d+|0x[0-9a-f]+)$/i.test(text)) return Number(text);
  if (typeof as !== "object") return text;
  const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");
  const named = Object.entries(as).find(([, name]) => plain(name) === plain(text));
  if (named) return Number(named[0]);
  throw reader.fault(span, `there is no value called ${text}; ${instead(text, Object.values(as))}`);
}

function flagsOf(reader: DraftReader, span: Span, set: object, given: readonly string[]): unknown {
  const names = Object.keys(set);
  const flags = given.map((name) => name.toLowerCase());
  const wrong = flags.find((name) => !names.includes(name));
  if (wrong === undefined) return Object.fromEntries(flags.map((name) => [name, true]));
  throw reader.fault(span, `there is no flag ${wrong}; ${instead(wrong, names)}`);
}

/** Options, lists, messages and octets, as their codec has them. */
function readRest(reader: DraftReader, field: Field & { readonly type: "rest" }, owner: string): unknown {
  const { codec } = field;
  const at = reader.at;
  const read = readAny(reader, codec.content, `${owner}.${field.name}`);
  if (isOpenVariant(codec.content, read)) return read;
  const why = codec.misfit(codec.fill(read));
  if (why === undefined) return read;
  // A list of plain entries does not tell whether these are numbers
  const numbers = Array.isArray(read)
    ? read.map((entry) => (/^\d+$/.test(String(entry)) ? Number(entry) : entry))
    : read;
  if (codec.misfit(codec.fill(numbers)) === undefined) return numbers;
  throw reader.fault(reader.span(at), `${field.name} ${why}`);
}

/** Octets may be written as numbers are. */
function octetsText(word: string): string {
  return /^0x([0-9a-f]{2})*$/i.test(word) ? word.slice(2) : word;
}

/** Whether what kind of message it is remains to be seen from the other fields. */
function isOpenVariant(content: Content | undefined, value: unknown): boolean {
  return content !== undefined && "parts" in content && typeof value === "object" && !Array.isArray(value) && !("kind" in value!); // biome-ignore format: one thought
}

function readAny(reader: DraftReader, content: Content | undefined, owner: string): unknown {
  if (reader.take("[")) {
    const list: unknown[] = [];
    while (!reader.take("]")) {
      list.push(readAny(reader, content, owner));
      if (!reader.take(",") && reader.next !== "]") throw reader.unexpected("',' or ']'");
    }
    return list;
  }
  if (reader.take("{")) return readObject(reader, content, owner);
  const at = reader.at;
  const text = reader.text();
  if (text !== undefined) return text;
  const word = reader.word();
  if (word === "") throw reader.unexpected(`a value of ${owner}`);
  if (content === undefined || !("parts" in content)) return octetsText(word);
  const part = content.parts.find(({ kind }) => kind === word);
  if (!part) throw unknown(reader, { at, length: word.length }, owner, word, content.parts.map(({ kind }) => kind)); // biome-ignore format: one thought
  return { kind: word, ...(reader.take("(") ? readFields(reader, { name: word, fields: part.fields }, ")") : {}) };
}

/** Fields between `{` and `}`; the first may be the kind. */
function readObject(reader: DraftReader, content: Content | undefined, owner: string): unknown {
  if (content === undefined) throw reader.unexpected(`a value of ${owner} without fields`);
  if (!("parts" in content)) return readFields(reader, { name: owner, fields: content.fields }, "}");
  const at = reader.at;
  const [, kind] = /\bkind\s*[=:]\s*"?([A-Za-z0-9]+)/y.exec(reader.source.slice(at)) ?? [];
  const part = kind === undefined ? undefined : content.parts.find((candidate) => candidate.kind === kind);
  if (kind !== undefined && !part) throw unknown(reader, { at, length: 4 }, owner, kind, content.parts.map((each) => each.kind)); // biome-ignore format: one thought
  const fields = part ? part.fields : distinct(content.parts.flatMap((each) => each.fields));
  const values = readKinded(reader, owner, fields, part !== undefined);
  return values;
}

function readKinded(reader: DraftReader, owner: string, fields: readonly Field[], hasKind: boolean): Values {
  if (!hasKind) return readFields(reader, { name: owner, fields }, "}");
  reader.name();
  if (!reader.take("=")) reader.expect(":", "behind kind");
  const kind = reader.text() ?? reader.word();
  if (!reader.take(",") && reader.next !== "}") throw reader.unexpected("',' or '}'");
  return { kind, ...readFields(reader, { name: kind, fields }, "}") };
}

/** The first field of each name. */
export function distinct(fields: readonly Field[]): readonly Field[] {
  return [...new Map([...fields].reverse().map((field) => [field.name, field])).values()].reverse();
}
