/** Reads pcap: draft-ietf-opsawg-pcap. */
import type { Window } from "./octets.js";
import {
  type CaptureInterface,
  type FileProblem,
  FileRecord,
  INBOUND,
  type Item,
  OUTBOUND,
  RECEPTION_BROADCAST,
  RECEPTION_MULTICAST,
  RECEPTION_PROMISCUOUS,
  type RecordReader,
  type Section,
} from "./record.js";

export const FILE_HEADER = 24;
export const RECORD_HEADER = 16;
const MODIFIED_RECORD_HEADER = 24;

export const MICROSECONDS_MAGIC = 0xa1b2c3d4;
export const NANOSECONDS_MAGIC = 0xa1b23c4d;
/** Alexey Kuznetsov's: records also hold the interface index, protocol and packet type of packet(7). */
const MODIFIED_MAGIC = 0xa1b2cd34;

/** What libpcap and Wireshark read of one packet at most; a file may say that it holds larger ones. */
export const LARGEST_PACKET = 262_144;
export const LARGEST_SNAP_LENGTH = 128 * 1024 * 1024;

/** packet(7), `sll_pkttype`: HOST, BROADCAST, MULTICAST, OTHERHOST, OUTGOING. */
const PACKET_TYPE_FLAGS = [
  INBOUND,
  INBOUND | RECEPTION_BROADCAST,
  INBOUND | RECEPTION_MULTICAST,
  INBOUND | RECEPTION_PROMISCUOUS,
  OUTBOUND,
];

/** Whether `magic`, read in the right byte order, begins a pcap file. */
export function isPcapMagic(magic: number): boolean {
  return magic === MICROSECONDS_MAGIC || magic === NANOSECONDS_MAGIC || magic === MODIFIED_MAGIC;
}

/**
 * Moves over the records of a pcap file: microseconds, nanoseconds or Kuznetzov's, in either byte order. There is one
 * interface, and no way on behind a record whose length cannot be. Variants that share their magic with these (Nokia,
 * RedHat 6.1, SuSE 6.3) are not guessed: guesses misread files that are right.
 */
export class PcapReader implements RecordReader {
  readonly record = new FileRecord();
  readonly interfaces: CaptureInterface[] = [];
  section: Section = { littleEndian: true, options: [] };
  readonly block = undefined;
  problem: FileProblem | undefined = undefined;
  readonly damaged = 0;
  readonly #window: Window;
  #littleEndian = true;
  #recordHeader = 0;
  #nanosecondsPerTick = 1;
  #linkType = 0;
  #largest = LARGEST_PACKET;
  /** Before version 2.4 the two lengths stood the other way round, in 2.3 with some writers. */
  #swapped: "never" | "perhaps" | "always" = "never";
  #stopped = false;

  constructor(window: Window) {
    this.#window = window;
  }

  // hot
  next(): Item | undefined {
    if (this.#recordHeader === 0) return this.#header();
    if (this.#stopped) return undefined;
    const window = this.#window;
    const { data, at } = window;
    const littleEndian = this.#littleEndian;
    const start = at + this.#recordHeader;
    if (start > window.end) return this.#starve("packet record", this.#recordHeader);
    let captured = data.getUint32(at + 8, littleEndian);
    let length = data.getUint32(at + 12, littleEndian);
    if (this.#swapped !== "never" && (this.#swapped === "always" || captured > length))
      [captured, length] = [length, captured];
    if (captured > this.#largest)
      return this.#stop("malformed", "packet record", `cannot hold ${captured} octets, at most ${this.#largest}`);
    const end = start + captured;
    if (end > window.end) return this.#starve("packet record", this.#recordHeader + captured);
    const record = this.record;
    record.move(data, start, end, length);
    record.seconds = data.getUint32(at, littleEndian);
    record.nanoseconds = data.getUint32(at + 4, littleEndian) * this.#nanosecondsPerTick;
    record.linkType = this.#linkType;
    if (this.#recordHeader === MODIFIED_RECORD_HEADER) record.flags = PACKET_TYPE_FLAGS[data.getUint8(at + 22)] ?? 0;
    window.at = end;
    return "packet";
  }

  /** The resolution of a file whose records can be copied as they lie: as {@link PcapWriter} writes them. */
  get copies(): "nanoseconds" | "microseconds" | undefined {
    if (!this.#littleEndian || this.#recordHeader !== RECORD_HEADER || this.#swapped !== "never") return undefined;
    return this.#nanosecondsPerTick === 1 ? "nanoseconds" : "microseconds";
  }

  /**
   * Moves over the records that are there, where {@link copies} says so, and copies those for which `keep` is true, in runs
   * of neighbours. Leaves records that are not whole, wrong or larger than usual to {@link next}. hot
   */
  scan(keep: (record: FileRecord) => boolean, copy: (from: number, to: number, packets: number) => void): void {
    const window = this.#window;
    const { data, end } = window;
    const { record } = this;
    const nanosecondsPerTick = this.#nanosecondsPerTick;
    const last = end - RECORD_HEADER;
    let at = window.at;
    let run = at;
    let packets = 0;
    record.move(data, at, at, 0);
    record.linkType = this.#linkType;
    while (at <= last) {
      const start = at + RECORD_HEADER;
      const captured = data.getUint32(at + 8, true);
      if (captured > end - start || captured > LARGEST_PACKET) break;
      record.at = start;
      record.end = start + captured;
      record.length = data.getUint32(at + 12, true);
      record.seconds = data.getUint32(at, true);
      record.nanoseconds = data.getUint32(at + 4, true) * nanosecondsPerTick;
      if (keep(record)) packets++;
      else {
        if (packets > 0) copy(run, at, packets);
        packets = 0;
        run = start + captured;
      }
      at = start + captured;
    }
    if (packets > 0) copy(run, at, packets);
    window.at = at;
  }

  #header(): Item | undefined {
    const window = this.#window;
    if (this.#stopped) return undefined;
    if (window.end - window.at < FILE_HEADER) return this.#starve("file header", FILE_HEADER);
    const { data, at } = window;
    const littleEndian = isPcapMagic(data.getUint32(at, true));
    const magic = data.getUint32(at, littleEndian);
    if (!isPcapMagic(magic)) return this.#stop("malformed", "file header", `has the magic 0x${magic.toString(16)}`);
    const major = data.getUint16(at + 4, littleEndian);
    const minor = data.getUint16(at + 6, littleEndian);
    // 543.0 is what DG/UX wrote
    if (major !== 2 && major !== 543)
      return this.#stop("unsupported", "file header", `is of version ${major}.${minor}; 2.4 is read`);
    if (major === 543 || minor === 3) this.#swapped = "perhaps";
    else if (minor < 3) this.#swapped = "always";
    const snapLength = data.getUint32(at + 16, littleEndian);
    const ticksPerSecond = magic === NANOSECONDS_MAGIC ? 1e9 : 1e6;
    this.#littleEndian = littleEndian;
    this.#nanosecondsPerTick = 1e9 / ticksPerSecond;
    if (snapLength > LARGEST_PACKET && snapLength <= LARGEST_SNAP_LENGTH) this.#largest = snapLength;
    // The upper half says how long a frame check sequence is, and what nobody defined
    this.#linkType = data.getUint32(at + 20, littleEndian) & 0xffff;
    this.#recordHeader = magic === MODIFIED_MAGIC ? MODIFIED_RECORD_HEADER : RECORD_HEADER;
    this.section = { littleEndian, options: [] };
    this.record.littleEndian = littleEndian;
    this.interfaces.push({ linkType: this.#linkType, snapLength, ticksPerSecond });
    window.at = at + FILE_HEADER;
    return "interface";
  }

  #stop(kind: FileProblem["kind"], block: string, reason: string): undefined {
    this.#stopped = true;
    this.problem = { kind, at: this.#window.position(this.#window.at), block, reason };
  }

  #starve(block: string, needed: number): undefined {
    const { ended, at, end } = this.#window;
    if (ended && end > at)
      this.#stop("truncated", block, `is cut by the end of the file: ${end - at} of ${needed} octets`);
  }
}
