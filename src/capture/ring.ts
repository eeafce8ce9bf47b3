/** Blocks of a TPACKET_V3 ring as batches of frames: linux/if_packet.h, packet_mmap.rst. */
import type { Held } from "../filter/held.js";
import { Frame } from "../packet/frame.js";
import type { About, Direction, Offload } from "../packet/packet.js";
import { Walk } from "../packet/walk/walk.js";
import { linkTypes } from "../wire/numbers.js";
import type { Batch } from "./source.js";

// struct tpacket_block_desc, tpacket_hdr_v1: octets from the start of the block
export const BLOCK_STATUS = 8;
const PACKET_COUNT = 12;
const FIRST_PACKET = 16;
// struct tpacket3_hdr: octets from the start of the packet
const NEXT_OFFSET = 0;
const SECONDS = 4;
const NANOSECONDS = 8;
const CAPTURED_LENGTH = 12;
const LENGTH = 16;
const STATUS = 20;
const MAC = 24;
const NET = 26;
const VLAN_TCI = 32;
const VLAN_TPID = 36;
// struct sockaddr_ll behind it
const PROTOCOL = 50;
const INTERFACE_INDEX = 52;
const HARDWARE_TYPE = 56;
const PACKET_TYPE = 58;

const STATUS_CHECKSUM_NOT_READY = 0x8;
const STATUS_VLAN_VALID = 0x10;
const STATUS_VLAN_TPID_VALID = 0x40;
const STATUS_CHECKSUM_VALID = 0x80;
const STATUS_GSO_TCP = 0x100;
/** Ours, a bit that linux/if_packet.h leaves free: the tag is back in the frame. */
const STATUS_TAG_IS_BACK = 0x100000;
/** IEEE 802.1Q: behind both addresses. */
const TAG_OFFSET = 12;
const PACKET_OTHERHOST = 3;
const PACKET_OUTGOING = 4;

/** The ring of one capture: typed arrays over it, and what its packets' numbers stand for. */
export class Ring {
  readonly octets: Uint8Array;
  readonly words16: Uint16Array;
  readonly words32: Uint32Array;
  readonly signed32: Int32Array;
  readonly data: DataView;
  /** Room for the walk of the frame that is looked at. */
  readonly walk = new Walk();
  readonly #nameOf: (interfaceIndex: number) => string;
  #lastIndex = -1;
  #lastName = "";

  constructor(buffer: ArrayBuffer, nameOf: (interfaceIndex: number) => string) {
    this.octets = new Uint8Array(buffer);
    this.words16 = new Uint16Array(buffer);
    this.words32 = new Uint32Array(buffer);
    this.signed32 = new Int32Array(buffer);
    this.data = new DataView(buffer);
    this.#nameOf = nameOf;
  }

  name(interfaceIndex: number): string {
    if (interfaceIndex !== this.#lastIndex) {
      this.#lastName = this.#nameOf(interfaceIndex);
      this.#lastIndex = interfaceIndex;
    }
    return this.#lastName;
  }
}

/** Counts the packets that were handed out, and those that {@link Rest} did not match. */
export interface Counter {
  captured: number;
  unmatched: number;
}

/** What the kernel's program could not ask. It needs whole packets, so they are cut to `snapLength` octets here. */
export interface Rest {
  readonly matches: (packet: Held) => boolean;
  readonly snapLength: number;
}

/** The packets of one block. */
export class RingBatch implements Batch {
  /** Packets in the block, whether or not they are handed out. */
  readonly count: number;
  readonly #ring: Ring;
  readonly #base: number;
  readonly #limit: number;
  readonly #counter: Counter;
  readonly #giveBack: () => void;
  readonly #packet: RingPacket;
  readonly #rest: Rest | undefined;
  #released = false;

  /** The block at octet `base`; at most `limit` of its packets are handed out. */
  constructor(
    ring: Ring,
    base: number,
    limit: number,
    counter: Counter,
    giveBack: () => void,
    rest: Rest | undefined = undefined,
  ) {
    this.#ring = ring;
    this.#base = base;
    this.#counter = counter;
    this.#giveBack = giveBack;
    this.#packet = new RingPacket(ring);
    this.count = ring.words32[(base + PACKET_COUNT) >> 2]!;
    this.#limit = limit;
    this.#rest = rest;
  }

  /** One frame, moved from packet to packet. */
  [Symbol.iterator](): Iterator<Frame> {
    const { words32 } = this.#ring;
    const packet = this.#packet;
    const counter = this.#counter;
    const result: { done: boolean; value: Frame } = { done: false, value: packet.frame };
    let left = this.#released ? 0 : this.count;
    let wanted = this.#limit;
    let at = left > 0 ? this.#base + words32[(this.#base + FIRST_PACKET) >> 2]! : 0;
    return {
      // hot
      next: (): IteratorResult<Frame> => {
        while (left > 0 && wanted > 0 && !this.#released) {
          left--;
          packet.move(at);
          at += words32[(at + NEXT_OFFSET) >> 2]!;
          if (this.#rest !== undefined && !packet.matches(this.#rest)) {
            counter.unmatched++;
            continue;
          }
          wanted--;
          counter.captured++;
          return result as IteratorYieldResult<Frame>;
        }
        return { done: true, value: undefined };
      },
    };
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#packet.frame.release();
    this.#giveBack();
  }
}

/** The packet of the ring that a frame stands for: what the kernel says of it is read where it is asked for. */
class RingPacket implements About, Held {
  readonly frame: Frame;
  readonly #ring: Ring;
  /** Octet of its tpacket3_hdr. */
  #header = 0;

  constructor(ring: Ring) {
    this.#ring = ring;
    this.frame = new Frame(this, ring.walk);
  }

  /** Moves, with the frame, to the packet whose tpacket3_hdr is at `header`. hot */
  move(header: number): void {
    this.#header = header;
    const ring = this.#ring;
    const { words16, words32 } = ring;
    const status = words32[(header + STATUS) >> 2]!;
    const ethernet = isEthernet(words16[(header + HARDWARE_TYPE) >> 1]!);
    if ((status & STATUS_VLAN_VALID) !== 0 && ethernet) putTagBack(ring, header, status);
    let start = words16[(header + MAC) >> 1]!;
    let captured = words32[(header + CAPTURED_LENGTH) >> 2]!;
    let length = words32[(header + LENGTH) >> 2]!;
    const { frame } = this;
    if (ethernet) {
      frame.linkType = linkTypes.ethernet;
    } else {
      // Whatever the device puts in front (nothing, for a tunnel), the kernel says where the network header is
      const skip = Math.min(words16[(header + NET) >> 1]! - start, captured);
      start += skip;
      captured -= skip;
      length -= skip;
      frame.linkType = isIp(this.protocol) ? linkTypes.raw : UNKNOWN_LINK_TYPE;
    }
    frame.move(ring.data, header + start, header + start + captured, length);
  }

  /** Whether the rest of the filter matches; if so, the frame is cut. hot */
  matches({ matches, snapLength }: Rest): boolean {
    if (!matches(this)) return false;
    const { frame } = this;
    const end = this.at + snapLength + this.tagSize;
    if (frame.end > end) frame.move(frame.data, frame.at, end, frame.length);
    return true;
  }

  get seconds(): number {
    return this.#word(SECONDS);
  }
  get nanoseconds(): number {
    return this.#word(NANOSECONDS);
  }
  get device(): string {
    return this.#ring.name(this.interfaceIndex);
  }
  get direction(): Direction {
    const type = this.packetType;
    return type === PACKET_OUTGOING ? "out" : type === PACKET_OTHERHOST ? "other" : "in";
  }
  get offload(): Offload {
    const status = this.#word(STATUS);
    if ((status & STATUS_CHECKSUM_NOT_READY) !== 0) return "not computed yet";
    return (status & STATUS_CHECKSUM_VALID) !== 0 ? "verified by the kernel" : "none";
  }
  get gso(): boolean {
    return (this.#word(STATUS) & STATUS_GSO_TCP) !== 0;
  }

  // As the kernel holds it
  get data(): DataView {
    return this.#ring.data;
  }
  get at(): number {
    return this.#header + this.#ring.words16[(this.#header + MAC) >> 1]!;
  }
  get end(): number {
    return this.at + this.#word(CAPTURED_LENGTH);
  }
  get length(): number {
    return this.#word(LENGTH);
  }
  get tagSize(): number {
    return (this.#word(STATUS) & STATUS_TAG_IS_BACK) === 0 ? 0 : 4;
  }
  get network(): number {
    return this.#header + this.#ring.words16[(this.#header + NET) >> 1]!;
  }
  get protocol(): number {
    return this.#ring.data.getUint16(this.#header + PROTOCOL);
  }
  get packetType(): number {
    return this.#ring.octets[this.#header + PACKET_TYPE]!;
  }
  get interfaceIndex(): number {
    return this.#word(INTERFACE_INDEX);
  }
  get hardwareType(): number {
    return this.#ring.words16[(this.#header + HARDWARE_TYPE) >> 1]!;
  }
  get walk(): Walk {
    return this.frame.walk;
  }

  #word(offset: number): number {
    return this.#ring.words32[(this.#header + offset) >> 2]!;
  }
}

/** No LINKTYPE_ has this number: octets are shown as they are. */
const UNKNOWN_LINK_TYPE = 0xffff;

// linux/if_arp.h: ARPHRD_ETHER, ARPHRD_LOOPBACK
function isEthernet(hardwareType: number): boolean {
  return hardwareType === 1 || hardwareType === 772;
}

function isIp(protocol: number): boolean {
  return protocol === 0x0800 || protocol === 0x86dd;
}

/**
 * The kernel strips the outer VLAN tag into the header; it belongs between the addresses and the type. The room in front
 * of the frame is free, and the header is changed along, so that a second iteration finds it done.
 */
function putTagBack(ring: Ring, at: number, status: number): void {
  const { octets, words16, words32, data } = ring;
  words32[(at + LENGTH) >> 2]! += 4;
  words32[(at + STATUS) >> 2] = (status & ~STATUS_VLAN_VALID) | STATUS_TAG_IS_BACK;
  // Of a frame that was cut before it, the tag is cut, too
  if (words32[(at + CAPTURED_LENGTH) >> 2]! < TAG_OFFSET) return;
  const mac = words16[(at + MAC) >> 1]!;
  const start = at + mac - 4;
  octets.copyWithin(start, start + 4, start + 4 + TAG_OFFSET);
  data.setUint16(
    start + TAG_OFFSET,
    (status & STATUS_VLAN_TPID_VALID) !== 0 ? words16[(at + VLAN_TPID) >> 1]! : 0x8100,
  );
  data.setUint16(start + TAG_OFFSET + 2, words32[(at + VLAN_TCI) >> 2]! & 0xffff);
  words16[(at + MAC) >> 1] = mac - 4;
  words32[(at + CAPTURED_LENGTH) >> 2]! += 4;
}
