/** One capture held against what the oracle said of it. */
import { join } from "node:path";
import { openCapture } from "../../src/capture/file.js";
import type { FileRecord } from "../../src/capture/record.js";
import { Frame } from "../../src/packet/frame.js";
import { headerOf, headers } from "../../src/packet/headers.js";
import type { Packet } from "../../src/packet/packet.js";
import { columns, marks } from "./columns.js";
import { type Row, readGolden } from "./golden.js";
import { kindOf } from "./known.js";
import type { Entry } from "./reading.js";

export interface Difference {
  readonly capture: string;
  /** As the oracle numbers it, from 1. */
  readonly frame: number;
  readonly column: string;
  readonly ours: string;
  readonly theirs: string;
  /** The oracle's quirk that explains it, if one does. */
  readonly kind: string | undefined;
}

export async function differences(directory: string, capture: string): Promise<readonly Difference[]> {
  // A Custom Block is a row of its own, without a link type; README of the corpus
  const rows = readGolden(directory, capture).filter((row) => row.get("frame.encap_type")?.length);
  const found: Difference[] = [];
  let n = 0;
  const frame = new Frame();
  const file = await openCapture(join(directory, "captures", capture));
  try {
    do
      for (let item = file.next(); item; item = file.next()) {
        if (item !== "packet") continue;
        const packet = packetOf(frame, file.record);
        const row = rows[n++];
        const frameNumber = Number(row?.get("frame.number")?.[0] ?? n);
        for (const kind of unfaithful(frame))
          found.push({ capture, frame: frameNumber, column: "octets", ours: kind, theirs: "", kind: undefined });
        if (row)
          for (const difference of compare(packet, row)) found.push({ capture, frame: frameNumber, ...difference });
        else
          found.push({
            capture,
            frame: frameNumber,
            column: "frame",
            ours: "a packet",
            theirs: "none",
            kind: undefined,
          });
      }
    while (await file.more());
  } finally {
    await file[Symbol.asyncDispose]();
  }
  for (; n < rows.length; n++) {
    const frameNumber = Number(rows[n]!.get("frame.number")?.[0]);
    found.push({ capture, frame: frameNumber, column: "frame", ours: "none", theirs: "a packet", kind: undefined });
  }
  // From there on it reads other octets
  const guess = found.find(({ kind }) => kind === GUESS);
  return guess ? found.map((each) => ({ ...each, kind: each.frame >= guess.frame ? GUESS : each.kind })) : found;
}

const GUESS = "guessed record header";

/** What users of a capture file get. */
function packetOf(frame: Frame, record: FileRecord): Packet {
  frame.about = record;
  frame.linkType = record.linkType;
  frame.move(record.data, record.at, record.end, record.length);
  return frame.own();
}

/** The kinds of the layers whose octets do not come back when their values are encoded. */
function unfaithful({ walk, data }: Frame): readonly string[] {
  const kinds: string[] = [];
  for (let i = 0; i < walk.count; i++) {
    const header = headerOf(headers[walk.ids[i]!]!.kind);
    const [at, end] = [walk.starts[i]!, walk.ends[i]!];
    const value = header.decode(data, at, end);
    const written = new Uint8Array(header.size(value)).fill(0xa5);
    header.encode(value, new DataView(written.buffer), 0);
    const octets = new Uint8Array(data.buffer, data.byteOffset + at, end - at);
    if (Buffer.compare(octets, written) !== 0) kinds.push(header.kind);
  }
  return kinds;
}

function compare(packet: Packet, row: Row): readonly Omit<Difference, "capture" | "frame">[] {
  return Object.entries(columns).flatMap(([name, column]) => {
    const entries = column(packet);
    if (entries === undefined) return [];
    const ours = entries.map(String);
    const theirs = entriesOf(row, name).map((text, i) => String(entryOf(text, entries[i])));
    if (ours.join("|") === theirs.join("|")) return [];
    const kind = kindOf({ packet, column: name, ours, theirs });
    return [{ column: name, ours: ours.join("|"), theirs: theirs.join("|"), kind }];
  });
}

/** What the oracle says of one column; of a mark, that it is there. */
function entriesOf(row: Row, name: string): readonly string[] {
  const sources = marks[name];
  if (!sources) return row.get(name) ?? [];
  return sources.some((source) => (row.get(source) ?? []).length > 0) ? [name] : [];
}

/** Numbers are printed in decimal or in hex. */
function entryOf(text: string, ours: Entry | undefined): Entry {
  return typeof ours === "number" && /^(0x[0-9a-f]+|\d+)$/.test(text) ? Number(text) : text.toLowerCase();
}
