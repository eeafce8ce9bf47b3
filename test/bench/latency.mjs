// How long a lone packet takes from the kernel's time stamp to a script, and what an idle capture costs.
// node latency.mjs [--packets N] [--idle SECONDS]

import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { packets: { type: "string", default: "200" }, idle: { type: "string", default: "5" } },
});
const INSIDE = "SOCKINSPECT_BENCH_INSIDE";
if (!process.env[INSIDE]) {
  const namespaces = process.getuid() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
  const { status } = spawnSync("unshare", [...namespaces, process.execPath, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, [INSIDE]: "1" },
  });
  process.exit(status ?? 1);
}

const { binding } = await import("../../dist/socket/binding.js");
const { capture } = await import("../../dist/index.js");
binding().setInterfaceUp("lo");
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Milliseconds of CPU a second, of this process while it does nothing of its own. */
async function idleCost() {
  const before = process.cpuUsage();
  await pause(Number(values.idle) * 1000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3 / Number(values.idle);
}

await pause(1000);
const bare = await idleCost();
const source = capture({ filter: "udp" });
const socket = createSocket("udp4");
const waits = [];
const reading = (async () => {
  for await (const packet of source) {
    const now = performance.timeOrigin + performance.now();
    waits.push(now - (packet.seconds * 1000 + packet.nanoseconds / 1e6));
  }
})();
for (let i = 0; i < Number(values.packets); i++) {
  socket.send("x", 9, "127.0.0.1");
  await pause(15 + (i % 10));
}
socket.close();
await pause(50);

const capturing = await idleCost();
source.stop();
await reading;

waits.sort((a, b) => a - b);
const at = (share) => waits[Math.min(waits.length - 1, Math.floor(share * waits.length))].toFixed(1);
console.log(`a lone packet is there after (ms): p50 ${at(0.5)}, p99 ${at(0.99)}, at most ${at(1)}`);
console.log(
  `idle, it takes ${capturing.toFixed(2)} ms of CPU a second; the same process without a capture ${bare.toFixed(2)} ms`,
);
