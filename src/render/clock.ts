/** When a packet was seen, as text. */
import { type Pen, Piece } from "./pen.js";

/** "absolute": local time of day; "relative": seconds since the first packet; "delta": since the one before. */
export type TimeFormat = "absolute" | "relative" | "delta" | "none";

/** Writes when a packet was seen; nothing where that is not wanted. */
export type Clock = (pen: Pen, seconds: number, nanoseconds: number) => void;

/** A clock that remembers the packets it was asked about. Microseconds, as the kernel's precision is in practice. */
export function clock(format: TimeFormat): Clock {
  switch (format) {
    case "absolute":
      return timeOfDay();
    case "relative":
      return since(false);
    case "delta":
      return since(true);
    case "none":
      return () => {};
    default:
      return format satisfies never;
  }
}

const two = (n: number): string => String(n).padStart(2, "0");

/** The local date. */
export function dateText(date: Date): string {
  return `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The local time of day, behind the date where that is not the first packet's. Files may give no time, or an impossible one. */
function timeOfDay(): Clock {
  let second = Number.NaN;
  let piece = new Piece("");
  let firstDay: string | undefined;
  return (pen, seconds, nanoseconds) => {
    if (Number.isNaN(seconds)) return pen.text("no time        ");
    if (seconds !== second) {
      const date = new Date(seconds * 1000);
      if (Number.isNaN(date.getTime())) return pen.text(`${seconds} s after 1970`);
      const day = dateText(date);
      firstDay ??= day;
      const text = `${day === firstDay ? "" : `${day} `}${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.`;
      piece = new Piece(text);
      second = seconds;
    }
    pen.copy(piece);
    micros(pen, nanoseconds);
  };
}

function since(previous: boolean): Clock {
  let fromSeconds = Number.NaN;
  let fromNanoseconds = 0;
  return (pen, seconds, nanoseconds) => {
    if (Number.isNaN(seconds)) return pen.text("    no time");
    if (Number.isNaN(fromSeconds)) {
      fromSeconds = seconds;
      fromNanoseconds = nanoseconds;
    }
    let whole = seconds - fromSeconds;
    let rest = nanoseconds - fromNanoseconds;
    if (previous) {
      fromSeconds = seconds;
      fromNanoseconds = nanoseconds;
    }
    // Packets may come out of order: the sign belongs to the whole difference
    const sign = whole < 0 || (whole === 0 && rest < 0) ? "-" : "";
    if (sign) {
      whole = -whole;
      rest = -rest;
    }
    if (rest < 0) {
      whole -= 1;
      rest += 1e9;
    }
    pen.text(`${sign}${whole}.`.padStart(5));
    micros(pen, rest);
  };
}

function micros(pen: Pen, nanoseconds: number): void {
  let microseconds = Math.floor(nanoseconds / 1000);
  if (microseconds >= 1_000_000) microseconds %= 1_000_000; // a file that is wrong
  const thousands = (microseconds / 1000) | 0;
  pen.three(thousands);
  pen.three(microseconds - thousands * 1000);
}
