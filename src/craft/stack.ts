/** Headers and payloads laid one behind the other while a packet is made. */
import { SockinspectError } from "../errors.js";
import { DEEPEST, Walk } from "../packet/walk/walk.js";
import type { Craftable } from "./craft.js";
import type { Recipe } from "./recipe.js";

/** What only the machine knows that a packet leaves from. Each is asked where a draft leaves the field out. */
export interface Environment {
  /** The source address of packets to `destination`; undefined where that is not known. */
  readonly source?: (destination: string) => string | undefined;
  /**
   * The hardware address that Ethernet frames leave from whose IP packet, or ARP question, is for `destination`; that is
   * undefined where they hold neither.
   */
  readonly hardwareSource?: (destination: string | undefined) => string | undefined;
  /** The next ephemeral port: RFC 6056. */
  readonly port?: () => number;
  /** The next identification of an IPv4 packet or IPv6 fragment; its low 16 bits are those of IPv4. */
  readonly identification?: () => number;
}

/** In place of a header's number: what follows is a payload. */
export const PAYLOAD = -2;

/** A draft as it is read: fields by name. */
export type Fields = Readonly<Record<string, unknown>>;

const ROOM = 64 * 1024;
const NO_DRAFT = Object.freeze({});
const NO_PIECES: readonly Craftable[] = Object.freeze([]);

/** The packet in the making. One is used again and again: a packet's octets are copied out at the end. */
export class Stack {
  /** Where each header lies, as if the packet were being read. */
  readonly walk = new Walk();
  /** The octets so far, and as they are read and written. */
  octets = new Uint8Array(ROOM);
  data = new DataView(this.octets.buffer);
  /** The fields that the draft of each header gives, a bit each. */
  readonly given = new Int32Array(DEEPEST);
  /** Which of {@link pieces} each header is. */
  readonly places = new Int32Array(DEEPEST);
  /** The number of the header that follows each header; {@link PAYLOAD}, or END where nothing does. */
  readonly next = new Int32Array(DEEPEST);
  /** Where the content ends: what lies behind is a trailer, which no length counts. */
  end = 0;
  environment: Environment = {};
  /** What it is made of, views copied. */
  pieces: readonly Craftable[] = [];
  /** The recipe of each piece that is a header. Those of the packet before are tried first. */
  readonly recipes: (Recipe | undefined)[] = [];

  /** Makes sure that `size` octets at `at` are there. */
  reserve(at: number, size: number): void {
    if (at + size > this.octets.length) this.#grow(at, size);
  }

  #grow(at: number, size: number): void {
    const larger = new Uint8Array(2 * (at + size));
    larger.set(this.octets.subarray(0, at));
    this.octets = larger;
    this.data = new DataView(larger.buffer);
  }

  /** What header `i` is made of; nothing where it is not there. */
  draft(i: number): Fields {
    return i < this.walk.count ? (this.pieces[this.places[i]!] as unknown as Fields) : NO_DRAFT;
  }

  recipe(i: number): Recipe {
    return this.recipes[this.places[i]!]!;
  }

  /** Octets from the start of header `i` to the end of the content. */
  length(i: number): number {
    return this.end - this.walk.starts[i]!;
  }

  /** Octets of content behind header `i`. */
  content(i: number): number {
    return this.end - this.walk.ends[i]!;
  }

  /** Lets go of what belongs to the caller. */
  clear(): void {
    this.environment = NO_DRAFT;
    this.pieces = NO_PIECES;
  }

  /** A stack that cannot be: piece `layer` is at fault, and `why` ends the sentence. */
  refuse(layer: number, why: string): SockinspectError<"BAD_STACK"> {
    const kinds = this.pieces.map(kindOf);
    return new SockinspectError("BAD_STACK", `cannot stack ${kinds.join("/")}: ${why}`, { stack: kinds, layer });
  }
}

function kindOf(piece: Craftable): string {
  return (piece as { readonly kind?: string } | null)?.kind ?? "payload";
}
