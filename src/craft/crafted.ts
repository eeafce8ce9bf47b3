import { SockinspectError } from "../errors.js";
import { decode } from "../packet/decode.js";
import type { HeaderKind } from "../packet/headers.js";
import type { Checksum, Layer, LayerOf, Offload, Packet } from "../packet/packet.js";
import type { Problem } from "../packet/problem.js";
import { Plain } from "../wire/borrowed.js";
import type { DraftFields } from "../wire/header.js";
import type { Craftable } from "./craft.js";

/**
 * A packet that was made: its octets, and what they are once read again, as a decoded {@link Packet} has it. Wrong on
 * purpose is a problem there too.
 */
export class Crafted extends Plain implements Packet {
  readonly octets: Uint8Array;
  /** LINKTYPE_ number of the first layer; 147 (USER0) where that is no header. */
  readonly linkType: number;
  readonly seconds = 0;
  readonly nanoseconds = 0;
  readonly offload: Offload = "none";
  readonly gso = false;
  /** What it was made of. */
  readonly pieces: readonly Craftable[];
  readonly #make: (...pieces: readonly Craftable[]) => Crafted;
  #read: Packet | undefined;

  constructor(
    octets: Uint8Array,
    linkType: number,
    pieces: readonly Craftable[],
    make: (...pieces: readonly Craftable[]) => Crafted,
  ) {
    super();
    this.octets = octets;
    this.linkType = linkType;
    this.pieces = pieces;
    this.#make = make;
  }

  /** Whether its outermost draft of `kind` gives `field`; false where there is none. */
  gives<K extends HeaderKind>(kind: K, field: keyof DraftFields<LayerOf<K>>): boolean {
    const piece = this.pieces.find((candidate) => isKind(candidate, kind)) as Fields | undefined;
    return piece?.[field as string] !== undefined;
  }

  /**
   * The packet made again with `fields` given to its outermost draft of `kind`, such as the address that it leaves from.
   * Ports and identifications that were picked stay. Throws `BAD_ARGUMENT` where it has no such draft.
   */
  with<K extends HeaderKind>(kind: K, fields: DraftFields<LayerOf<K>>): Crafted {
    const at = this.pieces.findIndex((candidate) => isKind(candidate, kind));
    if (at < 0)
      throw new SockinspectError("BAD_ARGUMENT", `the packet has no ${kind}`, { argument: "kind", value: kind });
    let header = 0;
    const pieces = this.pieces.map((piece, i) => {
      if (typeof piece === "string" || piece instanceof Uint8Array) return piece;
      // Layers are read from the octets, so those behind a field that is wrong on purpose may not be there
      const layer = this.layers[header++] as unknown as Fields | undefined;
      const given: Record<string, unknown> = { ...piece };
      if (layer?.["kind"] === piece.kind) for (const name of PICKED) if (name in layer) given[name] ??= layer[name];
      return (i === at ? { ...given, ...fields } : given) as unknown as Craftable;
    });
    return this.#make(...pieces);
  }

  get length(): number {
    return this.octets.length;
  }

  get capturedLength(): number {
    return this.octets.length;
  }

  /** Every field of every header, computed ones included. */
  get layers(): readonly Layer[] {
    return this.#decoded.layers;
  }

  get checksums(): readonly Checksum[] {
    return this.#decoded.checksums;
  }

  get problems(): readonly Problem[] {
    return this.#decoded.problems;
  }

  get #decoded(): Packet {
    this.#read ??= decode(this.octets, this.linkType);
    return this.#read;
  }

  toJSON(): Packet {
    return this.#decoded;
  }
}

/** Fields that are picked anew for each packet where they are left out. */
const PICKED = ["sourcePort", "identification"] as const;

type Fields = Readonly<Record<string, unknown>>;

function isKind(piece: Craftable, kind: string): boolean {
  return typeof piece === "object" && "kind" in piece && piece.kind === kind;
}
