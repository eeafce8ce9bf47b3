/** The calls that a program makes on its sockets, as lines. */
import { clock } from "../render/clock.js";
import type { Paint } from "../render/paint.js";
import { Pen } from "../render/pen.js";
import { printable } from "../render/text.js";
import { type Call, callText, monotonic } from "../socket/calls.js";

/** Characters of what was sent or received. */
const SHOWN = 40;

/** What to add to CLOCK_MONOTONIC for the time of day, in milliseconds. The system may set its clock: asked anew each time. */
const dayOffset = (): number => performance.timeOrigin + performance.now() - monotonic();

/** When a call did what it did, in milliseconds since 1970: one that waits, at its end; any other, before others can see it. */
export function timeOf(call: Call): number {
  const waits = ["accept", "connect", "recv", "recvfrom", "recvmmsg"].includes(call.name);
  return (waits ? call.end! : call.start) + dayOffset();
}

/** Calls that have ended: when, on which socket, what was asked and what came of it. */
export function callLines(paint: Paint): (call: Call) => string {
  const pen = new Pen();
  const time = clock("absolute");
  return (call) => {
    const milliseconds = timeOf(call);
    const seconds = Math.floor(milliseconds / 1000);
    const [name = "", rest = ""] = split(callText(call), call.name.length);
    time(pen, seconds, Math.floor((milliseconds - seconds * 1000) * 1e6));
    const when = pen.take();
    const text = `${paint("title", name)}${call.error === undefined ? rest : paint("problem", rest)}`;
    const said =
      call.octets === undefined || call.octets.length === 0 ? "" : `  ${paint("payload", excerpt(call.octets))}`;
    return `${paint("time", when)} ${paint("device", `#${call.socket}`.padEnd(3))} ${text}${said}`;
  };
}

/** A call as JSON in one line; what was sent or received as hex. */
export function callJson(call: Call): string {
  const { octets, start, end, ...rest } = call;
  const offset = dayOffset();
  const at = (time: number): string => new Date(time + offset).toISOString();
  return JSON.stringify({
    kind: "call",
    ...rest,
    start: at(start),
    ...(end !== undefined && { end: at(end) }),
    ...(octets && { octets: Buffer.from(octets).toString("hex") }),
  });
}

/** The beginning of what was said, in quotes, as nothing that a terminal obeys. */
function excerpt(octets: Uint8Array): string {
  const text = new TextDecoder().decode(octets.subarray(0, 4 * SHOWN));
  const shown = printable(text.slice(0, SHOWN)).replaceAll('"', '\\"');
  return text.length > SHOWN || octets.length > 4 * SHOWN ? `"${shown}"…` : `"${shown}"`;
}

function split(text: string, at: number): readonly [string, string] {
  return [text.slice(0, at), text.slice(at)];
}
