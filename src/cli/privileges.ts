/** Root is given up once the sockets are open, before any octet from the network is looked at. */
import { readFileSync } from "node:fs";
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

/** Who the process shall be: finds out before the sockets are opened, so that a mistake ends it early. */
export function chooseUser(name: string | undefined): User | "root" | undefined {
  if (name === "root" || name === "0") return "root";
  if (name !== undefined) {
    const user = findUser(name);
    if (!user)
      throw new SockinspectError("BAD_ARGUMENT", `--user: /etc/passwd has no user ${name}`, {
        argument: "--user",
        value: name,
      });
    if (process.getuid?.() !== 0)
      throw new SockinspectError(
        "PERMISSION",
        `cannot become ${name}: only root can (run with sudo, or leave --user out)`,
        { needs: "CAP_SETUID" },
      );
    return user;
  }
  if (process.getuid?.() !== 0) return undefined;
  const { SUDO_UID, SUDO_GID } = process.env;
  const sudo = { uid: Number(SUDO_UID), gid: Number(SUDO_GID), asks: true };
  if (sudo.uid > 0 && sudo.gid > 0) return sudo;
  return { ...(findUser("nobody") ?? { uid: 65534, gid: 65534 }), asks: false };
}

/** Becomes `user`, without supplementary groups or capabilities, for good. Returns what to tell about it, if anything. */
export function giveUpPrivileges(user: User | "root" | undefined): string | undefined {
  if (user === "root") return "root is kept, as --user root says";
  // A private user namespace maps no one but its root, who is an ordinary user outside: there, capabilities are all there is
  if (user && isMapped(user.uid)) {
    process.setgroups?.([]);
    process.setgid?.(user.gid);
    process.setuid?.(user.uid);
  }
  binding().dropCapabilities();
  return undefined;
}

/** Whom the files that root creates are given to; undefined where they stay root's. */
export function fileOwner(user: User | "root" | undefined): FileOwner | undefined {
  if (user === undefined || user === "root" || !user.asks || !isMapped(user.uid)) return undefined;
  return { user: user.uid, group: user.gid };
}

function findUser(name: string): User | undefined {
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [login, , uid, gid] = line.split(":");
    if (login === name || (uid === name && uid !== "")) return { uid: Number(uid), gid: Number(gid), asks: true };
  }
  return undefined;
}

/** user_namespaces(7): each line of the map has the first id inside, the first outside, and how many. */
function isMapped(uid: number): boolean {
  return readFileSync("/proc/self/uid_map", "utf8")
    .trim()
    .split("\n")
    .some((line) => {
      const [inside = 0, , size = 0] = line.trim().split(/\s+/).map(Number);
      return uid >= inside && uid < inside + size;
    });
}
