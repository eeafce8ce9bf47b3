import { requireType } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { type HeaderKind, ids } from "../packet/headers.js";
import type { Cut, LayerOf, Payload, Trailer } from "../packet/packet.js";
import { checksumField, checksumOverAll, rightChecksum } from "../packet/verify.js";
import { DEEPEST, END } from "../packet/walk/walk.js";
import type { Draft } from "../wire/header.js";
import { linkTypes } from "../wire/numbers.js";
import { Crafted } from "./crafted.js";
import { badField } from "./fault.js";
import { whyNot } from "./following.js";
import { type Recipe, recipeAt, recipeOf } from "./recipe.js";
import { type Environment, type Fields, PAYLOAD, Stack } from "./stack.js";

/** A header of any kind to be completed. */
export type AnyDraft = { readonly [K in HeaderKind]: Draft<LayerOf<K>> }[HeaderKind];

/** What packets are made of: drafts of headers, layers of decoded packets, and payloads as octets or as text, which becomes UTF-8. */
export type Craftable = AnyDraft | Payload | Trailer | Cut | Uint8Array | string;

/**
 * Makes a packet of headers and payloads, outermost first.
 *
 * What a draft leaves out is computed: lengths, checksums, the numbers that name what follows, padding of options,
 * identifications, ephemeral ports; what nothing follows from is zero or usual (a TTL of 64). What a draft gives is written
 * as it is, right or wrong. So a decoded packet comes out as it was, and `{ ...layer, checksum: undefined }` computes anew.
 *
 * Throws `BAD_STACK` where no number names what follows, `BAD_FIELD` for fields that do not exist, values that do not
 * fit, and lengths that a field cannot tell.
 */
export const craft: Craft = crafter();

/** {@link craft} for a machine that knows more: the addresses it sends from. */
export function crafter(environment: Environment = {}): Craft {
  requireType("environment", environment, "object");
  const again = (...pieces: readonly Craftable[]): Crafted => make(pieces, environment, again);
  return again;
}

type Craft = (...pieces: readonly Craftable[]) => Crafted;

let idle: Stack | undefined = new Stack();

function make(pieces: readonly Craftable[], environment: Environment, again: Craft): Crafted {
  // An environment may craft packets itself: then there are two at a time
  const stack = idle ?? new Stack();
  idle = undefined;
  stack.environment = environment;
  stack.pieces = pieces;
  try {
    return complete(stack, again);
  } finally {
    stack.clear();
    idle = stack;
  }
}

/** V8 inlines what is called here as long as it is not too much together: what is rare is in functions of its own. hot */
function complete(stack: Stack, again: Craft): Crafted {
  const { walk, pieces } = stack;
  walk.start(stack.data, 0, 0, 0);
  stack.end = -1;
  const first = idOf(stack, 0);
  for (let i = 0; i < pieces.length; i++) {
    const next = idOf(stack, i + 1);
    const recipe = stack.recipes[i];
    if (recipe) placeHeader(stack, recipe, pieces[i] as unknown as Fields, i, next);
    else placeOther(stack, i);
  }
  const size = walk.at;
  const linkType = linkTypeOf(stack, first);
  if (stack.end < 0) stack.end = size;
  walk.data = stack.data;
  walk.end = walk.frameEnd = walk.wireEnd = size;
  const { count } = walk;
  for (let i = 0; i < count; i++) walk.wireEnds[i] = stack.end;
  for (let i = 0; i < count; i++) compute(stack, i);
  // Those outside cover those inside
  for (let i = count - 1; i >= 0; i--) sum(stack, i);
  return new Crafted(stack.octets.slice(0, size), linkType, pieces, again);
}

/** Puts piece `n`, which is no header, behind those that are there. */
function placeOther(stack: Stack, n: number): void {
  const piece = stack.pieces[n]!;
  if (typeof piece === "string") return placeOctets(stack, n, encoder.encode(piece));
  if (piece instanceof Uint8Array) return placeOctets(stack, n, piece);
  switch ((piece as { kind?: unknown } | null)?.kind) {
    case "trailer":
      if (stack.end < 0) stack.end = stack.walk.at;
      return placeOctets(stack, n, octetsOf(piece as Trailer), true);
    case "payload":
    case "cut":
      return placeOctets(stack, n, octetsOf(piece as Payload | Cut));
    default:
      throw new SockinspectError(
        "BAD_ARGUMENT",
        `craft() takes headers such as tcp({ destinationPort: 80 }), text and octets, not ${String(piece)}`,
        { argument: "pieces", value: piece },
      );
  }
}

const encoder = new TextEncoder();

function octetsOf(piece: Payload | Trailer | Cut): Uint8Array {
  if (piece.octets instanceof Uint8Array) return piece.octets;
  throw badField(piece.kind, "octets", piece.octets, "takes a Uint8Array");
}

function placeOctets(stack: Stack, n: number, octets: Uint8Array, trailing = false): void {
  const { walk } = stack;
  if (stack.end >= 0 && !trailing) throw stack.refuse(n, "nothing follows a trailer");
  stack.reserve(walk.at, octets.length);
  stack.octets.set(octets, walk.at);
  walk.at += octets.length;
}

/** The number of the header that piece `n` is, or is the start of; {@link PAYLOAD} for octets, END behind the last one. */
function idOf({ pieces, recipes }: Stack, n: number): number {
  if (n >= pieces.length) return END;
  const piece = pieces[n] as { readonly kind?: unknown } | null | undefined;
  const kind = piece?.kind;
  let recipe = recipes[n];
  if (recipe?.kind !== kind) recipe = recipes[n] = recipeOf(kind);
  return recipe ? recipe.id : idOfOther(piece, kind);
}

function idOfOther(piece: unknown, kind: unknown): number {
  if (kind === "cut") return ids[(piece as Cut).header];
  return kind === "trailer" ? END : PAYLOAD;
}

/** hot */
function placeHeader(stack: Stack, recipe: Recipe, draft: Fields, place: number, next: number): void {
  const { walk } = stack;
  const { image, words, slots, rest } = recipe;
  const i = walk.count;
  if (i === DEEPEST) throw stack.refuse(place, `more than ${DEEPEST} headers`);
  if (stack.end >= 0) throw stack.refuse(place, "nothing follows a trailer");
  const at = walk.at;
  const end = at + image.length;
  stack.reserve(at, 4 * words.length);
  const { data } = stack;
  // So few are copied faster one by one
  for (let n = 0; n < words.length; n++) data.setUint32(at + 4 * n, words[n]!);
  let given = 0;
  let last = slots.start;
  for (const name in draft) {
    const value = draft[name];
    if (name === "kind" || value === undefined) continue;
    const slot = slots.after(last, name);
    if (slot === undefined) {
      // A view's fields are no properties of its own
      if (name === "place" && typeof draft["own"] === "function") {
        stack.pieces = stack.pieces.with(place, draft["own"]());
        return placeHeader(stack, recipe, stack.pieces[place] as unknown as Fields, place, next);
      }
      throw badField(recipe.kind, name, value);
    }
    if (slot !== rest?.slot && !slot.write(value, data, at)) throw badField(recipe.kind, name, value);
    given |= slot.bit;
    last = slot;
  }
  stack.given[i] = given;
  stack.next[i] = next;
  stack.places[i] = place;
  walk.ids[i] = recipe.id;
  walk.starts[i] = at;
  walk.ends[i] = walk.at = end;
  walk.count++;
  follow(stack, recipe, i);
  for (let n = 0; n < recipe.flagged.length; n++) {
    const { slot, compute } = recipe.flagged[n]!;
    if ((given & slot.bit) === 0) slot.write(compute(draft, stack.next[i]!), data, at);
  }
  if (rest && (rest.always || (given & rest.slot.bit) !== 0)) placeRest(stack, recipe, i);
}

/** Writes what names the next header. */
function follow(stack: Stack, { follows, numbers, payload, nothing }: Recipe, i: number): void {
  if (follows !== undefined && (stack.given[i]! & follows.bit) !== 0) return;
  const next = stack.next[i]!;
  const number = next === PAYLOAD ? payload : next === END ? nothing : numbers[next]!;
  if (number === END) throw stack.refuse(stack.places[i]! + 1, whyNot(stack.walk.ids[i]!, next));
  follows?.writeNumber(number, stack.data, stack.walk.starts[i]!);
}

function placeRest(stack: Stack, recipe: Recipe, i: number): void {
  const { walk } = stack;
  const { slot, codec, code, length, unit, uncounted, padN, known } = recipe.rest!;
  const given = stack.given[i]!;
  const start = walk.starts[i]!;
  const at = walk.at;
  const draft = (given & slot.bit) !== 0 ? stack.draft(i)[slot.name] : recipe.rest!.value;
  const wanted = known ? known(draft, stack.environment) : draft;
  const value = wanted === undefined ? undefined : codec.fill(wanted, stack.data, at);
  let size = 0;
  if (value === undefined) {
    size = codec.smallest?.(stack.data, at) ?? 0;
    if (size > 0) {
      stack.reserve(at, size);
      stack.octets.fill(0, at, at + size);
    }
  } else {
    const why = codec.misfit(value);
    if (why !== undefined) throw badField(recipe.kind, slot.name, value, why);
    if (code !== undefined && (given & code.bit) === 0) {
      const number = codec.code?.(value, stack.data, at);
      if (number !== undefined) code.writeNumber(number, stack.data, start);
    }
    size = codec.size(value);
    stack.reserve(at, size);
    codec.encode(value, stack.data, at);
  }
  walk.at += size;
  if (length !== undefined && (given & length.bit) === 0) {
    pad(stack, unit, start, padN);
    const count = (walk.at - start) / unit - uncounted;
    if (!length.write(count, stack.data, start)) throw badField(recipe.kind, length.name, count);
  }
  walk.ends[i] = walk.at;
}

/** RFC 9293 §3.1: zeros; RFC 8200 §4.2: Pad1 or PadN. */
function pad(stack: Stack, unit: number, start: number, padN: boolean): void {
  const { walk } = stack;
  const size = (unit - ((walk.at - start) % unit)) % unit;
  if (size === 0) return;
  stack.reserve(walk.at, size);
  stack.octets.fill(0, walk.at, walk.at + size);
  if (padN && size > 1) {
    stack.octets[walk.at] = 1;
    stack.octets[walk.at + 1] = size - 2;
  }
  walk.at += size;
}

/** Writes the fields of header `i` that follow from the rest of the packet. hot */
function compute(stack: Stack, i: number): void {
  const { computed, kind } = stack.recipe(i);
  for (let n = 0; n < computed.length; n++) {
    const { slot, compute } = computed[n]!;
    if ((stack.given[i]! & slot.bit) !== 0) continue;
    const value = compute(stack, i);
    if (value === undefined || slot.write(value, stack.data, stack.walk.starts[i]!)) continue;
    throw badField(kind, slot.name, value);
  }
}

/** Writes the checksum of header `i`. hot */
function sum(stack: Stack, i: number): void {
  const { walk } = stack;
  const { checksum } = stack.recipe(i);
  if (checksum === undefined ? !sumsOptionally(stack, i) : (stack.given[i]! & checksum.bit) !== 0) return;
  const right = rightChecksum(walk, i);
  const value = Number.isNaN(right) ? sumOverAll(stack, i) : right;
  const at = walk.starts[i]! + checksumField(walk, i);
  if (walk.ids[i] === ids.sctp) stack.data.setUint32(at, value);
  else stack.data.setUint16(at, value);
}

/** Where the lengths that were given are wrong. */
function sumOverAll(stack: Stack, i: number): number {
  const { walk } = stack;
  const value = checksumOverAll(walk, i);
  if (!Number.isNaN(value)) return value;
  const { kind } = stack.recipe(i);
  throw stack.refuse(stack.places[i]!, `the checksum of ${kind} covers ${missingBefore(stack, i)}`);
}

/** The addresses in the pseudo-header of header `i` that are not there, and what to do about it. */
function missingBefore({ walk }: Stack, i: number): string {
  const before = walk.ids.subarray(0, i);
  if (!before.includes(ids.ipv4) && !before.includes(ids.ipv6))
    return "IP addresses: put ipv4() or ipv6() before it, or give it";
  // RFC 8200 §8.1: the destination that a routing header has last
  return "the final destination, which the routing header does not tell: give it, or let segmentsLeft be 0";
}

/** GRE has a checksum where its flag says so. */
function sumsOptionally(stack: Stack, i: number): boolean {
  if (stack.walk.ids[i] !== ids.gre || checksumField(stack.walk, i) < 0) return false;
  return (stack.draft(i)["optional"] as Fields | undefined)?.["checksum"] === undefined;
}

/** LINKTYPE_ numbers of the headers that a frame may start with. */
const starts = new Map<number, number>([
  [ids.ethernet, linkTypes.ethernet],
  [ids.sll, linkTypes.sll],
  [ids.sll2, linkTypes.sll2],
  [ids.null, linkTypes.null],
  [ids.loop, linkTypes.loop],
  [ids.ipv4, linkTypes.raw],
  [ids.ipv6, linkTypes.raw],
  [END, linkTypes.user],
  [PAYLOAD, linkTypes.user],
]);

function linkTypeOf(stack: Stack, first: number): number {
  const linkType = starts.get(first);
  if (linkType === linkTypes.raw) return rawTypeOf(first, stack.octets[0]! >> 4);
  if (linkType !== undefined) return linkType;
  throw stack.refuse(0, `no frame starts with ${recipeAt(first).kind}: put ipv4(), ipv6() or ethernet() before it`);
}

/** A version that is wrong on purpose makes no other header of it. */
function rawTypeOf(first: number, version: number): number {
  if (first === ids.ipv4) return version === 4 ? linkTypes.raw : linkTypes.ipv4;
  return version === 6 ? linkTypes.raw : linkTypes.ipv6;
}
