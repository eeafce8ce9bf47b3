/** What the oracle said of a capture: its table of fields, one row a packet. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** The entries of one field of one packet, in packet order; none where the field is empty. */
export type Row = ReadonlyMap<string, readonly string[]>;

export function readGolden(directory: string, capture: string): readonly Row[] {
  return rowsOf(gunzipSync(readFileSync(join(directory, "golden", `${capture}.l4.tsv.gz`))).toString("utf8"));
}

/** The first line has the names. */
export function rowsOf(text: string): readonly Row[] {
  const [head = "", ...lines] = text.split("\n");
  const names = head.split("\t");
  return lines.filter((line) => line !== "").map((line) => rowOf(names, line.split("\t")));
}

function rowOf(names: readonly string[], cells: readonly string[]): Row {
  return new Map(names.map((name, i) => [name, cells[i] ? cells[i].split("|") : []]));
}
