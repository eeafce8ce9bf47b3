/** What following a conversation needs of one packet, read from octets or from values. */
import { Frame } from "../packet/frame.js";
import { ids } from "../packet/headers.js";
import type { Packet } from "../packet/packet.js";
import { destinationOf, sourceOf } from "../packet/route.js";
import { END, type Walk } from "../packet/walk/walk.js";
import { icmpQuotes } from "../wire/icmp.js";
import { icmpv6Quotes } from "../wire/icmpv6.js";
import { Key } from "./key.js";
import { readPacket } from "./segment-of-packet.js";

/** TCP's flags as bits: RFC 9293 §3.1. */
export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

/** Blocks that a SACK option has room for: RFC 2018 §3. */
const MOST_BLOCKS = 4;

const NOTHING = new Uint8Array(0);

/** A cursor: it is moved from packet to packet, so that following allocates nothing. */
export class Segment {
  readonly key = new Key();
  /** An ICMP error's type and code, whose key is that of the packet it quotes; -1 where the packet is none. */
  errorType = -1;
  errorCode = 0;
  /** The quoted packet's sequence number is {@link sequence}, where it was quoted that far. */
  quotesSequence = false;
  /** The first fragment of a packet, whose data goes on in others. */
  isFragment = false;
  /** A TCP header that no receiver takes: shorter than one is, or longer than its packet. */
  isBroken = false;
  /** Octets of data on the wire; more than {@link payload} has where the capture cut them. */
  length = 0;

  /** As 32-bit integers: the difference of two, cut to 32 bits, tells which comes first (RFC 9293 §3.4). */
  sequence = 0;
  acknowledgment = 0;
  flags = 0;
  window = 0;
  /** -1 without the option. */
  maximumSegmentSize = -1;
  windowScale = -1;
  sackPermitted = false;
  /** Octets of the Fast Open cookie, 0 where one is asked for; -1 without the option. */
  fastOpen = -1;
  hasTimestamps = false;
  timestamp = 0;
  timestampEcho = 0;
  blocks = 0;
  /** Left and right edge of each block. */
  readonly edges = new Int32Array(2 * MOST_BLOCKS);

  /** An echo's sequence number, and whether it is a request. */
  echoSequence = 0;
  isRequest = false;

  #data: DataView | undefined;
  #at = 0;
  #end = 0;
  #octets: Uint8Array = NOTHING;

  /** Moves to `packet`; false where it belongs to no conversation. hot */
  read(packet: Packet): boolean {
    this.errorType = -1;
    this.length = 0;
    this.isFragment = false;
    this.isBroken = false;
    this.#octets = NOTHING;
    this.#data = undefined;
    // A datagram that was put together is a value
    return packet instanceof Frame && !packet.reassembled ? this.#frame(packet.walk) : readPacket(this, packet);
  }

  /** The data as far as it was kept, borrowed from the packet. */
  get payload(): Uint8Array {
    const data = this.#data;
    return data ? new Uint8Array(data.buffer, data.byteOffset + this.#at, this.#end - this.#at) : this.#octets;
  }

  /** Whether the capture kept all of the data. */
  get isWhole(): boolean {
    return (this.#data ? this.#end - this.#at : this.#octets.length) >= this.length;
  }

  carry(octets: Uint8Array, length: number): void {
    this.#octets = octets;
    this.length = length;
  }

  clearOptions(): void {
    this.maximumSegmentSize = this.windowScale = this.fastOpen = -1;
    this.sackPermitted = this.hasTimestamps = false;
    this.blocks = 0;
  }

  /** Notes one block of a SACK option. */
  block(left: number, right: number): void {
    if (this.blocks === MOST_BLOCKS) return;
    this.edges[2 * this.blocks] = left;
    this.edges[2 * this.blocks + 1] = right;
    this.blocks++;
  }

  #frame(walk: Walk): boolean {
    return walk.plain ? this.#plain(walk) : this.#any(walk);
  }

  /** Ethernet, IP, then TCP or UDP, as nearly always. */
  #plain(walk: Walk): boolean {
    const { key } = this;
    const { data } = walk;
    const ports = data.getUint32(walk.starts[2]!);
    const isTcp = walk.ids[2] === ids.tcp;
    const protocol = isTcp ? 6 : 17;
    key.clear();
    key.ports(ports >>> 16, ports & 0xffff);
    const at = walk.starts[1]!;
    if (walk.ids[1] === ids.ipv4) key.ipv4(protocol, data.getInt32(at + 12), data.getInt32(at + 16));
    else this.#readAddresses(walk, 1, 2, protocol);
    if (isTcp) this.#tcp(walk, 2);
    else this.#carry(walk, 2, 8);
    return true;
  }

  #any(walk: Walk): boolean {
    const { key } = this;
    const data = walk.data;
    let network = -1;
    let error = -1;
    key.clear();
    for (let i = 0; i < walk.count; i++) {
      const id = walk.ids[i]!;
      const at = walk.starts[i]!;
      switch (id) {
        case ids.vlan:
          key.tag(data.getUint16(at) & 0xfff);
          break;
        case ids.ipv4:
        case ids.ipv6:
          network = i;
          break;
        case ids.icmp:
        case ids.icmpv6: {
          const type = data.getUint8(at);
          if (id === ids.icmp ? icmpQuotes(type) : icmpv6Quotes(type)) {
            error = i;
            break;
          }
          return network >= 0 && error < 0 && this.#echo(walk, network, i);
        }
        case ids.udp:
          if (network < 0) return false;
          key.ports(data.getUint16(at), data.getUint16(at + 2));
          this.#readAddresses(walk, network, i, 17);
          if (error < 0) this.#carry(walk, i, 8);
          else this.#error(walk, error);
          return true;
        case ids.tcp:
          if (network < 0) return false;
          key.ports(data.getUint16(at), data.getUint16(at + 2));
          this.#readAddresses(walk, network, i, 6);
          if (error < 0) return this.#tcp(walk, i);
          this.sequence = data.getInt32(at + 4);
          this.quotesSequence = true;
          this.#error(walk, error);
          return true;
        default:
          break;
      }
    }
    return error >= 0 && network > error && this.#cutQuote(walk, network, error);
  }

  /** RFC 792: an error quotes at least 64 bits behind the IP header, which have the ports and TCP's sequence number. */
  #cutQuote(walk: Walk, network: number, error: number): boolean {
    const { data, cut, at, end } = walk;
    if (cut === END || (cut !== ids.tcp && cut !== ids.udp) || end - at < 4) return false;
    this.key.ports(data.getUint16(at), data.getUint16(at + 2));
    this.#readAddresses(walk, network, walk.count, cut === ids.tcp ? 6 : 17);
    this.quotesSequence = cut === ids.tcp && end - at >= 8;
    if (this.quotesSequence) this.sequence = data.getInt32(at + 4);
    this.#error(walk, error);
    return true;
  }

  #error(walk: Walk, error: number): void {
    const at = walk.starts[error]!;
    this.errorType = walk.data.getUint8(at);
    this.errorCode = walk.data.getUint8(at + 1);
  }

  /** Those of the header, or between which a route leads; layer `i` is what it carries. */
  #readAddresses(walk: Walk, network: number, i: number, protocol: number): void {
    const { key } = this;
    const { data } = walk;
    const at = walk.starts[network]!;
    if (walk.ids[network] === ids.ipv4) {
      const destination = walk.ends[network] === at + 20 ? at + 16 : destinationOf(walk, network, i);
      key.ipv4(protocol, data.getInt32(at + 12), data.getInt32(destination));
      return;
    }
    const isPlain = i === network + 1;
    const from = isPlain ? at + 8 : sourceOf(walk, network, i);
    const end = isPlain ? at + 24 : destinationOf(walk, network, i);
    const to = end < 0 ? at + 24 : end;
    for (let word = 0; word < 4; word++) {
      key.source[word] = data.getInt32(from + 4 * word);
      key.destination[word] = data.getInt32(to + 4 * word);
    }
    key.ipv6(protocol);
  }

  /** What lies between `size` octets of header `i` and the end of its packet. */
  #carry(walk: Walk, i: number, size: number): void {
    this.isFragment = i >= walk.fragmented;
    this.length = Math.max(0, walk.wireEnds[i]! - walk.starts[i]! - size);
    this.#data = walk.data;
    this.#at = walk.ends[i]!;
    this.#end = Math.max(this.#at, Math.min(walk.end, walk.wireEnds[i]!));
  }

  #echo(walk: Walk, network: number, i: number): boolean {
    const at = walk.starts[i]!;
    const type = walk.data.getUint8(at);
    const isIpv4 = walk.ids[i] === ids.icmp;
    this.isRequest = type === (isIpv4 ? 8 : 128);
    if (!this.isRequest && type !== (isIpv4 ? 0 : 129)) return false;
    const identifier = walk.data.getUint16(at + 4);
    this.echoSequence = walk.data.getUint16(at + 6);
    this.key.ports(identifier, identifier);
    this.#readAddresses(walk, network, i, isIpv4 ? 1 : 58);
    this.key.echo(this.isRequest);
    this.#carry(walk, i, 8);
    return true;
  }

  #tcp(walk: Walk, i: number): boolean {
    const { data } = walk;
    const at = walk.starts[i]!;
    this.sequence = data.getInt32(at + 4);
    this.acknowledgment = data.getInt32(at + 8);
    this.flags = data.getUint16(at + 12) & 0x1ff;
    this.window = data.getUint16(at + 14);
    const size = (data.getUint8(at + 12) >> 4) * 4;
    this.isBroken = size < 20 || at + size > walk.wireEnds[i]!;
    this.#carry(walk, i, Math.max(size, 20));
    this.clearOptions();
    const end = walk.ends[i]!;
    if (end === at + 32 && data.getUint32(at + 20) === 0x0101080a) this.#timestamps(data, at + 24);
    else if (end > at + 20) this.#options(data, at + 20, end);
    return true;
  }

  #timestamps(data: DataView, at: number): void {
    this.hasTimestamps = true;
    this.timestamp = data.getInt32(at);
    this.timestampEcho = data.getInt32(at + 4);
  }

  /** RFC 9293 §3.2: kind, then for all but 0 and 1 the length, which counts both. */
  #options(data: DataView, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const kind = data.getUint8(at);
      if (kind === 0) return;
      if (kind === 1) {
        at++;
        continue;
      }
      const size = at + 1 < end ? data.getUint8(at + 1) : 0;
      if (size < 2 || at + size > end) return;
      this.#option(data, kind, at + 2, size - 2);
      at += size;
    }
  }

  #option(data: DataView, kind: number, at: number, size: number): void {
    switch (kind) {
      case 2:
        if (size === 2) this.maximumSegmentSize = data.getUint16(at);
        return;
      case 3:
        if (size === 1) this.windowScale = data.getUint8(at);
        return;
      case 4:
        this.sackPermitted = true;
        return;
      case 5:
        for (let i = 0; i + 8 <= size; i += 8) this.block(data.getInt32(at + i), data.getInt32(at + i + 4));
        return;
      case 8:
        if (size === 8) this.#timestamps(data, at);
        return;
      case 34:
        this.fastOpen = size;
        return;
      case 254:
        // RFC 7413 §4.1.1, before it had a number of its own
        if (size >= 2 && data.getUint16(at) === 0xf989) this.fastOpen = size - 2;
        return;
      default:
        return;
    }
  }
}
