import { type CaptureOptions, capture } from "../capture/live.js";
import type { Source } from "../capture/source.js";
import { count, printable } from "../render/text.js";
import type { ColourChoice } from "./colours.js";
import { type FilterOptions, filterOf } from "./filter.js";
import { onInterrupt } from "./interrupt.js";
import { type LadderCommandOptions, showing } from "./ladder.js";
import { type Choice, chooseUser, fileOwner, giveUpPrivileges, laterOwner } from "./privileges.js";
import { checkSaveOptions, rotates, type SaveOptions, Saving } from "./save.js";
import { pour, remarksOf, type Sink } from "./sink.js";
import { summary } from "./summary.js";
import { progress, teller } from "./tell.js";

export interface LiveOptions extends FilterOptions {
  readonly interface?: string;
  readonly snaplen?: number;
  readonly color: ColourChoice;
  readonly count?: number;
  readonly duration?: number;
  readonly buffer: number;
  readonly direction?: "in" | "out";
  readonly promiscuous: boolean;
  readonly user?: string;
}

export interface CaptureCommandOptions extends LiveOptions, LadderCommandOptions, SaveOptions {
  readonly quiet?: boolean;
}

const MEBI = 1024 * 1024;

export async function captureCommand(words: string[], options: CaptureCommandOptions): Promise<void> {
  checkSaveOptions(options);
  const user = chooseUser(options.user);
  const asked = await filterOf(words, options);
  const source = capture({ ...captureOptions(options), ...asked });
  let saving: Saving | undefined;
  try {
    // Only once the socket is open: a file that is there is not replaced for a mistake in the filter
    if (options.write !== undefined)
      saving = await Saving.open(options.write, options, ownerOf(user, options), () => source.stop());
    const said = giveUpPrivileges(user);
    // From here on octets from the network are looked at.
    saving?.checkRotation();
    const prints = !options.quiet && (saving === undefined || options.print === true);
    const sinks: Sink[] = [...(saving ? [saving] : []), ...(prints ? showing(options) : [])];
    const silent = !prints || options.ladder === true;
    await follow(source, sinks, saving, silent, options, notes(asked.filter, options, said, saving?.note));
  } finally {
    await source.close();
    await saving?.close(source.statistics());
  }
}

/** Hands live packets to the sinks, which are made when root was given up, and says what became of them. */
export async function pourLive(
  words: readonly string[],
  options: LiveOptions,
  sinks: () => readonly Sink[],
): Promise<void> {
  const user = chooseUser(options.user);
  const asked = await filterOf(words, options);
  const source = capture({ ...captureOptions(options), ...asked });
  try {
    const said = giveUpPrivileges(user);
    await follow(source, sinks(), undefined, false, options, notes(asked.filter, options, said));
  } finally {
    await source.close();
  }
}

/** Of several files the process creates all but the first itself, as whom it becomes, and removes them as such. */
function ownerOf(user: Choice, options: SaveOptions) {
  return rotates(options) ? laterOwner(user) : fileOwner(user);
}

function notes(filter: string, options: LiveOptions, ...said: readonly (string | undefined)[]): readonly string[] {
  const what = `capturing on ${printable(options.interface ?? "every interface")}${filter === "" ? "" : `: ${filter}`}`;
  return [`${what} (Ctrl-C ends it)`, ...said.filter((text) => text !== undefined)];
}

/** Says `notes`, hands packets over until the capture ends, and says what became of them; if `silent`, how many so far. */
async function follow(
  source: Source,
  sinks: readonly Sink[],
  saving: Saving | undefined,
  silent: boolean,
  options: LiveOptions,
  notes: readonly string[],
): Promise<void> {
  const tell = teller(options.color);
  const release = endOn(source, options.duration);
  for (const note of notes) tell(note); // whoever reads them may press Ctrl-C
  const says = (): string => saving?.text ?? count(source.statistics().captured, "packet");
  const arrive = silent ? progress(() => `${says()}, ${source.statistics().dropped} dropped`) : () => {};
  try {
    await pour(source, sinks);
  } finally {
    arrive();
    await source.close();
    tell(summary(source.statistics()));
    for (const remark of remarksOf(sinks)) tell(remark);
    try {
      await saving?.close(source.statistics());
      if (saving) tell(saving.text);
    } finally {
      release();
    }
  }
}

function captureOptions(options: LiveOptions): CaptureOptions {
  return {
    ...(options.interface !== undefined && { interface: options.interface }),
    ...(options.count !== undefined && { limit: options.count }),
    ...(options.snaplen !== undefined && { snapLength: options.snaplen }),
    buffer: Math.ceil(options.buffer * MEBI),
    ...(options.direction !== undefined && { direction: options.direction }),
    promiscuous: options.promiscuous,
  };
}

/** Ends the capture in an orderly way when it is interrupted, or after `duration` seconds. */
function endOn(source: Source, duration: number | undefined): () => void {
  const release = onInterrupt(() => source.stop());
  const timer = duration === undefined ? undefined : setTimeout(() => source.stop(), duration * 1000);
  return () => {
    clearTimeout(timer);
    release();
  };
}
