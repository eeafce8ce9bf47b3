// npm run soak [-- --octets N --connections N --idle N --serve multi]: what takes too long for the tests. The echo servers give
// back a gigabyte unchanged at 1, 64 and 1000 connections, with half closes and resets in between; nothing leaks over 100 000
// connections; 10 000 idle ones are held. In a network namespace of its own.
import { execFileSync, fork, spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { echo } from "../../dist/index.js";
import { binding } from "../../dist/socket/binding.js";

const { values } = parseArgs({
  options: {
    octets: { type: "string", default: "1000000000" },
    connections: { type: "string", default: "100000" },
    idle: { type: "string", default: "10000" },
    serve: { type: "string", default: "multi,threads,single" },
  },
});
const INSIDE = "SOCKINSPECT_SOAK_INSIDE";
if (!process.env[INSIDE]) {
  const namespaces = process.getuid() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
  const { status } = spawnSync(
    "unshare",
    [...namespaces, "--mount", process.execPath, "--expose-gc", ...process.argv.slice(1)],
    { stdio: "inherit", env: { ...process.env, [INSIDE]: "1" } },
  );
  process.exit(status ?? 1);
}
binding().setInterfaceUp("lo");
// Each connection leaves its port in TIME-WAIT for a minute
writeFileSync("/proc/sys/net/ipv4/ip_local_port_range", "1024 65535");
writeFileSync("/proc/sys/net/ipv4/tcp_tw_reuse", "1");
const DESCRIPTORS = Number(values.idle) + 1200; // in each of two processes
execFileSync("prlimit", ["--pid", String(process.pid), `--nofile=${DESCRIPTORS}`]);

/** What is sent: octet `p` of connection `i` is octet `p + 7919 * i` of these, which begin anew. */
const POOL = 1 << 22;
const random = new Uint8Array(2 * POOL);
randomFillSync(random, 0, POOL);
random.copyWithin(POOL, 0, POOL);
const PIECE = 1 << 16;
const piece = (i, p, size = PIECE) => random.subarray((p + 7919 * i) % POOL, ((p + 7919 * i) % POOL) + size);

let failed = false;
function check(what, good) {
  console.log(`${good ? "✓" : "✗"} ${what}`);
  if (!good) failed = true;
}

class Server {
  static async start(serve) {
    const child = fork(join(import.meta.dirname, "server.mjs"), [serve, String(DESCRIPTORS)], {
      execArgv: ["--expose-gc"],
    });
    const [{ port }] = await once(child, "message");
    return Object.assign(new Server(), { child, port });
  }

  async report() {
    this.child.send("report");
    return (await once(this.child, "message"))[0];
  }

  /** A report once `open` connections are left. */
  async settled(open = 0) {
    for (;;) {
      const report = await this.report();
      if (report.counters.open === open) return report;
    }
  }

  async close() {
    this.child.send("close");
    await once(this.child, "exit");
  }
}

/** Sends its share, and compares every octet that comes back; at its end, a half close. Meanwhile, others are reset: how many. */
async function faithful(port, i, octets, resets) {
  const client = await echo.streamClient({ port });
  let reset = 0;
  for (let p = 0; p < octets; ) {
    if (resets && (p / PIECE) % 16 === 0) {
      const other = await echo.streamClient({ port });
      await other.socket.send(piece(i, p));
      await other.abort();
      reset++;
    }
    const sent = piece(i, p, Math.min(PIECE, octets - p));
    if (Buffer.compare(await client.say(sent), sent) !== 0) throw new Error(`connection ${i}: octets differ at ${p}`);
    p += sent.length;
  }
  const last = piece(i, 0, 1000);
  await client.socket.sendAll(last);
  if (Buffer.compare(await client.end(), last) !== 0) throw new Error(`connection ${i}: octets differ behind the FIN`);
  await client.close();
  return reset;
}

async function gigabyte(serve, connections) {
  const server = await Server.start(serve);
  const begun = performance.now();
  const share = Math.ceil(Number(values.octets) / connections);
  const one = (_, i) => faithful(server.port, i, share, serve !== "single");
  const resets = await Promise.all(Array.from({ length: connections }, one));
  const reset = resets.reduce((sum, count) => sum + count);
  const seconds = (performance.now() - begun) / 1000;
  const { counters } = await server.settled();
  const what = `${serve}: ${connections} connections gave back ${share * connections} random octets unchanged`;
  check(
    `${what}, while ${reset} others were reset (${seconds.toFixed(1)} s)`,
    // A connection that is reset in the backlog is not accepted any more, or without an error
    counters.accepted >= connections && counters.reset <= reset && counters.sent >= share * connections,
  );
  await server.close();
}

async function manyConnections(serve) {
  const server = await Server.start(serve);
  const some = async (count) => {
    let left = count;
    const one = async () => {
      while (left-- > 0) {
        const client = await echo.streamClient({ port: server.port });
        if ((await client.say("0123456789abcdef")).length !== 16) throw new Error("octets are missing");
        if (left % 3 === 0) await client.abort();
        else if (left % 3 === 1) await client.end();
        await client.close();
      }
    };
    await Promise.all(Array.from({ length: 64 }, one));
    return await server.settled();
  };
  const total = Number(values.connections);
  const before = await some(total / 2); // everything is compiled, and heaps have their size
  const own = process.memoryUsage.rss() / 2 ** 20;
  const begun = performance.now();
  const after = await some(total);
  const seconds = (performance.now() - begun) / 1000;
  const grown = after.resident - before.resident;
  globalThis.gc();
  const ownGrown = process.memoryUsage.rss() / 2 ** 20 - own;
  check(
    `${serve}: after ${total} connections (${Math.round(total / seconds)}/s), ${after.descriptors - before.descriptors} more descriptors, ${grown.toFixed(1)} MiB more than before; the client's ${ownGrown.toFixed(1)} MiB`,
    after.descriptors === before.descriptors && grown < 10 && ownGrown < 20,
  );
  await server.close();
}

async function idle(serve) {
  const count = Number(values.idle);
  const server = await Server.start(serve);
  const before = await server.report();
  const clients = [];
  while (clients.length < count) {
    const more = Array.from({ length: Math.min(100, count - clients.length) }, () =>
      echo.streamClient({ port: server.port }),
    );
    clients.push(...(await Promise.all(more)));
  }
  const held = await server.settled(count);
  const answers = [];
  for (let i = 0; i < count; i += Math.ceil(count / 100)) answers.push((await clients[i].say("still there?")).length);
  const each = ((held.resident - before.resident) * 1024) / count;
  check(
    `${serve}: ${held.counters.open} idle connections held, ${each.toFixed(1)} KiB each, and they answer`,
    held.counters.open === count && answers.every((length) => length === 12),
  );
  for (const client of clients) await client.close();
  const after = await server.settled();
  check(`${serve}: none of their descriptors is left`, after.descriptors <= before.descriptors + 2);
  await server.close();
}

for (const serve of values.serve.split(",")) {
  for (const connections of serve === "single" ? [1] : [1, 64, 1000]) await gigabyte(serve, connections);
  await manyConnections(serve);
  if (serve !== "single") await idle(serve);
}
process.exitCode = failed ? 1 : 0;
