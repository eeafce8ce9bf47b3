/** Where the octets of a capture file come from: a disk, a pipe, compressed or not. */
import { readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate as turn } from "node:timers/promises";
import { badArgument } from "../arguments.js";
import type { Transform } from "./compression.js";
import { fileError } from "./file-error.js";
import { Window } from "./octets.js";
import type { FileProblem } from "./record.js";

/** Puts octets into a window; resolves to whether there may be more. */
export interface Feed {
  fill(window: Window): Promise<boolean>;
  /** Begins at the first octet again; whether it can. */
  rewind?(): boolean;
  close(): Promise<void>;
  readonly problem?: FileProblem | undefined;
}

/** Compressed octets taken in at once: what they can become at most (1032 times as much, by RFC 1951) has to fit. */
const COMPRESSED_PIECE = 16 * 1024;
/** Octets of a pipe that are kept so that it can be read once more. */
const LONGEST_PAST = 1024 * 1024;

/** Milliseconds after which the rest of the process has its turn: a turn costs as much as reading a hundred packets. */
const TURN = 2;

/** Reads straight into the window. */
export class FileFeed implements Feed {
  readonly #file: string;
  readonly #handle: FileHandle;
  /** A file on a disk, whose octets are there: no pipe, no device. */
  readonly #isRegular: boolean;
  /** The next octet of a regular file. */
  #at = 0;
  /** When others last had their turn. */
  #turned = performance.now();

  private constructor(file: string, handle: FileHandle, isRegular: boolean) {
    this.#file = file;
    this.#handle = handle;
    this.#isRegular = isRegular;
  }

  static async open(file: string): Promise<FileFeed> {
    try {
      return await FileFeed.of(file, await open(file, "r"));
    } catch (error) {
      throw fileError("open", file, error);
    }
  }

  /** A file that is open already, from its first octet on. */
  static async of(file: string, handle: FileHandle): Promise<FileFeed> {
    return new FileFeed(file, handle, (await handle.stat()).isFile());
  }

  async fill(window: Window): Promise<boolean> {
    const space = window.space();
    try {
      // Another thread takes longer to be woken than the copy takes, and leaves the octets in its own cache: measured at
      // three times the time, with reading ahead. Everything else that waits in this process has its turn in between
      if (this.#isRegular && performance.now() - this.#turned > TURN) {
        await turn();
        this.#turned = performance.now();
      }
      const bytesRead = this.#isRegular
        ? readSync(this.#handle.fd, space, 0, space.length, this.#at)
        : (await this.#handle.read(space, 0, space.length, null)).bytesRead;
      window.filled(bytesRead);
      this.#at += bytesRead;
      return bytesRead > 0;
    } catch (error) {
      throw fileError("read", this.#file, error);
    }
  }

  rewind(): boolean {
    this.#at = 0;
    return this.#isRegular;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

const NO_OCTETS = new Uint8Array(0);

/** Pieces that come as they are, such as those of a pipe. */
export class PieceFeed implements Feed {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = NO_OCTETS;
  #at = 0;
  /** Pieces until now, where they may be wanted once more and are few; and those of them that come once more. */
  #past: Uint8Array[] | undefined;
  #again: Uint8Array[] = [];
  #count = 0;

  constructor(pieces: AsyncIterable<Uint8Array>, past?: Uint8Array[]) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#past = past;
  }

  async fill(window: Window): Promise<boolean> {
    while (this.#at === this.#piece.length) {
      const piece = this.#again.shift() ?? (await this.#next());
      if (piece === undefined) return false;
      this.#piece = piece;
      this.#at = 0;
    }
    const space = window.space();
    const part = this.#piece.subarray(this.#at, this.#at + space.length);
    space.set(part);
    window.filled(part.length);
    this.#at += part.length;
    return true;
  }

  rewind(): boolean {
    if (this.#past === undefined) return false;
    this.#again = [...this.#past];
    this.#piece = NO_OCTETS;
    this.#at = 0;
    return true;
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async #next(): Promise<Uint8Array | undefined> {
    const { done, value } = await this.#pieces.next();
    if (done) return undefined;
    if (!(value instanceof Uint8Array)) throw badArgument("file", value, "pieces that are Uint8Array");
    this.#count += value.length;
    if (this.#count > LONGEST_PAST) this.#past = undefined;
    this.#past?.push(value);
    return value;
  }
}

/** Decompresses another feed. What can be decompressed is, then the fault is a problem of the file. */
export class DecompressingFeed implements Feed {
  problem: FileProblem | undefined;
  readonly #create: () => Promise<Transform>;
  readonly #raw: Feed;
  readonly #compressed: Window;
  readonly #pieces: PieceFeed;
  #transform: Transform;
  #count = 0;

  private constructor(create: () => Promise<Transform>, transform: Transform, raw: Feed, compressed: Window) {
    this.#create = create;
    this.#transform = transform;
    this.#raw = raw;
    this.#compressed = compressed;
    this.#pieces = new PieceFeed(this.#decompressed());
  }

  /** `compressed` holds what was read of `raw` already. */
  static async open(create: () => Promise<Transform>, raw: Feed, compressed: Window): Promise<DecompressingFeed> {
    return new DecompressingFeed(create, await create(), raw, compressed);
  }

  async fill(window: Window): Promise<boolean> {
    return this.#pieces.fill(window);
  }

  async close(): Promise<void> {
    this.#transform.destroy();
    await this.#raw.close();
  }

  async *#decompressed(): AsyncGenerator<Uint8Array, void, undefined> {
    const transform = this.#transform;
    const window = this.#compressed;
    let from = 0;
    while (!transform.over && (await this.#has(window))) {
      from = window.position(window.at);
      yield* this.#counted(await transform.write(take(window, COMPRESSED_PIECE)));
    }
    const { error } = transform;
    if (error) {
      const again = this.#raw.rewind?.() ?? false;
      if (again) for await (const piece of this.#beforeFault(from)) yield* this.#counted([piece]);
      // Node hands out 16 KiB at a time
      const lost = again ? "" : "; up to 16 KiB before that are lost, too, which a file on a disk would give";
      this.#fail("malformed", `cannot be decompressed: ${error.message}${lost}`);
    } else if (transform.over) {
      window.at -= window.position(window.at) - transform.taken;
      if (!(await this.#isPadding(window)))
        this.#fail("malformed", "ends before the file does, and what follows is no padding");
    } else {
      yield* this.#counted(await transform.end());
      if (transform.error) this.#fail("truncated", "is cut by the end of the file");
    }
  }

  /** Whether there is more of what is compressed. */
  async #has(window: Window): Promise<boolean> {
    while (window.at === window.end && !window.ended) window.ended = !(await this.#raw.fill(window));
    return window.at < window.end;
  }

  /**
   * What comes out of the piece at `from` before the fault that it has, which Node keeps to itself: all is decompressed once
   * more, and that piece octet by octet.
   */
  async *#beforeFault(from: number): AsyncGenerator<Uint8Array, void, undefined> {
    const transform = await this.#create();
    this.#transform = transform;
    const window = new Window();
    let known = this.#count;
    while (!transform.over && (await this.#has(window))) {
      const before = from - window.position(window.at);
      for (const piece of await transform.write(take(window, before > 0 ? Math.min(before, COMPRESSED_PIECE) : 1))) {
        const fresh = piece.subarray(Math.min(known, piece.length));
        known -= piece.length - fresh.length;
        if (fresh.length > 0) yield fresh;
      }
    }
  }

  /** Whether all that is left is zero: what is written in blocks of a fixed size ends so. */
  async #isPadding(window: Window): Promise<boolean> {
    while (await this.#has(window)) if (take(window, COMPRESSED_PIECE).some((octet) => octet !== 0)) return false;
    return true;
  }

  #fail(kind: FileProblem["kind"], reason: string): void {
    this.problem = { kind, at: this.#count, block: "compressed data", reason };
  }

  *#counted(pieces: readonly Uint8Array[]): Generator<Uint8Array, void, undefined> {
    for (const piece of pieces) {
      this.#count += piece.length;
      yield piece;
    }
  }
}

/** The next octets of a window, `most` or fewer. */
function take(window: Window, most: number): Uint8Array {
  const { at } = window;
  window.at = Math.min(at + most, window.end);
  return window.octets.subarray(at, window.at);
}
