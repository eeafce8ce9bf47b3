// node in-namespace.mjs COMMAND ...: runs a command in a network namespace of its own, and, for an ordinary user, in a
// user namespace too, where it may open every kind of socket. The tests then need no privileges and touch no real network.
import { spawnSync } from "node:child_process";

const root = process.getuid() === 0;
const unshare = ["--net", ...(root ? [] : ["--user", "--map-root-user"])];
const probe = spawnSync("unshare", [...unshare, "true"], { encoding: "utf8" });
if (probe.status !== 0) {
  const why = probe.error?.message ?? probe.stderr.trim();
  console.error(`The tests run in a namespace of their own, which this machine refuses: ${why}`);
  console.error("Run them as root, or allow user namespaces (sysctl kernel.apparmor_restrict_unprivileged_userns=0).");
  process.exit(1);
}
const { status } = spawnSync("unshare", [...unshare, "--", ...process.argv.slice(2)], { stdio: "inherit" });
process.exit(status ?? 1);
