import type { Tcp, TcpOption } from "../wire/tcp.js";
import { briefly } from "./field.js";

const ORDER = ["syn", "fin", "rst", "psh", "ack", "urg", "ece", "cwr", "ae"] as const;
const texts = new Map<Tcp["flags"], string>();

/** The flags that are on, in capitals, those that change the connection first. */
export function flagsText(flags: Tcp["flags"]): string {
  let text = texts.get(flags);
  if (text === undefined) {
    text = ORDER.filter((name) => flags[name])
      .join(" ")
      .toUpperCase();
    // Decoded flags are one of 512 shared sets; a caller's own objects are not kept
    if (Object.isFrozen(flags) && texts.size < 512) texts.set(flags, text);
  }
  return text === "" ? "no flags" : text;
}

/** Options as people name them; what only fills up is left out. */
export function optionsText(options: readonly TcpOption[]): string {
  let text = "";
  for (const option of options) {
    const said = optionText(option);
    if (said !== "") text += text === "" ? said : `, ${said}`;
  }
  return text;
}

function optionText(option: TcpOption): string {
  switch (option.kind) {
    case "noOperation":
    case "end":
      return "";
    case "maximumSegmentSize":
      return `mss ${option.size}`;
    case "windowScale":
      return `wscale ${option.shift}`;
    case "sackPermitted":
      return "sackOK";
    case "sack":
      return `sack ${option.blocks.map(({ left, right }) => `${left}–${right}`).join(" ")}`;
    case "timestamps":
      return `ts ${option.value}/${option.echoReply}`;
    default:
      return briefly(option);
  }
}
