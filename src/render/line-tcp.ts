import type { Tcp, TcpOption } from "../wire/tcp.js";
import { briefly } from "./field.js";
import { type Pen, Piece } from "./pen.js";

const ORDER = ["syn", "fin", "rst", "psh", "ack", "urg", "ece", "cwr", "ae"] as const;
/** The flags that are on, in capitals, those that change the connection first. */
export function flagsText(flags: Tcp["flags"]): string {
  const text = ORDER.filter((name) => flags[name])
    .join(" ")
    .toUpperCase();
  return text === "" ? "no flags" : text;
}

/** Options as people name them; what only fills up is left out. hot */
export function writeOptions(pen: Pen, options: readonly TcpOption[]): void {
  let first = true;
  for (const option of options) {
    if (option.kind === "noOperation" || option.kind === "end") continue;
    if (!first) pen.text(", ");
    first = false;
    writeOption(pen, option);
  }
}

const TIMESTAMPS = new Piece("ts ");
const ECHO = new Piece("/");

function writeOption(pen: Pen, option: TcpOption): void {
  switch (option.kind) {
    case "maximumSegmentSize":
      pen.text(`mss ${option.size}`);
      break;
    case "windowScale":
      pen.text(`wscale ${option.shift}`);
      break;
    case "sackPermitted":
      pen.text("sackOK");
      break;
    case "sack":
      pen.text(`sack ${option.blocks.map(({ left, right }) => `${left}–${right}`).join(" ")}`);
      break;
    case "timestamps":
      pen.copy(TIMESTAMPS);
      pen.number(option.value);
      pen.copy(ECHO);
      pen.number(option.echoReply);
      break;
    default:
      pen.text(briefly(option));
  }
}

/** Whether there is anything to say of `options`. */
export function hasOptions(options: readonly TcpOption[]): boolean {
  return options.some(({ kind }) => kind !== "noOperation" && kind !== "end");
}
