#!/usr/bin/env node
import { version } from "./version.js";

// Whoever only asks this does not wait for all that understands the rest
if (process.argv.length === 3 && (process.argv[2] === "--version" || process.argv[2] === "-V")) {
  process.stdout.once("error", async (error) => (await import("./output.js")).reportUnwritten(error));
  process.stdout.write(`${version}\n`);
} else await (await import("./program.js")).runProgram(version);
