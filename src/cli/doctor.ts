import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { type CaptureOptions, capture } from "../capture/live.js";
import { isSockinspectError } from "../errors.js";
import { printable } from "../render/text.js";
import { interfaces } from "../socket/interfaces.js";
import { paintFor } from "./colours.js";
import { exitCodes } from "./failure.js";

interface Finding {
  readonly good: boolean;
  readonly what: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** Tries what a capture needs, rather than guessing from versions. */
export async function doctorCommand(): Promise<void> {
  const addon = findAddon();
  const findings = [
    { good: process.platform === "linux", what: `${process.platform} ${release()}, Node ${process.version}` },
    addon,
    ...(addon.good ? await tryCaptures() : []),
    tryNamespaces(),
  ];
  const paint = paintFor(process.stdout);
  for (const { good, what, remedy } of findings) {
    process.stdout.write(`${paint(good ? "payload" : "problem", good ? "✓" : "✗")} ${printable(what)}\n`);
    if (!good && remedy !== undefined) process.stdout.write(`    ${remedy}\n`);
  }
  if (!addon.good) process.exitCode = exitCodes.unavailable;
  else if (!findings[2]?.good) process.exitCode = exitCodes.permission;
}

function findAddon(): Finding {
  try {
    const names = interfaces().map(({ name, up }) => (up ? name : `${name} (down)`));
    return { good: true, what: `the addon loads; interfaces: ${names.join(", ")}` };
  } catch (error) {
    return { good: false, what: "the addon does not load", remedy: messageOf(error) };
  }
}

async function tryCaptures(): Promise<Finding[]> {
  const open = await tryCapture({ buffer: 1024 * 1024 });
  if (open !== undefined)
    return [
      {
        good: false,
        what: `packet sockets are refused: ${open}`,
        remedy:
          "Run it with sudo, or watch a private network: sockinspect demo handshake. In a container: --cap-add NET_RAW.",
      },
    ];
  const large = await tryCapture({});
  return [
    { good: true, what: "packet sockets with a TPACKET_V3 ring and kernel filters open (CAP_NET_RAW)" },
    large === undefined
      ? { good: true, what: "a ring of 32 MiB fits" }
      : { good: false, what: `no ring of 32 MiB: ${large}`, remedy: "Choose a smaller one: capture --buffer 4" },
  ];
}

async function tryCapture(options: CaptureOptions): Promise<string | undefined> {
  try {
    await capture({ ...options, filter: "less 1" }).close();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Ubuntu since 23.10 lets AppArmor restrict user namespaces; other systems have sysctls of their own. */
function tryNamespaces(): Finding {
  const { status, error, stderr } = spawnSync("unshare", ["--user", "--map-root-user", "--net", "true"], {
    encoding: "utf8",
  });
  if (status === 0) return { good: true, what: "user and network namespaces open: the demos need no root" };
  const remedies = [
    ["/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"],
    ["/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"],
    ["/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=10000"],
  ] as const;
  const restricting = remedies.find(([file, value]) => contentOf(file) === value);
  const missing = (error as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
  return {
    good: false,
    what: `no private namespaces for the demos: ${missing ? "unshare is not installed" : stderr.trim()}`,
    remedy: missing
      ? "Install util-linux."
      : restricting
        ? `Run the demos with sudo, or: sudo sysctl -w ${restricting[2]}`
        : "Run the demos with sudo.",
  };
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined; // this kernel has no such setting
  }
}

function messageOf(error: unknown): string {
  if (isSockinspectError(error)) return error.message;
  throw error;
}
