/** What a packet carries, where it lies. */
import { Borrowed } from "../wire/borrowed.js";
import { RELEASED } from "../wire/header.js";
import { keep } from "./keep.js";
import type { Payload, Trailer } from "./packet.js";

/** The first octet of a payload, or -1 where nothing of it is there; of a frame's, without taking the others. hot */
export function firstOctet(payload: Payload): number {
  return payload instanceof BorrowedOctets ? payload.first : (payload.octets[0] ?? -1);
}

/** Octets of a frame, not copied before they are asked for. */
export class BorrowedOctets<K extends "payload" | "trailer"> extends Borrowed<Payload | Trailer> {
  readonly kind: K;
  data: DataView = RELEASED;
  length = 0;
  #at = 0;
  #end = 0;

  constructor(kind: K) {
    super();
    this.kind = kind;
  }

  move(data: DataView, at: number, end: number, wireEnd: number): this {
    if (this.data !== data) this.data = data;
    this.length = wireEnd - at;
    this.#at = at;
    this.#end = end;
    return this;
  }

  /** -1 where there is none. */
  get first(): number {
    return this.#at < this.#end ? this.data.getUint8(this.#at) : -1;
  }

  /** Borrowed like the frame, but nothing can guard a typed array: copy it to keep it. */
  get octets(): Uint8Array {
    if (this.data === RELEASED) this.data.getUint8(0); // refuses
    return new Uint8Array(this.data.buffer, this.data.byteOffset + this.#at, this.#end - this.#at);
  }

  own(): Payload | Trailer {
    if (this.data === RELEASED) this.data.getUint8(0); // refuses
    return kept(this.kind, this.data, this.#at, this.#end, this.#at + this.length);
  }
}

/** The octets from `at` to `end`, of which those up to `wireEnd` were on the wire, as a layer that lasts. */
export function kept(
  kind: "payload" | "trailer",
  data: DataView,
  at: number,
  end: number,
  wireEnd: number,
): Payload | Trailer {
  return { kind, length: wireEnd - at, octets: keep(data, at, end) };
}
