/** Root is given up once the sockets are open, before any octet from the network is looked at. */
import { readFileSync } from "node:fs";
import { refusedArgument } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { binding } from "../socket/binding.js";

interface User {
  readonly uid: number;
  readonly gid: number;
  /** Whether it is who asked for the command, not only who can do the least harm. */
  readonly asks: boolean;
}

/** Whom files belong to. */
export interface FileOwner {
  readonly user: number;
  readonly group: number;
}

/**
 * Root that is kept: because `--user` says so, because a private user namespace maps nobody else, or because capabilities to
 * become somebody else are missing.
 */
type Kept = "root" | "unmapped" | "powerless";

export type Choice = User | Kept | undefined;

/**
 * Who the process shall be: finds out before the sockets are opened, so that a mistake ends it early. Undefined for who is
 * not root. Throws `BAD_ARGUMENT`, and `PERMISSION` where it cannot become the user that is named.
 */
export function chooseUser(name: string | undefined): Choice {
  if (name === "root" || name === "0") return "root";
  const isRoot = process.getuid?.() === 0;
  if (name !== undefined) {
    const user = findUser(name);
    if (!user) throw refusedArgument("--user", name, `--user: /etc/passwd has no user ${name}`);
    const kept = isRoot ? keptInsteadOf(user) : undefined;
    if (isRoot && !kept) return user;
    const why = kept ? reasons[kept] : "only root can (run with sudo, or leave --user out)";
    throw new SockinspectError("PERMISSION", `cannot become ${name}: ${why}`, { needs: "CAP_SETUID" });
  }
  if (!isRoot) return undefined;
  const sudo = { uid: idIn("SUDO_UID"), gid: idIn("SUDO_GID"), asks: true };
  const user =
    sudo.uid > 0 && sudo.gid > 0 ? sudo : { ...(findUser("nobody") ?? { uid: 65534, gid: 65534 }), asks: false };
  return keptInsteadOf(user) ?? user;
}

/** Why root is kept, without its capabilities. */
export const reasons: Readonly<Record<Exclude<Kept, "root">, string>> = {
  unmapped: "this user namespace has no other user",
  powerless: "without CAP_SETUID and CAP_SETGID it cannot become another user",
};

/**
 * Becomes `user`, without supplementary groups, and without capabilities whoever that is, for good. Returns what to tell
 * about it, if anything. Throws `PERMISSION`.
 */
export function giveUpPrivileges(user: Choice): string | undefined {
  if (user === "root") return "root is kept, as --user root says";
  try {
    if (typeof user === "object") {
      process.setgroups?.([]);
      process.setgid?.(user.gid);
      process.setuid?.(user.uid);
    }
    binding().dropCapabilities();
  } catch (cause) {
    const { syscall, code, message } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new SockinspectError(
      "PERMISSION",
      `cannot give up root once the sockets are open: ${message} (choose another --user)`,
      { needs: syscall ?? "CAP_SETUID" },
      { cause },
    );
  }
  // Root of a private user namespace is an ordinary user outside
  return user === "powerless" ? `root is kept, its capabilities are not: ${reasons.powerless}` : undefined;
}

/** Whom the files that root creates are given to; undefined where they stay root's. */
export function fileOwner(user: Choice): FileOwner | undefined {
  return typeof user === "object" && user.asks ? { user: user.uid, group: user.gid } : undefined;
}

/** Whom files belong to of which the process creates more, once it is `user`. */
export function laterOwner(user: Choice): FileOwner | undefined {
  return typeof user === "object" ? { user: user.uid, group: user.gid } : undefined;
}

/** What sudo(8) says of who asked; 0 where it says nothing. */
function idIn(variable: "SUDO_UID" | "SUDO_GID"): number {
  const text = process.env[variable] ?? "";
  const id = Number(text);
  if (/^\d*$/.test(text) && id < 0xffff_ffff) return id;
  throw refusedArgument(variable, text, `the environment's ${variable} is no number of a user or group: ${text}`);
}

function keptInsteadOf({ uid, gid }: User): Exclude<Kept, "root"> | undefined {
  if (!isMapped(uid, "uid_map") || !isMapped(gid, "gid_map")) return "unmapped";
  return has(CAP_SETUID) && has(CAP_SETGID) ? undefined : "powerless";
}

// linux/capability.h
const CAP_SETGID = 6;
const CAP_SETUID = 7;

function has(capability: number): boolean {
  const [, effective = "0"] = /^CapEff:\s*(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return ((BigInt(`0x${effective}`) >> BigInt(capability)) & 1n) === 1n;
}

function findUser(name: string): User | undefined {
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [login, , uid, gid] = line.split(":");
    if (login === name || (uid === name && uid !== "")) return { uid: Number(uid), gid: Number(gid), asks: true };
  }
  return undefined;
}

/** user_namespaces(7): each line of the map has the first id inside, the first outside, and how many. */
function isMapped(id: number, map: "uid_map" | "gid_map"): boolean {
  return readFileSync(`/proc/self/${map}`, "utf8")
    .trim()
    .split("\n")
    .some((line) => {
      const [inside = 0, , size = 0] = line.trim().split(/\s+/).map(Number);
      return id >= inside && id < inside + size;
    });
}
