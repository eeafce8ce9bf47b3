// Builds the addon in a clone: `npm ci` runs it through `prepare`. Says one sentence when a tool is missing, and shows
// the compiler's output only when it failed. Nothing is fetched: the headers are those of node-api-headers.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

if (process.platform === "linux") {
  const missing = [hasCmake() || "CMake 3.18 or later", hasCompiler() || "a C++20 compiler"].filter(
    (it) => it !== true,
  );
  if (missing.length > 0) {
    process.stderr.write(
      `sockinspect: building the native addon needs ${missing.join(" and ")}: ` +
        "install by 'apt-get install cmake make g++' (Debian, Ubuntu) or 'dnf install cmake make gcc-c++' (Fedora).\n",
    );
    process.exit(1);
  }
  build();
} else {
  process.stderr.write("sockinspect: no native addon is built, capturing and sending need Linux; files can be read.\n");
}

function hasCmake() {
  const { stdout, status } = spawnSync("cmake", ["--version"], { encoding: "utf8" });
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(stdout ?? "") ?? [];
  return status === 0 && (Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 18));
}

// A version number would not say whether the standard library is there, or is new enough.
function hasCompiler() {
  const folder = mkdtempSync(join(tmpdir(), "sockinspect-"));
  try {
    const source = join(folder, "probe.cc");
    writeFileSync(source, "#include <concepts>\nint main() { static_assert(std::integral<int>); }\n");
    const compilers = process.env.CXX ? [process.env.CXX] : ["c++", "g++", "clang++"];
    return compilers.some(
      (compiler) => spawnSync(compiler, ["-std=c++20", "-c", source, "-o", `${source}.o`]).status === 0,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function build() {
  const cmakeJs = createRequire(import.meta.url).resolve("cmake-js/bin/cmake-js");
  const { status, output } = spawnSync(process.execPath, [cmakeJs, "compile", "--config", "Release"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: Infinity,
  });
  if (status === 0) return;
  process.stderr.write(output.join(""));
  process.stderr.write("sockinspect: building the native addon failed, see above.\n");
  process.exit(1);
}
