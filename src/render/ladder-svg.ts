/** A ladder as an SVG image that needs nothing else and follows the reader's light or dark. */
import { durationText } from "../flow/explain.js";
import { type CallRung, type Ladder, Margins, type PacketRung, SAMPLED } from "./ladder.js";
import { count, wrap } from "./text.js";

/** Pixels. */
const WIDTH = 860;
const LEFT = 210;
const RIGHT = 650;
const ROW = 30;
const CALL = 22;
const NOTE = 17;
/** Characters of a note's line. */
const WORDS = 56;
/** Nanoseconds: a longer pause is shown as one. */
const PAUSE = 1e8;

/** In every colour written out: not every program that shows images knows custom properties. */
function colours(page: string, ink: string, quiet: string, mark: string, line: string, call: string): string {
  return `.page { fill: ${page}; } text { fill: ${ink}; } text.quiet { fill: ${quiet}; } .life { stroke: ${quiet}; }
  text.note, text.lost, text.failed { fill: ${mark}; } .arrow { stroke: ${line}; } .head { fill: ${line}; }
  text.call { fill: ${call}; } .tick { stroke: ${call}; }`;
}

const STYLE = `
  text { font: 13px ui-monospace, monospace; }
  .title { font-weight: bold; }
  .note { font-size: 12px; }
  .arrow { stroke-width: 1.5; }
  .tick { stroke-width: 3; }
  ${colours("#fff", "#1b1f24", "#6a737d", "#b35900", "#0550ae", "#1a7f37")}
  @media (prefers-color-scheme: dark) {
  ${colours("#0d1117", "#e6edf3", "#8b949e", "#f0883e", "#58a6ff", "#3fb950")}
  }
`;

/** One image as text: the ladders one below the other. */
export function ladderSvg(...ladders: readonly Ladder[]): string {
  return [...ladderSvgPieces(ladders)].join("");
}

/** The image in pieces, for whoever writes them one by one. */
export function* ladderSvgPieces(ladders: readonly Ladder[]): Generator<string, void, undefined> {
  // How tall it is stands in front of what is in it: drawn twice, so that no more than one ladder is text at a time
  const height = ladders.reduce((sum, ladder) => sum + drawn(ladder).height, 0);
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  const label = ladders.map(({ title }) => title).join("; ");
  yield `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${safe(label)}">\n<style>${STYLE}</style>\n<rect class="page" width="${WIDTH}" height="${height}"/>\n`;
  let y = 0;
  for (const ladder of ladders) {
    const { parts, height } = drawn(ladder);
    yield `<g transform="translate(0 ${y})">\n${parts.join("\n")}\n</g>\n`;
    y += height;
  }
  yield "</svg>\n";
}

/** The elements of one ladder, from its own top down. */
function drawn({ title, client, server, rungs, more }: Ladder): { parts: readonly string[]; height: number } {
  const parts = [
    text(WIDTH / 2, 24, title, "title", "middle"),
    text(LEFT, 52, client, "title", "middle"),
    text(RIGHT, 52, server, "title", "middle"),
  ];
  let y = 66;
  const margins = new Margins();
  const note = (words: string, kind = "note"): void => {
    for (const piece of wrap(words, WORDS)) {
      parts.push(text((LEFT + RIGHT) / 2, y + 12, piece, kind, "middle"));
      y += NOTE;
    }
  };
  for (const [i, rung] of rungs.entries()) {
    if (i > 0 && rung.since >= PAUSE) note(`· · · ${durationText(rung.since)} · · ·`, "quiet");
    if (rung.kind === "caption") {
      y += NOTE;
      note(rung.text, "title");
      continue;
    }
    y += rung.kind === "call" ? CALL : ROW;
    const time = text(70, y + 4, durationText(rung.time), "quiet", "end");
    parts.push(time, rung.kind === "call" ? call(rung, y) : arrow(rung, y));
    const news = margins.news(rung);
    const mark = rung.states?.sampled ? SAMPLED : "";
    if (news.client !== "") parts.push(text(LEFT - 10, y + 4, `${news.client}${mark}`, "", "end"));
    if (news.server !== "") parts.push(text(RIGHT + 10, y + 4, `${mark}${news.server}`, "", "start"));
    for (const words of rung.notes) note(words);
  }
  if (more > 0) note(`${count(more, "more packet")}, not kept`);
  const height = y + 24;
  const lives = [LEFT, RIGHT].map((x) => `<line class="life" x1="${x}" y1="60" x2="${x}" y2="${height - 10}"/>`);
  return { parts: [...lives, ...parts], height };
}

function arrow({ from, way, isError, text: words }: PacketRung, y: number): string {
  const ahead = from === "client" ? 1 : -1;
  const [near, far] = from === "client" ? [LEFT, RIGHT] : [RIGHT, LEFT];
  // What does not go all the way leaves a quarter free
  const part = (ahead * (RIGHT - LEFT)) / 4;
  const start = way === "late" ? near + part : near;
  const end = way === "lost" || way === "held" ? far - part : far;
  const back = end - ahead * 9;
  const cross = `<path class="arrow" d="M${back} ${y - 5} l${ahead * 9} 10 m0 -10 l${-ahead * 9} 10"/>`;
  const point = `<path class="head" d="M${end} ${y} l${-ahead * 9} -5 v10 z"/>`;
  const head = way === "held" ? "" : isError || way === "lost" ? cross : point;
  const dashes = way === "held" || way === "late" ? ' stroke-dasharray="6 4"' : "";
  const line = `<line class="arrow"${dashes} x1="${start}" y1="${y}" x2="${way === "held" ? end : back}" y2="${y}"/>`;
  return `${line}${head}${text((start + end) / 2, y - 6, words, way === "lost" ? "lost" : "", "middle")}`;
}

function call({ by, text: words, failed }: CallRung, y: number): string {
  const [x, ahead, anchor] = by === "client" ? [LEFT, 1, "start"] : [RIGHT, -1, "end"];
  const tick = `<line class="tick" x1="${x}" y1="${y}" x2="${x + ahead * 8}" y2="${y}"/>`;
  return `${tick}${text(x + ahead * 14, y + 4, words, failed ? "failed" : "call", anchor)}`;
}

function text(x: number, y: number, words: string, kind: string, anchor: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${kind && ` class="${kind}"`}>${safe(words)}</text>`;
}

function safe(words: string): string {
  return words.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
