import { positiveWhole, requireType } from "../arguments.js";
import { Frame } from "../packet/frame.js";
import type { Packet } from "../packet/packet.js";
import { INTERFACE_STATISTICS, readOptions, readU64, STATISTICS_DROPPED, STATISTICS_OS_DROPPED } from "./blocks.js";
import { type CaptureInput, checkInput, type Input, openCapture } from "./file.js";
import { type FileFilter, fileFilter } from "./file-filter.js";
import { Packets } from "./packets.js";
import type { Block, FileProblem, FileRecord, Item } from "./record.js";
import type { Batch, Source, Statistics } from "./source.js";

export interface ReadOptions {
  /** In the pcap-filter language, and named fields. Default: everything. */
  readonly filter?: string;
  /** The addresses of the hosts that `filter` names, where it names any: {@link addressesOf} looks them up. */
  readonly addresses?: ReadonlyMap<string, readonly string[]>;
  /** Ends after so many packets. */
  readonly limit?: number;
  /** Ends the reading like {@link Source.stop}. */
  readonly signal?: AbortSignal;
}

/** A capture file as a source of packets. */
export interface FileSource extends Source {
  /** What is wrong with the file, once its iteration ended: packets behind it may be missing. */
  readonly problem: FileProblem | undefined;
  /** Packets and blocks that were passed over because they are wrong. */
  readonly damaged: number;
  /** Packets that do not match because the filter cannot ask those of their link type: how many, by its LINKTYPE_ number. */
  readonly unasked: ReadonlyMap<number, number>;
}

/**
 * Reads packets from a capture file: a path, "-" for standard input, an open file, or pieces of one. It is opened by the
 * iteration, which throws `BAD_FILE` when it is no capture file, `SYSTEM` when it cannot be read, `BAD_FILTER` and
 * `UNSUPPORTED_PLATFORM`.
 * A file that is cut or wrong does not make it throw: see {@link FileSource.problem}. Nor do packets that the filter cannot
 * ask, unless there are no others: see {@link FileSource.unasked}. It can be iterated once. Throws `BAD_ARGUMENT`.
 */
export function read(file: Input, options: ReadOptions = {}): FileSource {
  requireType("options", options, "object");
  return new CaptureFileSource(file, options);
}

const NONE: ReadonlyMap<number, number> = new Map();

class CaptureFileSource implements FileSource {
  captured = 0;
  readonly #file: Input;
  readonly #options: ReadOptions;
  readonly #limit: number;
  readonly #drops = new Drops();
  #input: CaptureInput | undefined;
  #filter: FileFilter | undefined;
  #batch: FileBatch | undefined;
  #stopped = false;
  #closed = false;

  constructor(file: Input, options: ReadOptions) {
    const { limit = Number.MAX_SAFE_INTEGER, filter = "", signal } = options;
    this.#file = checkInput(file);
    this.#options = options;
    this.#limit = positiveWhole("limit", limit);
    requireType("filter", filter, "string");
    signal?.addEventListener("abort", () => this.stop(), { once: true });
    if (signal?.aborted) this.stop();
  }

  get problem(): FileProblem | undefined {
    return this.#input?.problem;
  }

  get damaged(): number {
    return this.#input?.damaged ?? 0;
  }

  get unasked(): ReadonlyMap<number, number> {
    return this.#filter?.unasked ?? NONE;
  }

  async *batches(): AsyncGenerator<Batch, void, undefined> {
    try {
      if (this.#closed || this.#stopped) return;
      const filter = await fileFilter(this.#options.filter ?? "", this.#options.addresses);
      this.#filter = filter;
      const input = await openCapture(this.#file);
      this.#input = input;
      const frame = new Frame();
      do {
        this.#batch = new FileBatch(input, frame, filter, this.#drops, this.#limit, this);
        yield this.#batch;
        this.#batch.release();
      } while (!this.#stopped && this.captured < this.#limit && (await input.more()));
      if (!this.#stopped) filter?.end();
    } finally {
      await this.close();
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Packet> {
    return new Packets(this.batches(), () => this.#stopped);
  }

  statistics(): Statistics {
    const { captured } = this;
    const dropped = this.#drops.total;
    return { captured, received: captured + dropped, unmatched: 0, dropped, freezes: 0 };
  }

  stop(): void {
    this.#stopped = true;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#batch?.release();
    await this.#input?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The packets whose octets are there; they are walked once. */
class FileBatch implements Batch {
  readonly #input: CaptureInput;
  readonly #frame: Frame;
  readonly #filter: FileFilter | undefined;
  readonly #drops: Drops;
  readonly #limit: number;
  readonly #counter: { captured: number };
  #released = false;

  constructor(
    input: CaptureInput,
    frame: Frame,
    filter: FileFilter | undefined,
    drops: Drops,
    limit: number,
    counter: { captured: number },
  ) {
    this.#input = input;
    this.#frame = frame;
    this.#filter = filter;
    this.#drops = drops;
    this.#limit = limit;
    this.#counter = counter;
  }

  /** One frame, moved from packet to packet. */
  [Symbol.iterator](): Iterator<Frame> {
    const frame = this.#frame;
    const { record } = this.#input;
    frame.about = record;
    const result: { done: boolean; value: Frame } = { done: false, value: frame };
    return {
      // hot
      next: (): IteratorResult<Frame> => {
        if (this.#released || !this.#next()) return { done: true, value: undefined };
        frame.linkType = record.linkType;
        frame.move(record.data, record.at, record.end, record.length);
        this.#counter.captured++;
        return result as IteratorYieldResult<Frame>;
      },
    };
  }

  release(): void {
    if (this.#released) return;
    while (this.#next()); // passed over by the consumer
    this.#released = true;
    this.#frame.release();
  }

  /** Moves on to the next packet that passes the filter. hot */
  #next(): boolean {
    const input = this.#input;
    const { record } = input;
    while (this.#counter.captured < this.#limit) {
      const item = input.next();
      if (item === "packet") {
        if (record.dropped !== 0) this.#drops.packet(record);
        if (this.#filter === undefined || this.#filter.accepts(record)) return true;
      } else if (item === undefined) return false;
      else this.#note(item);
    }
    return false;
  }

  #note(item: Item): void {
    if (item === "statistics") this.#drops.block(this.#input.block!);
    else if (item === "section") this.#drops.section();
  }
}

/** Packets that were lost when the file was captured. */
class Drops {
  /** By packets, which count from the one before. */
  #packets = 0;
  /** By Interface Statistics Blocks, each of which counts from the start: of sections before, then by interface. */
  #sections = 0;
  readonly #interfaces = new Map<number, number>();

  /** Either may be missing; both count the same. */
  get total(): number {
    return Math.max(this.#packets, this.#sections + this.#ofSection());
  }

  packet({ dropped }: FileRecord): void {
    this.#packets += dropped;
  }

  block({ type, littleEndian, body }: Block): void {
    if (type !== INTERFACE_STATISTICS || body.length < 12) return;
    const data = new DataView(body.buffer, body.byteOffset, body.length);
    let dropped = 0;
    for (const { code, value } of readOptions(data, 12, body.length, littleEndian).options) {
      if ((code !== STATISTICS_DROPPED && code !== STATISTICS_OS_DROPPED) || value.length !== 8) continue;
      dropped += readU64(new DataView(value.buffer), 0, littleEndian);
    }
    this.#interfaces.set(data.getUint32(0, littleEndian), dropped);
  }

  section(): void {
    this.#sections += this.#ofSection();
    this.#interfaces.clear();
  }

  #ofSection(): number {
    let total = 0;
    for (const dropped of this.#interfaces.values()) total += dropped;
    return total;
  }
}
