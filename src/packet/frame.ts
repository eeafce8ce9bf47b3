import type { Arp } from "../wire/arp.js";
import { Borrowed } from "../wire/borrowed.js";
import type { Ethernet } from "../wire/ethernet.js";
import { type Cursor, RELEASED, type View } from "../wire/header.js";
import type { Icmp } from "../wire/icmp.js";
import type { Icmpv6 } from "../wire/icmpv6.js";
import type { Ipv4 } from "../wire/ipv4.js";
import type { Ipv6 } from "../wire/ipv6.js";
import { linkTypes } from "../wire/numbers.js";
import { Place } from "../wire/place.js";
import type { Tcp } from "../wire/tcp.js";
import type { Udp } from "../wire/udp.js";
import type { Vlan } from "../wire/vlan.js";
import { BorrowedOctets, kept } from "./borrowed.js";
import { headerOf, headers, ids } from "./headers.js";
import type { About, Checksum, Cut, Direction, HeaderLayer, Layer, Offload, Packet, Payload } from "./packet.js";
import type { Problem } from "./problem.js";
import type { ReassembledFrame } from "./reassembly.js";
import { checksumProblem, checksumsOf, isWrong } from "./verify.js";
import { run } from "./walk/run.js";
import { ETHERNET_SIZE, glance, IPV4_SIZE, IPV6_SIZE, IS_IPV6, IS_UDP, PAYLOAD_OFFSET } from "./walk/straight.js";
import { END, Walk } from "./walk/walk.js";

/** By header: what makes a value of it. */
const decoders = headers.map(({ decode }) => decode);

const NOTHING_KNOWN: About = {};
const RELEASED_ABOUT: About = new Proxy(NOTHING_KNOWN, { get: () => RELEASED.getUint8(0) });

type AnyView = Cursor<{ readonly kind: string }>;

// Not asked for one by one: what a module exports is looked up whenever it is
const { ethernet, vlan, arp, ipv4, ipv6, icmp, icmpv6, tcp, udp } = ids;
const ETHERNET = linkTypes.ethernet;

/**
 * A packet read where it lies: the same properties as a {@link Packet}, its headers as views, nothing copied or decoded
 * before it is asked for. A frame is a cursor: it and its views stand for one packet until the iteration moves on, and
 * throw `RELEASED` once their batch was released. {@link own} keeps a packet.
 */
export class Frame extends Borrowed<Packet> implements Packet {
  /** What the octets do not tell, asked where somebody asks the frame. */
  about: About;
  length = 0;
  linkType: number = linkTypes.ethernet;
  /** Set by a {@link FragmentReassembly} that follows the frames. */
  reassembled: ReassembledFrame | undefined = undefined;
  /** The frame's octets are those from `at` to `end`. */
  data: DataView = RELEASED;
  at = 0;
  end = 0;
  readonly #walk: Walk;
  #walked = false;
  /** The first view of each header, made once, then moved; and its place. */
  private readonly views: (AnyView | undefined)[] = new Array(headers.length).fill(undefined);
  readonly #places: (Place | undefined)[] = new Array(headers.length).fill(undefined);
  /** A bit for each header whose first view was moved to this packet; 0 before one was asked for. */
  private present = 0;
  /** Views of headers that are in a packet more than once, by header and by how often it came before. */
  readonly #others = new Map<number, AnyView[]>();
  readonly #payload = new BorrowedOctets("payload");
  readonly #trailer = new BorrowedOctets("trailer");
  readonly #layers: Layer[] = [];

  /** Frames of which only one is there at a time may share what walks take room for. */
  constructor(about: About = NOTHING_KNOWN, walk = new Walk()) {
    super();
    this.about = about;
    this.#walk = walk;
  }

  /** Moves to the frame from `at` to `end`, of which `length` octets were on the wire. hot */
  move(data: DataView, at: number, end: number, length: number): void {
    if (this.data !== data) this.data = data;
    this.at = at;
    this.end = end;
    this.length = length;
    this.reassembled = undefined;
    this.#walked = false;
    this.present = 0;
  }

  /** From now on everything that would read the octets, or what was captured with them, throws `RELEASED`. */
  release(): void {
    this.move(RELEASED, 0, 0, 0);
    this.about = RELEASED_ABOUT;
    for (const place of this.#places) if (place) place.data = RELEASED;
    for (const views of this.#others.values()) for (const { place } of views) place.data = RELEASED;
    this.#payload.data = this.#trailer.data = RELEASED;
  }

  get capturedLength(): number {
    return this.end - this.at;
  }

  get seconds(): number {
    return this.about.seconds ?? 0;
  }
  get nanoseconds(): number {
    return this.about.nanoseconds ?? 0;
  }
  get device(): string | undefined {
    return this.about.device;
  }
  get direction(): Direction | undefined {
    return this.about.direction;
  }
  get offload(): Offload {
    return this.about.offload ?? "none";
  }
  get gso(): boolean {
    return this.about.gso ?? false;
  }
  get comment(): string | undefined {
    return this.about.comment;
  }

  /** The frame's octets, from the link layer on; borrowed like the frame, so copy them to keep them. */
  get octets(): Uint8Array {
    if (this.data === RELEASED) this.data.getUint8(0); // refuses
    return new Uint8Array(this.data.buffer, this.data.byteOffset + this.at, this.end - this.at);
  }

  get ethernet(): View<Ethernet> | undefined {
    return this.first(ethernet) as View<Ethernet> | undefined;
  }
  get vlan(): View<Vlan> | undefined {
    return this.first(vlan) as View<Vlan> | undefined;
  }
  get arp(): View<Arp> | undefined {
    return this.first(arp) as View<Arp> | undefined;
  }
  get ipv4(): View<Ipv4> | undefined {
    return this.first(ipv4) as View<Ipv4> | undefined;
  }
  get ipv6(): View<Ipv6> | undefined {
    return this.first(ipv6) as View<Ipv6> | undefined;
  }
  get icmp(): View<Icmp> | undefined {
    return this.first(icmp) as View<Icmp> | undefined;
  }
  get icmpv6(): View<Icmpv6> | undefined {
    return this.first(icmpv6) as View<Icmpv6> | undefined;
  }
  get tcp(): View<Tcp> | undefined {
    return this.first(tcp) as View<Tcp> | undefined;
  }
  get udp(): View<Udp> | undefined {
    return this.first(udp) as View<Udp> | undefined;
  }

  /** What the last header carries; undefined where that is nothing, or the header was cut. Borrowed like the frame. hot */
  get payload(): Payload | undefined {
    const walk = this.walk;
    if (walk.cut !== END || walk.wireEnd <= walk.at) return undefined;
    return this.#payload.move(this.data, walk.at, walk.end, walk.wireEnd);
  }

  /** The same array for every packet, filled anew. hot */
  get layers(): readonly Layer[] {
    const walk = this.walk;
    const layers = this.#layers;
    let n = 0;
    for (; n < walk.count; n++) layers[n] = this.#view(n) as unknown as HeaderLayer;
    const { payload } = this;
    if (walk.cut !== END) layers[n++] = cutOf(walk);
    else if (payload) layers[n++] = payload;
    if (walk.frameEnd > walk.end) layers[n++] = this.#trailer.move(this.data, walk.end, walk.frameEnd, walk.frameEnd);
    if (layers.length !== n) layers.length = n;
    return layers;
  }

  get checksums(): readonly Checksum[] {
    return checksumsOf(this.walk, this.offload);
  }

  get problems(): readonly Problem[] {
    const walk = this.walk;
    let problems = walk.problems;
    // What an ICMP error quotes may have been changed on its way (NAT), or was cut: no problem of this packet
    const count = Math.min(walk.count, walk.quoted);
    for (let i = 0; i < count; i++) {
      if (isWrong(walk, i, this.offload)) problems = [...problems, checksumProblem(walk, i)];
      // A list without entries is as it should be
      const listAt = lists[walk.ids[i]!]!;
      const problem = listAt < walk.ends[i]! - walk.starts[i]! ? restProblem(walk, i) : undefined;
      if (problem) problems = [...problems, problem];
    }
    return problems;
  }

  /** Where each header lies; for those who show or change octets. */
  get walk(): Walk {
    if (!this.#walked) {
      if (this.data === RELEASED) this.data.getUint8(0); // refuses
      run(this.#walk, this.data, this.at, this.end, this.length, this.linkType);
      this.#walked = true;
    }
    return this.#walk;
  }

  /** A value that lasts. */
  own(): Packet {
    return {
      seconds: this.seconds,
      nanoseconds: this.nanoseconds,
      length: this.length,
      capturedLength: this.capturedLength,
      linkType: this.linkType,
      device: this.device,
      direction: this.direction,
      offload: this.offload,
      gso: this.gso,
      comment: this.comment,
      layers: this.#values(),
      checksums: this.checksums,
      problems: this.problems,
      reassembled: this.reassembled?.own(),
    };
  }

  /** What {@link layers} has, as values. hot */
  #values(): readonly Layer[] {
    const walk = this.walk;
    const { data } = this;
    const { count } = walk;
    const content = walk.cut !== END || walk.wireEnd > walk.at;
    const trailer = walk.frameEnd > walk.end;
    if (walk.plain && content && !trailer) {
      // Nearly every packet: what its three headers can be is so little that their decoders become part of this
      const { ids, starts, ends } = walk;
      return [
        decoders[ids[0]!]!(data, starts[0]!, ends[0]!),
        decoders[ids[1]!]!(data, starts[1]!, ends[1]!),
        decoders[ids[2]!]!(data, starts[2]!, ends[2]!),
        kept("payload", data, walk.at, walk.end, walk.wireEnd),
      ];
    }
    // Of its size at once: an array that grows makes room for 16 more
    const values = new Array<Layer>(count + (content ? 1 : 0) + (trailer ? 1 : 0));
    for (let i = 0; i < count; i++) values[i] = decoders[walk.ids[i]!]!(data, walk.starts[i]!, walk.ends[i]!);
    if (walk.cut !== END) values[count] = cutOf(walk);
    else if (content) values[count] = kept("payload", data, walk.at, walk.end, walk.wireEnd);
    if (trailer) values[values.length - 1] = kept("trailer", data, walk.end, walk.frameEnd, walk.frameEnd);
    return values;
  }

  /** The first view of a header; not of what an ICMP error quotes. Small, and so part of whoever asks. hot */
  private first(id: number): AnyView | undefined {
    return (((this.present || this.show()) >> id) & 1) === 1 ? this.views[id] : undefined;
  }

  /** Moves the first view of each header that there is; returns {@link present}. Too large to be part of whoever asks. */
  private show(): number {
    const { data, at } = this;
    let present = 0;
    // Where nobody asked for the walk, nearly every packet goes without: measured at half of the time
    const found = this.#walked || this.linkType !== ETHERNET ? 0 : glance(data, at, this.end);
    if (found !== 0) {
      const isIpv6 = (found & IS_IPV6) !== 0;
      const network = isIpv6 ? ipv6 : ipv4;
      const transport = (found & IS_UDP) !== 0 ? udp : tcp;
      const networkAt = at + ETHERNET_SIZE;
      const transportAt = networkAt + (isIpv6 ? IPV6_SIZE : IPV4_SIZE);
      move(this.#places[ethernet] ?? this.#place(ethernet), data, at, networkAt);
      move(this.#places[network] ?? this.#place(network), data, networkAt, transportAt);
      move(this.#places[transport] ?? this.#place(transport), data, transportAt, at + (found & PAYLOAD_OFFSET));
      present = (1 << ethernet) | (1 << network) | (1 << transport);
    } else {
      const walk = this.walk;
      const count = Math.min(walk.count, walk.quoted);
      for (let i = 0; i < count; i++) {
        const id = walk.ids[i]!;
        if ((present & (1 << id)) !== 0) continue;
        present |= 1 << id;
        this.#moveTo(i, this.#places[id] ?? this.#place(id));
      }
    }
    this.present = present;
    return present;
  }

  #view(i: number): AnyView {
    const walk = this.#walk;
    const id = walk.ids[i]!;
    let before = 0;
    for (let n = 0; n < i; n++) if (walk.ids[n] === id) before++;
    if (before > 0) return this.#other(i, id, before);
    this.#moveTo(i, this.#places[id] ?? this.#place(id));
    return this.views[id]!;
  }

  /** To layer `i`. */
  #moveTo(i: number, place: Place): void {
    move(place, this.data, this.#walk.starts[i]!, this.#walk.ends[i]!);
  }

  /** The place for the first of a header, and its view. */
  #place(id: number): Place {
    const place = new Place(RELEASED, 0, 0);
    this.#places[id] = place;
    this.views[id] = headerOf(headers[id]!.kind).view(place);
    return place;
  }

  /** The view of layer `i`, before which there are `before` of its kind. */
  #other(i: number, id: number, before: number): AnyView {
    const others = this.#others.get(id) ?? [];
    this.#others.set(id, others);
    // Asked for in any order
    while (others.length < before) others.push(headerOf(headers[id]!.kind).view(new Place(RELEASED, 0, 0)));
    const view = others[before - 1]!;
    this.#moveTo(i, view.place);
    return view;
  }
}

function move(place: Place, data: DataView, at: number, end: number): void {
  // To look is less than to tell the garbage collector of a change
  if (place.data !== data) place.data = data;
  place.at = at;
  place.end = end;
}

function cutOf(walk: Walk): Cut {
  const header = headers[walk.cut]!.kind;
  return {
    kind: "cut",
    header,
    fields: headerOf(header).decodePart(walk.data, walk.at, walk.end),
    octets: new Uint8Array(walk.data.buffer, walk.data.byteOffset + walk.at, walk.end - walk.at).slice(),
  };
}

const rests = headers.map(({ fields }) => {
  const rest = fields.find((field) => field.type === "rest");
  return rest?.codec.malformed && rest;
});

/** By header: where its rest starts that may be malformed, unless it has no octets; -1 where that is malformed, too. */
const lists = Int32Array.from(rests, (rest) => (rest === undefined ? 0x7fffffff : rest.codec.sound ? rest.at : -1));

/** What is wrong with the options of layer `i`, if it has any. */
function restProblem(walk: Walk, i: number): Problem | undefined {
  const id = walk.ids[i]!;
  const rest = rests[id];
  // What was cut is no fault of the sender
  if (rest === undefined || i === walk.clipped) return undefined;
  const at = walk.starts[i]! + rest.at;
  const end = walk.ends[i]!;
  if (rest.codec.sound?.(walk.data, at, end)) return undefined;
  const reason = rest.codec.malformed?.(rest.codec.decode(walk.data, at, end));
  return reason === undefined
    ? undefined
    : { kind: "malformed", layer: headers[id]!.kind, at: at - walk.frameStart, field: rest.name, reason };
}
