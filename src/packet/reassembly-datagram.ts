/** One datagram while its fragments arrive: RFC 791 §3.2, RFC 815, RFC 8200 §4.5, RFC 5722. */
import { addUp, checksumOf } from "../wire/checksum.js";
import type { Offload } from "./packet.js";

/** What an engine keeps for a piece and for a datagram besides their octets, about. */
const PIECE_COST = 256;
const DATAGRAM_COST = 512;

/** RFC 791 §3.1, RFC 8200 §3: what the length fields can say. */
const LONGEST = 65_535;

/** A stretch of a datagram's data. */
interface Piece {
  readonly at: number;
  readonly end: number;
  readonly octets: Uint8Array;
}

/** What became of a fragment: of `conflict` the datagram is given up, of a `fault` only the fragment. */
export type Outcome =
  | "taken"
  | "duplicate"
  | { readonly kind: "conflict"; readonly reason: string }
  | { readonly kind: "fault"; readonly reason: string };

const conflict = (reason: string): Outcome => ({ kind: "conflict", reason: `${reason}: its datagram is given up` });
const fault = (reason: string): Outcome => ({ kind: "fault", reason: `${reason}: it is of no datagram` });

/** Pieces in order, none of which overlap: what lies between them are the holes of RFC 815. */
export class Datagram {
  /** When its first fragment arrived, in seconds. */
  readonly since: number;
  /** Octets of memory it takes, about. */
  cost = DATAGRAM_COST;
  /** Its fragments contradict each other; RFC 5722 §4: those still to come are discarded, too. */
  givenUp = false;
  /** What the kernel said of the fragment at 0, which has the transport checksum. */
  offload: Offload = "none";
  #pieces: Piece[] = [];
  /** The IP header of the fragment at 0, and extension headers that all fragments carry, as in the whole. */
  #header: Uint8Array | undefined;
  /** Octets of data, which the last fragment tells; -1 before. */
  #length = -1;
  #received = 0;

  constructor(since: number) {
    this.since = since;
  }

  /** Fragments that were taken. */
  get fragments(): number {
    return this.#pieces.length;
  }

  /** Copies `octets`, the data of a fragment that belongs at octet `at`. */
  add(at: number, octets: Uint8Array, more: boolean): Outcome {
    const end = at + octets.length;
    if (octets.length === 0) return fault("has no data");
    // RFC 8200 §4.5; RFC 791 §3.2
    if (more && octets.length % 8 !== 0) return fault("has data of no multiple of 8 octets, yet more follow");
    if (end > LONGEST) return fault(`ends at octet ${end}, behind what a datagram can hold`);
    const pieces = this.#pieces;
    const place = this.#placeOf(at);
    const next = pieces[place];
    if (next && next.at < end) {
      const duplicate =
        next.at === at && next.end === end && more === (end !== this.#length) && same(next.octets, octets);
      return duplicate ? "duplicate" : conflict("overlaps an earlier fragment");
    }
    if (this.#length >= 0 && end > this.#length) return conflict("is behind the last fragment");
    if (!more) {
      if (place < pieces.length) return conflict("is the last fragment, but not behind all others");
      this.#length = end;
    }
    pieces.splice(place, 0, { at, end, octets: octets.slice() });
    this.#received += octets.length;
    this.cost += octets.length + PIECE_COST;
    return "taken";
  }

  /** The headers in front of the data at 0, as they are to be in the whole. */
  lead(header: Uint8Array, offload: Offload): void {
    this.#header = header;
    // That the card had verified a fragment says nothing of the whole
    if (offload === "not computed yet") this.offload = offload;
    this.cost += header.length;
  }

  /** Forgets what it has. */
  giveUp(): void {
    this.givenUp = true;
    this.#pieces = [];
    this.#header = undefined;
    this.cost = DATAGRAM_COST;
  }

  /** Whether no octet is missing. */
  get complete(): boolean {
    return this.#received === this.#length && this.#header !== undefined;
  }

  /** The whole, or undefined where it is longer than its length field can say. */
  assemble(): Uint8Array | undefined {
    const header = this.#header!;
    const octets = new Uint8Array(header.length + this.#length);
    octets.set(header);
    for (const piece of this.#pieces) octets.set(piece.octets, header.length + piece.at);
    const data = new DataView(octets.buffer);
    const version6 = header[0]! >> 4 === 6;
    const length = version6 ? octets.length - 40 : octets.length;
    if (length > LONGEST) return undefined;
    data.setUint16(version6 ? 4 : 2, length);
    if (!version6) {
      data.setUint16(10, 0);
      data.setUint16(10, checksumOf(addUp(data, 0, header.length)));
    }
    return octets;
  }

  /** Index of the first piece that ends behind octet `at`. */
  #placeOf(at: number): number {
    const pieces = this.#pieces;
    // In order, as they mostly arrive
    if (pieces.length === 0 || pieces[pieces.length - 1]!.end <= at) return pieces.length;
    let low = 0;
    let high = pieces.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pieces[middle]!.end <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}
