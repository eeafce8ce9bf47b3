/** Capture files in memory: made from hex, read whole. */
import { Window } from "../../src/capture/octets.js";
import { PcapReader } from "../../src/capture/pcap.js";
import { PcapngReader } from "../../src/capture/pcapng.js";
import type { CaptureRecord, FileProblem, FileRecord, Item, RecordReader } from "../../src/capture/record.js";
import { parseHex } from "../../src/wire/hex.js";

/** The octets that hex digits spell; white space and what follows a # are left out. */
export function hex(text: string): Uint8Array {
  return parseHex(text.replaceAll(/#.*|\s/g, ""))!;
}

export function hexOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString("hex");
}

/** A record that lasts. */
export interface Kept {
  readonly octets: string;
  readonly length: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly linkType: number;
  readonly device: string | undefined;
  readonly interfaceIndex: number;
  readonly flags: number;
  readonly dropped: number;
  readonly comment: string | undefined;
  readonly options: readonly { readonly code: number; readonly value: string }[];
}

export function keep(record: FileRecord): Kept {
  const { data, at, end, length, seconds, nanoseconds, linkType, device, interfaceIndex } = record;
  const { flags, dropped, comment } = record;
  const octets = hexOf(new Uint8Array(data.buffer, data.byteOffset + at, end - at));
  const options = record.options.map(({ code, value }) => ({ code, value: hexOf(value) }));
  return {
    octets,
    length,
    seconds,
    nanoseconds,
    linkType,
    device,
    interfaceIndex,
    flags,
    dropped,
    comment,
    options,
  };
}

export interface Contents {
  readonly reader: RecordReader;
  readonly items: readonly Item[];
  readonly packets: readonly Kept[];
  readonly problem: FileProblem | undefined;
  readonly damaged: number;
}

/** Reads a file that comes in pieces of `piece` octets into a window of `size`, which was full of `stale`. */
export function contents(
  format: "pcap" | "pcapng",
  file: Uint8Array,
  { piece = file.length, size = 256 * 1024, stale = 0 } = {},
): Contents {
  const window = new Window(size);
  window.octets.fill(stale);
  const reader = format === "pcap" ? new PcapReader(window) : new PcapngReader(window);
  const items: Item[] = [];
  const packets: Kept[] = [];
  for (let at = 0; !window.ended; ) {
    if (at === file.length) window.ended = true;
    else {
      const space = window.space();
      const part = file.subarray(at, at + Math.min(piece, space.length));
      space.set(part);
      window.filled(part.length);
      at += part.length;
    }
    for (let item = reader.next(); item !== undefined; item = reader.next()) {
      items.push(item);
      if (item !== "packet") continue;
      if (reader.record.end > window.end) throw new RangeError("a record ends behind what has come");
      packets.push(keep(reader.record));
    }
  }
  return { reader, items, packets, problem: reader.problem, damaged: reader.damaged };
}

/** A record to be written. */
export function record(octets: Uint8Array, more: Partial<CaptureRecord> = {}): CaptureRecord {
  return {
    data: new DataView(octets.buffer, octets.byteOffset, octets.byteLength),
    at: 0,
    end: octets.length,
    length: octets.length,
    seconds: 1_700_000_000,
    nanoseconds: 123_456_789,
    linkType: 1,
    device: undefined,
    direction: undefined,
    offload: "none",
    gso: false,
    ...more,
  };
}
