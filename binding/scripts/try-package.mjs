// node binding/scripts/try-package.mjs [COMMAND …]: packs the package and installs the tarball as a user gets it: into an
// empty folder, without install scripts, and with nothing but Node and npm to be found, so without a compiler. Then runs
// the command there, or without one captures a packet of loopback with the installed addon. `npm run build` and
// binding/scripts/prebuilds.mjs come first.
import { spawnSync } from "node:child_process";
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "sockinspect-package-"));
try {
  const [packed] = JSON.parse(
    run(root, ["npm", "pack", "--ignore-scripts", "--json", "--pack-destination", work], "pipe"),
  );
  const addon = `prebuilds/linux-${process.arch}/sockinspect.glibc.node`;
  if (!packed.files.some((file) => file.path === addon)) {
    throw new Error(`${packed.filename} lacks ${addon}: run binding/scripts/prebuilds.mjs first`);
  }
  console.log(
    `${packed.filename}: ${packed.files.length} files, ${packed.size} octets packed, ${packed.unpackedSize} unpacked`,
  );

  const bin = join(work, "bin");
  const user = join(work, "user");
  for (const folder of [bin, user]) mkdirSync(folder);
  for (const command of ["node", "npm", "npx", "sh", "env", "unshare"]) symlinkSync(find(command), join(bin, command));
  const bare = { ...process.env, PATH: bin };
  for (const compiler of ["cc", "gcc", "g++", "c++", "clang", "cmake", "make"]) {
    if (spawnSync(compiler, ["--version"], { env: bare }).error === undefined)
      throw new Error(`${compiler} is in ${bin}`);
  }
  writeFileSync(join(user, "package.json"), "{}\n");
  run(
    user,
    ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", join(work, packed.filename)],
    "pipe",
    bare,
  );

  const own = ["node", join(root, "binding/scripts/smoke.mjs"), "--addon", join("node_modules/sockinspect", addon)];
  const command = process.argv.length > 2 ? process.argv.slice(2) : [...own, process.versions.node.split(".")[0]];
  run(user, command, "inherit", { ...bare, PATH: [join(user, "node_modules/.bin"), bin].join(delimiter) });
} finally {
  rmSync(work, { recursive: true });
}

function run(folder, [command, ...words], output, environment = process.env) {
  const stdio = ["ignore", output, output];
  const { status, error, stdout, stderr } = spawnSync(command, words, {
    cwd: folder,
    env: environment,
    encoding: "utf8",
    stdio,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${[command, ...words].join(" ")} ended with ${status}\n${stderr ?? ""}`);
  return stdout;
}

function find(command) {
  if (command === "node") return process.execPath;
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return realpathSync(join(folder, command));
    } catch {
      // in the next one, then
    }
  }
  throw new Error(`${command} is not to be found`);
}
