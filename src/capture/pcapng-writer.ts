/** Writes pcapng: draft-ietf-opsawg-pcapng. */
import { SockinspectError } from "../errors.js";
import {
  BYTE_ORDER_MAGIC,
  COMMENT,
  ENHANCED_PACKET,
  INTERFACE_DESCRIPTION,
  INTERFACE_NAME,
  INTERFACE_OFFSET,
  INTERFACE_RESOLUTION,
  INTERFACE_STATISTICS,
  INTERFACE_TEXT,
  optionsSize,
  PACKET_DROPS,
  PACKET_FLAGS,
  padded,
  readOptions,
  SECTION_APPLICATION,
  SECTION_HEADER,
  SIMPLE_PACKET,
  STATISTICS_DROPPED,
  STATISTICS_END,
  STATISTICS_RECEIVED,
  STATISTICS_START,
  textOption,
  textOptions,
  u64Option,
  writeOptions,
  writeU64,
} from "./blocks.js";
import { Clock, writableResolution } from "./clock.js";
import { Outbox } from "./octets.js";
import {
  type Block,
  type CaptureInterface,
  type CaptureRecord,
  flagsOf,
  type InterfaceStatistics,
  type Option,
  type RecordWriter,
  type Section,
} from "./record.js";

/** Type, length in front and length behind. */
const FRAMING = 12;
/** Of an Enhanced Packet Block, in front of the packet. */
const PACKET_FIELDS = 20;
const NANOSECONDS = 1_000_000_000;
/** Octets of epb_flags as the only option, and of what ends options. */
const FLAGS_ONLY = 12;
/** Blocks are made of words, which are written faster as such where they are in this machine's order. */
const NATIVELY_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** Of the octets kept of a packet; 0 in a file. */
const NO_LIMIT = Number.POSITIVE_INFINITY;

const NO_OPTIONS: readonly Option[] = [];
const OWN_SECTION: Section = { littleEndian: true, options: [textOption(SECTION_APPLICATION, "sockinspect")] };

export interface PcapngOptions {
  /** Octets kept of each packet at most. Default: all. */
  readonly snapLength?: number;
}

interface Known {
  readonly description: CaptureInterface;
  readonly clock: Clock;
  /** What its times count where they were read, if that is not written. */
  readonly readClock: Clock | undefined;
}

/**
 * Writes pcapng into an outbox. A section and the interfaces packets name are described when the first packet comes that
 * needs them, unless that was done by hand.
 */
export class PcapngWriter implements RecordWriter {
  readonly outbox = new Outbox();
  readonly #snapLength: number;
  #section: Section | undefined;
  #known: Known[] = [];
  #littleEndian = true;
  /** The interface of the last packet. */
  #last = -1;

  constructor(options: PcapngOptions = {}) {
    this.#snapLength = options.snapLength ?? NO_LIMIT;
  }

  /** Sees to it that there is a section: a file without packets is one, too. */
  begin(): void {
    if (this.#section === undefined) this.section();
  }

  /** Begins another file: with the same section and interfaces. */
  again(): void {
    const known = this.#known;
    this.section(this.#section);
    for (const { description } of known) this.interface(description);
  }

  /** Begins a section: interfaces are counted from 0 again. */
  section(section: Section = OWN_SECTION): void {
    const { littleEndian, options } = section;
    this.#littleEndian = littleEndian;
    this.#section = section;
    this.#known = [];
    this.#last = -1;
    const at = this.#open(SECTION_HEADER, 16 + optionsSize(options));
    const { data } = this.outbox;
    data.setUint32(at, BYTE_ORDER_MAGIC, littleEndian);
    data.setUint16(at + 4, 1, littleEndian);
    data.setUint16(at + 6, 0, littleEndian);
    data.setBigInt64(at + 8, -1n, littleEndian); // its length is not known
    writeOptions(options, data, at + 16, littleEndian);
  }

  /** Describes an interface; returns its number in the section. */
  interface(description: CaptureInterface): number {
    this.begin();
    const littleEndian = this.#littleEndian;
    const { linkType, name, description: text, ticksPerSecond = NANOSECONDS, offset = 0, options = [] } = description;
    const resolution = writableResolution(ticksPerSecond);
    const all: Option[] = [{ code: INTERFACE_RESOLUTION, value: Uint8Array.of(resolution) }, ...options];
    if (offset !== 0) all.unshift(u64Option(INTERFACE_OFFSET, offset, littleEndian));
    if (text !== undefined) all.unshift(textOption(INTERFACE_TEXT, text));
    if (name !== undefined) all.unshift(textOption(INTERFACE_NAME, name));
    const at = this.#open(INTERFACE_DESCRIPTION, 8 + optionsSize(all));
    const { data } = this.outbox;
    // What was cut when it was captured stays cut
    const snapLength = Math.min(description.snapLength || NO_LIMIT, this.#snapLength);
    data.setUint16(at, linkType, littleEndian);
    data.setUint16(at + 2, 0, littleEndian);
    data.setUint32(at + 4, snapLength > 0xffffffff ? 0 : snapLength, littleEndian);
    writeOptions(all, data, at + 8, littleEndian);
    const clock = new Clock(10 ** resolution, offset);
    const readClock = clock.ticksPerSecond === ticksPerSecond ? undefined : new Clock(ticksPerSecond, offset);
    this.#known.push({ description: { ...description, snapLength }, clock, readClock });
    return this.#known.length - 1;
  }

  /**
   * Writes a packet of the interface with this number; without one, of the interface of its device and link type, which is
   * described first where it is new. Times are cut to the interface's ticks. Throws `BAD_ARGUMENT` for a number that no
   * interface has. hot
   */
  write(record: CaptureRecord, interfaceIndex = this.#interfaceOf(record)): void {
    const known = this.#known[interfaceIndex];
    if (known === undefined) throw noSuchInterface(interfaceIndex, this.#known.length);
    const captured = Math.min(record.end - record.at, this.#snapLength);
    if (Number.isNaN(record.seconds) && this.#writeSimple(record, interfaceIndex, captured)) return;
    const flags = record.flags ?? flagsOf(record.direction, record.offload, record.gso);
    const others = othersOf(record);
    if (this.#littleEndian !== NATIVELY_LITTLE_ENDIAN || record.dropped || others.length > 0) {
      this.#writeUncommon(record, interfaceIndex, captured, flags, others);
      return;
    }
    const size = PACKET_FIELDS + padded(captured);
    const total = FRAMING + size + (flags === 0 ? 0 : FLAGS_ONLY);
    const { outbox } = this;
    const { clock } = known;
    const at = outbox.reserve(total);
    const { words } = outbox;
    const word = at >> 2;
    const behind = word + ((8 + size) >> 2);
    clock.count(record.seconds, record.nanoseconds);
    words[behind - 1] = 0; // padding, where there is any
    words[word] = ENHANCED_PACKET;
    words[word + 1] = total;
    words[word + 2] = interfaceIndex;
    words[word + 3] = clock.high;
    words[word + 4] = clock.low;
    words[word + 5] = captured;
    words[word + 6] = record.length;
    if (flags !== 0) {
      words[behind] = NATIVELY_LITTLE_ENDIAN ? PACKET_FLAGS | (4 << 16) : (PACKET_FLAGS << 16) | 4;
      words[behind + 1] = flags;
      words[behind + 2] = 0; // opt_endofopt
    }
    words[word + (total >> 2) - 1] = total;
    outbox.copy(record.data, record.at, record.at + captured, at + 8 + PACKET_FIELDS);
  }

  /** A packet of a section in the other byte order, or with more options than flags. */
  #writeUncommon(
    record: CaptureRecord,
    interfaceIndex: number,
    captured: number,
    flags: number,
    others: readonly Option[],
  ): void {
    const littleEndian = this.#littleEndian;
    const { dropped = 0 } = record;
    const size = PACKET_FIELDS + padded(captured);
    let more = (flags !== 0 ? 8 : 0) + (dropped > 0 ? 12 : 0);
    if (others.length > 0) more += optionsSize(others);
    else if (more > 0) more += 4;
    const at = this.#open(ENHANCED_PACKET, size + more);
    const { data } = this.outbox;
    data.setUint32(at + size - 4, 0); // padding, where there is any
    data.setUint32(at, interfaceIndex, littleEndian);
    this.#known[interfaceIndex]!.clock.write(record.seconds, record.nanoseconds, data, at + 4, littleEndian);
    data.setUint32(at + 12, captured, littleEndian);
    data.setUint32(at + 16, record.length, littleEndian);
    this.outbox.copy(record.data, record.at, record.at + captured, at + PACKET_FIELDS);
    if (more === 0) return;
    let option = at + size;
    if (flags !== 0) {
      data.setUint16(option, PACKET_FLAGS, littleEndian);
      data.setUint16(option + 2, 4, littleEndian);
      data.setUint32(option + 4, flags, littleEndian);
      option += 8;
    }
    if (dropped > 0) {
      data.setUint16(option, PACKET_DROPS, littleEndian);
      data.setUint16(option + 2, 8, littleEndian);
      writeU64(data, option + 4, dropped, littleEndian);
      option += 12;
    }
    if (others.length > 0) writeOptions(others, data, option, littleEndian);
    else data.setUint32(option, 0);
  }

  /** Writes an Interface Statistics Block §4.6. Throws `BAD_ARGUMENT` for a number that no interface has. */
  statistics(interfaceIndex: number, statistics: InterfaceStatistics): void {
    const known = this.#known[interfaceIndex];
    if (known === undefined) throw noSuchInterface(interfaceIndex, this.#known.length);
    const littleEndian = this.#littleEndian;
    const { seconds, nanoseconds, received, dropped } = statistics;
    const options: Option[] = [];
    if (received !== undefined) options.push(u64Option(STATISTICS_RECEIVED, received, littleEndian));
    if (dropped !== undefined) options.push(u64Option(STATISTICS_DROPPED, dropped, littleEndian));
    const at = this.#open(INTERFACE_STATISTICS, 12 + optionsSize(options));
    const { data } = this.outbox;
    data.setUint32(at, interfaceIndex, littleEndian);
    known.clock.write(seconds, nanoseconds, data, at + 4, littleEndian);
    writeOptions(options, data, at + 12, littleEndian);
  }

  /**
   * Writes a block as it was read, but for the times of an Interface Statistics Block, which are counted as its interface's
   * are. Throws `BAD_ARGUMENT` where it is in the other byte order than the section.
   */
  block(block: Block): void {
    this.begin();
    if (block.littleEndian !== this.#littleEndian)
      throw new SockinspectError("BAD_ARGUMENT", "a block can only be written to a section of its own byte order", {
        argument: "block",
        value: block.type,
      });
    const at = this.#open(block.type, padded(block.body.length));
    this.outbox.set(block.body, at);
    if (block.type === INTERFACE_STATISTICS && block.body.length >= 12) this.#recount(at, at + block.body.length);
  }

  /** §4.6: its time, isb_starttime and isb_endtime. */
  #recount(at: number, end: number): void {
    const { data } = this.outbox;
    const littleEndian = this.#littleEndian;
    const known = this.#known[data.getUint32(at, littleEndian)];
    if (known?.readClock === undefined) return;
    const { clock, readClock } = known;
    const instant = { seconds: 0, nanoseconds: 0 };
    const recount = (time: number): void => {
      readClock.read(data.getUint32(time, littleEndian), data.getUint32(time + 4, littleEndian), instant);
      clock.write(instant.seconds, instant.nanoseconds, data, time, littleEndian);
    };
    recount(at + 4);
    let option = at + 12;
    for (const { code, value } of readOptions(data, option, end, littleEndian).options) {
      if ((code === STATISTICS_START || code === STATISTICS_END) && value.length === 8) recount(option + 4);
      option += 4 + padded(value.length);
    }
  }

  /** hot */
  #interfaceOf(record: CaptureRecord): number {
    const { device, linkType } = record;
    const known = this.#known;
    if (this.#last >= 0) {
      const { description } = known[this.#last]!;
      if (description.name === device && description.linkType === linkType) return this.#last;
    }
    this.#last = known.findIndex(({ description: d }) => d.name === device && d.linkType === linkType);
    if (this.#last < 0)
      this.#last = this.interface({ linkType, snapLength: 0, ...(device !== undefined && { name: device }) });
    return this.#last;
  }

  /**
   * §4.4: a packet without a time. The block has no room for an interface, for how much was kept or for options: whether it
   * could be written.
   */
  #writeSimple(record: CaptureRecord, interfaceIndex: number, captured: number): boolean {
    const { snapLength } = this.#known[interfaceIndex]!.description;
    const plain = !record.flags && !record.dropped && record.comment === undefined && !record.options?.length;
    if (interfaceIndex !== 0 || captured !== Math.min(record.length, snapLength) || !plain) return false;
    const at = this.#open(SIMPLE_PACKET, 4 + padded(captured));
    const { data } = this.outbox;
    data.setUint32(at + padded(captured), 0); // padding, where there is any
    data.setUint32(at, record.length, this.#littleEndian);
    this.outbox.copy(record.data, record.at, record.at + captured, at + 4);
    return true;
  }

  /** Makes room for a block and frames it; returns where its body goes. hot */
  #open(type: number, size: number): number {
    const littleEndian = this.#littleEndian;
    const at = this.outbox.reserve(FRAMING + size);
    const { data } = this.outbox;
    data.setUint32(at, type, littleEndian);
    data.setUint32(at + 4, FRAMING + size, littleEndian);
    data.setUint32(at + 8 + size, FRAMING + size, littleEndian);
    return at + 8;
  }
}

/** What is written besides flags and drops. */
function othersOf({ comment, options = NO_OPTIONS }: CaptureRecord): readonly Option[] {
  if (comment === undefined || options.some(({ code }) => code === COMMENT)) return options;
  return [...textOptions(COMMENT, comment), ...options];
}

function noSuchInterface(interfaceIndex: number, count: number): SockinspectError {
  return new SockinspectError("BAD_ARGUMENT", `no interface has the number ${interfaceIndex}; ${count} are described`, {
    argument: "interfaceIndex",
    value: interfaceIndex,
  });
}
