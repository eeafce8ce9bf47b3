/** What can go wrong by the caller's doing or the machine's; octets from outside never do, they give problems. */
export interface ErrorInfo {
  /** A filter that cannot be compiled: `at` counts characters of `source` from 0, `length` of them are at fault. */
  readonly BAD_FILTER: { readonly source: string; readonly at: number; readonly length: number };
  /** A header field that does not exist, or a value that does not fit it. */
  readonly BAD_FIELD: { readonly header: string; readonly field: string; readonly value: unknown };
  /** A draft in text that cannot be read: `at` counts characters of `source` from 0, `length` of them are at fault. */
  readonly BAD_DRAFT: { readonly source: string; readonly at: number; readonly length: number };
  /** Headers that cannot follow one another: `stack` is all of them, `layer` counts to the one at fault from 0. */
  readonly BAD_STACK: { readonly stack: readonly string[]; readonly layer: number };
  /** An argument or option that is not of its documented form. */
  readonly BAD_ARGUMENT: { readonly argument: string; readonly value: unknown };
  readonly BAD_FILE: { readonly file: string; readonly at: number };
  readonly NO_SUCH_INTERFACE: { readonly name: string; readonly known: readonly string[] };
  /** The routing table leads nowhere, or nobody on the link answers for the next hop. */
  readonly NO_ROUTE: { readonly destination: string };
  /** An IP packet of `size` octets on a way that takes `mtu`. */
  readonly EXCEEDS_MTU: { readonly size: number; readonly mtu: number };
  /** A port that another socket of this machine has. */
  readonly PORT_IN_USE: { readonly port: number };
  /** A connection by hand that the other side does not take, or no longer. */
  readonly CONNECTION: { readonly reason: "refused" | "reset" | "no answer" | "closed" };
  readonly PERMISSION: { readonly needs: string };
  readonly UNSUPPORTED_PLATFORM: { readonly platform: string };
  readonly NO_ADDON: { readonly tried: readonly string[] };
  /** A view was read after its batch was released or its source closed. */
  readonly RELEASED: Record<never, never>;
  /** Something was used after `close()`. */
  readonly CLOSED: Record<never, never>;
  /** Any other refusal of the operating system; `cause` keeps its `code`, `errno` and `syscall`. */
  readonly SYSTEM: { readonly code: string; readonly syscall: string };
}

export type ErrorCode = keyof ErrorInfo;

/**
 * The one error this package throws. Narrow it by {@link isSockinspectError}; `cause` is the operating system's error
 * (with `code`, `errno` and `syscall`) where there was one.
 */
export class SockinspectError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "SockinspectError";

  readonly code: C;
  readonly info: ErrorInfo[C];

  constructor(code: C, message: string, info: ErrorInfo[C], options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.info = info;
  }
}

/** Whether `error` is ours, and of `code` where one is given. */
export function isSockinspectError(error: unknown): error is SockinspectError;
export function isSockinspectError<C extends ErrorCode>(error: unknown, code: C): error is SockinspectError<C>;
export function isSockinspectError(error: unknown, code?: ErrorCode): boolean {
  return error instanceof SockinspectError && (code === undefined || error.code === code);
}
