/** How a header is made of its draft: everything that can be known of it before one is there, found once at start. */
import { type HeaderKind, headerOf, headers } from "../packet/headers.js";
import type { Field, Rest } from "../wire/field.js";
import { type Writer, writer } from "../wire/write.js";
import { type Compute, computed, type FromDraft, flagged, type Known, known } from "./computed.js";
import { defaults } from "./defaults.js";
import { type Following, following } from "./following.js";

/** A field that is given or not: `bit` stands for it in {@link Stack.given}. */
export interface Slot {
  readonly name: string;
  readonly field: Field;
  readonly bit: number;
  readonly write: Writer;
}

export interface Recipe {
  readonly id: number;
  readonly kind: HeaderKind;
  /** The fixed part where nothing is given. */
  readonly image: Uint8Array;
  readonly slots: ReadonlyMap<string, Slot>;
  readonly computed: readonly { readonly slot: Slot; readonly compute: Compute }[];
  /** Fields that tell which parts of the rest there are. */
  readonly flagged: readonly { readonly slot: Slot; readonly compute: FromDraft }[];
  readonly following: Following;
  /** The field of {@link following}. */
  readonly follows: Slot | undefined;
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
  /** The header's size is a multiple of this, as `length` counts it. */
  readonly unit: number;
  readonly length: Slot | undefined;
  /** Octets between a header's end and the next multiple are filled with one of these options, with zeros where left out. */
  readonly padN: boolean;
  readonly known: Known | undefined;
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

const units: { readonly [K in HeaderKind]?: readonly [field: string, unit: number, padN?: boolean] } = {
  ipv4: ["headerLength", 4],
  tcp: ["dataOffset", 4],
  dccp: ["dataOffset", 4],
  authentication: ["length", 4],
  hopByHopOptions: ["length", 8, true],
  destinationOptions: ["length", 8, true],
  mobility: ["length", 8, true],
  routing: ["length", 8],
};

function recipeOf(kind: HeaderKind, id: number): Recipe {
  const { fields, minimumLength } = headerOf(kind);
  const slots = new Map(
    fields.map((field, i) => [field.name, { name: field.name, field, bit: 1 << i, write: writer(field) }]),
  );
  const slotOf = (name: string | undefined): Slot | undefined => (name === undefined ? undefined : slots.get(name));
  const image = new Uint8Array(minimumLength);
  const rest = fields.find((field) => field.type === "rest");
  for (const [name, value] of Object.entries(defaults[kind] ?? {}))
    if (name !== rest?.name) slots.get(name)!.write(value, new DataView(image.buffer), 0);
  const [length, unit = 1, padN = false] = units[kind] ?? [];
  return {
    id,
    kind,
    image,
    slots,
    computed: Object.entries(computed[kind] ?? {}).map(([name, compute]) => ({ slot: slots.get(name)!, compute })),
    flagged: Object.entries(flagged[kind] ?? {}).map(([name, compute]) => ({ slot: slots.get(name)!, compute })),
    following: following[kind],
    follows: slotOf(following[kind].field),
    checksum: slotOf("checksum"),
    rest: rest && {
      slot: slots.get(rest.name)!,
      codec: rest.codec,
      value: defaults[kind]?.[rest.name],
      code: slotOf(codes[kind]),
      unit,
      length: slotOf(length),
      padN,
      known: known[kind],
    },
  };
}

const list: readonly Recipe[] = headers.map(({ kind }, id) => recipeOf(kind, id));

/** By kind. */
export const recipes: ReadonlyMap<unknown, Recipe> = new Map(list.map((recipe) => [recipe.kind, recipe]));

/** By the header's number. */
export function recipeAt(id: number): Recipe {
  return list[id]!;
}
