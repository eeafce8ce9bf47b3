/**
 * The walk from the link layer inwards: where each header of a packet starts and ends, by raw offsets and without
 * allocating. Views, values, checksums and problems all start from what a walk found.
 */
import { RELEASED } from "../../wire/header.js";
import { type HeaderKind, headers, ids } from "../headers.js";
import type { Limit, Problem } from "../problem.js";

/** Reads the header at `walk.at`, moves past it and returns the number of the header that follows, or {@link END}. */
export type Step = (walk: Walk) => number;

/** What follows is payload. */
export const END = -1;

/** More layers than real packets have: what lies deeper stays payload, so that a walk takes bounded time. */
export const DEEPEST = 255;

const NO_PROBLEMS: readonly Problem[] = Object.freeze([]);

export class Walk {
  data: DataView = RELEASED;
  /** Layers found. */
  count = 0;
  readonly ids = new Uint8Array(DEEPEST);
  /** First octet of each header, and the first after it. */
  readonly starts = new Int32Array(DEEPEST);
  readonly ends = new Int32Array(DEEPEST);
  /** Where the content of each layer ends on the wire, which may lie behind what was kept. */
  readonly wireEnds = new Int32Array(DEEPEST);

  /** What was found of the checksum of each layer so far, by its number in verify.ts; 0 where it was not looked at. */
  readonly verdicts = new Uint8Array(DEEPEST);

  /** First octet that no header has taken yet; in the end, the payload's. */
  at = 0;
  /** The first octet behind what was kept of the innermost layer, and behind where it ends on the wire. */
  end = 0;
  wireEnd = 0;
  /** What set {@link wireEnd}. */
  limit: Limit = "frame";
  /** The header that was cut at {@link at}, or {@link END}. */
  cut = END;
  /** Index of the layer whose header ends behind what is there; {@link DEEPEST} where none does. */
  clipped = DEEPEST;
  /** Index of the first layer of a packet that an ICMP error quotes; {@link DEEPEST} where none does. */
  quoted = DEEPEST;
  /** Index of the first layer inside a fragment, which is not whole; {@link DEEPEST} where there is none. */
  fragmented = DEEPEST;
  /** The length field of the innermost IP header is 0: too small a field, so those inside may be 0 too. */
  unbounded = false;
  /** Where the frame starts, and ends as far as it was kept. */
  frameStart = 0;
  frameEnd = 0;
  problems: readonly Problem[] = NO_PROBLEMS;
  /** Nothing but Ethernet, IP and TCP or UDP, all of it there. */
  plain = false;

  /** Gets ready for the frame from `at` to `end`, of which `length` octets were on the wire. */
  start(data: DataView, at: number, end: number, length: number): void {
    if (this.data !== data) this.data = data;
    this.count = 0;
    this.at = this.frameStart = at;
    this.end = this.frameEnd = end;
    this.wireEnd = Math.max(end, at + length);
    this.limit = "frame";
    this.cut = END;
    this.clipped = DEEPEST;
    this.quoted = DEEPEST;
    this.fragmented = DEEPEST;
    this.unbounded = false;
    if (this.problems !== NO_PROBLEMS) this.problems = NO_PROBLEMS;
  }

  /** Whether `size` octets of header `id` are there; says what ended them, and ends the walk, where they are not. */
  has(id: number, size: number): boolean {
    if (this.end - this.at >= size) return true;
    this.cut = id;
    this.truncated(id, size);
    return false;
  }

  /** Notes header `id` of `size` octets and moves past it. A header may be longer than what is there: it is clipped, and said. */
  take(id: number, size: number): void {
    const i = this.count++;
    this.ids[i] = id;
    this.starts[i] = this.at;
    this.verdicts[i] = 0;
    if (this.at + size > this.end) {
      this.truncated(id, size);
      this.clipped = i;
      this.ends[i] = this.end;
      this.at = this.end;
    } else {
      this.at += size;
      this.ends[i] = this.at;
    }
    this.wireEnds[i] = this.wireEnd;
  }

  /** Lets the header at `at` end its packet after `size` octets, by its field `limit`. More than the wire held is a problem. */
  bound(id: number, size: number, limit: Limit): void {
    const wireEnd = this.at + size;
    if (wireEnd > this.wireEnd) {
      this.problem({
        kind: "truncated",
        layer: kindOf(id),
        at: this.at - this.frameStart,
        needed: size,
        available: this.wireEnd - this.at,
        limit: this.limit,
      });
      return;
    }
    this.wireEnd = wireEnd;
    this.limit = limit;
    if (wireEnd < this.end) this.end = wireEnd;
  }

  malformed(id: number, field: string, value: number, reason: string): void {
    this.problem({ kind: "malformed", layer: kindOf(id), at: this.at - this.frameStart, field, value, reason });
  }

  problem(problem: Problem): void {
    // RFC 792, RFC 4443 §2.4 (c): an error quotes as much as fits, so that a quoted packet is cut is no problem
    if (this.quoted !== DEEPEST) return;
    this.problems = [...this.problems, problem];
  }

  /** The innermost IP header, or {@link END}. */
  network(): number {
    for (let i = this.count - 1; i >= 0; i--)
      if (this.ids[i] === ids.ipv4 || this.ids[i] === ids.ipv6) return this.ids[i]!;
    return END;
  }

  /** What follows is of a fragment. */
  fragment(): void {
    if (this.fragmented === DEEPEST) this.fragmented = this.count;
  }

  /** From here on an ICMP error quotes the packet it is about. */
  quote(): void {
    this.quoted = this.count;
  }

  private truncated(id: number, needed: number): void {
    this.problem({
      kind: "truncated",
      layer: kindOf(id),
      at: this.at - this.frameStart,
      needed,
      available: this.end - this.at,
      limit: this.at + needed <= this.wireEnd ? "capture" : this.limit,
    });
  }
}

function kindOf(id: number): HeaderKind {
  return headers[id]!.kind;
}
