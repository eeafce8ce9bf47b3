import { SockinspectError } from "../errors.js";

/** An error of the operating system on `file`, as the caller sees it. */
export function fileError(action: string, file: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  const why = WHY[code ?? ""] ?? message;
  return new SockinspectError(
    "SYSTEM",
    `cannot ${action} ${file}: ${why}`,
    { code: code ?? "", syscall: syscall ?? "" },
    { cause: error },
  );
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or directory",
  EACCES: "permission denied",
  EISDIR: "it is a directory",
  ENOSPC: "no space is left on the device",
};
