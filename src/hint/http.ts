/** HTTP/1 start lines: RFC 9112 §2.1. */
import { safeText } from "./text.js";

export interface HttpHint {
  readonly kind: "http";
  /** The request or status line; it ends in "…" where it is longer than is worth a line, or not all there. */
  readonly startLine: string;
}

const LONGEST = 120;

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]);

/** RFC 9112 §3, §4; a request line may also have ended in an older segment: only what starts with one is looked at. */
export function http(octets: Uint8Array): HttpHint | undefined {
  if (octets.length < 5 || !mayBeginHttp(octets[0]!)) return undefined;
  const status = isAt(octets, 0, "HTTP/1.");
  if (!status && !startsWithMethod(octets)) return undefined;
  const limit = Math.min(octets.length, LONGEST);
  let end = 0;
  while (end < limit && octets[end] !== 0x0d && octets[end] !== 0x0a) end++;
  const cut = end === limit;
  if (!status && !cut && !isAt(octets, end - 9, " HTTP/1.")) return undefined;
  return { kind: "http", startLine: safeText(octets, 0, end) + (cut ? "…" : "") };
}

/** Methods start with a letter from C to T, statuses with H. */
export function mayBeginHttp(first: number): boolean {
  return first >= 0x43 && first <= 0x54;
}

/** A method, and behind it what a target starts with: RFC 9112 §3.2. CONNECT takes a host's name. */
function startsWithMethod(octets: Uint8Array): boolean {
  const space = octets.indexOf(0x20);
  if (space < 3 || space > 7) return false;
  const method = String.fromCharCode(...octets.subarray(0, space));
  if (!METHODS.has(method)) return false;
  return (
    method === "CONNECT" ||
    isAt(octets, space + 1, "/") ||
    isAt(octets, space + 1, "http") ||
    isAt(octets, space + 1, "*")
  );
}

function isAt(octets: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (octets[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
