/** What both sides of conversations say. */
import { accessSync, closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { refusedArgument } from "../arguments.js";
import { fileError } from "../capture/file-error.js";
import { SockinspectError } from "../errors.js";
import type { Conversation } from "../flow/conversation.js";
import { Conversations } from "../flow/conversations.js";
import type { Gap, Piece } from "../flow/reassembly.js";
import type { Frame } from "../packet/frame.js";
import { hexDump } from "../render/hex.js";
import type { Paint } from "../render/paint.js";
import { count, printable } from "../render/text.js";
import type { LiveOptions } from "./capture.js";
import { paintFor } from "./colours.js";
import { exitCodes, refusedAs } from "./failure.js";
import { nameOf, sideText } from "./flows.js";
import { pourFrom } from "./from.js";
import { Output } from "./output.js";
import type { Sink } from "./sink.js";
import { terminal } from "./terminal.js";

export interface FollowCommandOptions extends LiveOptions {
  readonly hex?: boolean;
  readonly raw?: string;
  readonly conversation?: string;
}

type End = "client" | "server";

const ENDS = ["client", "server"] as const;

/** Conversations at once, with up to two open files each. */
const MOST = 400;
/** Octets a side that wait for what is missing before them. */
const KEEP = 1024 * 1024;
/** Characters of a line that wait for its end. */
const LINE = 64 * 1024;

export async function followCommand(file: string, words: string[], options: FollowCommandOptions): Promise<void> {
  const { conversation, raw } = options;
  if (conversation !== undefined && !/^(tcp|udp)-\d+$/.test(conversation))
    throw refusedArgument(
      "--conversation",
      conversation,
      `--conversation takes a name such as tcp-0, not ${JSON.stringify(conversation)} ('sockinspect flows' tells them)`,
    );
  await pourFrom(file, words, options, () => {
    return new Following(file, options, raw === undefined ? spoken(options, file) : new Files(raw));
  });
}

function spoken({ hex, color }: FollowCommandOptions, file: string): Listener {
  const paint = paintFor(process.stdout, color);
  return hex ? new Octets(paint) : new Text(paint, file === "live" || file === "-");
}

/** Is told what is said, in the order in which it became known. */
interface Listener {
  hear(conversation: Conversation, from: End, pieces: readonly Piece[]): void;
  /** Nothing more comes of a conversation. */
  over(conversation: Conversation): void;
  /** Everything so far can be shown. */
  pause(): void;
  readonly output: Output;
  readonly remarks: readonly string[];
  /** Why nothing more can be heard, and the exit code for it. */
  readonly failure?: { readonly error: unknown; readonly code: number } | undefined;
}

class Following implements Sink {
  readonly #conversations: Conversations;
  readonly #listener: Listener;
  readonly #file: string;
  readonly #only: string | undefined;
  /** Whether {@link #only} was there. */
  #came = false;
  #missing = 0;
  #heard = 0;

  constructor(file: string, { conversation }: FollowCommandOptions, listener: Listener) {
    this.#file = file;
    this.#listener = listener;
    this.#only = conversation;
    const evicted = (one: Conversation): void => this.#end(one);
    // What several devices see was said once
    const ignoreDevices = true;
    this.#conversations = new Conversations({ most: MOST, keep: KEEP, reassembled: true, ignoreDevices, evicted });
  }

  take(frame: Frame): boolean {
    const step = this.#conversations.follow(frame);
    if (step) {
      if (this.#only !== undefined) this.#came ||= nameOf(step.conversation) === this.#only;
      this.#pass(step.conversation);
    }
    return this.#listener.output.full || this.#listener.failure !== undefined;
  }

  async ready(): Promise<boolean> {
    const { failure } = this.#listener;
    if (failure) await refusedAs(failure.code, Promise.reject(failure.error));
    this.#listener.pause();
    return this.#listener.output.flush();
  }

  async end(): Promise<void> {
    this.#conversations.end();
    for (const conversation of this.#conversations) this.#end(conversation);
    await this.ready();
    if (this.#only !== undefined && !this.#came && this.#file !== "live")
      throw refusedArgument(
        "--conversation",
        this.#only,
        `--conversation: there is no ${this.#only} among what was read ('sockinspect flows' tells what there is, with the same filter)`,
      );
  }

  get remarks(): readonly string[] {
    const { evicted } = this.#conversations;
    const remarks = [...this.#listener.remarks];
    if (this.#only !== undefined && !this.#came) remarks.push(`no conversation ${this.#only} came`);
    else if (this.#heard === 0) remarks.push("nothing was said");
    if (this.#missing > 0) remarks.push(`${count(this.#missing, "octet")} missing`);
    if (evicted > 0)
      remarks.push(`${count(evicted, "conversation")} let go, those longest silent: ${MOST} are followed at once`);
    return remarks;
  }

  #pass(conversation: Conversation): void {
    if (conversation.kind === "echo") return;
    // An acknowledgment tells what is missing of the other side
    for (const from of ENDS) {
      const pieces = conversation[from].data?.take() ?? [];
      if (pieces.length === 0 || (this.#only !== undefined && nameOf(conversation) !== this.#only)) continue;
      for (const piece of pieces) {
        if (piece.kind === "gap") this.#missing += piece.length;
        else this.#heard += piece.octets.length;
      }
      this.#listener.hear(conversation, from, pieces);
    }
  }

  #end(conversation: Conversation): void {
    this.#pass(conversation);
    this.#listener.over(conversation);
  }
}

const ARROWS = { client: "→", server: "←" } as const;
const GOES_ON = { client: "⇢", server: "⇠" } as const;
const ROLES = { client: "address", server: "payload" } as const;

/** Says who speaks, wherever another conversation does. */
class Heading {
  readonly #paint: Paint;
  #latest: Conversation | undefined;

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  print(conversation: Conversation, output: Output): void {
    if (conversation === this.#latest) return;
    if (this.#latest) output.print("");
    this.#latest = conversation;
    const [client, server] = [sideText(conversation, "client"), sideText(conversation, "server")];
    output.print(this.#paint("title", `${nameOf(conversation)}  client ${client}  server ${server}`));
  }
}

function gapText(from: End, { length, reason }: Gap): string {
  const why = {
    unseen: "not seen: lost, or not captured",
    cut: "not kept by the capture",
    "not kept": `left out: more than ${KEEP} waited`,
  };
  return `✗ ${count(length, "octet")} of the ${from} ${why[reason]}`;
}

/** A side's text that is not printed yet. */
class Voice {
  readonly decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  line = "";
  /** Whether the line began further up. */
  goesOn = false;
}

/** What fits behind an arrow: where a terminal breaks lines by itself, the rest could pass for the other side's. */
function rows(text: string): readonly string[] {
  const room = process.stdout.isTTY ? Math.max(2, terminal().columns - 2) : Number.POSITIVE_INFINITY;
  if (2 * text.length <= room) return [text];
  const rows: string[] = [];
  let row = "";
  let width = 0;
  for (const character of text) {
    // Two columns are the most that a character takes
    const columns = character <= "~" ? 1 : 2;
    if (width + columns > room) {
      rows.push(row);
      row = "";
      width = 0;
    }
    row += character;
    width += columns;
  }
  return [...rows, row];
}

/** Lines as they were written, each behind an arrow: no text can look like another side's. */
class Text implements Listener {
  readonly output = new Output();
  readonly remarks = [];
  readonly #paint: Paint;
  readonly #heading: Heading;
  readonly #isLive: boolean;
  readonly #voices = new Map<Conversation, Readonly<Record<End, Voice>>>();
  #speaker: { readonly conversation: Conversation; readonly from: End } | undefined;

  constructor(paint: Paint, isLive: boolean) {
    this.#paint = paint;
    this.#heading = new Heading(paint);
    this.#isLive = isLive;
  }

  hear(conversation: Conversation, from: End, pieces: readonly Piece[]): void {
    const { conversation: before, from: side } = this.#speaker ?? {};
    if (before && (before !== conversation || side !== from)) this.pause(true);
    this.#speaker = { conversation, from };
    let voices = this.#voices.get(conversation);
    if (!voices) {
      voices = { client: new Voice(), server: new Voice() };
      this.#voices.set(conversation, voices);
    }
    const voice = voices[from];
    this.#heading.print(conversation, this.output);
    for (const piece of pieces) {
      if (piece.kind === "octets") this.#say(voice, from, voice.decoder.decode(piece.octets, { stream: true }));
      // A datagram ends what is said, and so does a gap
      if (piece.kind === "gap" || conversation.kind === "udp") {
        this.#say(voice, from, voice.decoder.decode());
        this.#line(voice, from, true);
        voice.goesOn = false;
      }
      if (piece.kind === "gap") this.output.print(this.#paint("problem", gapText(from, piece)));
    }
  }

  over(conversation: Conversation): void {
    const voices = this.#voices.get(conversation);
    this.#voices.delete(conversation);
    for (const from of ENDS) {
      const voice = voices?.[from];
      if (!voice) continue;
      this.#say(voice, from, voice.decoder.decode());
      if (voice.line === "") continue;
      this.#heading.print(conversation, this.output);
      this.#line(voice, from, true);
    }
  }

  /** Prints what was said, whether or not it is a line, where somebody waits for it. */
  pause(waits = this.#isLive): void {
    if (!this.#speaker || !waits) return;
    const { conversation, from } = this.#speaker;
    const voice = this.#voices.get(conversation)?.[from];
    if (voice) this.#line(voice, from, true);
  }

  #say(voice: Voice, from: End, text: string): void {
    const lines = text.split("\n");
    for (const [i, part] of lines.entries()) {
      voice.line += part;
      if (i < lines.length - 1) {
        this.#line(voice, from, false);
      } else if (voice.line.length > LINE) this.#line(voice, from, true);
    }
  }

  /** `isPart`: its end may come later. */
  #line(voice: Voice, from: End, isPart: boolean): void {
    if (isPart && voice.line === "") return;
    const arrow = voice.goesOn ? GOES_ON[from] : ARROWS[from];
    // Whether a line ends in CR LF or LF is not to be seen; other CRs are
    const text = isPart ? voice.line : voice.line.replace(/\r$/, "");
    if (text !== "" || !voice.goesOn)
      for (const [i, row] of rows(printable(text)).entries())
        this.output.print(`${i === 0 ? arrow : " "} ${this.#paint(ROLES[from], row)}`);
    voice.line = "";
    voice.goesOn = isPart;
  }
}

class Octets implements Listener {
  readonly output = new Output();
  readonly remarks = [];
  readonly #paint: Paint;
  readonly #heading: Heading;

  constructor(paint: Paint) {
    this.#paint = paint;
    this.#heading = new Heading(paint);
  }

  hear(conversation: Conversation, from: End, pieces: readonly Piece[]): void {
    this.#heading.print(conversation, this.output);
    for (const piece of pieces) {
      if (piece.kind === "gap") {
        this.output.print(this.#paint("problem", gapText(from, piece)));
        continue;
      }
      const arrow = this.#paint(ROLES[from], ARROWS[from]);
      this.output.print(`${arrow} ${count(piece.octets.length, "octet")} from ${piece.at} on`);
      for (const text of hexDump(piece.octets, this.#paint)) this.output.print(`${arrow} ${text}`);
    }
  }

  over(): void {}

  pause(): void {}
}

/** A file for each side, the octets as they were sent. */
class Files implements Listener {
  readonly output = new Output();
  readonly #directory: string;
  readonly #open = new Map<Conversation, Partial<Record<End, number>>>();
  #made = 0;
  failure: Listener["failure"];

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
    if (this.failure) return;
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
        ? { error: alreadyThere(path, error), code: exitCodes.cannotCreate }
        : { error: fileError("write", path, error), code: exitCodes.output };
    }
  }

  over(conversation: Conversation): void {
    for (const fd of Object.values(this.#open.get(conversation) ?? {})) closeSync(fd);
    this.#open.delete(conversation);
  }

  pause(): void {}

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
