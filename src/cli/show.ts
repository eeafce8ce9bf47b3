/** Packets as text on standard output: what every command that shows packets has in common. */
import { Conversations } from "../flow/conversations.js";
import { explain } from "../flow/explain.js";
import type { Frame } from "../packet/frame.js";
import { FragmentReassembly } from "../packet/reassembly.js";
import type { TimeFormat } from "../render/clock.js";
import { hexDump } from "../render/hex.js";
import { json } from "../render/json.js";
import { lines, lineWriter } from "../render/line.js";
import { tree } from "../render/tree.js";
import { type ColourChoice, paintFor } from "./colours.js";
import { Output } from "./output.js";
import type { Sink } from "./sink.js";
import { fragmentSummary } from "./summary.js";

export interface ShowOptions {
  readonly json?: boolean;
  readonly payload: boolean;
  readonly verbose?: boolean;
  readonly hex?: boolean;
  readonly explain?: boolean;
  readonly time: TimeFormat;
  readonly color: ColourChoice;
  readonly reassemble: boolean;
}

/** Puts fragments together, for the sinks behind it. */
export class Reassembling implements Sink {
  readonly #reassembly = new FragmentReassembly();

  /** hot */
  take(frame: Frame): boolean {
    this.#reassembly.follow(frame);
    return false;
  }

  get remarks(): readonly string[] {
    const text = fragmentSummary(this.#reassembly.statistics);
    return text === "" ? [] : [text];
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

  /** Of little it is known at once whether anybody reads it; of much, more is made meanwhile. */
  ready(): Promise<boolean> {
    return this.#output.much ? this.#output.begin() : this.#output.flush();
  }

  async end(): Promise<void> {
    await this.#output.flush();
  }
}

function printer(options: ShowOptions, output: Output): (frame: Frame) => void {
  const conversations = options.explain ? new Conversations({ reassembled: options.reassemble }) : undefined;
  const said = (frame: Frame): readonly string[] => {
    const step = conversations?.follow(frame);
    return step ? explain(step) : [];
  };
  if (options.json) return (frame) => output.print(json(frame, { payload: options.payload, explain: said(frame) }));
  const paint = paintFor(process.stdout, options.color);
  if (!options.verbose && !options.hex && !options.explain) {
    const write = lineWriter({ time: options.time, paint });
    const { pen } = output;
    return (frame) => {
      write(pen, frame);
      pen.text("\n");
    };
  }
  const line = lines({ time: options.time, paint });
  return (frame) => {
    output.print(line(frame));
    for (const sentence of said(frame)) output.print(`    ${paint("quiet", `▸ ${sentence}`)}`);
    if (options.verbose) for (const text of tree(frame, paint)) output.print(text);
    if (options.hex) for (const text of hexDump(frame.octets, paint)) output.print(`    ${text}`);
  };
}
