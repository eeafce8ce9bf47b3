/** Packets as text on standard output: what every command that shows packets has in common. */
import type { Source } from "../capture/source.js";
import type { Frame } from "../packet/frame.js";
import type { Packet } from "../packet/packet.js";
import { type Clock, clock, type TimeFormat } from "../render/clock.js";
import { hexDump } from "../render/hex.js";
import { json } from "../render/json.js";
import { lines } from "../render/line.js";
import type { Paint } from "../render/paint.js";
import { tree } from "../render/tree.js";
import { type ColourChoice, paintFor } from "./colours.js";
import { dateText } from "./moment.js";
import { Output } from "./output.js";

export interface ShowOptions {
  readonly json?: boolean;
  readonly payload: boolean;
  readonly verbose?: boolean;
  readonly hex?: boolean;
  readonly time: TimeFormat;
  readonly color: ColourChoice;
}

/** What is done with packets as they come. */
export interface Sink {
  /** Whether it wants to be asked for {@link ready} before the next packet. */
  take(frame: Frame): boolean;
  /** Resolves when there is room for more: to false when nobody wants more. */
  ready(): Promise<boolean>;
}

/** Hands every packet to every sink, and stops where one of them wants no more. */
export async function pour(source: Source, sinks: readonly Sink[]): Promise<void> {
  for await (const batch of source.batches()) {
    for (const frame of batch) {
      for (let i = 0; i < sinks.length; i++) {
        const sink = sinks[i]!;
        if (sink.take(frame) && !(await sink.ready())) return;
      }
    }
    for (const sink of sinks) if (!(await sink.ready())) return;
  }
}

/** Packets as text on standard output. */
export class Printing implements Sink {
  readonly #output = new Output();
  readonly #print: (frame: Frame) => void;

  constructor(options: ShowOptions) {
    this.#print = printer(options, this.#output);
  }

  take(frame: Frame): boolean {
    this.#print(frame);
    return this.#output.full;
  }

  ready(): Promise<boolean> {
    return this.#output.flush();
  }
}

function printer(options: ShowOptions, output: Output): (frame: Frame) => void {
  if (options.json) return (frame) => output.print(jsonLine(frame, options.payload));
  const paint = paintFor(process.stdout, options.color);
  const line = lines({ time: "none", paint });
  const time = timeColumn(options.time, paint);
  const print = (frame: Frame): void => output.print(time(frame.seconds, frame.nanoseconds) + line(frame));
  if (!options.verbose && !options.hex) return print;
  return (frame) => {
    print(frame);
    if (options.verbose) for (const text of tree(frame, paint)) output.print(text);
    if (options.hex) for (const text of hexDump(frame.octets, paint)) output.print(`    ${text}`);
  };
}

/** What stands in front of a packet's line. Files may give no time, or one that no calendar has. */
function timeColumn(format: TimeFormat, paint: Paint): Clock {
  if (format === "none") return () => "";
  const time = format === "absolute" ? timeOfDay() : clock(format);
  const missing = format === "absolute" ? "no time        " : "    no time";
  return (seconds, nanoseconds) => {
    const text = Number.isNaN(seconds) ? missing : time(seconds, nanoseconds);
    return `${paint("time", text)} `;
  };
}

/** The local time of day, behind the date where that is not the first packet's. */
function timeOfDay(): Clock {
  const time = clock("absolute");
  let from = Number.NaN;
  let to = Number.NaN;
  let first: string | undefined;
  let date = "";
  return (seconds, nanoseconds) => {
    if (!(seconds >= from && seconds < to)) {
      const day = new Date(seconds * 1000);
      if (Number.isNaN(day.getTime())) return `${seconds} s after 1970`;
      const [year, month, dayOfMonth] = [day.getFullYear(), day.getMonth(), day.getDate()];
      from = new Date(year, month, dayOfMonth).getTime() / 1000;
      to = new Date(year, month, dayOfMonth + 1).getTime() / 1000;
      const text = dateText(day);
      first ??= text;
      date = text === first ? "" : `${text} `;
    }
    return date + time(seconds, nanoseconds);
  };
}

// RFC 3339 §1: years 0000 to 9999
const FIRST_SECOND = -62_167_219_200;
const END_OF_TIME = 253_402_300_800;

function jsonLine(packet: Frame, payload: boolean): string {
  const { seconds, nanoseconds } = packet;
  if (seconds >= FIRST_SECOND && seconds < END_OF_TIME && nanoseconds < 1e9) return json(packet, { payload });
  // No text for such a time: what the file says is given as numbers, or nothing where it says nothing
  const value: Packet = { ...packet.own(), seconds: 0, nanoseconds: 0 };
  const { time: _, ...rest } = JSON.parse(json(value, { payload })) as Record<string, unknown>;
  return JSON.stringify({ ...(!Number.isNaN(seconds) && { seconds, nanoseconds }), ...rest });
}
