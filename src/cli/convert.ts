import { stat } from "node:fs/promises";
import { refusedArgument } from "../arguments.js";
import { type CaptureInput, openCapture } from "../capture/file.js";
import { type FileFilter, fileFilter } from "../capture/file-filter.js";
import { type CaptureOutput, copyCapture, createCapture } from "../capture/file-output.js";
import { LARGEST_PACKET } from "../capture/pcap.js";
import type { FileProblem, FileRecord } from "../capture/record.js";
import { isSockinspectError } from "../errors.js";
import { count } from "../render/text.js";
import { exitCodes, refusal, refusedAs } from "./failure.js";
import { type FilterOptions, filterOf } from "./filter.js";
import { refuseTerminal, reportProblem } from "./input.js";
import { isBefore, type Moment, type MomentOf, parseMoment } from "./moment.js";
import { unaskedRemarks } from "./summary.js";
import { teller } from "./tell.js";

export interface ConvertCommandOptions extends FilterOptions {
  readonly from?: string;
  readonly to?: string;
  readonly count?: number;
  readonly snaplen?: number;
}

export async function convertCommand(
  from: string,
  to: string,
  words: string[],
  options: ConvertCommandOptions,
): Promise<void> {
  refuseTerminal(from);
  if (to === "-" && process.stdout.isTTY)
    throw refusedArgument("out", to, "standard output would fill the terminal: name a file, or pipe it into a program");
  const { filter, addresses } = await filterOf(words, options);
  const asks = await fileFilter(filter, addresses);
  await using input = await refusedAs(exitCodes.noInput, openCapture(from));
  const choice = new Choice(asks, options);
  await refuseSame(from, to);
  if (to === "-") process.stdout.on("error", () => {}); // the write that fails tells it
  const snapLength = options.snaplen;
  const output = await refusedAs(
    exitCodes.cannotCreate,
    createCapture(to, {
      ...(snapLength !== undefined && { snapLength }),
      ...(input.resolution !== undefined && { resolution: input.resolution }),
    }),
  );
  try {
    await copyCapture(input, output, (record) => choice.keeps(record, input));
    await output.close();
  } catch (error) {
    await output.close().catch(() => {}); // why it failed is known
    // Whoever wants no more than that may leave
    if (!isSockinspectError(error, "SYSTEM") || error.info.code !== "EPIPE") throw refusal(exitCodes.output, error);
  }
  asks?.end();
  const tell = teller();
  tell(`${count(output.packets, "packet")} of ${choice.seen} saved in ${to === "-" ? "standard output" : to}`);
  for (const text of choice.remarks(input, output)) tell(text);
  reportProblem(from, { problem: choice.enough ? choice.problem : input.problem });
}

/** Which packets are kept, and what became of the others. */
class Choice {
  seen = 0;
  /** Whether `--count` ended the reading, */
  enough = false;
  /** and what had been wrong by then. */
  problem: FileProblem | undefined;
  #kept = 0;
  #large = 0;
  #withoutTime = 0;
  #first: Moment | undefined;
  #from: Moment | undefined;
  #to: Moment | undefined;
  readonly #filter: FileFilter | undefined;
  readonly #fromOf: MomentOf | undefined;
  readonly #toOf: MomentOf | undefined;
  readonly #count: number;
  readonly #snapLength: number;

  constructor(filter: FileFilter | undefined, options: ConvertCommandOptions) {
    this.#filter = filter;
    this.#fromOf = options.from === undefined ? undefined : parseMoment("--from", options.from);
    this.#toOf = options.to === undefined ? undefined : parseMoment("--to", options.to);
    this.#count = options.count ?? Number.POSITIVE_INFINITY;
    this.#snapLength = options.snaplen ?? Number.POSITIVE_INFINITY;
  }

  /** hot */
  keeps(record: FileRecord, input: CaptureInput): boolean {
    if (this.enough) return false;
    this.seen++;
    if (!this.#isTimely(record) || this.#filter?.accepts(record) === false) return false;
    if (record.end - record.at > LARGEST_PACKET) this.#large++;
    if (++this.#kept === this.#count) this.#end(input);
    return true;
  }

  /** What the person should know about packets that are not, or not all, in the output. */
  remarks(input: CaptureInput, output: CaptureOutput): string[] {
    const remarks = unaskedRemarks(this.#filter?.unasked);
    const cutsByTime = this.#fromOf !== undefined || this.#toOf !== undefined;
    if (this.#withoutTime > 0)
      remarks.push(
        cutsByTime
          ? `${count(this.#withoutTime, "packet")} without a time left out`
          : `${count(this.#withoutTime, "packet")} without a time are from 1970 in pcap, which knows no such thing`,
      );
    if (output.cut > 0)
      remarks.push(
        `${count(output.cut, "packet")} cut to what the header of a pcap file allows for: a .pcapng keeps all`,
      );
    if (this.#large > output.cut && this.#snapLength > LARGEST_PACKET)
      remarks.push(
        `${count(this.#large - output.cut, "packet")} of more than ${LARGEST_PACKET} octets, which other programs refuse (--snaplen ${LARGEST_PACKET} cuts)`,
      );
    if (input.format === "pcapng" && output.format === "pcap")
      remarks.push("pcap holds no interfaces, directions, comments and statistics: a .pcapng keeps them");
    return remarks;
  }

  #isTimely(record: FileRecord): boolean {
    const { seconds, nanoseconds } = record;
    if (Number.isNaN(seconds)) {
      this.#withoutTime++;
      return this.#fromOf === undefined && this.#toOf === undefined;
    }
    if (this.#first === undefined) {
      this.#first = { seconds, nanoseconds };
      this.#from = this.#fromOf?.(this.#first);
      this.#to = this.#toOf?.(this.#first);
    }
    if (this.#from !== undefined && isBefore(record, this.#from)) return false;
    return this.#to === undefined || isBefore(record, this.#to);
  }

  /** Nothing more is needed, and a pipe might give more for ever. */
  #end(input: CaptureInput): void {
    this.enough = true;
    this.problem = input.problem;
    input.close().catch(() => {}); // what was read of it is all that is wanted
  }
}

/** Throws `BAD_ARGUMENT` where both names are those of one file: it would be gone before it is read. */
async function refuseSame(from: string, to: string): Promise<void> {
  if (from === "-" || to === "-") return;
  const [input, output] = await Promise.all([from, to].map((file) => stat(file).catch(() => undefined)));
  if (!input?.isFile() || input.dev !== output?.dev || input.ino !== output.ino) return;
  throw refusedArgument(
    "out",
    to,
    `cannot copy ${from} to ${to}: they are the same file, which would be overwritten before it is read (choose another name)`,
  );
}
