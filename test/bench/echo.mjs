// Echo servers: answers a second, 64 octets each, 64 connections or 64 datagrams on their way, server and asker on a core
// each. node test/bench/echo.mjs [--seconds N] [--window N] [--size OCTETS]
//
// Besides answers a second, the server's own time for each is told: what the scheduler accounts to all its threads.
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { binding } from "../../dist/socket/binding.js";
import { benchmark } from "./harness.mjs";
import { Running } from "./process.mjs";

const bench = await benchmark({ seconds: [2, 0.2], window: [64, 64], size: [64, 64] });
binding().setInterfaceUp("lo");
const load = bench.compile("echo/load.c");
const reference = bench.compile("echo/reference.c");
const server = (...words) => [process.execPath, join(import.meta.dirname, "echo/servers.mjs"), ...words];
const pinned = spawnSync("taskset", ["-c", "1", "true"]).status === 0;
const on = (core, command) => (pinned ? ["taskset", "-c", String(core), ...command] : command);

/** As the servers say it, and socat. */
const LISTENING = /listening on (?:AF=2 \S+:)?(\d+)\n/;
const python = ["/usr/bin/python3", join(import.meta.dirname, "echo/asyncio-echo.py")];

async function race({ command }, kind) {
  const running = await Running.start(on(0, command), { ready: LISTENING });
  const port = LISTENING.exec(running.printed + running.said)[1];
  const ask = async (seconds) => {
    const [program, ...words] = on(1, [load, kind, port, String(bench.window), String(seconds), String(bench.size)]);
    return JSON.parse((await promisify(execFile)(program, words)).stdout);
  };
  await ask(bench.seconds / 4); // by then it is compiled
  const before = running.cpu();
  const { answers, seconds, wrong, lost } = await ask(bench.seconds);
  const cpu = running.cpu() - before;
  await running.stop("SIGTERM");
  if (wrong > 0) throw new Error(`${command.join(" ")} gave ${wrong} wrong answers`);
  return { rate: answers / seconds / 1000, cpu: (cpu * 1e6) / answers, lost };
}

const figures = {
  rate: { title: "k answers/s", digits: 1, better: "higher" },
  cpu: { title: "µs CPU each", digits: 2, better: "lower" },
  lost: { title: "lost, worst", digits: 0, better: "lower", worst: true },
};

await bench.race({
  id: "echo-stream",
  title: `Stream echo, ${bench.size} octets, ${bench.window} connections`,
  note: `Answers to a C program that sends the next message on a connection once the one before has come back. "Inspected": the
server captures its own traffic in the same process and looks at every packet.`,
  figures,
  reference: "Node net",
  cases: [
    { name: "C epoll", command: [reference, "tcp"] },
    { name: "Node net", command: server("net") },
    { name: "Node net, pipe", command: server("pipe") },
    { name: "sockinspect multi", ours: true, command: server("stream") },
    { name: "sockinspect multi, inspected", ours: true, command: server("stream", "inspect") },
    { name: "asyncio", peer: "python", settings: "Protocol", command: [...python, "tcp"] },
    {
      name: "socat",
      peer: "socat",
      settings: "a process a connection, PIPE",
      command: ["socat", "-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1,backlog=128,fork", "PIPE"],
    },
  ],
  run: (each) => race(each, "tcp"),
});
await bench.race({
  id: "echo-datagram",
  title: `Datagram echo, ${bench.size} octets, ${bench.window} on their way`,
  note: "Answers to a C program that receives and sends in batches.",
  figures,
  reference: "Node dgram",
  cases: [
    { name: "C recvmmsg", command: [reference, "udp"] },
    { name: "Node dgram", command: server("dgram") },
    { name: "sockinspect", ours: true, command: server("datagram") },
    { name: "sockinspect, inspected", ours: true, command: server("datagram", "inspect") },
    { name: "asyncio", peer: "python", settings: "DatagramProtocol", command: [...python, "udp"] },
  ],
  run: (each) => race(each, "udp"),
});
