/** Reads capture files, whatever they are: pcap or pcapng, compressed or not, from a disk or a pipe. */
import type { FileHandle } from "node:fs/promises";
import { badArgument } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { SECTION_HEADER } from "./blocks.js";
import { type Compression, compressionOf, Transform } from "./compression.js";
import { DecompressingFeed, type Feed, FileFeed, PieceFeed } from "./feed.js";
import { Window } from "./octets.js";
import { isPcapMagic, NANOSECONDS_MAGIC, PcapReader } from "./pcap.js";
import { PcapngReader } from "./pcapng.js";
import {
  type Block,
  type CaptureInterface,
  type FileProblem,
  type FileRecord,
  fileProblemText,
  type Item,
  type RecordReader,
  type Section,
} from "./record.js";

/**
 * A capture file that is being read: walk what is there, then bring in more.
 *
 *     const file = await openCapture("a.pcapng");
 *     do for (let item = file.next(); item; item = file.next()) if (item === "packet") use(file.record);
 *     while (await file.more());
 *     if (file.problem) ...
 *
 * Nothing is allocated per packet; memory does not grow with the file.
 */
export class CaptureInput implements RecordReader, AsyncDisposable {
  /** As it was given; "standard input" for "-". */
  readonly file: string;
  readonly format: "pcap" | "pcapng";
  readonly compression: Compression | undefined;
  /** Of the times of a pcap file. */
  readonly resolution: "nanoseconds" | "microseconds" | undefined;
  readonly #reader: RecordReader;
  readonly #window: Window;
  readonly #feed: Feed;

  constructor(file: string, compression: Compression | undefined, window: Window, feed: Feed) {
    const format = formatOf(window);
    if (format === undefined) throw notACapture(file, window, feed.problem);
    this.file = file;
    this.format = format;
    this.compression = compression;
    const magics = [window.data.getUint32(0, true), window.data.getUint32(0, false)];
    if (format === "pcap") this.resolution = magics.includes(NANOSECONDS_MAGIC) ? "nanoseconds" : "microseconds";
    this.#reader = format === "pcap" ? new PcapReader(window) : new PcapngReader(window);
    this.#window = window;
    this.#feed = feed;
  }

  get record(): FileRecord {
    return this.#reader.record;
  }
  get interfaces(): readonly CaptureInterface[] {
    return this.#reader.interfaces;
  }
  get section(): Section {
    return this.#reader.section;
  }
  get block(): Block | undefined {
    return this.#reader.block;
  }
  get damaged(): number {
    return this.#reader.damaged;
  }
  /** The first thing that is wrong; complete once {@link more} resolved to false. */
  get problem(): FileProblem | undefined {
    return this.#feed.problem ?? this.#reader.problem;
  }

  /** Moves on to the next item that is there. `undefined`: ask for {@link more}. */
  next(): Item | undefined {
    return this.#reader.next();
  }

  /** As {@link PcapReader.copies}; undefined for pcapng, and before the first item. */
  get copies(): "nanoseconds" | "microseconds" | undefined {
    return this.#reader instanceof PcapReader ? this.#reader.copies : undefined;
  }

  /** As {@link PcapReader.scan}; `copy` is given what the octets are in, too. */
  scan(
    keep: (record: FileRecord) => boolean,
    copy: (data: DataView, from: number, to: number, packets: number) => void,
  ): void {
    const { data } = this.#window;
    if (this.#reader instanceof PcapReader)
      this.#reader.scan(keep, (from, to, packets) => copy(data, from, to, packets));
  }

  /** Brings in more, over the octets of the records until now; resolves to false at the end. Throws `SYSTEM`. */
  async more(): Promise<boolean> {
    const window = this.#window;
    if (window.ended) return false;
    window.ended = !(await this.#feed.fill(window));
    return true;
  }

  async close(): Promise<void> {
    this.#window.ended = true;
    await this.#feed.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A file that is open already: it is closed along with what reads it. */
export interface OpenFile {
  readonly file: string;
  readonly handle: FileHandle;
}

/**
 * Opens a capture file: a path, "-" for standard input, an open file, or pieces of one. Its format and compression are told
 * by its first octets, not its name. Throws `BAD_FILE` when it is no capture file, `UNSUPPORTED_PLATFORM` when it is
 * compressed by zstd and this Node has none, `BAD_ARGUMENT`, `SYSTEM`.
 */
export async function openCapture(input: Input): Promise<CaptureInput> {
  const [file, raw] = await feedOf(checkInput(input));
  let feed: Feed = raw;
  try {
    let window = await beginning(feed);
    const compression = window.end < 4 ? undefined : compressionOf(window.data.getUint32(0, true));
    if (compression) {
      feed = await DecompressingFeed.open(() => Transform.decompress(compression, file), raw, window);
      window = await beginning(feed);
    }
    return new CaptureInput(file, compression, window, feed);
  } catch (error) {
    await feed.close();
    throw error;
  }
}

/** What a capture file is read from. */
export type Input = string | OpenFile | AsyncIterable<Uint8Array>;

/** Throws `BAD_ARGUMENT` for what {@link openCapture} does not take. */
export function checkInput(input: Input): Input {
  if (typeof input === "string") return input;
  if (typeof input === "object" && input !== null && ("handle" in input || Symbol.asyncIterator in input)) return input;
  throw badArgument("file", input, 'a path, "-", an open file or an async iterable of Uint8Array');
}

/** What it is called, and its octets. */
async function feedOf(input: Input): Promise<[string, Feed]> {
  if (input === "-") return ["standard input", new PieceFeed(process.stdin, [])];
  if (typeof input === "string") return [input, await FileFeed.open(input)];
  if ("handle" in input) return [input.file, await FileFeed.of(input.file, input.handle)];
  return ["the stream", new PieceFeed(input, [])];
}

/** A window with the first octets: four or more, unless there are no more. */
async function beginning(feed: Feed): Promise<Window> {
  const window = new Window();
  while (window.end < 4 && !window.ended) window.ended = !(await feed.fill(window));
  return window;
}

function formatOf({ data, end }: Window): "pcap" | "pcapng" | undefined {
  if (end < 4) return undefined;
  if (isPcapMagic(data.getUint32(0, true)) || isPcapMagic(data.getUint32(0, false))) return "pcap";
  return data.getUint32(0) === SECTION_HEADER ? "pcapng" : undefined;
}

function notACapture(file: string, { octets, end }: Window, problem: FileProblem | undefined): SockinspectError {
  const first = [...octets.subarray(0, Math.min(end, 4))].map((octet) => octet.toString(16).padStart(2, "0")).join(" ");
  const begins = end === 0 ? "it is empty" : `it begins with ${first}, which is neither pcap nor pcapng`;
  const why = problem && end < 4 ? `its ${fileProblemText(problem)}` : begins;
  return new SockinspectError("BAD_FILE", `cannot read ${file}: ${why}`, { file, at: 0 });
}
