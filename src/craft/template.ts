/** A packet of which some fields are changed again and again, its checksums kept right: RFC 1624. */
import { requireType, shown } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { type HeaderKind, ids } from "../packet/headers.js";
import type { LayerOf } from "../packet/packet.js";
import { checksumField, rightChecksum, verdictOf } from "../packet/verify.js";
import { run } from "../packet/walk/run.js";
import { END, Walk } from "../packet/walk/walk.js";
import { fold } from "../wire/checksum.js";
import type { DraftFields } from "../wire/header.js";
import type { Slot } from "../wire/slot.js";
import { badField, requirePacket } from "./fault.js";
import type { Octets } from "./fragment.js";
import { recipeAt, recipeOf } from "./recipe.js";

/** One field of a {@link Template}. */
export interface Patch {
  /** Writes `value`, and what it changes in checksums. Throws `BAD_FIELD` for a value that does not fit. hot */
  set(value: number | string | boolean | object): void;
}

/** A checksum that was right when the template was made, and is kept so until it is set itself. */
interface Sum {
  readonly layer: number;
  /** Where it stands. */
  readonly at: number;
  kept: boolean;
}

/**
 * A packet for floods: `field()` once for each field that changes, `set()` for each packet, and `octets` is it. Checksums
 * that are right are kept right, those that are wrong on purpose stay as they are. Nothing is allocated per packet.
 */
export class Template {
  /** The packet as it is now: the same octets for all of them. */
  readonly octets: Uint8Array;
  readonly linkType: number;
  readonly #data: DataView;
  readonly #walk = new Walk();
  /** Innermost first: those outside cover those inside. */
  readonly #sums: readonly Sum[];

  constructor(packet: Octets) {
    requirePacket(packet);
    const { octets, linkType } = packet;
    this.octets = octets.slice();
    this.linkType = linkType;
    this.#data = new DataView(this.octets.buffer);
    this.#read();
    const sums: Sum[] = [];
    for (let layer = this.#walk.count - 1; layer >= 0; layer--)
      if (verdictOf(this.#walk, layer, "none") === "good")
        sums.push({ layer, at: this.#walk.starts[layer]! + checksumField(this.#walk, layer), kept: true });
    this.#sums = sums;
  }

  /**
   * A field of the header of `kind`, the outermost or the one that has `index` of its kind before it. A checksum that is
   * set is as it was given from then on, whatever else changes. Throws `BAD_FIELD` for fields that do not exist or have no
   * fixed place, `BAD_ARGUMENT` where the packet has no such header.
   */
  field<K extends HeaderKind>(kind: K, name: keyof DraftFields<LayerOf<K>> & string, index = 0): Patch {
    requireType("kind", kind, "string");
    requireType("name", name, "string");
    const layer = this.#layer(kind, index);
    const slot = recipeOf(kind).slots.get(name);
    if (!slot) throw badField(kind, name, undefined);
    if (slot.field.type === "rest") throw badField(kind, name, undefined, "has no fixed place in a template");
    const start = this.#walk.starts[layer]!;
    // Whole words, counted as the header's checksum counts them
    const at = start + (slot.field.at & ~1);
    const end = start + ((slot.field.at + slot.field.size + 1) & ~1);
    const own = this.#sums.find((sum) => sum.at >= at && sum.at < end);
    const affected = isStructural(slot, kind) ? undefined : this.#affected(layer, at, end, own);
    const patch = affected ? this.#incremental(kind, slot, start, at, end, affected) : this.#anew(kind, slot, start);
    if (!own) return patch;
    return {
      set(value) {
        own.kept = false;
        patch.set(value);
      },
    };
  }

  /** Changes the checksums by what the field's words changed. */
  #incremental(kind: HeaderKind, slot: Slot, start: number, at: number, end: number, sums: readonly Sum[]): Patch {
    const data = this.#data;
    const changes = new Float64Array(sums.length);
    const walk = this.#walk;
    // By what a word counts in a checksum: RFC 1071 §2 (B): at an odd place as if its octets were swapped
    const factor = (layer: number, place: number): number => ((place - walk.starts[layer]!) & 1 ? 256 : 1);
    const own = sums.map(({ layer }) => factor(layer, at));
    // Checksums inside what another one covers change that one, too
    const inner = sums.map(({ layer }, i) =>
      sums.slice(0, i).map((sum) => (coversOctet(walk, layer, sum.at) ? factor(layer, sum.at) : 0)),
    );
    return {
      set(value) {
        const before = wordSum(data, at, end);
        if (!slot.write(value, data, start)) throw badField(kind, slot.name, value);
        const change = (wordSum(data, at, end) - before + 0xffff) % 0xffff;
        if (change === 0) return;
        for (let i = 0; i < sums.length; i++) {
          const sum = sums[i]!;
          if (!sum.kept) {
            changes[i] = 0;
            continue;
          }
          let total = change * own[i]!;
          for (let n = 0; n < i; n++) total += changes[n]! * inner[i]![n]!;
          const old = data.getUint16(sum.at);
          // RFC 1624 §3, equation 3
          let now = ~fold((~old & 0xffff) + total) & 0xffff;
          // RFC 768: a computed zero is sent as all ones
          if (now === 0 && isUdp(walk.ids[sum.layer]!)) now = 0xffff;
          data.setUint16(sum.at, now);
          changes[i] = (now - old + 0xffff) % 0xffff;
        }
      },
    };
  }

  /** Finds the headers and sums up the whole packet again: a length or type may say something else of all that follows. */
  #anew(kind: HeaderKind, slot: Slot, start: number): Patch {
    return {
      set: (value) => {
        if (!slot.write(value, this.#data, start)) throw badField(kind, slot.name, value);
        this.#read();
        for (const { layer, at, kept } of this.#sums) {
          const right = kept && layer < this.#walk.count ? rightChecksum(this.#walk, layer) : Number.NaN;
          if (Number.isNaN(right)) continue;
          if (this.#walk.ids[layer] === ids.sctp) this.#data.setUint32(at, right);
          else this.#data.setUint16(at, right);
        }
      },
    };
  }

  /** The checksums that the octets from `at` to `end` of header `layer` are in; undefined where summing up anew is needed. */
  #affected(layer: number, at: number, end: number, own: Sum | undefined): readonly Sum[] | undefined {
    const walk = this.#walk;
    // Their checksums may be over the addresses of a route instead
    if (isAddress(walk, layer, at) && isRouted(walk, layer)) return undefined;
    if (end > this.octets.length) return undefined;
    const found: Sum[] = [];
    for (const sum of this.#sums) {
      if (sum === own) continue;
      const inside = coversOctet(walk, sum.layer, at) && end <= walk.wireEnds[sum.layer]!;
      const inPseudoHeader = isAddress(walk, layer, at) && pseudoHeaderOf(walk, sum.layer) === layer;
      if (!inside && !inPseudoHeader) continue;
      const id = walk.ids[sum.layer];
      // No Internet checksum, or one over less than all, or with the length twice
      if (id === ids.sctp || id === ids.udpLite || id === ids.dccp) return undefined;
      if (id === ids.udp && layer === sum.layer && at === walk.starts[layer]! + 4) return undefined;
      found.push(sum);
    }
    return found;
  }

  #layer(kind: HeaderKind, index: number): number {
    let before = 0;
    for (let i = 0; i < this.#walk.count; i++) if (this.#walk.ids[i] === ids[kind] && before++ === index) return i;
    throw new SockinspectError("BAD_ARGUMENT", `the template has no ${kind} with ${shown(index)} before it`, {
      argument: "kind",
      value: kind,
    });
  }

  #read(): void {
    const size = this.octets.length;
    run(this.#walk, this.#data, 0, size, size, this.linkType);
  }
}

/** A template of `packet`, which stays as it is. */
export function template(packet: Octets): Template {
  return new Template(packet);
}

/** Whether the field says what or how much follows, so that other octets are summed up with it. */
function isStructural({ name }: Slot, kind: HeaderKind): boolean {
  return /length|dataOffset/i.test(name) || recipeOf(kind).follows?.name === name;
}

/** Whether source routes, or options of mobility, may stand between IP header `layer` and its content. */
function isRouted(walk: Walk, layer: number): boolean {
  const next = walk.ids[layer + 1];
  if (walk.ids[layer] === ids.ipv4) return walk.ends[layer]! - walk.starts[layer]! > 20;
  return layer + 1 < walk.count && next !== ids.tcp && next !== ids.udp && next !== ids.icmpv6;
}

function isUdp(id: number): boolean {
  return id === ids.udp;
}

/** The words from `at` to `end` added up, modulo 2^16 - 1. */
function wordSum(data: DataView, at: number, end: number): number {
  let sum = 0;
  for (let i = at; i < end; i += 2) sum += data.getUint16(i);
  return sum % 0xffff;
}

/** Whether the checksum of `layer` covers the octet at `at`, its pseudo-header aside. */
function coversOctet(walk: Walk, layer: number, at: number): boolean {
  const end =
    walk.ids[layer] === ids.ipv4 || walk.ids[layer] === ids.mobility ? walk.ends[layer]! : walk.wireEnds[layer]!;
  return at >= walk.starts[layer]! && at < end;
}

/** Whether the octet at `at` is of an address of the IP header `layer`. */
function isAddress(walk: Walk, layer: number, at: number): boolean {
  const from = at - walk.starts[layer]!;
  return walk.ids[layer] === ids.ipv4 ? from >= 12 && from < 20 : walk.ids[layer] === ids.ipv6 && from >= 8;
}

/** The IP header whose addresses are in the checksum of `layer`; END where none are. */
function pseudoHeaderOf(walk: Walk, layer: number): number {
  const { kind } = recipeAt(walk.ids[layer]!);
  if (kind === "ipv4" || kind === "icmp" || kind === "igmp" || kind === "gre") return END;
  for (let i = layer - 1; i >= 0; i--) if (walk.ids[i] === ids.ipv4 || walk.ids[i] === ids.ipv6) return i;
  return END;
}
