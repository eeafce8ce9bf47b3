/** Writes capture files: pcapng or pcap, compressed or not, one or a ring of them. */
import { constants, type FileHandle, open, unlink } from "node:fs/promises";
import { badArgument, oneOf, positive, positiveWhole, requireType } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { compressionFor, Transform } from "./compression.js";
import type { CaptureInput } from "./file.js";
import { fileError } from "./file-error.js";
import { PcapWriter } from "./pcap-writer.js";
import { PcapngWriter } from "./pcapng-writer.js";
import type {
  Block,
  CaptureInterface,
  CaptureRecord,
  FileRecord,
  InterfaceStatistics,
  RecordWriter,
  Section,
} from "./record.js";

/** When one file ends and the next begins. The names then have a number: `trace-00001.pcapng`. */
export interface Rotation {
  /** The packet that brings a file to so many octets, before compression, is its last. */
  readonly octets?: number;
  /** A packet so many seconds after the first of its file begins the next; by the packets' own times. */
  readonly seconds?: number;
  /** So many files are kept, the newest ones. Default: all. */
  readonly files?: number;
}

export interface CreateOptions {
  /** Default: "pcap" where the name says `.pcap` or `.cap`, else "pcapng", which loses nothing. */
  readonly format?: "pcapng" | "pcap";
  /** Of a pcap file; default "nanoseconds". */
  readonly resolution?: "nanoseconds" | "microseconds";
  /** Octets kept of each packet at most. Default: all. */
  readonly snapLength?: number;
  readonly rotation?: Rotation;
  /** Whom the files belong to, where that is not who runs this (sudo). */
  readonly owner?: { readonly user: number; readonly group: number };
}

/** Octets handed on at a time. */
const CHUNK = 256 * 1024 - 4096;
/** Octets that may wait for the disk before {@link CaptureOutput.write} asks to wait for them. */
const ENOUGH = 4 * CHUNK;

/** What is done one after the other to the files. */
type Step = Uint8Array | "flush" | "next";

/**
 * A capture file that is being written: packets go into memory, and from there to the file in the background.
 *
 *     await using file = await createCapture("a.pcapng.gz");
 *     for await (const batch of source.batches()) {
 *       for (const frame of batch) file.write(frame);
 *       await file.drain();
 *     }
 *
 * Only whole blocks are handed to the operating system, so that what is in the file after a crash can be read.
 */
export class CaptureOutput implements AsyncDisposable {
  readonly format: "pcapng" | "pcap";
  /** The files that there are now, the newest last. */
  readonly files: string[] = [];
  /** Files that a rotation was to remove, and could not. */
  readonly kept: string[] = [];
  /** Packets written until now. */
  packets = 0;
  readonly #file: string;
  readonly #options: CreateOptions;
  readonly #writer: RecordWriter;
  readonly #steps: Step[] = [];
  #sink: Sink;
  #number = 1;
  /** Octets of this file that were taken from the writer. */
  #taken = 0;
  #packetsBefore = 0;
  #firstTime = 0;
  /** Octets that wait for the disk. */
  #waiting = 0;
  #running: Promise<void> | undefined;
  #failure: unknown;
  #closed = false;

  private constructor(file: string, options: CreateOptions, sink: Sink) {
    this.#file = file;
    this.#options = options;
    this.#sink = sink;
    this.format = options.format ?? formatFor(file);
    this.#writer = this.format === "pcap" ? new PcapWriter(options) : new PcapngWriter(options);
    if (file !== "-") this.files.push(sink.file);
  }

  /** See {@link createCapture}. */
  static async create(file: string, options: CreateOptions): Promise<CaptureOutput> {
    requireType("options", options, "object");
    requireType("file", file, "string");
    const { format = "pcapng", resolution = "nanoseconds", snapLength = 1, rotation = {} } = options;
    oneOf("format", ["pcapng", "pcap"], format);
    oneOf("resolution", ["nanoseconds", "microseconds"], resolution);
    positiveWhole("snapLength", snapLength);
    positive("rotation.octets", rotation.octets ?? 1);
    positive("rotation.seconds", rotation.seconds ?? 1);
    positiveWhole("rotation.files", rotation.files ?? 1);
    const name = options.rotation ? numbered(file, 1) : file;
    return new CaptureOutput(file, options, await Sink.open(name, options));
  }

  /**
   * Packets that are cut although nobody asked for it: in pcap, where one is larger than 262 144 octets and neither the first
   * packet nor an interface said so.
   */
  get cut(): number {
    return this.#writer instanceof PcapWriter ? this.#writer.cut : 0;
  }

  /** Begins a section: interfaces are counted from 0 again. Nothing in pcap. */
  section(section?: Section): void {
    this.#writer.section(section);
  }

  /** Describes an interface; returns its number. Only needed for more than its name and link type. */
  interface(description: CaptureInterface): number {
    return this.#writer.interface(description);
  }

  /**
   * Writes a packet of the interface with this number; without one, of the interface of its device and link type. The
   * octets are copied. Whether there is room for more: `false` asks to {@link drain} first, else memory grows. Throws
   * `BAD_ARGUMENT` for an interface there is none of, what is no record or, in pcap, a second link type; what a
   * {@link drain} would throw; `CLOSED`. hot
   */
  write(record: CaptureRecord, interfaceIndex?: number): boolean {
    if (this.#closed) throw this.#closedError();
    if (!(record.end >= record.at)) throw badArgument("record", record, "octets from `at` to `end`, such as a frame");
    if (this.#options.rotation && this.packets > this.#packetsBefore && this.#isDue(record)) this.#rotate();
    if (this.packets === this.#packetsBefore) this.#firstTime = timeOf(record);
    this.#writer.write(record, interfaceIndex);
    this.packets++;
    if (this.#writer.outbox.end >= CHUNK) this.#post();
    return this.#waiting < ENOUGH;
  }

  /** Whether records of a pcap file of this resolution can be copied as they are. */
  copies(resolution: "nanoseconds" | "microseconds" | undefined): boolean {
    return this.#writer instanceof PcapWriter && !this.#options.rotation && this.#writer.copies(resolution);
  }

  /** Writes records as they lie, where {@link copies} says so. Throws as {@link write}. hot */
  copy(data: DataView, from: number, to: number, packets: number, linkType: number): void {
    if (this.#closed) throw this.#closedError();
    if (this.#writer.outbox.end + to - from > CHUNK) this.#post();
    if (this.#writer instanceof PcapWriter) this.#writer.copy(data, from, to, linkType);
    this.packets += packets;
    if (this.#writer.outbox.end >= CHUNK) this.#post();
  }

  /** Writes totals of an interface. Nothing in pcap. */
  statistics(interfaceIndex: number, statistics: InterfaceStatistics): void {
    this.#writer.statistics(interfaceIndex, statistics);
  }

  /** Writes a block as it was read. Nothing in pcap. */
  block(block: Block): void {
    this.#writer.block(block);
  }

  /** Resolves when there is room for more. Throws `SYSTEM`: the disk is full, say. */
  async drain(): Promise<void> {
    if (this.#waiting >= ENOUGH) await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves when the operating system has all that was written until now. Throws as {@link drain}. */
  async flush(): Promise<void> {
    this.#post();
    this.#step("flush");
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Writes what is left, and closes. Throws as {@link drain}. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#writer.begin();
      this.#post();
      await this.#running;
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      await this.#sink.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #isDue(record: CaptureRecord): boolean {
    const { octets = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY } = this.#options.rotation!;
    return this.#taken + this.#writer.outbox.end >= octets || timeOf(record) - this.#firstTime >= seconds;
  }

  #rotate(): void {
    this.#post();
    this.#step("next");
    this.#taken = 0;
    this.#packetsBefore = this.packets;
    this.#writer.again();
  }

  /** Hands what was written to the background. */
  #post(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#writer.outbox.end === 0) return;
    const octets = this.#writer.outbox.take();
    this.#taken += octets.length;
    this.#waiting += octets.length;
    this.#step(octets);
  }

  #step(step: Step): void {
    this.#steps.push(step);
    this.#running ??= this.#run();
  }

  /** Takes the steps, one after the other; never rejects. */
  async #run(): Promise<void> {
    try {
      for (let step = this.#steps.shift(); step !== undefined; step = this.#steps.shift()) {
        if (step === "flush") await this.#sink.flush();
        else if (step === "next") await this.#next();
        else {
          await this.#sink.write(step);
          this.#waiting -= step.length;
          this.#writer.outbox.back(step);
        }
      }
    } catch (error) {
      this.#failure = error;
      this.#steps.length = 0;
    }
    this.#running = undefined;
  }

  async #next(): Promise<void> {
    await this.#sink.close();
    const name = numbered(this.#file, ++this.#number);
    this.#sink = await Sink.open(name, this.#options);
    this.files.push(name);
    const { files = Number.POSITIVE_INFINITY } = this.#options.rotation!;
    while (this.files.length > files) await this.#remove(this.files.shift()!);
  }

  async #remove(file: string): Promise<void> {
    try {
      await unlink(file);
    } catch (error) {
      // Whoever removed it was faster
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.kept.push(file);
    }
  }

  #closedError(): SockinspectError {
    return new SockinspectError("CLOSED", `cannot write to ${this.#file}: it was closed`, {});
  }
}

/**
 * Creates a capture file, in place of one that is there; "-" is standard output. A name that ends in `.gz` or `.zst` is
 * compressed. The file is open when this resolves. Throws `SYSTEM`, `BAD_ARGUMENT`, and `UNSUPPORTED_PLATFORM` for zstd
 * where Node has none.
 */
export async function createCapture(file: string, options: CreateOptions = {}): Promise<CaptureOutput> {
  return CaptureOutput.create(file, options);
}

/**
 * Copies a capture: packets for which `keep` is true, and everything else there is. Memory does not grow with it. What
 * could not be read is `input.problem` afterwards.
 */
export async function copyCapture(
  input: CaptureInput,
  output: CaptureOutput,
  keep: (record: FileRecord) => boolean = () => true,
): Promise<void> {
  const { record } = input;
  const copy = (data: DataView, from: number, to: number, packets: number): void =>
    output.copy(data, from, to, packets, record.linkType);
  do {
    for (let item = input.next(); item !== undefined; item = input.next()) {
      if (item === "packet") {
        if (keep(record)) output.write(record, record.interfaceIndex);
      } else if (item === "section") output.section(input.section);
      else if (item === "interface") output.interface(input.interfaces.at(-1)!);
      else output.block(input.block!);
      if (output.copies(input.copies)) input.scan(keep, copy);
    }
    await output.drain();
  } while (await input.more());
}

function timeOf({ seconds, nanoseconds }: CaptureRecord): number {
  return seconds + nanoseconds / 1e9;
}

function formatFor(file: string): "pcapng" | "pcap" {
  return /\.p?cap(\.gz|\.zst)?$/.test(file) ? "pcap" : "pcapng";
}

function numbered(file: string, number: number): string {
  return file.replace(/(\.pcapng|\.p?cap)?(\.gz|\.zst)?$/, (end) => `-${String(number).padStart(5, "0")}${end}`);
}

/** One file, compressed by its name. */
class Sink {
  readonly file: string;
  readonly #handle: FileHandle | undefined;
  readonly #transform: Transform | undefined;

  private constructor(file: string, handle: FileHandle | undefined, transform: Transform | undefined) {
    this.file = file;
    this.#handle = handle;
    this.#transform = transform;
  }

  static async open(file: string, { owner }: CreateOptions): Promise<Sink> {
    const compression = compressionFor(file);
    const transform = compression && (await Transform.compress(compression, file));
    if (file === "-") return new Sink("standard output", undefined, transform);
    try {
      // Who writes for somebody else follows no link that somebody may have put there; traffic is private
      const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
      const handle = await open(file, O_WRONLY | O_CREAT | O_TRUNC | (owner ? O_NOFOLLOW : 0), 0o600);
      if (owner) await handle.chown(owner.user, owner.group);
      return new Sink(file, handle, transform);
    } catch (error) {
      throw fileError("create", file, error);
    }
  }

  async write(octets: Uint8Array): Promise<void> {
    if (!this.#transform) return this.#put(octets);
    for (const piece of await this.#transform.write(octets)) await this.#put(piece);
  }

  async flush(): Promise<void> {
    for (const piece of (await this.#transform?.flush()) ?? []) await this.#put(piece);
  }

  async close(): Promise<void> {
    try {
      for (const piece of (await this.#transform?.end()) ?? []) await this.#put(piece);
    } finally {
      await this.#handle?.close();
    }
  }

  async #put(octets: Uint8Array): Promise<void> {
    try {
      if (this.#handle) await writeAll(this.#handle, octets);
      else await writeOut(octets);
    } catch (error) {
      throw fileError("write to", this.file, error);
    }
  }
}

async function writeAll(handle: FileHandle, octets: Uint8Array): Promise<void> {
  for (let at = 0; at < octets.length; ) at += (await handle.write(octets, at, octets.length - at)).bytesWritten;
}

async function writeOut(octets: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(octets, (error) => (error ? reject(error) : resolve()));
  });
}
