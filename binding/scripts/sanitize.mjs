// node binding/scripts/sanitize.mjs address|thread [vitest's arguments]: runs the system tests of the addon with it built
// under a sanitizer. (Node itself is not: the sanitizer's library is preloaded.) An ordinary build is left behind.
import { execFileSync, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL("../../", import.meta.url));
const cmakeJs = require.resolve("cmake-js/bin/cmake-js");
const vitest = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");

const kinds = {
  address: {
    list: "address,undefined",
    environment: () => ({
      LD_PRELOAD: library("libasan.so"),
      ASAN_OPTIONS: "detect_leaks=1",
      LSAN_OPTIONS: `suppressions=${root}test/support/lsan.supp:print_suppressions=0`,
      UBSAN_OPTIONS: "halt_on_error=1:print_stacktrace=1",
    }),
  },
  thread: {
    list: "thread",
    environment: () => ({ LD_PRELOAD: library("libtsan.so"), TSAN_OPTIONS: "ignore_noninstrumented_modules=1" }),
  },
};

const [name = "address", ...more] = process.argv.slice(2);
const kind = kinds[name];
if (!kind) throw new Error(`no sanitizer ${name}: address or thread`);
const tests = more.length > 0 ? more : ["test/system/addon"];
const passed =
  run([cmakeJs, "rebuild", "--silent", `--CDSOCKINSPECT_SANITIZE=${kind.list}`]) &&
  // Forks are killed at the end, which hides leaks: threads.
  run([
    join(root, "test/support/in-namespace.mjs"),
    // For vitest alone: the wrapper is not what is to be looked at.
    ...["env", ...Object.entries(kind.environment()).map((entry) => entry.join("="))],
    ...[process.execPath, vitest, "run", "--project", "system", "--pool=threads", "--no-file-parallelism", ...tests],
  ]);
const restored = run([cmakeJs, "rebuild", "--silent"]);
process.exitCode = passed && restored ? 0 : 1;

function run(words) {
  return spawnSync(process.execPath, words, { cwd: root, stdio: "inherit" }).status === 0;
}

function library(file) {
  return execFileSync("g++", [`-print-file-name=${file}`], { encoding: "utf8" }).trim();
}
