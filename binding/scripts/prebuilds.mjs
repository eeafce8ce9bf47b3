// node binding/scripts/prebuilds.mjs [linux-x64 linux-arm64]: builds what the published package holds into prebuilds/.
// Without an argument, for this machine. arm64 from x64 needs g++-aarch64-linux-gnu. build/ holds this machine's own
// addon afterwards.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const native = `linux-${process.arch}`;
const targets = {
  "linux-x64": {},
  "linux-arm64": { strip: "aarch64-linux-gnu-strip", toolchain: "linux-arm64-glibc.cmake" },
};
const require = createRequire(import.meta.url);

const wanted = process.argv.length > 2 ? process.argv.slice(2) : [native];
for (const name of wanted) {
  if (!(name in targets)) throw new Error(`cannot build for ${name}: only for ${Object.keys(targets).join(" and ")}`);
}
for (const name of wanted) prebuild(name, name === native ? {} : targets[name]);
// Not build.mjs: an existing build folder keeps the compiler it was configured with.
if (wanted.some((name) => name !== native)) run(require.resolve("cmake-js/bin/cmake-js"), ["rebuild", "--silent"]);

function prebuild(name, { strip = "strip", toolchain }) {
  const [platform, arch] = name.split("-");
  run(
    require.resolve("prebuildify/bin.js"),
    [
      ...["--cwd", root, "--platform", platform, "--arch", arch, "--libc", "glibc", "--name", "sockinspect"],
      ...["--node-gyp", join(root, "binding/scripts/cmake-js-as-node-gyp.mjs")],
      // --tag-libc swallows the word behind it: last.
      ...["--napi", "--strip", "--strip-bin", strip, "--tag-libc"],
    ],
    toolchain && { SOCKINSPECT_TOOLCHAIN: join(root, "binding/toolchains", toolchain) },
  );
}

function run(script, options, environment) {
  const { status } = spawnSync(process.execPath, [script, ...options], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...environment },
  });
  if (status !== 0) process.exit(status ?? 1);
}
