/** Packets into capture files. */
import { accessSync, closeSync, constants, createReadStream, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { refusedArgument } from "../arguments.js";
import { compressionFor, Transform } from "../capture/compression.js";
import { openCapture } from "../capture/file.js";
import { type CaptureOutput, type CreateOptions, createCapture } from "../capture/file-output.js";
import type { CaptureInterface } from "../capture/record.js";
import type { Statistics } from "../capture/source.js";
import { isSockinspectError, SockinspectError } from "../errors.js";
import type { Frame } from "../packet/frame.js";
import { count } from "../render/text.js";
import { hardwareTypes, type Interface, interfaces } from "../socket/interfaces.js";
import { linkTypes } from "../wire/numbers.js";
import { claim } from "./create.js";
import { exitCodes, refusal, refusedAs } from "./failure.js";
import type { FileOwner } from "./privileges.js";
import type { Sink } from "./sink.js";

export interface SaveOptions {
  readonly write?: string;
  readonly rotateSize?: number;
  readonly rotateSeconds?: number;
  readonly files?: number;
  readonly print?: boolean;
  readonly interface?: string;
  readonly snaplen?: number;
}

const MEBI = 1024 * 1024;
const MOST_OCTETS = 262_144;
/** Milliseconds that a packet may wait before the operating system has it, whatever becomes of this process. */
const FLUSH_INTERVAL = 500;

/** The interface that totals belong to where the kernel counted them for all interfaces together. */
const EVERY_INTERFACE: CaptureInterface = {
  linkType: linkTypes.ethernet,
  snapLength: MOST_OCTETS,
  name: "any",
  description: "No packets: the totals of all interfaces together",
};

/** Finds mistakes before a socket is opened. Throws `BAD_ARGUMENT`. */
export function checkSaveOptions(options: SaveOptions): void {
  const { write, files, print } = options;
  const refuse = (argument: string, why: string): never => {
    throw refusedArgument(argument, write, `${argument} ${why}`);
  };
  if (write === undefined) {
    if (rotates(options)) refuse("--rotate-size and --rotate-seconds", "need --write FILE");
    if (files !== undefined) refuse("--files", "needs --write FILE");
    if (print) refuse("--print", "needs --write FILE: without that, packets are printed anyway");
  }
  if (write === "") refuse("--write", "takes the name of a file");
  if (files !== undefined && !rotates(options)) refuse("--files", "needs --rotate-size or --rotate-seconds");
  if (write !== "-") return;
  if (rotates(options)) refuse("--write -", "cannot be rotated: name a file");
  if (print) refuse("--print", "has nowhere to print to where --write - takes standard output: name a file");
  if (process.stdout.isTTY) refuse("--write -", "would fill the terminal: name a file, or pipe it into a program");
}

/** Capture files that packets are written to; the operating system has them half a second later. */
export class Saving implements Sink {
  readonly #file: CaptureOutput;
  readonly #options: SaveOptions;
  readonly #timer: NodeJS.Timeout;
  /** The file, to be read: later on this process may not be allowed to open it. Of several, those are by name. */
  readonly #own: number | undefined;
  /** The link type that the file's format holds only; undefined where it holds any. */
  readonly #only: number | undefined;
  #leftOut = 0;
  /** Packets that the operating system has for certain. */
  #safe = 0;
  #flushing = false;
  #unread = false;
  #closed = false;

  private constructor(file: CaptureOutput, options: SaveOptions, failed: () => void) {
    this.#file = file;
    this.#options = options;
    this.#only = file.format === "pcap" ? describedFor(options).linkType : undefined;
    const [name] = file.files;
    const readable = name !== undefined && !rotates(options) && statSync(name).isFile();
    this.#own = readable ? openSync(name, "r") : undefined;
    this.#timer = setInterval(() => this.#flush().catch(failed), FLUSH_INTERVAL);
  }

  /**
   * Creates the file, or the first of them, for `owner` or whoever runs this. `failed` is called when a file cannot be
   * written any more; {@link ready} and {@link close} say why. Throws `SYSTEM`, `UNSUPPORTED_PLATFORM`.
   */
  static async open(
    name: string,
    options: SaveOptions,
    owner: FileOwner | undefined,
    failed: () => void,
  ): Promise<Saving> {
    const create = createOptions(options, owner);
    // Throws where there is none, before a file is there that would be left behind
    const compression = compressionFor(name);
    if (compression) await Transform.compress(compression, name);
    await refusedAs(exitCodes.cannotCreate, claim(create.rotation ? firstName(name) : name, owner));
    const file = await refusedAs(exitCodes.cannotCreate, createCapture(name, create));
    // A reader that goes away is told by the write that fails
    if (name === "-") process.stdout.on("error", () => {});
    // Now, so that a process that is killed before the first packet leaves a capture file, too
    file.section();
    if (options.interface !== undefined || file.format === "pcap") file.interface(describedFor(options));
    await refusedAs(exitCodes.output, file.flush()).catch((error: unknown) => {
      if (!nobodyReads(error)) throw error;
      failed();
    });
    return new Saving(file, options, failed);
  }

  /** What is to be said before packets are saved. */
  get note(): string | undefined {
    if (this.#only === undefined || this.#options.interface !== undefined) return undefined;
    const others = interfaces().filter((device) => linkTypeOf(device) !== this.#only);
    if (others.length === 0) return undefined;
    const names = others.map(({ name }) => name).join(", ");
    return `a pcap file holds one link type: Ethernet, so packets of ${names} are left out (pcapng holds them)`;
  }

  /** "12 packets saved in trace.pcapng" */
  get text(): string {
    const { packets, files, kept } = this.#file;
    if (this.#unread) return "the program that read the capture ended before it";
    const [first = "standard output"] = files;
    const where = files.length < 2 ? first : `${files.length} files, ${first} to ${files.at(-1)}`;
    const rest =
      this.#leftOut === 0
        ? ""
        : `, ${this.#leftOut} left out: their link type is not that of this pcap file (pcapng holds them)`;
    const stays = kept.length === 0 ? "" : `, ${count(kept.length, "older file")} could not be removed: ${kept[0]}${kept.length > 1 ? " …" : ""}`; // biome-ignore format: one thought
    return `${count(packets, "packet")} saved in ${where}${rest}${stays}`;
  }

  /** hot */
  take(frame: Frame): boolean {
    if (this.#only !== undefined && frame.linkType !== this.#only) {
      this.#leftOut++;
      return false;
    }
    return !this.#file.write(frame);
  }

  async ready(): Promise<boolean> {
    try {
      await this.#file.drain();
      return true;
    } catch (error) {
      if (!nobodyReads(error)) throw error;
      this.#unread = true;
      return false;
    }
  }

  /** Whoever the process is by now has to be able to begin the next file. Throws `PERMISSION`. */
  checkRotation(): void {
    const { write = "-" } = this.#options;
    if (!rotates(this.#options)) return;
    try {
      accessSync(dirname(write), constants.W_OK | constants.X_OK);
    } catch {
      throw new SockinspectError(
        "PERMISSION",
        `cannot rotate files in ${dirname(write)}: user ${process.getuid?.()}, who this process became, may not write there (choose another directory or --user)`,
        { needs: `write permission for ${dirname(write)}` },
      );
    }
  }

  /** Writes the totals of the capture, and closes. Throws `SYSTEM`, saying how many packets are saved. */
  async close({ received, dropped }: Statistics): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    const file = this.#file;
    const now = Date.now();
    const seconds = Math.floor(now / 1000);
    const nanoseconds = (now - seconds * 1000) * 1e6;
    const index = this.#options.interface === undefined ? file.interface(EVERY_INTERFACE) : 0;
    file.statistics(index, { seconds, nanoseconds, received, dropped });
    try {
      await file.close();
    } catch (error) {
      if (nobodyReads(error)) this.#unread = true;
      else throw refusal(exitCodes.output, await this.#explained(error));
    } finally {
      if (this.#own !== undefined) closeSync(this.#own);
    }
  }

  async #flush(): Promise<void> {
    const { packets } = this.#file;
    if (this.#flushing || packets === this.#safe) return;
    this.#flushing = true;
    try {
      await this.#file.flush();
      this.#safe = packets;
    } finally {
      this.#flushing = false;
    }
  }

  async #explained(error: unknown): Promise<unknown> {
    if (!isSockinspectError(error, "SYSTEM")) return error;
    const saved = (await this.#saved()) ?? `at least ${this.#safe}`;
    const message = `${error.message}; ${saved} of ${count(this.#file.packets, "packet")} saved`;
    return new SockinspectError("SYSTEM", message, error.info, { cause: error.cause });
  }

  /** How many packets can be read from the files; undefined where one cannot be opened. */
  async #saved(): Promise<number | undefined> {
    const fd = this.#own;
    const inputs = fd === undefined ? this.#file.files : [createReadStream("", { fd, start: 0, autoClose: false })];
    if (inputs.length === 0) return undefined;
    let packets = 0;
    try {
      for (const input of inputs) packets += await packetsIn(input);
    } catch {
      return undefined;
    }
    return packets;
  }
}

async function packetsIn(input: string | AsyncIterable<Uint8Array>): Promise<number> {
  let packets = 0;
  await using file = await openCapture(input);
  do for (let item = file.next(); item; item = file.next()) if (item === "packet") packets++;
  while (await file.more());
  return packets;
}

/** Whether there are several files. */
export function rotates({ rotateSize, rotateSeconds }: SaveOptions): boolean {
  return rotateSize !== undefined || rotateSeconds !== undefined;
}

function createOptions(options: SaveOptions, owner: FileOwner | undefined): CreateOptions {
  const { rotateSize, rotateSeconds, files, snaplen } = options;
  return {
    ...(snaplen !== undefined && { snapLength: snaplen }),
    ...(owner && { owner }),
    ...(rotates(options) && {
      rotation: {
        ...(rotateSize !== undefined && { octets: Math.ceil(rotateSize * MEBI) }),
        ...(rotateSeconds !== undefined && { seconds: rotateSeconds }),
        ...(files !== undefined && { files }),
      },
    }),
  };
}

/** The interface that packets are of; of all of them, the usual one. */
function describedFor({ interface: name }: SaveOptions): CaptureInterface {
  const device = interfaces().find((candidate) => candidate.name === name);
  const linkType = device === undefined ? linkTypes.ethernet : linkTypeOf(device);
  return { linkType, snapLength: MOST_OCTETS, ...(name !== undefined && { name }) };
}

function linkTypeOf({ hardwareType, loopback }: Interface): number {
  return hardwareType === hardwareTypes.ethernet || loopback ? linkTypes.ethernet : linkTypes.raw;
}

/** As rotated files are called. */
function firstName(file: string): string {
  return file.replace(/(\.pcapng|\.p?cap)?(\.gz|\.zst)?$/, (end) => `-00001${end}`);
}

function nobodyReads(error: unknown): boolean {
  return isSockinspectError(error, "SYSTEM") && error.info.code === "EPIPE";
}
