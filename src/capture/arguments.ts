/** Numbers and words that callers give: each throws `BAD_ARGUMENT`, which says what is taken, for anything else. */
import { badArgument } from "../errors.js";

export function positive(argument: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw badArgument(argument, value, "a number above 0");
}

export function positiveWhole(argument: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw badArgument(argument, value, "a whole number above 0");
}

export function oneOf<T extends string>(argument: string, choices: readonly T[], value: T): T {
  if (choices.includes(value)) return value;
  throw badArgument(argument, value, choices.join(" or "));
}
