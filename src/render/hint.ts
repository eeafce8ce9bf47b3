import type { Hint } from "../hint/hint.js";
import { count, printable } from "./text.js";

/** Names may be as long as their sender likes; JSON has all of them. */
const LONGEST = 160;

/** A hint in a few words; safe for a terminal. */
export function hintText(hint: Hint): string {
  const text = printable(wordsOf(hint));
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

function wordsOf(hint: Hint): string {
  switch (hint.kind) {
    case "dns":
      return dnsText(hint);
    case "http":
      return hint.startLine;
    case "tls": {
      const said = [hint.version, hint.serverName].filter((text) => text !== undefined);
      return ["TLS ClientHello", ...said].join(" ");
    }
    case "quic":
      return hint.version === "none" ? `QUIC ${hint.packet}` : `QUIC version ${hint.version} ${hint.packet}`;
    case "dhcp":
      return `DHCP ${hint.type}${hint.address === undefined ? "" : ` ${hint.address}`}`;
    case "ntp":
      return `NTP version ${hint.version} ${hint.mode}`;
    default:
      return hint satisfies never;
  }
}

function dnsText(hint: Extract<Hint, { readonly kind: "dns" }>): string {
  const { opcode, name = "", type = "", code, answers = [], answerCount = 0, truncated = false } = hint;
  const about = ["DNS", opcode, hint.response || type === "" ? type : `${type}?`, name]
    .filter((text) => text)
    .join(" ");
  if (!hint.response) return about;
  const said = code === undefined ? answers : [code, ...answers];
  const all = count(answerCount, "answer");
  const more = [...(answerCount > answers.length ? [all] : []), ...(truncated ? ["truncated"] : [])];
  if (said.length === 0) return `${about} → ${more.length === 0 ? "no answer" : more.join(", ")}`;
  return `${about} → ${said.join(", ")}${more.length === 0 ? "" : ` (${more.join(", ")})`}`;
}
