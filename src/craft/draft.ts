import { requireType } from "../arguments.js";
import { type HeaderKind, headerOf, headers } from "../packet/headers.js";
import type { Field } from "../wire/field.js";
import { parseHex } from "../wire/hex.js";
import type { AnyDraft, Craftable } from "./craft.js";
import { DraftReader } from "./draft-reader.js";
import { distinct, instead, readFields } from "./draft-value.js";
import { recipeOf } from "./recipe.js";

/**
 * The pieces that `text` says a packet is made of, outermost first, for `craft(...pieces)`:
 *
 *     ipv4(destination=192.0.2.1,ttl=9)/tcp(destinationPort=80,flags=syn+ack,options=[windowScale(shift=7)])/"hello"
 *
 * Names of headers and fields are those of the header tables; numbers are decimal, 0x…, or a name such as `protocol=UDP`.
 * Payloads are texts in quotes or octets as 0x…, `*9` behind one repeats it. Throws `BAD_DRAFT`, which says where.
 */
export function parseDraft(text: string): readonly Craftable[] {
  requireType("text", text, "string");
  const reader = new DraftReader(text);
  const pieces: Craftable[] = [];
  do pieces.push(readPiece(reader));
  while (reader.take("/"));
  if (!reader.atEnd) throw reader.unexpected("'/' and another header");
  return pieces;
}

const kinds: readonly string[] = headers.map(({ kind }) => kind);

function isHeader(name: string): name is HeaderKind {
  return kinds.includes(name);
}

function readPiece(reader: DraftReader): Craftable {
  const octets = readOctets(reader);
  if (octets) return octets;
  const at = reader.at;
  const name = reader.name();
  if (name === "") throw reader.unexpected("a header, or a payload in quotes,");
  if (name === "payload" || name === "trailer") {
    reader.expect("(", `behind ${name}`);
    const inside = readOctets(reader);
    if (!inside) throw reader.unexpected("a text in quotes, or octets as 0x…,");
    reader.expect(")", "behind them");
    return name === "payload" ? inside : { kind: "trailer", length: inside.length, octets: inside };
  }
  if (isHeader(name)) return readHeader(reader, name);
  const help = instead(name, [...kinds, "payload", "trailer"]);
  throw reader.fault({ at, length: name.length }, `there is no header called ${name}; ${help}`);
}

const encoder = new TextEncoder();

/** Octets by themselves, as many times as it says behind them; undefined where none are next. */
function readOctets(reader: DraftReader): Uint8Array | undefined {
  const at = reader.at;
  const text = reader.text();
  let octets: Uint8Array | undefined = text === undefined ? undefined : encoder.encode(text);
  if (!octets && reader.source.slice(at, at + 2).toLowerCase() === "0x") {
    const word = reader.word();
    octets = parseHex(word.slice(2));
    if (!octets) throw reader.fault({ at, length: word.length }, "octets are 0x and an even number of hex digits");
  }
  if (!octets || !reader.take("*")) return octets;
  const timesAt = reader.at;
  const times = reader.word();
  const size = Number(times) * octets.length;
  // More than IP can carry, jumbograms aside, is a slip
  if (!/^\d+$/.test(times) || size > 1 << 20)
    throw reader.fault(reader.span(timesAt), "a payload is repeated a whole number of times, up to 1 MiB in all");
  const repeated = new Uint8Array(size);
  for (let i = 0; i < size; i += octets.length) repeated.set(octets, i);
  return repeated;
}

/** A header; fields of its message, addresses and the like may stand beside its own. */
function readHeader(reader: DraftReader, kind: HeaderKind): Craftable {
  if (!reader.take("(")) return { kind } as AnyDraft;
  const { fields } = headerOf(kind);
  const rest = fields.find((field) => field.type === "rest");
  const inside = rest ? insideOf(rest) : [];
  const at = reader.at;
  const inner = { fields: inside, values: {} as Record<string, unknown> };
  const values = readFields(reader, { name: kind, fields }, ")", inner);
  if (!rest) return draftOf(kind, values);
  const given = values[rest.name];
  if (Object.keys(inner.values).length > 0)
    if (given === undefined || (typeof given === "object" && !Array.isArray(given)))
      values[rest.name] = { ...(given as object | undefined), ...inner.values };
    else throw reader.fault(reader.span(at), `${kind}.${rest.name} and ${Object.keys(inner.values).join(", ")} do not go together`); // biome-ignore format: one thought
  if (values[rest.name] !== undefined && !Array.isArray(values[rest.name]))
    values[rest.name] = ofKind(kind, rest, values);
  const why = values[rest.name] === undefined ? undefined : rest.codec.misfit(rest.codec.fill(values[rest.name]));
  if (why !== undefined) throw reader.fault(reader.span(at), `${rest.name} ${why}`);
  return draftOf(kind, values);
}

function draftOf(kind: HeaderKind, values: object): Craftable {
  // Its names and values were held against the header's table
  return { kind, ...values } as AnyDraft;
}

/** Fields of what follows the fixed part, where that is one thing; of a list there are several. */
function insideOf({ codec }: Field & { readonly type: "rest" }): readonly Field[] {
  const { content } = codec;
  if (!content || Array.isArray(codec.fill(undefined))) return [];
  return distinct("parts" in content ? content.parts.flatMap(({ fields }) => fields) : content.fields);
}

/** A message with its kind: by the type that its header gives, or the first that has its fields. */
function ofKind(
  header: HeaderKind,
  { name, codec }: Field & { readonly type: "rest" },
  values: Readonly<Record<string, unknown>>,
): unknown {
  const value = values[name];
  const { content } = codec;
  if (typeof value !== "object" || value === null || "kind" in value || !content || !("parts" in content)) return value;
  const { image, slots } = recipeOf(header);
  const octets = image.slice();
  const data = new DataView(octets.buffer);
  for (const [field, given] of Object.entries(values)) if (field !== name) slots.get(field)!.write(given, data, 0);
  const typed = codec.fill(value, data, octets.length) as { readonly kind?: string };
  const fits = (fields: readonly Field[]): boolean =>
    Object.keys(value).every((wanted) => fields.some((field) => field.name === wanted));
  const part = content.parts.find(({ kind }) => kind === typed.kind);
  if (values["type"] !== undefined || (part && fits(part.fields))) return { ...value, kind: typed.kind };
  return { ...value, kind: content.parts.find(({ fields }) => fits(fields))?.kind };
}
