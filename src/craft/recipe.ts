/** How a header is made of its draft: everything that can be known of it before one is there, found once at start. */
import { type HeaderKind, headerOf, headers } from "../packet/headers.js";
import type { Rest } from "../wire/field.js";
import { type Slot, Slots } from "../wire/slot.js";
import { type Compute, computed, type FromDraft, flagged, type Known, known } from "./computed.js";
import { defaults } from "./defaults.js";
import { following } from "./following.js";

export interface Recipe {
  readonly id: number;
  readonly kind: HeaderKind;
  /** The fixed part where nothing is given; and in words, zeros behind the last octet, as which it is copied. */
  readonly image: Uint8Array;
  readonly words: Uint32Array;
  readonly slots: Slots;
  readonly computed: readonly { readonly slot: Slot; readonly compute: Compute }[];
  /** Fields that tell which parts of the rest there are. */
  readonly flagged: readonly { readonly slot: Slot; readonly compute: FromDraft }[];
  /** The field that says what follows, and what it holds in front of each header, of octets without one and of nothing. */
  readonly follows: Slot | undefined;
  readonly numbers: Int32Array;
  readonly payload: number;
  readonly nothing: number;
  readonly checksum: Slot | undefined;
  readonly rest: RestRecipe | undefined;
}

interface RestRecipe {
  readonly slot: Slot;
  readonly codec: Rest<unknown>;
  /** The value where none is given; undefined for the smallest one there can be. */
  readonly value: unknown;
  /** The field that names what the rest is. */
  readonly code: Slot | undefined;
  /** The field that counts the header in units of so many octets, but for the first `uncounted` of them. */
  readonly length: Slot | undefined;
  readonly unit: number;
  readonly uncounted: number;
  /** Octets between a header's end and the next multiple are filled with one of these options, with zeros where left out. */
  readonly padN: boolean;
  readonly known: Known | undefined;
  /** There is something to write even where none is given. */
  readonly always: boolean;
}

/** Which fields tell what the rest is, and how long it is. */
const codes: { readonly [K in HeaderKind]?: string } = {
  icmp: "type",
  icmpv6: "type",
  igmp: "type",
  mobility: "type",
  routing: "type",
  dccp: "extended",
};

/** RFC 8200 §4.3, RFC 4302 §2.2: the first 8 octets are not counted. */
const units: { readonly [K in HeaderKind]?: readonly [field: string, unit: number, uncounted: number, padN?: true] } = {
  ipv4: ["headerLength", 4, 0],
  tcp: ["dataOffset", 4, 0],
  dccp: ["dataOffset", 4, 0],
  authentication: ["length", 4, 2],
  hopByHopOptions: ["length", 8, 1, true],
  destinationOptions: ["length", 8, 1, true],
  mobility: ["length", 8, 1, true],
  routing: ["length", 8, 1],
};

function makeRecipe(kind: HeaderKind, id: number): Recipe {
  const { fields, minimumLength } = headerOf(kind);
  const slots = new Slots(fields);
  const slotOf = (name: string | undefined): Slot | undefined => (name === undefined ? undefined : slots.get(name));
  const image = new Uint8Array(minimumLength);
  const rest = fields.find((field) => field.type === "rest");
  for (const [name, value] of Object.entries(defaults[kind] ?? {}))
    if (name !== rest?.name) slots.get(name)!.write(value, new DataView(image.buffer), 0);
  const [counter, unit = 1, uncounted = 0, padN = false] = units[kind] ?? [];
  const length = slotOf(counter);
  length?.write(minimumLength / unit - uncounted, new DataView(image.buffer), 0);
  const { field, number, payload, nothing = payload } = following[kind];
  const value = rest && defaults[kind]?.[rest.name];
  return {
    id,
    kind,
    image,
    words: wordsOf(image),
    slots,
    computed: Object.entries(computed[kind] ?? {}).map(([name, compute]) => ({ slot: slots.get(name)!, compute })),
    flagged: Object.entries(flagged[kind] ?? {}).map(([name, compute]) => ({ slot: slots.get(name)!, compute })),
    follows: slotOf(field),
    numbers: Int32Array.from(headers, (_, next) => number(next)),
    payload,
    nothing,
    checksum: slotOf("checksum"),
    rest: rest && {
      slot: slots.get(rest.name)!,
      codec: rest.codec,
      value,
      code: slotOf(codes[kind]),
      length,
      unit,
      uncounted,
      padN,
      known: known[kind],
      always: Boolean(value !== undefined || known[kind] || rest.codec.smallest || minimumLength % unit),
    },
  };
}

function wordsOf(image: Uint8Array): Uint32Array {
  const padded = new Uint8Array(Math.ceil(image.length / 4) * 4);
  padded.set(image);
  const data = new DataView(padded.buffer);
  return Uint32Array.from({ length: padded.length / 4 }, (_, i) => data.getUint32(4 * i));
}

const list: readonly Recipe[] = headers.map(({ kind }, id) => makeRecipe(kind, id));

const byKind: ReadonlyMap<unknown, Recipe> = new Map(list.map((recipe) => [recipe.kind, recipe]));

/** By kind; undefined where that is none of a header. */
export function recipeOf(kind: HeaderKind): Recipe;
export function recipeOf(kind: unknown): Recipe | undefined;
export function recipeOf(kind: unknown): Recipe | undefined {
  return byKind.get(kind);
}

/** By the header's number. */
export function recipeAt(id: number): Recipe {
  return list[id]!;
}
