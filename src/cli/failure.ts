/** How a command that failed ends: one sentence on stderr, and an exit code. */
import { type ErrorCode, isSockinspectError } from "../errors.js";
import { caret } from "../filter/fault.js";
import { printable } from "../render/text.js";

/** As sysexits(3) numbers them. */
export const exitCodes = {
  usage: 64,
  /** What was to be read is wrong. */
  data: 65,
  /** What was to be read is not there. */
  noInput: 66,
  noHost: 68,
  unavailable: 69,
  system: 71,
  cannotCreate: 73,
  output: 74,
  permission: 77,
} as const;

const codes: Readonly<Partial<Record<ErrorCode, number>>> = {
  BAD_FILTER: exitCodes.usage,
  BAD_ARGUMENT: exitCodes.usage,
  BAD_FIELD: exitCodes.usage,
  BAD_DRAFT: exitCodes.usage,
  BAD_STACK: exitCodes.usage,
  NO_SUCH_INTERFACE: exitCodes.usage,
  NO_ROUTE: exitCodes.noHost,
  EXCEEDS_MTU: exitCodes.usage,
  CONNECTION: exitCodes.unavailable,
  PORT_IN_USE: exitCodes.unavailable,
  BAD_FILE: exitCodes.data,
  UNSUPPORTED_PLATFORM: exitCodes.unavailable,
  NO_ADDON: exitCodes.unavailable,
  SYSTEM: exitCodes.system,
  PERMISSION: exitCodes.permission,
};

const refusals = new WeakMap<Error, number>();

/** `error`, with which the process ends with `code` where it is the system's: by itself, `SYSTEM` does not say what was refused. */
export function refusal(code: number, error: unknown): unknown {
  if (isSockinspectError(error, "SYSTEM") && !refusals.has(error)) refusals.set(error, code);
  return error;
}

/** What `step` gives; what it throws is a {@link refusal}. */
export async function refusedAs<T>(code: number, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw refusal(code, error);
  }
}

/** Says what went wrong. What is no error of ours is a defect, and is thrown on with its stack. */
export function report(error: unknown): void {
  if (!isSockinspectError(error)) throw error;
  process.stderr.write(`sockinspect: ${printable(error.message)}\n`);
  if (isSockinspectError(error, "BAD_FILTER") || isSockinspectError(error, "BAD_DRAFT"))
    process.stderr.write(`${caret(error)}\n`);
  process.exitCode = refusals.get(error) ?? codes[error.code] ?? 1;
}
