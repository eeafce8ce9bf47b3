/** gzip and zstd, by Node's own zlib. */
import { SockinspectError } from "../errors.js";

export type Compression = "gzip" | "zstd";

/** What Node's zlib streams have in common, as far as it is used here. */
interface Transformer {
  /** Octets of the input that were used. */
  readonly bytesWritten: number;
  write(chunk: Uint8Array, callback: (error?: Error | null) => void): boolean;
  flush(callback?: () => void): void;
  end(callback?: () => void): unknown;
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  destroy(): unknown;
}

/** zstd came with Node 22.15 and 23.8; the types are those of the oldest Node that this runs on. */
type Zlib = Pick<typeof import("node:zlib"), "createGzip" | "createGunzip"> & {
  readonly createZstdCompress?: () => Transformer;
  readonly createZstdDecompress?: () => Transformer;
};

/** Most files are not compressed, and do not wait for it. */
async function load(): Promise<Zlib> {
  return (await import("node:zlib")) as unknown as Zlib;
}

/** By the first octets of a file: RFC 1952 §2.3.1, RFC 8878 §3.1.1. */
export function compressionOf(magic: number): Compression | undefined {
  if ((magic & 0xffff) === 0x8b1f) return "gzip";
  return magic === 0xfd2fb528 ? "zstd" : undefined;
}

/** By the name of a file. */
export function compressionFor(file: string): Compression | undefined {
  if (file.endsWith(".gz")) return "gzip";
  return file.endsWith(".zst") ? "zstd" : undefined;
}

/**
 * A stream of compressed or decompressed octets, piece by piece: what goes in comes out before the next piece goes in, so
 * that no more than one piece is on its way and what came out before a fault is not lost with it.
 */
export class Transform {
  readonly #stream: Transformer;
  #out: Uint8Array[] = [];
  #error: Error | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(stream: Transformer) {
    this.#stream = stream;
    stream.on("data", (chunk) => this.#out.push(chunk));
    stream.on("error", (error) => {
      this.#error = error;
      this.#wake?.();
    });
    // Also where Node takes no more of what goes in, and never says that it took it
    stream.on("end", () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  /** Throws `UNSUPPORTED_PLATFORM` where this Node has no zstd. */
  static async compress(compression: Compression, file: string): Promise<Transform> {
    const zlib = await load();
    return new Transform(compression === "gzip" ? zlib.createGzip() : known(zlib.createZstdCompress, file));
  }

  /** Throws `UNSUPPORTED_PLATFORM` where this Node has no zstd. */
  static async decompress(compression: Compression, file: string): Promise<Transform> {
    const zlib = await load();
    return new Transform(compression === "gzip" ? zlib.createGunzip() : known(zlib.createZstdDecompress, file));
  }

  /** What was wrong with the octets, once something was. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Nothing more comes out, whatever goes in. */
  get over(): boolean {
    return this.#ended || this.#error !== undefined;
  }

  /** Octets that went in and belong to it; more may have gone in behind its end. */
  get taken(): number {
    return this.#stream.bytesWritten;
  }

  async write(octets: Uint8Array): Promise<readonly Uint8Array[]> {
    return this.#during((done) => this.#stream.write(octets, done));
  }

  /** Brings out all that went in until now. */
  async flush(): Promise<readonly Uint8Array[]> {
    return this.#during((done) => this.#stream.flush(done));
  }

  async end(): Promise<readonly Uint8Array[]> {
    return this.#during(() => this.#stream.end());
  }

  destroy(): void {
    this.#stream.destroy();
  }

  async #during(start: (done: () => void) => void): Promise<readonly Uint8Array[]> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.over) resolve();
      else start(resolve);
    });
    const out = this.#out;
    this.#out = [];
    return out;
  }
}

function known(create: (() => Transformer) | undefined, file: string): Transformer {
  if (create) return create();
  throw new SockinspectError(
    "UNSUPPORTED_PLATFORM",
    `${file} is compressed by zstd, which Node has from 22.15 on and this is ${process.version}: use gzip, a newer Node or the command 'zstd'`,
    { platform: `node ${process.version}` },
  );
}
