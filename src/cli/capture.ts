import { type CaptureOptions, capture } from "../capture/live.js";
import type { Source } from "../capture/source.js";
import { addressesOf } from "../filter/compile.js";
import type { Packet } from "../packet/packet.js";
import type { TimeFormat } from "../render/clock.js";
import { hexDump } from "../render/hex.js";
import { json } from "../render/json.js";
import { lines } from "../render/line.js";
import { count } from "../render/text.js";
import { tree } from "../render/tree.js";
import { type ColourChoice, paintFor } from "./colours.js";
import { type FilterOptions, filterOf, resolveHost } from "./filter.js";
import { Output } from "./output.js";
import { chooseUser, giveUpPrivileges } from "./privileges.js";
import { summary } from "./summary.js";

export interface CaptureCommandOptions extends FilterOptions, ShowOptions {
  readonly interface?: string;
  readonly count?: number;
  readonly duration?: number;
  readonly snaplen?: number;
  readonly buffer: number;
  readonly direction?: "in" | "out";
  readonly promiscuous: boolean;
  readonly quiet?: boolean;
  readonly user?: string;
}

export interface ShowOptions {
  readonly json?: boolean;
  readonly payload: boolean;
  readonly verbose?: boolean;
  readonly hex?: boolean;
  readonly time: TimeFormat;
  readonly color: ColourChoice;
}

const MEBI = 1024 * 1024;

export async function captureCommand(words: string[], options: CaptureCommandOptions): Promise<void> {
  const user = chooseUser(options.user);
  const filter = filterOf(words, options);
  const addresses = await addressesOf(filter, resolveHost);
  const source = capture({ ...captureOptions(filter, options), addresses });
  const said = giveUpPrivileges(user);
  // From here on octets from the network are looked at.
  const tell = teller(options);
  const release = endOn(source, options.duration);
  tell(`capturing on ${options.interface ?? "every interface"}${filter === "" ? "" : `: ${filter}`} (Ctrl-C ends it)`);
  if (said !== undefined) tell(said);
  try {
    await (options.quiet ? countOnly(source) : printAll(source, options));
  } finally {
    release();
    await source.close();
  }
  tell(summary(source.statistics()));
}

function captureOptions(filter: string, options: CaptureCommandOptions): CaptureOptions {
  return {
    filter,
    ...(options.interface !== undefined && { interface: options.interface }),
    ...(options.count !== undefined && { limit: options.count }),
    ...(options.snaplen !== undefined && { snapLength: options.snaplen }),
    buffer: Math.ceil(options.buffer * MEBI),
    ...(options.direction !== undefined && { direction: options.direction }),
    promiscuous: options.promiscuous,
  };
}

/** Notes for the person at the terminal, beside the packets: on stderr. */
function teller(options: ShowOptions): (text: string) => void {
  const paint = paintFor(process.stderr, options.color);
  return (text) => process.stderr.write(`${paint("quiet", text)}\n`);
}

/** Ends the capture in an orderly way on Ctrl-C, SIGTERM, SIGHUP or after `duration` seconds; a second Ctrl-C ends it at once. */
function endOn(source: Source, duration: number | undefined): () => void {
  let asked = false;
  const end = (signal?: NodeJS.Signals): void => {
    if (asked && signal === "SIGINT") process.exit(130);
    asked = true;
    source.stop();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, end);
  const timer = duration === undefined ? undefined : setTimeout(() => source.stop(), duration * 1000);
  return () => {
    clearTimeout(timer);
    for (const signal of signals) process.off(signal, end);
  };
}

/** Prints every packet, and stops where nobody reads any more. */
export async function printAll(source: Source, options: ShowOptions): Promise<void> {
  const output = new Output();
  const print = printer(options, output);
  for await (const batch of source.batches()) {
    for (const frame of batch) {
      print(frame, () => frame.octets);
      if (output.full && !(await output.flush())) return;
    }
    if (!(await output.flush())) return;
  }
}

type Print = (packet: Packet, octets: () => Uint8Array) => void;

function printer(options: ShowOptions, output: Output): Print {
  if (options.json) return (packet) => output.print(json(packet, { payload: options.payload }));
  const paint = paintFor(process.stdout, options.color);
  const line = lines({ time: options.time, paint });
  if (!options.verbose && !options.hex) return (packet) => output.print(line(packet));
  return (packet, octets) => {
    output.print(line(packet));
    if (options.verbose) for (const text of tree(packet, paint)) output.print(text);
    if (options.hex) for (const text of hexDump(octets(), paint)) output.print(`    ${text}`);
  };
}

/** No packets, only how many: on a terminal as they come. */
async function countOnly(source: Source): Promise<void> {
  const show = (): void => {
    const { captured, dropped } = source.statistics();
    process.stderr.write(`\r${count(captured, "packet")}, ${dropped} dropped\x1b[K`);
  };
  const timer = process.stderr.isTTY ? setInterval(show, 500) : undefined;
  for await (const batch of source.batches()) for (const _ of batch);
  clearInterval(timer);
  if (timer) process.stderr.write("\r\x1b[K");
}
