/** What both sides say, as lines of text or as octets on standard output. */
import type { Conversation } from "../flow/conversation.js";
import type { Gap, Piece } from "../flow/reassembly.js";
import { nameOf, sideText } from "../render/conversation.js";
import { hexDump } from "../render/hex.js";
import type { Paint } from "../render/paint.js";
import { count, printable } from "../render/text.js";
import { ENDS, type End, KEEP, type Listener } from "./listener.js";
import { Output } from "./output.js";
import { terminal } from "./terminal.js";

/** Characters of a line that wait for its end. */
const LINE = 64 * 1024;

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
export class Text implements Listener {
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

export class Octets implements Listener {
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
}
