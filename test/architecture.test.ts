import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, test } from "vitest";

const SOURCE = join(import.meta.dirname, "../src");

/** What each folder of `src/` may import besides itself. A file at the top counts by its own name. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  wire: ["errors"],
  packet: ["errors", "wire"],
  craft: ["errors", "wire", "packet"],
  filter: ["errors", "wire", "packet"],
  flow: ["errors", "wire", "packet"],
  hint: ["errors", "wire", "packet"],
  render: ["errors", "wire", "packet", "flow", "hint"],
  socket: ["errors", "wire"],
  capture: ["errors", "wire", "packet", "filter", "socket"],
  link: ["errors", "packet", "filter", "wire", "socket", "capture"],
  send: ["errors", "wire", "packet", "filter", "craft", "socket", "capture"],
  echo: ["errors", "socket"],
  demo: ["errors", "wire", "packet", "filter", "flow", "render", "socket", "capture", "link", "craft", "send", "echo"],
  index: [
    "errors",
    "wire",
    "packet",
    "craft",
    "filter",
    "flow",
    "hint",
    "render",
    "socket",
    "capture",
    "link",
    "send",
    "echo",
  ],
  cli: ["errors", "wire", "packet", "craft", "filter", "flow", "render", "socket", "capture", "send", "echo", "demo"],
};

/** Folders that run in a browser as they are. */
const PURE = ["errors", "wire", "packet", "craft", "filter", "flow", "hint", "render"];

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const placeOf = (file: string): string => file.split("/")[0]!.replace(/\.ts$/, "");
/** What a file names in its import and export statements, or imports while it runs. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(SOURCE, file), "utf8");
  const statements = text.matchAll(/^(?:import|export)\s(?:[^;"]*?\sfrom\s)?"([^"]+)"/gm);
  return [...statements, ...text.matchAll(/\bimport\("([^"]+)"\)/g)].map((match) => match[1]!);
}

test("every folder is in the drawing", () => {
  expect([...new Set(files.map(placeOf))].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
});

test.each(files)("%s imports only what its folder may", (file) => {
  const place = placeOf(file);
  const allowed = [place, ...MAY_IMPORT[place]!];
  for (const specifier of importsOf(file).filter((name) => name.startsWith("."))) {
    const target = relative(SOURCE, normalize(join(SOURCE, dirname(file), specifier)));
    expect(allowed, `${file} imports ${specifier}`).toContain(placeOf(target.replace(/\.js$/, ".ts")));
  }
});

test.each(files.filter((file) => PURE.includes(placeOf(file))))("%s needs neither Node nor the addon", (file) => {
  expect(importsOf(file).filter((name) => !name.startsWith("."))).toEqual([]);
});

test.each(files)("%s is in no circle of imports", (file) => {
  const seen = new Set<string>();
  const reach = (from: string): void => {
    for (const specifier of valueImportsOf(from).filter((name) => name.startsWith("."))) {
      const target = normalize(join(dirname(from), specifier)).replace(/\.js$/, ".ts");
      if (seen.has(target)) continue;
      seen.add(target);
      reach(target);
    }
  };
  reach(file);
  expect([...seen]).not.toContain(file);
});

/** Imports that are there when the program runs: types are not. */
function valueImportsOf(file: string): string[] {
  const text = readFileSync(join(SOURCE, file), "utf8");
  return [...text.matchAll(/^(?:import|export)\s(?!type\s)(?:[^;"]*?\sfrom\s)?"([^"]+)"/gm)].map((match) => match[1]!);
}

test.each(files)("%s is short enough to read", (file) => {
  const lines = readFileSync(join(SOURCE, file), "utf8").split("\n").length;
  expect(lines).toBeLessThanOrEqual(LONG_FOR_A_REASON[file] ?? 400);
});

/** Tables of data, which are one thing however long they are. */
const LONG_FOR_A_REASON: Readonly<Record<string, number>> = {};
