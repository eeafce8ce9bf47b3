/** Points in time, as people type and read them. */
import { refusedArgument } from "../arguments.js";
import type { SockinspectError } from "../errors.js";
import { dateText } from "../render/clock.js";

export interface Moment {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** A moment, once the time of a file's first packet is known. */
export type MomentOf = (first: Moment) => Moment;

const FORMS = "2026-03-01T12:00:01.5 (local time; with Z or +01:00 behind it: that of the zone), 12:00:01.5, +1.5 (seconds after the first packet) or @1700000000.5 (seconds since 1970)"; // biome-ignore format: one text

const CLOCK = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?$/;
const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([\d:.]+))?(Z|[+-]\d\d:\d\d)?$/;
const NUMBER = /^([+@])(\d{1,12})(?:\.(\d{1,9}))?$/;

/** Understands the value of `option`. Throws `BAD_ARGUMENT`. */
export function parseMoment(option: string, text: string): MomentOf {
  const bad = (why: string): SockinspectError =>
    refusedArgument(option, text, `${option} ${JSON.stringify(text)}: ${why}; it takes ${FORMS}`);
  const number = NUMBER.exec(text);
  if (number) {
    const [, sign, whole, fraction] = number;
    const moment = { seconds: Number(whole), nanoseconds: nanosecondsOf(fraction) };
    return sign === "@" ? () => moment : (first) => sum(first, moment);
  }
  const date = DATE.exec(text);
  const time = timeOf(date ? (date[4] ?? "00:00") : text);
  if (!time) throw bad(date || CLOCK.test(text) ? "there is no such time of day" : "this is no time");
  if (!date)
    return ({ seconds }) => {
      const day = new Date(seconds * 1000);
      return local(day.getFullYear(), day.getMonth(), day.getDate(), time);
    };
  const [year, month, day] = [Number(date[1]), Number(date[2]) - 1, Number(date[3])];
  if (new Date(Date.UTC(year, month, day)).toISOString().slice(0, 10) !== date[0].slice(0, 10))
    throw bad("there is no such date");
  const zone = date[5];
  if (zone === undefined) {
    const moment = local(year, month, day, time);
    return () => moment;
  }
  const seconds = Date.UTC(year, month, day) / 1000 + time.seconds - zoneSeconds(zone);
  return () => ({ seconds, nanoseconds: time.nanoseconds });
}

/** Whether a moment is before another. */
export function isBefore(a: Moment, b: Moment): boolean {
  return a.seconds < b.seconds || (a.seconds === b.seconds && a.nanoseconds < b.nanoseconds);
}

const two = (n: number): string => String(n).padStart(2, "0");

/** "2026-03-01 12:00:01 to 12:00:05", in local time; one time where both are the same. Undefined where no calendar has them. */
export function spanText(from: number, to: number): string | undefined {
  const [first, last] = [new Date(from * 1000), new Date(to * 1000)];
  if (Number.isNaN(first.getTime()) || Number.isNaN(last.getTime())) return undefined;
  const begin = `${dateText(first)} ${timeText(first)}`;
  if (from === to) return begin;
  return `${begin} to ${dateText(last) === dateText(first) ? "" : `${dateText(last)} `}${timeText(last)}`;
}

function timeText(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Seconds of the day and nanoseconds; undefined where there is no such time. */
function timeOf(text: string): Moment | undefined {
  const found = CLOCK.exec(text);
  if (!found) return undefined;
  const [hours, minutes, seconds] = [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return { seconds: hours * 3600 + minutes * 60 + seconds, nanoseconds: nanosecondsOf(found[4]) };
}

/** By the clock on the wall: days with a change of the clocks have more or fewer hours. */
function local(year: number, month: number, day: number, { seconds, nanoseconds }: Moment): Moment {
  const date = new Date(year, month, day, Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60);
  return { seconds: date.getTime() / 1000, nanoseconds };
}

function sum(a: Moment, b: Moment): Moment {
  const nanoseconds = a.nanoseconds + b.nanoseconds;
  const carry = Math.floor(nanoseconds / 1e9);
  return { seconds: a.seconds + b.seconds + carry, nanoseconds: nanoseconds - carry * 1e9 };
}

function zoneSeconds(zone: string): number {
  if (zone === "Z") return 0;
  const seconds = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4)) * 60;
  return zone.startsWith("-") ? -seconds : seconds;
}

function nanosecondsOf(fraction = ""): number {
  return Number(fraction.padEnd(9, "0"));
}
