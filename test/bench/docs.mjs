// Writes the figures of docs/performance.md and its charts from results.json: no figure there is typed by hand.
// node test/bench/docs.mjs [RESULTS...]: takes further results (npm run bench -- --json FILE) into results.json first.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chart } from "./chart.mjs";
import { GOALS } from "./goals.mjs";
import { main, number, ratio, rows, summary } from "./report.mjs";

const ROOT = join(import.meta.dirname, "../..");
const resultsFile = join(import.meta.dirname, "results.json");

/** Races of the chart that the README shows. */
const SHOWN = ["live-64", "files-decode", "files-text", "files-filter", "flood-64", "echo-stream"];

const CHARTS = {
  performance: [
    "sockinspect beside other programs and packages",
    (races) => SHOWN.flatMap((id) => races.filter((race) => race.id === id)),
  ],
  "performance-scaling": ["How the cost of a packet scales", (races) => races.filter(({ x }) => x !== undefined)],
};

/** What is committed: by name of file, from the races measured and what the pages say. A chart of no races is not drawn. */
export function generated(races, { readme, page }) {
  const out = { "README.md": filled(readme, races, "docs/"), "docs/performance.md": filled(page, races, "") };
  for (const [name, [title, pick]] of Object.entries(CHARTS)) {
    const own = pick(races);
    if (own.length > 0) out[`docs/${name}.svg`] = chart(own, title);
  }
  return out;
}

function filled(text, races, folder) {
  return text.replace(
    /(<!-- (race|chart|goals|machine)(?: ([\w-]+))? -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin, what, id, end) => `${begin}${section(what, id, races, folder)}${end}`,
  );
}

/** With its last line break; empty where nothing is to be said. */
function section(what, id, races, folder) {
  if (what === "chart") {
    const [title, pick] = CHARTS[id];
    return pick(races).length > 0 ? `![${title}](${folder}${id}.svg)\n` : "";
  }
  if (races.length === 0) return "Not measured yet.\n";
  const text = { goals, machine: machines, race: (all) => raceTable(id, all) }[what];
  return `${text(races)}\n`;
}

function raceTable(id, races) {
  const race = races.find((one) => one.id === id);
  if (!race) return "Not measured yet.";
  const { columns, body } = rows(race);
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const ours = (name) => race.cases.find((each) => each.name === name)?.ours;
  return [
    `${race.note[0].toUpperCase()}${race.note.slice(1)}; ${race.rounds} rounds.`,
    "",
    line(columns),
    line(columns.map((column, at) => (at === 0 || column.startsWith("version") ? "---" : "--:"))),
    ...body.map(([name, ...cells]) => line([ours(name) ? `**${name}**` : name, ...cells])),
    ...race.missing.map(({ name, why }) => `\nNot raced: ${name}: ${why}.`),
  ].join("\n");
}

function goals(races) {
  const out = ["| race | | is | goal | |", "|---|---|--:|--:|---|"];
  for (const { race: id, name, than, of: figure, atMost, atLeast, where } of GOALS) {
    const race = races.find((one) => one.id === id);
    const of = figure ?? (race && main(race).name);
    const each = race?.cases.find((one) => one.name === name);
    if (!each || !race.figures[of]) continue;
    const value = (one) => summary(one, of, race.figures[of])?.value;
    // Nothing is to be lost where the program beside it lost nothing
    if (where && value(race.cases.find((one) => one.name === where)) > 0) continue;
    const is = than ? ratio(race, name, than, of) : value(each);
    if (is === undefined) continue;
    const wanted = atMost ?? atLeast;
    const met = atMost === undefined ? is >= atLeast : is <= atMost;
    const digits = wanted !== 0 && wanted < 1 ? 3 : 2;
    const about = than ? `${name} / ${than}` : `${name}, ${race.figures[of].title}`;
    out.push(
      `| ${race.title} | ${about} | ${number(is, digits)} | ${atMost === undefined ? "≥" : "≤"} ${number(wanted, digits)} | ${met ? "met" : "**not met**"} |`,
    );
  }
  return out.join("\n");
}

function machines(races) {
  const by = Map.groupBy
    ? Map.groupBy(races, machineOf)
    : races.reduce((all, race) => all.set(machineOf(race), [...(all.get(machineOf(race)) ?? []), race]), new Map());
  return [...by]
    .map(
      ([machine, all]) =>
        `- ${machine}: ${all.map(({ id, date, load }) => `${id} ${date.slice(0, 16).replace("T", " ")} (load ${number(load, 1)})`).join(", ")}`,
    )
    .join("\n");
}

function machineOf({ machine: { processors, memory, kernel, node } }) {
  return `${processors}, ${memory} GiB, Linux ${kernel}, Node ${node}`;
}

/** Those measured before, each replaced by one of the same name. */
export function merged(before, after) {
  const all = new Map([...before, ...after].map((race) => [race.id, race]));
  return [...all.values()];
}

export function storedRaces() {
  return existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, "utf8")).races : [];
}

/** Takes races into results.json, and writes what is made from them. */
export function writeDocs(races) {
  if (races.some(({ quick }) => quick)) throw new Error("tiny inputs say nothing: leave out --quick");
  const all = merged(storedRaces(), races);
  const short = (_, value) => (typeof value === "number" ? Number(value.toPrecision(6)) : value);
  const text = all.map((race) => JSON.stringify(race, short)).join(",\n");
  writeFileSync(resultsFile, `{"races":[\n${text}\n]}\n`);
  for (const [name, content] of Object.entries(generated(storedRaces(), pages())))
    writeFileSync(join(ROOT, name), content);
}

/** The pages that have figures, as they are. */
export function pages() {
  const [readme, page] = ["README.md", "docs/performance.md"].map((name) => readFileSync(join(ROOT, name), "utf8"));
  return { readme, page };
}

if (import.meta.main ?? process.argv[1] === import.meta.filename)
  writeDocs(process.argv.slice(2).flatMap((file) => JSON.parse(readFileSync(file, "utf8")).races));
