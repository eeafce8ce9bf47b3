// The echo server under test, in a process of its own: node server.mjs single|multi|threads, asked for reports over IPC.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { echo } from "../../dist/index.js";

const [serve, descriptors] = process.argv.slice(2);
execFileSync("prlimit", ["--pid", String(process.pid), `--nofile=${descriptors}`]);
const server = await echo.stream({ serve, backlog: 4096 });
process.on("message", async (word) => {
  if (word === "close") {
    await server.close();
    process.disconnect();
    return;
  }
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
  process.send({
    counters: { ...server.counters },
    descriptors: readdirSync("/proc/self/fd").length,
    resident: process.memoryUsage.rss() / 2 ** 20,
  });
});
process.send({ port: server.address.port });
