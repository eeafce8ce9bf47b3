/** A ladder as an SVG image that needs nothing else and follows the reader's light or dark. */
import { durationText } from "../flow/explain.js";
import type { Ladder, Rung } from "./ladder.js";
import { count } from "./text.js";

/** Pixels. */
const WIDTH = 860;
const LEFT = 210;
const RIGHT = 650;
const ROW = 30;
const NOTE = 17;
/** Nanoseconds: a longer pause is shown as one. */
const PAUSE = 1e8;

const STYLE = `
  svg { background: #fff; color: #1b1f24; --quiet: #6a737d; --mark: #b35900; --line: #0550ae; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; color: #e6edf3; --quiet: #8b949e; --mark: #f0883e; --line: #58a6ff; }
  }
  text { font: 13px ui-monospace, monospace; fill: currentColor; }
  .title { font-weight: bold; }
  .quiet { fill: var(--quiet); }
  .note { fill: var(--mark); font-size: 12px; }
  .life { stroke: var(--quiet); }
  .arrow { stroke: var(--line); stroke-width: 1.5; }
  .head { fill: var(--line); }
`;

/** The image as text. */
export function ladderSvg({ title, client, server, rungs, more }: Ladder): string {
  const parts = [
    text(WIDTH / 2, 24, title, "title", "middle"),
    text(LEFT, 52, client, "title", "middle"),
    text(RIGHT, 52, server, "title", "middle"),
  ];
  let y = 66;
  let states = { client: "", server: "" };
  const note = (words: string, kind = "note"): void => {
    parts.push(text((LEFT + RIGHT) / 2, y + 12, words, kind, "middle"));
    y += NOTE;
  };
  for (const [i, rung] of rungs.entries()) {
    if (i > 0 && rung.since >= PAUSE) note(`· · · ${durationText(rung.since)} · · ·`, "quiet");
    y += ROW;
    parts.push(text(70, y + 4, durationText(rung.time), "quiet", "end"), arrow(rung, y));
    if (rung.states) {
      if (rung.states.client !== states.client) parts.push(text(LEFT - 10, y + 4, rung.states.client, "", "end"));
      if (rung.states.server !== states.server) parts.push(text(RIGHT + 10, y + 4, rung.states.server, "", "start"));
      states = rung.states;
    }
    for (const words of rung.notes) note(words);
  }
  if (more > 0) note(`${count(more, "more packet")}, not kept`);
  const height = y + 24;
  const lives = [LEFT, RIGHT].map((x) => `<line class="life" x1="${x}" y1="60" x2="${x}" y2="${height - 10}"/>`);
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${safe(title)}">\n<style>${STYLE}</style>\n${[...lives, ...parts].join("\n")}\n</svg>\n`;
}

function arrow({ from, isError, text: words }: Rung, y: number): string {
  const toServer = from === "client";
  const [start, end] = toServer ? [LEFT, RIGHT] : [RIGHT, LEFT];
  const back = toServer ? -9 : 9;
  const head = isError
    ? `<path class="arrow" d="M${end + back} ${y - 5} l9 10 m0 -10 l-9 10"/>`
    : `<path class="head" d="M${end} ${y} l${back} -5 v10 z"/>`;
  const line = `<line class="arrow" x1="${start}" y1="${y}" x2="${end + back}" y2="${y}"/>`;
  return `${line}${head}${text((LEFT + RIGHT) / 2, y - 6, words, "", "middle")}`;
}

function text(x: number, y: number, words: string, kind: string, anchor: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${kind && ` class="${kind}"`}>${safe(words)}</text>`;
}

function safe(words: string): string {
  return words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
