// Writes the figures of docs/performance.md and its charts from results.json: no figure there is typed by hand.
// node test/bench/docs.mjs [RESULTS...]: takes further results (npm run bench -- --json FILE) into results.json first.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chart } from "./chart.mjs";
import { GOALS } from "./goals.mjs";
import { main, number, ratio, rows, summary } from "./report.mjs";

const docs = join(import.meta.dirname, "../../docs");
const resultsFile = join(import.meta.dirname, "results.json");

/** Races of the chart that the README shows. */
const SHOWN = ["live-64", "files-decode", "files-text", "files-filter", "flood-64", "echo-stream"];

/** What is committed: by file name, from the races measured. */
export function generated(races, page) {
  const scaling = races.filter(({ x }) => x !== undefined);
  const shown = SHOWN.flatMap((id) => races.filter((race) => race.id === id));
  return {
    "performance.md": page.replace(
      /(<!-- (\w+)(?: ([\w-]+))? -->\n)[\s\S]*?(<!-- end -->)/g,
      (_, begin, what, id, end) => `${begin}${section(what, id, races)}\n${end}`,
    ),
    "performance.svg": chart(shown, "sockinspect beside other programs and packages"),
    "performance-scaling.svg": chart(scaling, "How the cost of a packet scales"),
  };
}

function section(what, id, races) {
  if (what === "goals") return goals(races);
  if (what === "machine") return machines(races);
  const race = races.find((one) => one.id === id);
  if (!race) return "Not measured.";
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
    if (!each) continue;
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
        `- ${machine}: ${all.map(({ id, date }) => `${id} ${date.slice(0, 16).replace("T", " ")}`).join(", ")}`,
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
  const page = readFileSync(join(docs, "performance.md"), "utf8");
  for (const [name, content] of Object.entries(generated(storedRaces(), page)))
    writeFileSync(join(docs, name), content);
}

if (import.meta.main ?? process.argv[1] === import.meta.filename)
  writeDocs(process.argv.slice(2).flatMap((file) => JSON.parse(readFileSync(file, "utf8")).races));
