// Races as a chart: SVG that needs nothing, light or dark as the reader has it.
import { main, number, summary } from "./report.mjs";

const WIDTH = 880;
const COLUMN = 424;
const GAP = 32;
const ROW = 20;
const HEAD = 46;
const PLOT = 170;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 14px } .note, .axis { fill: #59636e; font-size: 11px }
  rect.ours { fill: #0969da } rect.limit { fill: #8c959f } rect.peer { fill: #c9d1d9 }
  text.ours { font-weight: 600; fill: #0969da }
  .line { fill: none; stroke-width: 2 } .grid { stroke: #d1d9e0 } .background { fill: #ffffff }
  .s0 { stroke: #0969da; fill: #0969da } .s1 { stroke: #bf3989; fill: #bf3989 } .s2 { stroke: #9a6700; fill: #9a6700 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .note, .axis { fill: #9198a1 } rect.ours, text.ours { fill: #4493f8 }
    rect.limit { fill: #9198a1 } rect.peer { fill: #3d444d } .grid { stroke: #3d444d } .background { fill: #0d1117 }
    .s0 { stroke: #4493f8; fill: #4493f8 } .s1 { stroke: #db61a2; fill: #db61a2 } .s2 { stroke: #d29922; fill: #d29922 }
  }`;

/** Panels side by side, two in a row; what they were measured on is below. */
export function chart(races, label) {
  const columns = [0, 0];
  const panels = races.map((race) => {
    const column = columns[0] <= columns[1] ? 0 : 1;
    const { height, content } = race.x === undefined ? bars(race) : lines(race);
    const top = columns[column];
    columns[column] += height + GAP;
    return `<g transform="translate(${column * (COLUMN + GAP)} ${top})">${content}</g>`;
  });
  const below = Math.max(...columns);
  const notes = footer(races);
  const height = below + 14 * notes.length + 4;
  const footers = notes.map((note, at) => text(0, below + 14 * at, note, "note"));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-12 -8 ${WIDTH + 24} ${height + 12}" role="img" aria-label="${escaped(label)}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="background" x="-12" y="-8" width="${WIDTH + 24}" height="${height + 12}"/>`,
    ...panels,
    ...footers,
    "</svg>\n",
  ].join("\n");
}

/** A bar a case, the best on top, on a logarithmic scale. */
function bars(race) {
  const { name, figure } = main(race);
  const better = figure.better === "higher" ? -1 : 1;
  const values = race.cases
    .map((each) => ({ each, value: summary(each, name, figure)?.value }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => better * (a.value - b.value));
  const [least, most] = [Math.min(...values.map(({ value }) => value)), Math.max(...values.map(({ value }) => value))];
  const left = 206;
  const room = COLUMN - left - 92;
  const scale = (value) => 4 + (Math.log(value / least) / Math.log(Math.max(most / least, 1.01))) * (room - 4);
  const rows = values.map(({ each, value }, at) => {
    const y = HEAD + at * ROW;
    const kind = each.ours ? "ours" : each.peer ? "peer" : "limit";
    const lost = race.figures.lost && summary(each, "lost", race.figures.lost)?.value;
    const label = number(value, figure.digits) + (lost >= 0.005 ? `, lost ${number(lost, lost < 1 ? 2 : 0)} %` : "");
    return [
      text(left - 8, y + 13, each.name, kind, "end"),
      `<rect class="${kind}" x="${left}" y="${y + 2}" width="${scale(value).toFixed(1)}" height="${ROW - 6}" rx="2"/>`,
      text(left + scale(value) + 6, y + 13, label, kind),
    ].join("");
  });
  const direction = figure.better === "higher" ? "more is better" : "less is better";
  const content =
    text(0, 12, race.title, "title") +
    text(0, 30, `${figure.title}, ${direction}; log scale`, "note") +
    rows.join("\n");
  return { height: HEAD + values.length * ROW, content };
}

/** A line a series; both axes logarithmic. */
function lines(race) {
  const { name, figure } = main(race);
  const points = race.cases
    .map((each) => ({ ...each, y: summary(each, name, figure)?.value }))
    .filter(({ y }) => y > 0);
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const y0 = 10 ** Math.floor(Math.log10(Math.min(...ys)));
  const y1 = Math.max(10 ** Math.ceil(Math.log10(Math.max(...ys))), y0 * 10);
  const left = 52;
  const right = COLUMN - 12;
  const bottom = HEAD + PLOT;
  const px = (x) => left + (Math.log(x / x0) / Math.log(Math.max(x1 / x0, 1.01))) * (right - left);
  const py = (y) => bottom - (Math.log(y / y0) / Math.log(y1 / y0)) * PLOT;
  const out = [
    text(0, 12, race.title, "title"),
    text(0, 30, `${figure.title}, by ${race.x}; less is better; log scales`, "note"),
  ];
  for (let y = y0; y <= y1 * 1.001; y *= 10) {
    out.push(`<line class="grid" x1="${left}" x2="${right}" y1="${py(y)}" y2="${py(y)}"/>`);
    out.push(text(left - 6, py(y) + 4, number(y, figure.digits && y < 1 ? figure.digits : 0), "axis", "end"));
  }
  for (const x of new Set(xs)) out.push(text(px(x), bottom + 16, number(x), "axis", "middle"));
  const series = [...new Set(points.map((point) => point.series))];
  let legend = left + 4;
  for (const [at, one] of series.entries()) {
    const own = points.filter((point) => point.series === one).sort((a, b) => a.x - b.x);
    out.push(
      `<polyline class="line s${at}" style="fill:none" points="${own.map(({ x, y }) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(" ")}"/>`,
    );
    for (const { x, y } of own)
      out.push(`<circle class="s${at}" cx="${px(x).toFixed(1)}" cy="${py(y).toFixed(1)}" r="3"/>`);
    if (series.length > 1) {
      out.push(`<circle class="s${at}" cx="${legend}" cy="${bottom + 30}" r="4"/>`);
      out.push(text(legend + 9, bottom + 34, one, "axis"));
      legend += 30 + 6 * one.length;
    }
  }
  return { height: bottom + 36, content: out.join("\n") };
}

/** When, on what, and which versions. */
function footer(races) {
  const machines = new Set(
    races.map(({ machine: m }) => `${m.processors}, ${m.memory} GiB, Linux ${m.kernel}, Node ${m.node}`),
  );
  const days = [...new Set(races.map(({ date }) => date.slice(0, 10)))].sort();
  const versions = new Map();
  for (const { cases } of races)
    for (const { peer, version } of cases) if (version) versions.set(peer, `${peer} ${version}`);
  const load = Math.max(...races.map((race) => race.load));
  const busy = load > 2 ? ` The machine had other things to do, too (load up to ${number(load, 1)}).` : "";
  const words = [`${[...machines].join("; ")}. ${days.join(", ")}.${busy}`, [...versions.values()].sort().join(", ")];
  const out = [];
  for (const word of words.join(" ").split(" ")) {
    if (out.length === 0 || out.at(-1).length + word.length > 140) out.push(word);
    else out[out.length - 1] += ` ${word}`;
  }
  return out;
}

function text(x, y, content, kind = "", anchor = "start") {
  return `<text x="${Number(x.toFixed(1))}" y="${Number(y.toFixed(1))}" class="${kind}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content) {
  return String(content).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
