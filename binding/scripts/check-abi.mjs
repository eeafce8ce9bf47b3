// node binding/scripts/check-abi.mjs: fails when a prebuilt addon needs a newer C or C++ library than the oldest that
// Node itself runs on (Debian 10, RHEL 8: glibc 2.28 and GCC 8's libstdc++), or exports more than its two entry points.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const floor = { GLIBC: "2.28", GLIBCXX: "3.4.25", CXXABI: "1.3.11" };
const entryPoints = ["napi_register_module_v1", "node_api_module_get_api_version_v1"];
const prebuilds = fileURLToPath(new URL("../../prebuilds", import.meta.url));

const files = readdirSync(prebuilds, { recursive: true }).filter((name) => name.endsWith(".node"));
if (files.length === 0) throw new Error(`no prebuilt addon in ${prebuilds}`);
for (const file of files) {
  const symbols = execFileSync("readelf", ["-W", "--dyn-syms", `${prebuilds}/${file}`], { encoding: "utf8" });
  const needed = newest(symbols);
  const exported = exports(symbols);
  const faults = [
    ...Object.entries(needed).filter(([library, version]) => compare(version, floor[library]) > 0),
    ...exported.filter((name) => !entryPoints.includes(name)),
    ...entryPoints.filter((name) => !exported.includes(name)),
  ];
  const versions = Object.entries(needed).map((entry) => entry.join(" "));
  console.log(
    `${file}: ${versions.join(", ")}; exports ${exported.length}: ${faults.length ? `FAIL ${faults}` : "ok"}`,
  );
  if (faults.length > 0) process.exitCode = 1;
}

function newest(symbols) {
  const found = {};
  for (const [, library, version] of symbols.matchAll(/@(GLIBC|GLIBCXX|CXXABI)_([\d.]+)/g)) {
    if (!(library in found) || compare(version, found[library]) > 0) found[library] = version;
  }
  return found;
}

// Num: Value Size Type Bind Vis Ndx Name
function exports(symbols) {
  return symbols
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([number, , , , bind, , section, name]) => /^\d+:$/.test(number) && name && section !== "UND" && bind !== "LOCAL",
    )
    .map((columns) => columns[7].split("@")[0]);
}

function compare(one, other) {
  const [a, b] = [one, other].map((version) => version.split(".").map(Number));
  for (let at = 0; at < 3; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
