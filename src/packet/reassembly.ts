/** Fragments of IPv4 and IPv6 put together again: RFC 791 §3.2, RFC 815, RFC 8200 §4.5, RFC 5722. */
import { badArgument } from "../arguments.js";
import { hexText } from "../wire/hex.js";
import { linkTypes } from "../wire/numbers.js";
import { Frame } from "./frame.js";
import { headers, ids } from "./headers.js";
import type { About, Reassembled } from "./packet.js";
import { Datagram } from "./reassembly-datagram.js";
import { DEEPEST, type Walk } from "./walk/walk.js";

export interface ReassemblyOptions {
  /** Octets of memory for fragments that wait for others, about; default 4 MiB. The oldest datagram makes room. */
  readonly octets?: number;
  /** Datagrams that may be incomplete at a time; default 1024. */
  readonly datagrams?: number;
  /** Seconds, by the packets' time, from a datagram's first fragment to its last; default 60 (RFC 8200 §4.5). */
  readonly seconds?: number;
}

/** What became of fragments and their datagrams, until now. */
export interface ReassemblyStatistics {
  /** Datagrams put together. */
  readonly reassembled: number;
  /** Datagrams that still miss fragments. */
  readonly incomplete: number;
  /** Datagrams that missed fragments when their time was over. */
  readonly expired: number;
  /** Datagrams that missed fragments when their memory was needed for others. */
  readonly evicted: number;
  /** Datagrams whose fragments contradict each other. */
  readonly contradictory: number;
  /** Fragments that cannot be of any datagram: cut, empty, or of a length or at a place that cannot be. */
  readonly unusable: number;
}

/** A tunnel inside a tunnel may have fragments on each level; octets that claim more are not followed. */
const DEEPEST_TUNNEL = 8;

/**
 * Follows the packets of one capture in order, and gives the one that completes a datagram its `reassembled`. Fragments
 * that overlap, and those that end a datagram in two places, make it give the datagram up, and later fragments of it
 * along (RFC 5722 §4, here for IPv4 too); the same fragment once more changes nothing.
 */
export class FragmentReassembly {
  readonly #octets: number;
  readonly #limit: number;
  readonly #seconds: number;
  /** Oldest first. */
  readonly #datagrams = new Map<string, Datagram>();
  #held = 0;
  #givenUp = 0;
  #reassembled = 0;
  #expired = 0;
  #evicted = 0;
  #contradictory = 0;
  #unusable = 0;

  /** Throws `BAD_ARGUMENT`. */
  constructor({ octets = 4 * 1024 * 1024, datagrams = 1024, seconds = 60 }: ReassemblyOptions = {}) {
    this.#octets = positive("octets", octets);
    this.#limit = positive("datagrams", datagrams);
    this.#seconds = positive("seconds", seconds);
  }

  get statistics(): ReassemblyStatistics {
    return {
      reassembled: this.#reassembled,
      incomplete: this.#datagrams.size - this.#givenUp,
      expired: this.#expired,
      evicted: this.#evicted,
      contradictory: this.#contradictory,
      unusable: this.#unusable,
    };
  }

  /** Takes the next packet in: `frame.reassembled` is the datagram that it completes, if it does. hot */
  follow(frame: Frame): void {
    if (frame.walk.fragmented !== DEEPEST) this.#follow(frame, 1);
  }

  #follow(frame: Frame, depth: number): void {
    const { walk } = frame;
    const inner = walk.fragmented - 1;
    // What an ICMP error quotes is not on its way
    if (inner >= walk.quoted) return;
    const layer = ipLayer(walk, inner);
    if (layer < 0 || !isWhole(walk, layer, inner)) {
      this.#unusable++;
      return;
    }
    const key = keyOf(walk, layer, inner, frame.device);
    const datagram = this.#datagramOf(key, frame.seconds + frame.nanoseconds / 1e9);
    if (datagram.givenUp) return;
    const before = datagram.cost;
    const field = walk.data.getUint16(walk.starts[inner]! + (inner === layer ? 6 : 2));
    const offset = inner === layer ? (field & 0x1fff) * 8 : field & 0xfff8;
    const more = (field & (inner === layer ? 0x2000 : 1)) !== 0;
    let outcome = datagram.add(offset, octetsOf(walk, walk.ends[inner]!, walk.wireEnds[inner]!), more);
    if (outcome === "taken") {
      if (offset === 0) datagram.lead(headerOf(walk, layer, inner), frame.offload);
      this.#held += datagram.cost - before;
      if (!datagram.complete) {
        this.#makeRoom();
        return;
      }
      const octets = datagram.assemble();
      if (octets) {
        this.#forget(key, datagram);
        this.#complete(frame, octets, datagram, layer, depth);
        return;
      }
      outcome = { kind: "conflict", reason: "makes its datagram longer than one can be" };
    }
    if (outcome === "duplicate") return;
    if (outcome.kind === "conflict") this.#giveUp(datagram);
    else {
      this.#unusable++;
      if (datagram.fragments === 0) this.#forget(key, datagram);
    }
    say(walk, inner, offset / 8, outcome.reason);
  }

  #complete(frame: Frame, octets: Uint8Array, datagram: Datagram, layer: number, depth: number): void {
    this.#reassembled++;
    const { seconds, nanoseconds, device, direction } = frame;
    const { offload, fragments } = datagram;
    const about = { seconds, nanoseconds, device, direction, offload };
    const whole = new ReassembledFrame(about, fragments, layer);
    whole.linkType = octets[0]! >> 4 === 4 ? linkTypes.ipv4 : linkTypes.ipv6;
    whole.move(new DataView(octets.buffer), 0, octets.length, octets.length);
    frame.reassembled = whole;
    if (whole.walk.fragmented !== DEEPEST && depth < DEEPEST_TUNNEL) this.#follow(whole, depth + 1);
  }

  /** The datagram of a fragment that arrives at `now`. */
  #datagramOf(key: string, now: number): Datagram {
    for (const [oldest, datagram] of this.#datagrams) {
      if (!this.#isOver(datagram, now)) break;
      this.#expire(oldest, datagram);
    }
    const known = this.#datagrams.get(key);
    if (known && !this.#isOver(known, now)) return known;
    if (known) this.#expire(key, known);
    const datagram = new Datagram(now);
    this.#datagrams.set(key, datagram);
    this.#held += datagram.cost;
    return datagram;
  }

  /** Files may have packets out of order, or without time, which is NaN: then only memory is a limit. */
  #isOver(datagram: Datagram, now: number): boolean {
    return Math.abs(now - datagram.since) > this.#seconds;
  }

  #expire(key: string, datagram: Datagram): void {
    if (!datagram.givenUp) this.#expired++;
    this.#forget(key, datagram);
  }

  #makeRoom(): void {
    for (const [key, datagram] of this.#datagrams) {
      if (this.#held <= this.#octets && this.#datagrams.size <= this.#limit) return;
      if (!datagram.givenUp) this.#evicted++;
      this.#forget(key, datagram);
    }
  }

  #giveUp(datagram: Datagram): void {
    this.#held -= datagram.cost;
    datagram.giveUp();
    this.#held += datagram.cost;
    this.#contradictory++;
    this.#givenUp++;
  }

  #forget(key: string, datagram: Datagram): void {
    this.#datagrams.delete(key);
    this.#held -= datagram.cost;
    if (datagram.givenUp) this.#givenUp--;
  }
}

/** A datagram put together, as views like any frame. */
export class ReassembledFrame extends Frame implements Reassembled {
  readonly fragments: number;
  readonly layer: number;

  constructor(about: About, fragments: number, layer: number) {
    super(about);
    this.fragments = fragments;
    this.layer = layer;
  }

  override own(): Reassembled {
    return { ...super.own(), fragments: this.fragments, layer: this.layer };
  }
}

/** The layer with the addresses of the fragment that layer `inner` (IPv4 or a fragment header) says to be one; -1 where none is. */
function ipLayer(walk: Walk, inner: number): number {
  if (walk.ids[inner] === ids.ipv4) return inner;
  for (let n = inner - 1; n >= 0; n--) {
    if (walk.ids[n] === ids.ipv6) return n;
    if (walk.ids[n] === ids.ipv4) return -1;
  }
  return -1;
}

/** Whether all octets that the length field of layer `layer` counts are there. */
function isWhole(walk: Walk, layer: number, inner: number): boolean {
  const start = walk.starts[layer]!;
  const end = walk.wireEnds[inner]!;
  if (walk.clipped <= inner || end > walk.frameEnd) return false;
  const length = layer === inner ? walk.data.getUint16(start + 2) : 40 + walk.data.getUint16(start + 4);
  return end - start === length;
}

/**
 * Fragments with the same key are of one datagram: RFC 791 §3.2 (addresses, protocol, identification), RFC 8200 §4.5
 * (addresses, identification); of one device, which sees them once; and of one VLAN and tunnel, whose addresses may also be
 * those of another.
 */
function keyOf(walk: Walk, layer: number, inner: number, device: string | undefined): string {
  const { data, starts } = walk;
  let key = "";
  for (let n = 0; n <= layer; n++) {
    const start = starts[n]!;
    if (walk.ids[n] === ids.vlan) key += `vlan ${data.getUint16(start) & 0xfff} `;
    else if (walk.ids[n] === ids.ipv4) key += `${hexText(data, start + 12, start + 20)} `;
    else if (walk.ids[n] === ids.ipv6) key += `${hexText(data, start + 8, start + 40)} `;
  }
  const start = starts[inner]!;
  key += layer === inner ? `${data.getUint16(start + 4)} ${data.getUint8(start + 9)}` : data.getUint32(start + 4);
  return `${key} ${device ?? ""}`;
}

/** What stands in front of the data of the whole: the header without what made it a fragment's. */
function headerOf(walk: Walk, layer: number, inner: number): Uint8Array {
  const start = walk.starts[layer]!;
  if (layer === inner) {
    const header = octetsOf(walk, start, walk.ends[inner]!).slice();
    // All but more fragments and the offset
    header[6]! &= 0xc0;
    header[7] = 0;
    return header;
  }
  const header = octetsOf(walk, start, walk.starts[inner]!).slice();
  // RFC 8200 §4.5: the last header in front of the fragment header names what that one named
  const before = walk.starts[inner - 1]! - start;
  header[walk.ids[inner - 1] === ids.ipv6 ? before + 6 : before] = walk.data.getUint8(walk.starts[inner]!);
  return header;
}

function octetsOf({ data }: Walk, at: number, end: number): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset + at, end - at);
}

/** Adds what is wrong with a fragment to its packet's problems. `value` is its offset in units of 8 octets. */
function say(walk: Walk, inner: number, value: number, reason: string): void {
  const { kind } = headers[walk.ids[inner]!]!;
  const at = walk.starts[inner]! - walk.frameStart;
  const field = "fragmentOffset";
  walk.problems = [...walk.problems, { kind: "malformed", layer: kind, at, field, value, reason }];
}

function positive(argument: string, value: number): number {
  if (value > 0) return value;
  throw badArgument(argument, value, "a number above 0");
}
