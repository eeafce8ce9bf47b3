/** Files that commands create, perhaps as root and for somebody else. */
import { chmodSync, closeSync, constants, lstatSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { fileError } from "../capture/file-error.js";
import { SockinspectError } from "../errors.js";
import { exitCodes, refusal, refusedAs } from "./failure.js";
import { put } from "./output.js";
import type { FileOwner } from "./privileges.js";

/**
 * Sees to it that what root opens by this name is a file of its own, or nothing that could be harmed: in a directory that
 * others may write to, a link leads wherever they want, and from a file of theirs they can read along. Throws `SYSTEM`.
 */
export async function claim(file: string, owner: FileOwner | undefined): Promise<void> {
  if (process.getuid?.() !== 0 || file === "-") return;
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  try {
    closeSync(openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw fileError("create", file, error);
  }
  const found = lstatSync(file);
  const refuse = (code: string, why: string): never => {
    throw new SockinspectError("SYSTEM", `cannot create ${file}: ${why}`, { code, syscall: "open" });
  };
  if (found.isSymbolicLink())
    refuse("ELOOP", "it is a symbolic link, which root does not follow (name the file itself)");
  if (!found.isFile()) return; // a pipe or a device
  const trusted = [0, owner?.user, Number(process.env["SUDO_UID"] ?? 0)];
  if (!trusted.includes(found.uid))
    refuse("EPERM", `it belongs to user ${found.uid} (remove it, or choose another name)`);
  if (found.nlink > 1) refuse("EPERM", "it has another name, too (remove it, or choose another one)");
  chmodSync(file, 0o600);
}

/**
 * Creates a text file with the care that packets get, in place of one that is there; what is given to `end` is written to
 * it. "-" is standard output. Throws `SYSTEM`.
 */
export async function createText(
  file: string,
  owner: FileOwner | undefined,
): Promise<{ end(text: string): Promise<void> }> {
  if (file === "-")
    return {
      end: async (text) => {
        await put(text);
      },
    };
  await refusedAs(exitCodes.cannotCreate, claim(file, owner));
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  try {
    const handle = await open(file, O_WRONLY | O_CREAT | O_TRUNC | (process.getuid?.() === 0 ? O_NOFOLLOW : 0), 0o666);
    if (owner) await handle.chown(owner.user, owner.group);
    return {
      end: async (text) => {
        try {
          await handle.writeFile(text);
        } catch (error) {
          throw refusal(exitCodes.output, fileError("write to", file, error));
        } finally {
          await handle.close();
        }
      },
    };
  } catch (error) {
    throw refusal(exitCodes.cannotCreate, fileError("create", file, error));
  }
}
