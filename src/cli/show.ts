/** Packets as text on standard output: what every command that shows packets has in common. */
import type { Source } from "../capture/source.js";
import type { Frame } from "../packet/frame.js";
import { FragmentReassembly } from "../packet/reassembly.js";
import type { TimeFormat } from "../render/clock.js";
import { hexDump } from "../render/hex.js";
import { json } from "../render/json.js";
import { lines } from "../render/line.js";
import { tree } from "../render/tree.js";
import { type ColourChoice, paintFor } from "./colours.js";
import { Output } from "./output.js";
import { fragmentSummary } from "./summary.js";

export interface ShowOptions {
  readonly json?: boolean;
  readonly payload: boolean;
  readonly verbose?: boolean;
  readonly hex?: boolean;
  readonly time: TimeFormat;
  readonly color: ColourChoice;
  readonly reassemble: boolean;
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
  readonly #reassembly: FragmentReassembly | undefined;

  constructor(options: ShowOptions) {
    this.#print = printer(options, this.#output);
    this.#reassembly = options.reassemble ? new FragmentReassembly() : undefined;
  }

  /** What became of fragments; nothing where there were none. */
  get fragments(): string {
    return this.#reassembly ? fragmentSummary(this.#reassembly.statistics) : "";
  }

  take(frame: Frame): boolean {
    this.#reassembly?.follow(frame);
    this.#print(frame);
    return this.#output.full;
  }

  ready(): Promise<boolean> {
    return this.#output.flush();
  }
}

function printer(options: ShowOptions, output: Output): (frame: Frame) => void {
  if (options.json) return (frame) => output.print(json(frame, { payload: options.payload }));
  const paint = paintFor(process.stdout, options.color);
  const line = lines({ time: options.time, paint });
  if (!options.verbose && !options.hex) return (frame) => output.print(line(frame));
  return (frame) => {
    output.print(line(frame));
    if (options.verbose) for (const text of tree(frame, paint)) output.print(text);
    if (options.hex) for (const text of hexDump(frame.octets, paint)) output.print(`    ${text}`);
  };
}
