/** Calls in the words of the manual pages, with what is sent where that is a short text. */
import { type Call, callText } from "../socket/calls.js";

/** Octets of a message that is shown. */
const SHOWN = 20;

/** Before it has returned. */
export function startedText(call: Call): string {
  const { end: _, ...started } = call;
  return `${said(started)} …`;
}

/** The return of a call that took its time. */
export function returnedText(call: Call): string {
  const outcome = call.error === undefined ? "returns" : call.error === "ABORTED" ? "is not waited for" : "fails:";
  const value = said(call).split(" → ")[1];
  return `… ${call.name} ${outcome}${value === undefined || call.error === "ABORTED" ? "" : ` ${value}`}`;
}

/** The call, and what came of it if it has returned. */
export function said(call: Call): string {
  const text = callText(call)
    .replace(/^socket\(family (\d), type (\w+)\)/, "socket(IPv$1, $2)")
    // Which of the program's sockets it is nobody asks here
    .replace(/ → #\d+( from)?/, (_, from) => (from === undefined ? "" : " →"));
  const message = messageOf(call);
  if (call.error === "ABORTED") return text.replace("→ ABORTED", "is given up");
  if (message === undefined) return text;
  if (call.name.startsWith("send")) return text.replace(/\(\d+/, `(${message}`);
  return call.end === undefined ? text : text.replace(/ → \d+/, ` → ${message}`);
}

/** In quotes; undefined where it is long, or no text. */
function messageOf({ octets, arguments: { octets: length } }: Call): string | undefined {
  if (!octets || octets.length === 0 || octets.length > SHOWN || (typeof length === "number" && length > SHOWN))
    return undefined;
  const text = new TextDecoder().decode(octets);
  return /^[ -~]+$/.test(text) ? JSON.stringify(text) : undefined;
}
