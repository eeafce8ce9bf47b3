import { accessSync, closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { refusedArgument } from "../arguments.js";
import { fileError } from "../capture/file-error.js";
import { SockinspectError } from "../errors.js";
import type { Conversation } from "../flow/conversation.js";
import type { Piece } from "../flow/reassembly.js";
import { nameOf } from "../render/conversation.js";
import { count, printable } from "../render/text.js";
import { exitCodes, refusal } from "./failure.js";
import type { End, Listener } from "./listener.js";
import { Output } from "./output.js";

/** A file for each side, the octets as they were sent. */
export class StreamFiles implements Listener {
  readonly output = new Output();
  readonly #directory: string;
  readonly #open = new Map<Conversation, Partial<Record<End, number>>>();
  #made = 0;
  failure: unknown;

  /** Throws `BAD_ARGUMENT` where no file can be made: whoever this process became has to be able to. */
  constructor(directory: string) {
    this.#directory = directory;
    try {
      accessSync(join(directory, "."), constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw refusedArgument(
        "--raw",
        directory,
        `--raw: cannot make files in ${directory}: it is no directory, or user ${process.getuid?.()}, who runs this now, may not write there (choose another one, or --user)`,
        { cause },
      );
    }
  }

  get remarks(): readonly string[] {
    return [`${count(this.#made, "file")} in ${printable(this.#directory)}`];
  }

  hear(conversation: Conversation, from: End, pieces: readonly Piece[]): void {
    if (this.failure !== undefined) return;
    const path = join(this.#directory, `${nameOf(conversation)}-${from}`);
    try {
      const fd = this.#fileOf(conversation, from, path);
      for (const piece of pieces) {
        if (piece.kind === "gap") continue; // told in the end
        for (let at = 0; at < piece.octets.length; ) at += writeSync(fd, piece.octets, at);
      }
    } catch (error) {
      const isThere = (error as NodeJS.ErrnoException).code === "EEXIST";
      this.failure = isThere
        ? refusal(exitCodes.cannotCreate, alreadyThere(path, error))
        : refusal(exitCodes.output, fileError("write", path, error));
    }
  }

  over(conversation: Conversation): void {
    for (const fd of Object.values(this.#open.get(conversation) ?? {})) closeSync(fd);
    this.#open.delete(conversation);
  }

  #fileOf(conversation: Conversation, from: End, path: string): number {
    let ends = this.#open.get(conversation);
    if (!ends) {
      ends = {};
      this.#open.set(conversation, ends);
    }
    const known = ends[from];
    if (known !== undefined) return known;
    const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
    // A new file by this name or none: what is there is nobody's to overwrite
    const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    ends[from] = fd;
    this.#made++;
    return fd;
  }
}

function alreadyThere(path: string, cause: unknown): SockinspectError<"SYSTEM"> {
  return new SockinspectError(
    "SYSTEM",
    `cannot create ${path}: there is a file of that name already (choose an empty directory)`,
    { code: "EEXIST", syscall: "open" },
    { cause },
  );
}
