/** A ladder as text. */
import { durationText } from "../flow/explain.js";
import type { Ladder, Rung } from "./ladder.js";
import { type Paint, plain } from "./paint.js";
import { count } from "./text.js";

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
/** Nanoseconds: a longer pause is shown as one. */
const PAUSE = 1e8;

/** Lines of at most `width` columns, without line breaks. */
export function ladderText(ladder: Ladder, options: LadderTextOptions = {}): readonly string[] {
  const { paint = plain } = options;
  const width = Math.max(LEAST, options.width ?? LEAST);
  const drawing = new Drawing(paint, width - TIME - 2 * STATE - 5);
  const { client, server, rungs, more } = ladder;
  const lines = [paint("title", ladder.title), ...drawing.ends(client, server, width)];
  let states = { client: "", server: "" };
  for (const [i, rung] of rungs.entries()) {
    if (i > 0 && rung.since >= PAUSE) lines.push(drawing.pause(rung.since));
    const now = rung.states ?? states;
    lines.push(
      drawing.rung(
        rung,
        now.client === states.client ? "" : now.client,
        now.server === states.server ? "" : now.server,
      ),
    );
    for (const note of rung.notes) lines.push(...drawing.note(note));
    states = now;
  }
  if (more > 0) lines.push(...drawing.note(`${count(more, "more packet")}, not kept`));
  return lines;
}

class Drawing {
  readonly #paint: Paint;
  /** Columns between both lifelines. */
  readonly #room: number;

  constructor(paint: Paint, room: number) {
    this.#paint = paint;
    this.#room = room;
  }

  /** Both ends, on a line each where one has not room for both. */
  ends(client: string, server: string, width: number): readonly string[] {
    const left = TIME + 2;
    const gap = width - left - client.length - server.length;
    const [from, to] = [`${" ".repeat(left)}${this.#paint("address", client)}`, this.#paint("address", server)];
    return gap > 0
      ? [`${from}${" ".repeat(gap)}${to}`]
      : [from, `${" ".repeat(Math.max(0, width - server.length))}${to}`];
  }

  rung({ time, from, isError, text }: Rung, client: string, server: string): string {
    const label = text.length > this.#room - 6 ? `${text.slice(0, this.#room - 7)}…` : text;
    const dashes = this.#room - label.length - 4;
    const head = isError ? "×" : from === "client" ? "▶" : "◀";
    const left = from === "client" ? Math.floor(dashes / 2) : Math.ceil(dashes / 2);
    const [before, after] = ["─".repeat(left), "─".repeat(dashes - left)];
    const words = ` ${this.#paint("flags", label)} `;
    const arrow = from === "client" ? `─${before}${words}${after}${head}` : `${head}${before}${words}${after}─`;
    return this.#line(this.#paint("time", durationText(time).padStart(TIME)), client, arrow, server);
  }

  pause(time: number): string {
    const text = `· · ·  ${durationText(time)}  · · ·`;
    const left = Math.floor((this.#room - text.length) / 2);
    const middle = " ".repeat(left) + text + " ".repeat(this.#room - left - text.length);
    return this.#line(" ".repeat(TIME), "", this.#paint("quiet", middle), "");
  }

  note(text: string): readonly string[] {
    return wrap(text, this.#room - 4).map((piece, i) => {
      const marked = `${i === 0 ? " ▸ " : "   "}${piece}`.padEnd(this.#room);
      return this.#line(" ".repeat(TIME), "", this.#paint("problem", marked), "");
    });
  }

  #line(time: string, client: string, middle: string, server: string): string {
    const left = this.#paint("title", client.padStart(STATE));
    return `${time} ${left} │${middle}│ ${this.#paint("title", server)}`.trimEnd();
  }
}

/** Lines of at most `width`, broken between words where there are any. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
    for (; line.length > width; line = line.slice(width)) lines.push(line.slice(0, width));
  }
  if (line !== "") lines.push(line);
  return lines;
}
