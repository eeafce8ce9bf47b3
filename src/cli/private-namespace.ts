/** Running in namespaces of one's own, where an ordinary user may do what root may elsewhere. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { SockinspectError } from "../errors.js";
import { exitCodes } from "./failure.js";

/** Set for the process that runs inside. */
const INSIDE = "SOCKINSPECT_INSIDE_NAMESPACE";

export function isInside(): boolean {
  return process.env[INSIDE] !== undefined;
}

/**
 * Runs this command again in a network namespace of its own, and in a user namespace where it is not root's, and ends as it
 * does. A process with threads, as Node has them, may not enter a new user namespace itself: unshare(2), hence unshare(1).
 * Throws `PERMISSION`.
 */
export async function runInside(): Promise<void> {
  const namespaces = process.getuid?.() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
  const refusal = tryNamespaces(namespaces);
  if (refusal)
    throw new SockinspectError(
      "PERMISSION",
      `cannot make a private network namespace: ${refusal.why}. ${refusal.remedy}`,
      {
        needs: namespaces.includes("--user") ? "user namespaces" : "CAP_SYS_ADMIN",
      },
    );
  const child = spawn(
    "unshare",
    [...namespaces, "--", process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { stdio: "inherit", env: { ...process.env, [INSIDE]: "1" } },
  );
  // Ctrl-C is the child's: it ends, and so does this
  const ignore = (): void => {};
  process.on("SIGINT", ignore);
  const [code] = (await once(child, "close")) as [number | null];
  process.off("SIGINT", ignore);
  process.exitCode = code ?? exitCodes.system;
}

export interface Refusal {
  readonly why: string;
  readonly remedy: string;
}

/** Why there are no namespaces for this user, and what to do about it; undefined where there are. */
export function tryNamespaces(
  namespaces: readonly string[] = ["--user", "--map-root-user", "--net"],
): Refusal | undefined {
  const { status, error, stderr } = spawnSync("unshare", [...namespaces, "true"], { encoding: "utf8" });
  if (status === 0) return undefined;
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT")
    return { why: "the program unshare is missing", remedy: "Install the package util-linux." };
  const said = error?.message ?? stderr.trim();
  if (!namespaces.includes("--user"))
    return {
      why: said,
      remedy: "Root needs CAP_SYS_ADMIN for it: in a container, --cap-add SYS_ADMIN or --privileged.",
    };
  const setting = SETTINGS.find(({ file, forbids }) => contentOf(file) === forbids);
  const container = "In a container, its seccomp profile may forbid it, too.";
  return setting
    ? {
        why: `${setting.why} (${said})`,
        remedy: `Run it with sudo, or allow it: sudo sysctl -w ${setting.allow}`,
      }
    : { why: said, remedy: `Run it with sudo. ${container}` };
}

const SETTINGS = [
  {
    file: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    forbids: "1",
    why: "AppArmor forbids user namespaces to ordinary users, as in Ubuntu since 23.10",
    allow: "kernel.apparmor_restrict_unprivileged_userns=0",
  },
  {
    file: "/proc/sys/kernel/unprivileged_userns_clone",
    forbids: "0",
    why: "kernel.unprivileged_userns_clone forbids user namespaces to ordinary users",
    allow: "kernel.unprivileged_userns_clone=1",
  },
  {
    file: "/proc/sys/user/max_user_namespaces",
    forbids: "0",
    why: "user.max_user_namespaces forbids user namespaces",
    allow: "user.max_user_namespaces=10000",
  },
] as const;

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined; // this kernel has no such setting
  }
}
