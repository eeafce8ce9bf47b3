import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, test } from "vitest";

const SOURCE = join(import.meta.dirname, "../src");

/** What each folder of `src/` may import besides itself. A file at the top counts by its own name. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  arguments: ["errors"],
  wire: ["errors", "arguments"],
  packet: ["arguments", "wire"],
  craft: ["errors", "arguments", "wire", "packet"],
  filter: ["errors", "arguments", "wire", "packet"],
  flow: ["arguments", "wire", "packet"],
  hint: ["wire", "packet"],
  render: ["arguments", "wire", "packet", "flow", "hint"],
  socket: ["errors", "arguments", "wire"],
  capture: ["errors", "arguments", "wire", "packet", "filter", "socket"],
  link: ["arguments", "wire", "packet", "filter", "socket", "capture"],
  send: ["errors", "arguments", "wire", "packet", "filter", "craft", "socket", "capture"],
  echo: ["errors", "arguments", "socket"],
  demo: ["wire", "packet", "filter", "flow", "render", "craft", "socket", "capture", "link", "send", "echo"],
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
  cli: [
    "errors",
    "arguments",
    "wire",
    "packet",
    "craft",
    "filter",
    "flow",
    "render",
    "socket",
    "capture",
    "send",
    "echo",
    "demo",
  ],
};

/** Folders that run in a browser as they are. */
const PURE = ["errors", "arguments", "wire", "packet", "craft", "filter", "flow", "hint", "render"];

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const placeOf = (file: string): string => file.split("/")[0]!.replace(/\.[jt]s$/, "");
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
  expect([placeOf(file), ...MAY_IMPORT[placeOf(file)]!]).toEqual(expect.arrayContaining(placesOf(file)));
});

test.each(Object.entries(MAY_IMPORT))("%s imports all that it may", (place, allowed) => {
  const imported = files.filter((file) => placeOf(file) === place).flatMap(placesOf);
  expect(imported).toEqual(expect.arrayContaining([...allowed]));
});

/** Where what a file imports lies. */
function placesOf(file: string): string[] {
  const ours = importsOf(file).filter((name) => name.startsWith("."));
  return ours.map((name) => placeOf(relative(SOURCE, normalize(join(SOURCE, dirname(file), name)))));
}

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
  expect(readFileSync(join(SOURCE, file), "utf8").split("\n").length).toBeLessThanOrEqual(400);
});
