/** What callers give: each throws `BAD_ARGUMENT`, which says what is taken, for anything else. */
import { badArgument } from "../errors.js";

export function positive(argument: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw badArgument(argument, value, "a number above 0");
}

export function positiveWhole(argument: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw badArgument(argument, value, "a whole number above 0");
}

export function text(argument: string, value: string): string {
  if (typeof value === "string") return value;
  throw badArgument(argument, value, "text");
}

export function oneOf<T extends string>(argument: string, choices: readonly T[], value: T): T {
  if (choices.includes(value)) return value;
  throw badArgument(argument, value, choices.join(" or "));
}

export function options<T extends object>(value: T): T {
  if (typeof value === "object" && value !== null) return value;
  throw badArgument("options", value, "an object");
}
