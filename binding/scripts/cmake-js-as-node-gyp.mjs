#!/usr/bin/env node
// prebuildify only knows how to spawn `node-gyp rebuild --target=… --arch=… --release|--debug`, and then picks up
// build/{Release,Debug}/*.node. This stands in for node-gyp and runs cmake-js.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const { PREBUILD_ARCH = process.arch, SOCKINSPECT_TOOLCHAIN } = process.env;
const { status, error } = spawnSync(
  process.execPath,
  [
    createRequire(import.meta.url).resolve("cmake-js/bin/cmake-js"),
    "rebuild",
    ...["--config", process.argv.includes("--debug") ? "Debug" : "Release"],
    ...["--arch", PREBUILD_ARCH],
    ...(SOCKINSPECT_TOOLCHAIN ? [`--CDCMAKE_TOOLCHAIN_FILE=${SOCKINSPECT_TOOLCHAIN}`] : []),
  ],
  { stdio: "inherit" },
);
if (error) throw error;
process.exit(status ?? 1);
