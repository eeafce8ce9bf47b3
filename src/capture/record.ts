import type { Direction, Offload } from "../packet/packet.js";
import { COMMENT, text } from "./blocks.js";
import type { Outbox } from "./octets.js";

/**
 * One captured packet as plain numbers over borrowed octets: what a file's reader moves over and what its writer takes.
 * A {@link Frame} of a live capture is one.
 */
export interface CaptureRecord {
  /** The octets kept are those from `at` to `end`; good until the reader is asked for more, or the batch is released. */
  readonly data: DataView;
  readonly at: number;
  readonly end: number;
  /** Octets on the wire. As the file says it, even where that is less than was kept. */
  readonly length: number;
  /** Since 1970 UTC. NaN where the file gives no time: a Simple Packet Block has none. */
  readonly seconds: number;
  /** As the file says it: 1e9 and above only in a pcap file that is wrong. */
  readonly nanoseconds: number;
  /** LINKTYPE_ number. */
  readonly linkType: number;
  readonly device: string | undefined;
  readonly direction: Direction | undefined;
  readonly offload: Offload;
  readonly gso: boolean;
  /** Packets of this interface lost since the one before, where it is known. */
  readonly dropped?: number;
  /** Several are joined by line feeds. */
  readonly comment?: string | undefined;
  /** epb_flags, draft-ietf-opsawg-pcapng §4.3.1. Where given it is what `direction`, `offload` and `gso` say, and more. */
  readonly flags?: number;
  /** All other options, comments included: where there are any, they are what `comment` says. */
  readonly options?: readonly Option[];
}

/** An option of a pcapng block; numbers in `value` are in the byte order of their section. */
export interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

/** An interface that packets were captured on, as a capture file describes it. */
export interface CaptureInterface {
  /** LINKTYPE_ number. */
  readonly linkType: number;
  /** Octets kept of each packet at most; 0: no limit known. */
  readonly snapLength: number;
  readonly name?: string;
  readonly description?: string;
  /** What its times count: 1e6 for microseconds. Default: nanoseconds. */
  readonly ticksPerSecond?: number;
  /** Seconds to be added to its times. Default: 0. */
  readonly offset?: number;
  /** Options that none of the properties above stands for: if_filter, if_os, comments, ... */
  readonly options?: readonly Option[];
}

/** A section of a pcapng file: its interfaces are counted from 0 again. */
export interface Section {
  readonly littleEndian: boolean;
  /** shb_hardware, shb_os, shb_userappl, comments, ... */
  readonly options: readonly Option[];
}

/** A block that is no packet, as it is in the file: name resolution, statistics, secrets, a maker's own. */
export interface Block {
  readonly type: number;
  readonly littleEndian: boolean;
  /** Without type, lengths; good until the reader moves on. */
  readonly body: Uint8Array;
}

/** What a reader moved to. "statistics" and "block": see {@link RecordReader.block}. */
export type Item = "packet" | "section" | "interface" | "statistics" | "block";

/** What is wrong with a capture file. */
export interface FileProblem {
  /** "truncated": it ends too early. "unsupported": it is of a kind that is not read. */
  readonly kind: "truncated" | "malformed" | "unsupported";
  /** First octet of the block at fault, counted in the file as it is after decompression. */
  readonly at: number;
  /** Such as "Enhanced Packet Block" or "packet record". */
  readonly block: string;
  /** One clause, for people. */
  readonly reason: string;
}

/** One sentence about `problem`, for people. */
export function fileProblemText({ block, at, reason }: FileProblem): string {
  return `${block} at octet ${at} ${reason}`;
}

/**
 * Moves over the records of a capture file. Octets never make it throw: what can be read is read, the first thing that
 * is wrong is kept as {@link problem}.
 */
export interface RecordReader {
  /** The same object for every packet, moved along. */
  readonly record: FileRecord;
  /** Of the current section, by their number. */
  readonly interfaces: readonly CaptureInterface[];
  readonly section: Section;
  /** The block that `next` returned as "statistics" or "block". */
  readonly block: Block | undefined;
  readonly problem: FileProblem | undefined;
  /** Packets and blocks that could not be read although the file went on behind them. */
  readonly damaged: number;
  /** Moves on to the next item whose octets are all there. `undefined`: more are needed, or it is over. */
  next(): Item | undefined;
}

/** Totals of an interface, for its Interface Statistics Block. */
export interface InterfaceStatistics {
  /** When they were taken. */
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly received?: number;
  readonly dropped?: number;
}

/** Writes the records of a capture file into an outbox. */
export interface RecordWriter {
  readonly outbox: Outbox;
  /** Sees to it that the file has a header, even without packets. */
  begin(): void;
  /** Begins another file that holds the same. */
  again(): void;
  /** Begins a section. */
  section(section?: Section): void;
  /** Describes an interface; returns its number. */
  interface(description: CaptureInterface): number;
  /** Writes a packet of the interface with this number, or of that of its device. */
  write(record: CaptureRecord, interfaceIndex?: number): void;
  statistics(interfaceIndex: number, statistics: InterfaceStatistics): void;
  block(block: Block): void;
}

/** epb_flags, draft-ietf-opsawg-pcapng §4.3.1. */
export const INBOUND = 1;
export const OUTBOUND = 2;
const DIRECTION_MASK = 3;
const RECEPTION_MASK = 0x1c;
export const RECEPTION_MULTICAST = 2 << 2;
export const RECEPTION_BROADCAST = 3 << 2;
export const RECEPTION_PROMISCUOUS = 4 << 2;
const CHECKSUM_NOT_READY = 0x200;
const CHECKSUM_VALID = 0x400;
const SEGMENTATION_OFFLOADED = 0x800;

/** The epb_flags that stand for `direction`, `offload` and `gso`; 0 for nothing known. hot */
export function flagsOf(direction: Direction | undefined, offload: Offload, gso: boolean): number {
  let flags = 0;
  if (direction === "out") flags = OUTBOUND;
  else if (direction === "in") flags = INBOUND;
  else if (direction === "other") flags = INBOUND | RECEPTION_PROMISCUOUS;
  if (offload === "not computed yet") flags |= CHECKSUM_NOT_READY;
  else if (offload === "verified by the kernel") flags |= CHECKSUM_VALID;
  return gso ? flags | SEGMENTATION_OFFLOADED : flags;
}

const NO_DATA = new DataView(new ArrayBuffer(0));
const NO_OPTIONS: readonly Option[] = [];

/** The record of a reader, moved from packet to packet. */
export class FileRecord implements CaptureRecord {
  data: DataView = NO_DATA;
  at = 0;
  end = 0;
  length = 0;
  seconds = 0;
  nanoseconds = 0;
  linkType = 0;
  /** Of the machine that wrote the section, which LINKTYPE_NULL tells apart. */
  littleEndian = true;
  device: string | undefined = undefined;
  /** Number of the interface in its section. */
  interfaceIndex = 0;
  flags = 0;
  dropped = 0;
  options: readonly Option[] = NO_OPTIONS;

  get comment(): string | undefined {
    return this.options.length === 0 ? undefined : commentIn(this.options);
  }

  get direction(): Direction | undefined {
    const direction = this.flags & DIRECTION_MASK;
    if (direction === OUTBOUND) return "out";
    if ((this.flags & RECEPTION_MASK) === RECEPTION_PROMISCUOUS) return "other";
    return direction === INBOUND ? "in" : undefined;
  }

  get offload(): Offload {
    if (this.flags === 0) return "unknown";
    if ((this.flags & CHECKSUM_NOT_READY) !== 0) return "not computed yet";
    return (this.flags & CHECKSUM_VALID) !== 0 ? "verified by the kernel" : "none";
  }

  get gso(): boolean {
    return (this.flags & SEGMENTATION_OFFLOADED) !== 0;
  }

  /** Moves to the octets from `at` to `end`, without flags, drops and options. hot */
  move(data: DataView, at: number, end: number, length: number): void {
    this.data = data;
    this.at = at;
    this.end = end;
    this.length = length;
    this.flags = 0;
    this.dropped = 0;
    this.options = NO_OPTIONS;
  }
}

function commentIn(options: readonly Option[]): string | undefined {
  const comments = options.filter(({ code }) => code === COMMENT);
  return comments.length === 0 ? undefined : comments.map(({ value }) => text(value)).join("\n");
}
