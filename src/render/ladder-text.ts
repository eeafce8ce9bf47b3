/** A ladder as text. */
import { durationText } from "../flow/explain.js";
import { type CallRung, type End, type Ladder, Margins, type PacketRung, type Rung, SAMPLED } from "./ladder.js";
import { type Paint, plain, type Role } from "./paint.js";
import { count, wrap } from "./text.js";

export interface LadderTextOptions {
  /** Columns. Default 80, which is also the least. */
  readonly width?: number;
  readonly paint?: Paint;
}

/** "+ 12.3 ms" */
const TIME = 9;
/** The longest state is SYN-RECEIVED. */
const STATE = 12;
const LEAST = 80;
/** What does not go all the way leaves a part of this many free. */
const FREE = 6;
/** Nanoseconds: a longer pause is shown as one. */
const PAUSE = 1e8;

/** Lines of at most `width` columns, without line breaks. */
export function ladderText(ladder: Ladder, options: LadderTextOptions = {}): readonly string[] {
  const drawing = new LadderDrawing(options);
  return [...drawing.head(ladder), ...ladder.rungs.flatMap((rung) => drawing.rung(rung)), ...drawing.foot(ladder)];
}

/** A ladder in text, rung by rung. */
export class LadderDrawing {
  readonly #paint: Paint;
  readonly #width: number;
  /** Columns between both lifelines. */
  readonly #room: number;
  readonly #margins = new Margins();
  #first = true;

  constructor({ width = LEAST, paint = plain }: LadderTextOptions = {}) {
    this.#paint = paint;
    this.#width = Math.max(LEAST, width);
    this.#room = this.#width - TIME - 2 * STATE - 5;
  }

  head(ladder: Ladder): readonly string[] {
    return [this.#paint("title", ladder.title), ...this.ends(ladder)];
  }

  rung(rung: Rung): readonly string[] {
    const lines: string[] = [];
    if (!this.#first && rung.since >= PAUSE) lines.push(this.#pause(rung.since));
    this.#first = false;
    const { client, server } = this.#margins.news(rung);
    const sampled = rung.states?.sampled ?? false;
    const margins = { client, server, mark: sampled ? SAMPLED : " " };
    const time = this.#paint("time", durationText(rung.time).padStart(TIME));
    switch (rung.kind) {
      case "packet":
        lines.push(this.#line(time, this.#arrow(rung), margins));
        break;
      case "call":
        lines.push(...this.#call(rung, time, margins));
        break;
      case "caption":
        // A heading: nothing happens in it
        for (const [i, piece] of wrap(rung.text, this.#width - 4).entries())
          lines.push(`${i === 0 ? "◆" : " "} ${this.#paint("title", piece)}`);
        break;
      default:
        rung satisfies never;
    }
    for (const note of rung.notes) lines.push(...this.#marked(note, "problem", "▸"));
    return lines;
  }

  foot({ more }: Ladder): readonly string[] {
    return more > 0 ? this.#marked(`${count(more, "more packet")}, not kept`, "problem", "▸") : [];
  }

  /** Both ends, on a line each where one has not room for both. */
  ends({ client, server }: Ladder): readonly string[] {
    const width = this.#width;
    const left = TIME + 2;
    const gap = width - left - client.length - server.length;
    const [from, to] = [`${" ".repeat(left)}${this.#paint("address", client)}`, this.#paint("address", server)];
    return gap > 0
      ? [`${from}${" ".repeat(gap)}${to}`]
      : [from, `${" ".repeat(Math.max(0, width - server.length))}${to}`];
  }

  /** Between the lifelines, `room` columns. */
  #arrow({ from, way, isError, text }: PacketRung): string {
    const room = way === "whole" ? this.#room : this.#room - Math.floor(this.#room / FREE);
    const label = fitting(text, room - 6);
    const dashes = room - label.length - 4;
    const [less, rest] = [Math.floor(dashes / 2), Math.ceil(dashes / 2)];
    const [near, far] = from === "client" ? [less, rest] : [rest, less];
    const tip = { whole: isError ? "×" : ">", lost: "╳", held: "┄", late: isError ? "×" : ">" }[way];
    const head = tip === ">" ? (from === "client" ? "▶" : "◀") : tip;
    const tail = way === "late" ? "┄" : "─";
    const words = ` ${this.#paint(way === "lost" ? "problem" : "flags", label)} `;
    const free = " ".repeat(this.#room - room);
    const arrow =
      from === "client"
        ? `${tail}${"─".repeat(near)}${words}${"─".repeat(far)}${head}`
        : `${head}${"─".repeat(near)}${words}${"─".repeat(far)}${tail}`;
    return (from === "client") === (way === "late") ? `${free}${arrow}` : `${arrow}${free}`;
  }

  #call({ by, text, failed }: CallRung, time: string, margins: Sides): readonly string[] {
    const room = this.#room - 2;
    return wrap(text, room).map((piece, i) => {
      const words = this.#paint(failed ? "problem" : "payload", piece);
      const free = " ".repeat(room - piece.length);
      const middle = by === "client" ? ` ${words}${free} ` : ` ${free}${words} `;
      return i === 0 ? this.#line(time, middle, margins, by) : this.#line(" ".repeat(TIME), middle);
    });
  }

  #pause(time: number): string {
    const text = `· · ·  ${durationText(time)}  · · ·`;
    const left = Math.floor((this.#room - text.length) / 2);
    const middle = " ".repeat(left) + text + " ".repeat(this.#room - left - text.length);
    return this.#line(" ".repeat(TIME), this.#paint("quiet", middle));
  }

  #marked(text: string, role: Role, sign: string): readonly string[] {
    return wrap(text, this.#room - 4).map((piece, i) => {
      const marked = `${i === 0 ? ` ${sign} ` : "   "}${piece}`.padEnd(this.#room);
      return this.#line(" ".repeat(TIME), this.#paint(role, marked));
    });
  }

  #line(time: string, middle: string, { client, server, mark }: Sides = NO_SIDES, by?: End): string {
    const left = this.#paint("title", client.padStart(STATE));
    const right = this.#paint("title", server);
    const [leftLife, rightLife] = [by === "client" ? "┝" : "│", by === "server" ? "┥" : "│"];
    const [leftMark, rightMark] = [client === "" ? " " : mark, server === "" ? " " : mark];
    return `${time} ${left}${leftMark}${leftLife}${middle}${rightLife}${rightMark}${right}`.trimEnd();
  }
}

/** What an arrow has room for: which octets go there says more than which were had. */
function fitting(text: string, room: number): string {
  if (text.length <= room) return text;
  const short = text.replace(/ ack \d+$/, "").replace(/PSH ACK/, "ACK");
  return short.length > room ? `${short.slice(0, room - 1)}…` : short;
}

/** What stands in the margins of a line. */
interface Sides {
  readonly client: string;
  readonly server: string;
  readonly mark: string;
}

const NO_SIDES: Sides = { client: "", server: "", mark: " " };
