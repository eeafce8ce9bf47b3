/** What callers give: each check throws `BAD_ARGUMENT`, which says what is taken, for anything else. */
import { SockinspectError } from "./errors.js";

/** For an argument that takes something else; `wanted` says what. */
export function badArgument(argument: string, value: unknown, wanted: string): SockinspectError<"BAD_ARGUMENT"> {
  return refusedArgument(argument, value, `${argument} takes ${wanted}, not ${shown(value)}`);
}

/** For an argument that has its form, but no place: `message` says all of it. */
export function refusedArgument(
  argument: string,
  value: unknown,
  message: string,
  options?: { readonly cause: unknown },
): SockinspectError<"BAD_ARGUMENT"> {
  return new SockinspectError("BAD_ARGUMENT", message, { argument, value }, options);
}

const types = { string: "a text", object: "an object", function: "a function" } as const;

export function requireType(argument: string, value: unknown, type: keyof typeof types): void {
  if (typeof value !== type || value === null || Array.isArray(value)) throw badArgument(argument, value, types[type]);
}

export function requireSignal(signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw badArgument("signal", signal, "an AbortSignal");
}

export function positive(argument: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw badArgument(argument, value, "a number above 0");
}

export function positiveWhole(argument: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw badArgument(argument, value, "a whole number above 0");
}

export function whole(argument: string, value: number, least: number, most = Number.POSITIVE_INFINITY): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.POSITIVE_INFINITY ? `from ${least} on` : `from ${least} to ${most}`;
  throw badArgument(argument, value, `a whole number ${range}`);
}

export function oneOf<T extends string>(argument: string, choices: readonly T[], value: T): T {
  if (choices.includes(value)) return value;
  throw badArgument(argument, value, choices.join(" or "));
}

/** Any value as a program would write it, or as near as that goes; what is long is cut. */
export function shown(value: unknown): string {
  // Octets would be a text as long as they are
  if (ArrayBuffer.isView(value)) return Object.prototype.toString.call(value);
  let text: string;
  try {
    text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
  } catch {
    text = typeof value === "bigint" ? `${value}n` : Object.prototype.toString.call(value);
  }
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
