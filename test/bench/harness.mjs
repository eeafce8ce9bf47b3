// What the races have in common.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";

/** A folder that is gone when the process is. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), "sockinspect-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true }));
  return folder;
}

export const has = (program, option = "--version") => spawnSync(program, [option]).status === 0;

/** What each of `cases` gives, by name: all of them in turn, round after round, so that what else the machine does hits all. */
export async function interleaved(cases, rounds, race) {
  const results = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const [name, each] of Object.entries(cases)) results[name].push(await race(each));
  return results;
}

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

export function machine() {
  return `${cpus().length} × ${cpus()[0].model.trim()}, Linux ${release()}, Node ${process.version}`;
}

export function printTable(rows) {
  console.table(Object.fromEntries(rows.map(({ case: name, ...row }) => [name, row])));
}
