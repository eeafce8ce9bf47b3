/** Drafts with random values, from the field tables of the headers: the same ones for the same seed. */
import { requireType } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { type HeaderKind, headerOf } from "../packet/headers.js";
import { ipv4Text, ipv6Text, macText } from "../wire/address.js";
import { type Content, type Field, largest, type Rest } from "../wire/field.js";
import { hexText } from "../wire/hex.js";
import type { AnyDraft } from "./craft.js";
import { type Recipe, recipeOf } from "./recipe.js";

export interface FuzzOptions {
  /** Also what is computed, and what says what a header is: lengths, checksums, numbers of the next header, versions. */
  readonly wrong?: boolean;
}

/**
 * The draft with a random value in each field that it leaves out, any that fits the field. Fields that are computed stay
 * computed, unless `wrong` asks for values there that no sender would write. Throws `BAD_ARGUMENT`.
 */
export function fuzz<D extends AnyDraft>(draft: D, seed: number, options: FuzzOptions = {}): D {
  requireType("options", options, "object");
  const { wrong = false } = options;
  const recipe = recipeOf(draft?.kind);
  if (!recipe)
    throw new SockinspectError("BAD_ARGUMENT", `fuzz() takes a draft such as tcp(), not ${String(draft)}`, {
      argument: "draft",
      value: draft,
    });
  if (!Number.isFinite(seed))
    throw new SockinspectError("BAD_ARGUMENT", `fuzz() takes a number as its seed, not ${String(seed)}`, {
      argument: "seed",
      value: seed,
    });
  const random = new Random(seed, recipe.kind);
  const given = draft as Readonly<Record<string, unknown>>;
  const more: Record<string, unknown> = {};
  for (const field of headerOf(recipe.kind).fields) {
    const { name } = field;
    // Drawn whether it is used or not, so that giving one field leaves the others as they were
    const value = field.type === "rest" ? random.rest(field) : random.value(field);
    const isWrong = random.below(3) === 0;
    if (given[name] !== undefined || value === undefined) continue;
    if (isSteady(recipe, field) ? wrong && isWrong : true) more[name] = value;
  }
  // What it has more are fields of its own header, each of a value that fits
  return { ...draft, ...more };
}

/** Fields that make a header what it is, by their names: what is computed is known from the recipe. */
const steady: { readonly [K in HeaderKind]?: readonly string[] } = {
  sll: ["hardwareType", "addressLength", "packetType"],
  sll2: ["hardwareType", "addressLength", "packetType"],
  llc: ["destination", "source", "control"],
  snap: ["organization"],
  pppoe: ["version", "type"],
  arp: ["hardwareType", "protocolType", "operation"],
  ipv4: ["version", "moreFragments", "fragmentOffset"],
  ipv6: ["version"],
  fragment: ["moreFragments", "fragmentOffset"],
  routing: ["type", "segmentsLeft"],
  icmp: ["type", "code"],
  icmpv6: ["type", "code"],
  igmp: ["type"],
  mobility: ["type"],
  gre: ["strictSourceRoute", "recursionControl"],
  udpLite: ["checksumCoverage"],
  dccp: ["type", "checksumCoverage"],
};

function isSteady({ kind, computed, flagged, follows, checksum, rest }: Recipe, { name }: Field): boolean {
  if (/^(reserved|unused)/.test(name) || steady[kind]?.includes(name)) return true;
  if (name === follows?.name || name === checksum?.name || name === rest?.code?.name || name === rest?.length?.name)
    return true;
  // Addresses and ports are computed only where nobody cares which
  const free = name === "source" || name === "destination" || name === "sourcePort" || name === "identification";
  return !free && [...computed, ...flagged].some(({ slot }) => slot.name === name);
}

/** mulberry32: 32 bits of state, all of them seeds. */
class Random {
  #state: number;

  constructor(seed: number, kind: string) {
    this.#state = seed >>> 0;
    for (const letter of kind) this.#state = (Math.imul(this.#state, 31) + letter.charCodeAt(0)) >>> 0;
    // A fraction of the seed counts, too
    if (!Number.isInteger(seed)) this.#state ^= Math.floor((seed % 1) * 0x1_0000_0000);
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  below(limit: number): number {
    return this.next() % limit;
  }

  /** Any value of a field of fixed size: often one at an edge. */
  value(field: Field): unknown {
    const most = largest(field);
    if (most !== undefined) return this.below(8) === 0 ? [0, 1, most, most - 1][this.below(4)]! % (most + 1) : this.next() % (most + 1); // biome-ignore format: one thought
    switch (field.type) {
      case "bit":
        return this.below(2) === 1;
      case "flags":
        return field.sets[this.below(field.sets.length)];
      case "ipv4":
        return ipv4Text(this.#octets(4), 0);
      case "ipv6":
        return ipv6Text(this.#octets(16), 0);
      case "mac":
        return macText(this.#octets(6), 0);
      case "octets":
        return field.size === 0 ? undefined : hexText(this.#octets(field.size), 0, field.size);
      default:
        return undefined;
    }
  }

  /** Options that fit into a header of 60 octets, a message; undefined where there is nothing to draw. */
  rest(field: Field & { readonly type: "rest" }): unknown {
    const { codec } = field;
    const { content } = codec;
    // What kind of message it is the type says, whose fields may not go with any
    if (!content || !("parts" in content) || !Array.isArray(codec.fill(undefined))) return undefined;
    let list: readonly unknown[] = [];
    for (let wanted = this.below(5); wanted > 0; wanted--) {
      const longer = codec.fill([...list, this.#part(content)]) as readonly unknown[];
      if (codec.misfit(longer) === undefined && isWhole(codec, longer)) list = longer;
    }
    return list;
  }

  /** An option with random fields of fixed size. */
  #part({ parts }: Extract<Content, { readonly parts: unknown }>): unknown {
    const { kind, fields } = parts[this.below(parts.length)]!;
    const draws = fields.map((field) => [field.name, LENGTHS.test(field.name) ? undefined : this.#inner(field)] as const); // biome-ignore format: one thought
    if (NO_OPTIONS.includes(kind)) return undefined;
    return { kind, ...Object.fromEntries(draws.filter(([, value]) => value !== undefined)) };
  }

  /** A field of an option: of a list, one entry, as options without any are not sent. */
  #inner(field: Field): unknown {
    if (field.type !== "rest") return this.value(field);
    const { content } = field.codec;
    if (!content || !("fields" in content) || !Array.isArray(field.codec.fill(undefined))) return undefined;
    return [Object.fromEntries(content.fields.map((inner) => [inner.name, this.value(inner)]))];
  }

  #octets(size: number): DataView {
    const data = new DataView(new ArrayBuffer(size));
    for (let i = 0; i < size; i++) data.setUint8(i, this.below(256));
    return data;
  }
}

/** Whether a list of options is short enough, and is read again as it was meant. */
function isWhole(codec: Rest<unknown>, list: readonly unknown[]): boolean {
  const size = codec.size(list);
  if (size > 36) return false;
  const data = new DataView(new ArrayBuffer(size));
  codec.encode(list, data, 0);
  return JSON.stringify(codec.decode(data, 0, size)) === JSON.stringify(list);
}

/** What follows from the rest of an option, or stands for nothing. */
const LENGTHS = /^(reserved|unused|pointer|length|count|numberOf)|Length$/;

/** What options are read as that are none, or that end all others; and those that say something else of the packet's length and addresses. */
const NO_OPTIONS: readonly string[] = ["unknown", "malformed", "end", "jumboPayload", "homeAddress"];
