/** Reads pcapng: draft-ietf-opsawg-pcapng. */
import {
  BYTE_ORDER_MAGIC,
  BYTE_ORDER_MAGIC_SWAPPED,
  blockName,
  END_OF_OPTIONS,
  ENHANCED_PACKET,
  INTERFACE_DESCRIPTION,
  INTERFACE_NAME,
  INTERFACE_OFFSET,
  INTERFACE_RESOLUTION,
  INTERFACE_STATISTICS,
  INTERFACE_TEXT,
  octets,
  PACKET,
  PACKET_DROPS,
  PACKET_FLAGS,
  padded,
  readOptions,
  readU64,
  SECTION_HEADER,
  SIMPLE_PACKET,
  text,
} from "./blocks.js";
import { Clock, ticksPerSecond } from "./clock.js";
import type { Window } from "./octets.js";
import {
  type Block,
  type CaptureInterface,
  type FileProblem,
  FileRecord,
  type Item,
  type Option,
  type RecordReader,
  type Section,
} from "./record.js";

const SMALLEST_BLOCK = 12;
/** Wireshark's limit: a packet of 128 MiB and its options. */
const LARGEST_BLOCK = 128 * 1024 * 1024 + 128 * 1024;
const MICROSECONDS = 1_000_000;

/** An interface and the clock its times are read by. */
interface Known {
  readonly description: CaptureInterface;
  readonly clock: Clock;
}

/**
 * Moves over the blocks of a pcapng file: any number of sections, each in its own byte order, with its own interfaces.
 * A block whose content is wrong is counted as damaged and stepped over, as long as its length is right at both ends.
 */
export class PcapngReader implements RecordReader {
  readonly record = new FileRecord();
  interfaces: CaptureInterface[] = [];
  section: Section = { littleEndian: true, options: [] };
  block: Block | undefined = undefined;
  problem: FileProblem | undefined = undefined;
  damaged = 0;
  readonly #window: Window;
  #known: Known[] = [];
  #littleEndian = true;
  #begun = false;
  #stopped = false;

  constructor(window: Window) {
    this.#window = window;
  }

  // hot
  next(): Item | undefined {
    const window = this.#window;
    while (!this.#stopped) {
      const { data, at } = window;
      const available = window.end - at;
      if (available < SMALLEST_BLOCK) return this.#starve(SMALLEST_BLOCK);
      const type = data.getUint32(at, this.#littleEndian);
      // Its type reads the same in both byte orders
      if (type === SECTION_HEADER) {
        if (!this.#setByteOrder(data.getUint32(at + 8, true))) return undefined;
      } else if (!this.#begun) return this.#stop("malformed", type, "stands where a Section Header Block must");
      const size = data.getUint32(at + 4, this.#littleEndian);
      if (size < SMALLEST_BLOCK || size > LARGEST_BLOCK)
        return this.#stop("malformed", type, `cannot be ${size} octets long`);
      // §3.1: "MUST be a multiple of 4"; some wrote the length without the padding that they wrote
      const stride = padded(size);
      if (stride > available) return this.#starve(stride);
      const end = at + stride - 4;
      const again = data.getUint32(end, this.#littleEndian);
      if (again !== size)
        return this.#stop("malformed", type, `is ${size} octets long at its start, ${again} at its end`);
      const item = this.#read(type, data, at + 8, end);
      if (this.#stopped) return undefined;
      window.at = at + stride;
      if (item !== undefined) return item;
      this.damaged++;
    }
    return undefined;
  }

  /** Takes in the block whose body is from `at` to `end`; `undefined` when something is wrong with it. hot */
  #read(type: number, data: DataView, at: number, end: number): Item | undefined {
    switch (type) {
      case ENHANCED_PACKET:
        if (end - at < 20) return this.#short(type, 20, end - at);
        return this.#packet(type, data, at, end, data.getUint32(at, this.#littleEndian));
      case PACKET:
        if (end - at < 20) return this.#short(type, 20, end - at);
        return this.#packet(type, data, at, end, data.getUint16(at, this.#littleEndian));
      case SIMPLE_PACKET:
        return this.#simplePacket(data, at, end);
      case SECTION_HEADER:
        return this.#sectionHeader(data, at, end);
      case INTERFACE_DESCRIPTION:
        return this.#interfaceDescription(data, at, end);
      default:
        this.block = { type, littleEndian: this.#littleEndian, body: octets(data, at, end) };
        return type === INTERFACE_STATISTICS ? "statistics" : "block";
    }
  }

  /** An Enhanced Packet Block §4.3 or an obsolete Packet Block, appendix A: alike but for the interface and drops. hot */
  #packet(type: number, data: DataView, at: number, end: number, index: number): Item | undefined {
    const littleEndian = this.#littleEndian;
    const known = this.#known[index];
    if (known === undefined) return this.#wrong(type, `is of interface ${index}, of ${this.#known.length} described`);
    const captured = data.getUint32(at + 12, littleEndian);
    const start = at + 20;
    if (captured > end - start) return this.#short(type, captured, end - start);
    const record = this.record;
    record.move(data, start, start + captured, data.getUint32(at + 16, littleEndian));
    known.clock.read(data.getUint32(at + 4, littleEndian), data.getUint32(at + 8, littleEndian), record);
    record.linkType = known.description.linkType;
    record.device = known.description.name;
    record.interfaceIndex = index;
    if (type === PACKET) {
      const dropped = data.getUint16(at + 2, littleEndian);
      record.dropped = dropped === 0xffff ? 0 : dropped; // 65 535: not known
    }
    this.#packetOptions(type, data, start + padded(captured), end);
    return "packet";
  }

  /** hot */
  #packetOptions(type: number, data: DataView, at: number, end: number): void {
    const littleEndian = this.#littleEndian;
    const record = this.record;
    let others: Option[] | undefined;
    let next = at;
    while (end - next >= 4) {
      const code = data.getUint16(next, littleEndian);
      const size = data.getUint16(next + 2, littleEndian);
      if (code === END_OF_OPTIONS) break;
      next += 4;
      if (size > end - next) {
        this.#wrong(type, `has an option (${code}) of ${size} octets where ${end - next} are left`);
        break;
      }
      if (code === PACKET_FLAGS && size === 4) record.flags = data.getUint32(next, littleEndian);
      else if (code === PACKET_DROPS && size === 8 && type === ENHANCED_PACKET)
        record.dropped = readU64(data, next, littleEndian);
      else {
        others ??= [];
        others.push({ code, value: octets(data, next, next + size).slice() });
      }
      next += padded(size);
    }
    if (others !== undefined) record.options = others;
  }

  /** §4.4: of the first interface, cut to its snap length, no time. */
  #simplePacket(data: DataView, at: number, end: number): Item | undefined {
    const known = this.#known[0];
    if (known === undefined) return this.#wrong(SIMPLE_PACKET, "comes before any Interface Description Block");
    if (end - at < 4) return this.#short(SIMPLE_PACKET, 4, end - at);
    const length = data.getUint32(at, this.#littleEndian);
    const { snapLength, linkType, name } = known.description;
    const captured = snapLength === 0 ? length : Math.min(length, snapLength);
    if (captured > end - at - 4) return this.#short(SIMPLE_PACKET, captured, end - at - 4);
    const record = this.record;
    record.move(data, at + 4, at + 4 + captured, length);
    record.seconds = Number.NaN;
    record.nanoseconds = 0;
    record.linkType = linkType;
    record.device = name;
    record.interfaceIndex = 0;
    return "packet";
  }

  #setByteOrder(magic: number): boolean {
    this.#littleEndian = magic === BYTE_ORDER_MAGIC;
    if (this.#littleEndian || magic === BYTE_ORDER_MAGIC_SWAPPED) return true;
    this.#stop("malformed", SECTION_HEADER, `has the byte-order magic 0x${magic.toString(16)}`);
    return false;
  }

  #sectionHeader(data: DataView, at: number, end: number): Item | undefined {
    const littleEndian = this.#littleEndian;
    if (end - at < 16) {
      this.#short(SECTION_HEADER, 16, end - at);
      return this.#stop("malformed", SECTION_HEADER, `has ${end - at} octets where 16 are needed`);
    }
    const major = data.getUint16(at + 4, littleEndian);
    const minor = data.getUint16(at + 6, littleEndian);
    // §4.1: 1.0; some wrote 1.2 and meant the same
    if (major !== 1 || (minor !== 0 && minor !== 2))
      return this.#stop("unsupported", SECTION_HEADER, `is of version ${major}.${minor}; 1.0 is read`);
    const { options } = this.#options(SECTION_HEADER, data, at + 16, end);
    this.section = { littleEndian, options };
    this.record.littleEndian = littleEndian;
    this.interfaces = [];
    this.#known = [];
    this.#begun = true;
    return "section";
  }

  #interfaceDescription(data: DataView, at: number, end: number): Item | undefined {
    const littleEndian = this.#littleEndian;
    // Without it the numbers of those behind would be wrong
    if (end - at < 8)
      return this.#stop("malformed", INTERFACE_DESCRIPTION, `has ${end - at} octets where 8 are needed`);
    let description: { -readonly [K in keyof CaptureInterface]: CaptureInterface[K] } = {
      linkType: data.getUint16(at, littleEndian),
      snapLength: data.getUint32(at + 4, littleEndian),
    };
    let ticks = MICROSECONDS;
    let offset = 0;
    const others: Option[] = [];
    for (const option of this.#options(INTERFACE_DESCRIPTION, data, at + 8, end).options) {
      const { code, value } = option;
      if (code === INTERFACE_NAME) description.name = text(value);
      else if (code === INTERFACE_TEXT) description.description = text(value);
      else if (code === INTERFACE_RESOLUTION && value.length === 1) ticks = ticksPerSecond(value[0]!);
      else if (code === INTERFACE_OFFSET && value.length === 8)
        offset = Number(new DataView(value.buffer).getBigInt64(0, littleEndian));
      else others.push(option);
    }
    description = { ...description, ticksPerSecond: ticks, offset, options: others };
    this.interfaces.push(description);
    this.#known.push({ description, clock: new Clock(ticks, offset) });
    return "interface";
  }

  #options(type: number, data: DataView, at: number, end: number): { readonly options: readonly Option[] } {
    const { options, whole } = readOptions(data, at, end, this.#littleEndian);
    if (!whole) this.#wrong(type, "has an option that is longer than the block");
    return { options };
  }

  #short(type: number, needed: number, available: number): undefined {
    return this.#wrong(type, `has ${available} octets where ${needed} are needed`);
  }

  /** Keeps the first problem; the block at fault is the one that the window is at. */
  #wrong(type: number, reason: string, kind: FileProblem["kind"] = "malformed"): undefined {
    const at = this.#window.position(this.#window.at);
    this.problem ??= { kind, at, block: blockName(type), reason };
  }

  /** As {@link #wrong}, and there is no way on. */
  #stop(kind: FileProblem["kind"], type: number, reason: string): undefined {
    this.#stopped = true;
    this.#wrong(type, reason, kind);
  }

  /** Not enough octets: they are to come, or the file ends too early. */
  #starve(needed: number): undefined {
    const { ended, data, at, end } = this.#window;
    const available = end - at;
    if (!ended || available === 0) return;
    const type = available < 4 ? undefined : data.getUint32(at, this.#littleEndian);
    this.#stop("truncated", type ?? 0, `is cut by the end of the file: ${available} of ${needed} octets`);
  }
}
