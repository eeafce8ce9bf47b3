/** Writes pcap: draft-ietf-opsawg-pcap. */
import { refusedArgument } from "../arguments.js";
import type { SockinspectError } from "../errors.js";
import { Outbox } from "./octets.js";
import {
  FILE_HEADER,
  LARGEST_PACKET,
  LARGEST_SNAP_LENGTH,
  MICROSECONDS_MAGIC,
  NANOSECONDS_MAGIC,
  RECORD_HEADER,
} from "./pcap.js";
import type { CaptureInterface, CaptureRecord, RecordWriter } from "./record.js";

const ETHERNET = 1;

/** How a pcap file is written. */
export interface PcapOptions {
  /** Default: nanoseconds, which lose nothing. */
  readonly resolution?: "nanoseconds" | "microseconds";
  /** Octets kept of each packet at most. Default: all, but see {@link PcapWriter.cut}. */
  readonly snapLength?: number;
}

/**
 * Writes pcap into an outbox. The format holds one link type, and neither interfaces, directions, offloads, drops nor
 * comments; a time before 1970 or after 2106 is written as the nearest one it can hold. Packets above 262 144 octets are
 * held where an interface or the first packet says that there are such before the header is written.
 */
export class PcapWriter implements RecordWriter {
  readonly outbox = new Outbox();
  readonly #nanosecondsPerTick: number;
  /** Packets that are cut although nobody asked for it, as they are larger than the header says. */
  cut = 0;
  readonly #snapLength: number;
  /** What the header says. */
  #largest: number;
  #linkType: number | undefined;
  #begun = false;

  constructor(options: PcapOptions = {}) {
    this.#nanosecondsPerTick = options.resolution === "microseconds" ? 1000 : 1;
    this.#snapLength = options.snapLength ?? Number.POSITIVE_INFINITY;
    this.#largest = Math.min(options.snapLength ?? LARGEST_PACKET, LARGEST_SNAP_LENGTH);
  }

  begin(): void {
    if (!this.#begun) this.#header(this.#linkType ?? ETHERNET);
  }

  again(): void {
    this.#header(this.#linkType ?? ETHERNET);
  }

  section(): void {}

  /** The link type of the first is that of a file without packets. */
  interface({ linkType, snapLength }: CaptureInterface): number {
    this.#linkType ??= linkType;
    if (!this.#begun) this.#expect(snapLength);
    return 0;
  }

  /** Throws `BAD_ARGUMENT` for a second link type. hot */
  write(record: CaptureRecord): void {
    const size = record.end - record.at;
    if (!this.#begun) {
      this.#expect(size);
      this.#header(record.linkType);
    } else if (record.linkType !== this.#linkType) throw this.#otherLinkType(record.linkType);
    const captured = Math.min(size, this.#snapLength, this.#largest);
    if (captured < size && captured < this.#snapLength) this.cut++;
    const { outbox } = this;
    const to = outbox.reserve(RECORD_HEADER + captured);
    const { data } = outbox;
    const { seconds, nanoseconds } = record;
    data.setUint32(to, seconds > 0 ? Math.min(seconds, 0xffffffff) : 0, true);
    data.setUint32(to + 4, Math.min(Math.floor(nanoseconds / this.#nanosecondsPerTick), 0xffffffff), true);
    data.setUint32(to + 8, captured, true);
    data.setUint32(to + 12, record.length, true);
    outbox.copy(record.data, record.at, record.at + captured, to + RECORD_HEADER);
  }

  /** Whether records of this resolution are written as they are where they are copied. */
  copies(resolution: "nanoseconds" | "microseconds" | undefined): boolean {
    const own = this.#nanosecondsPerTick === 1 ? "nanoseconds" : "microseconds";
    return resolution === own && this.#snapLength >= LARGEST_PACKET;
  }

  /** Writes records of packets of one link type as they lie from `from` to `to`. Throws as {@link write}. hot */
  copy(data: DataView, from: number, to: number, linkType: number): void {
    if (!this.#begun) this.#header(linkType);
    else if (linkType !== this.#linkType) throw this.#otherLinkType(linkType);
    const at = this.outbox.reserve(to - from);
    this.outbox.copy(data, from, to, at);
  }

  statistics(): void {}

  block(): void {}

  /** The header has to allow for packets of this size; others do not read a larger one. */
  #expect(size: number): void {
    const largest = Math.min(size, this.#snapLength);
    if (largest > this.#largest && largest <= LARGEST_SNAP_LENGTH) this.#largest = largest;
  }

  #otherLinkType(linkType: number): SockinspectError {
    return refusedArgument(
      "linkType",
      linkType,
      `a pcap file holds packets of one link type: this one holds ${this.#linkType}, not ${linkType} (write pcapng)`,
    );
  }

  #header(linkType: number): void {
    const to = this.outbox.reserve(FILE_HEADER);
    const { data } = this.outbox;
    data.setUint32(to, this.#nanosecondsPerTick === 1 ? NANOSECONDS_MAGIC : MICROSECONDS_MAGIC, true);
    data.setUint16(to + 4, 2, true);
    data.setUint16(to + 6, 4, true);
    data.setUint32(to + 8, 0, true);
    data.setUint32(to + 12, 0, true);
    data.setUint32(to + 16, this.#largest, true);
    data.setUint32(to + 20, linkType, true);
    this.#linkType = linkType;
    this.#begun = true;
  }
}
