import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { capture } from "../../src/capture/live.js";
import { layer } from "../../src/packet/packet.js";
import { craft } from "../../src/send/here.js";
import { send } from "../../src/send/send.js";
import { binding } from "../../src/socket/binding.js";
import { arp } from "../../src/wire/arp.js";
import { ethernet } from "../../src/wire/ethernet.js";
import { ownNetwork, take } from "../support/live.js";

const FOLDER = join(import.meta.dirname, "../../examples");
const tried = new Set<string>();

beforeAll(() => {
  ownNetwork();
  binding().addAddress("v0", "10.0.0.1", 24);
});

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Starts an example as a reader does. */
function start(name: string, ...args: (string | number)[]) {
  tried.add(`${name}.mjs`);
  const child = spawn(process.execPath, [join(FOLDER, `${name}.mjs`), ...args.map(String)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].on("data", (chunk: Buffer) => {
      said[stream] += chunk.toString();
    });
  const end = once(child, "close").then(([code]) => ({ code: code as number | null, ...said }));
  return { child, said, end };
}

async function webServer(host: string) {
  const server = createServer((request, response) => response.end(`this is ${request.url}`)).listen(0, host);
  await once(server, "listening");
  return { server, port: (server.address() as { port: number }).port };
}

test.each(["127.0.0.1", "::1"])("a SYN to %s and its answer", async (host) => {
  const { server, port } = await webServer(host);
  expect((await start("syn", host, port).end).stdout).toMatch(/TCP SYN ACK .*\nopen after [\d.]+ ms\n$/);
  server.close();
  await once(server, "close");
  expect((await start("syn", host, port).end).stdout).toMatch(/TCP RST ACK .*\nclosed after [\d.]+ ms\n$/);
});

test.each(["127.0.0.1", "::1"])("a handshake by hand with %s, and an HTTP GET", async (host) => {
  const { server, port } = await webServer(host);
  const { code, stdout, stderr } = await start("get", host, port, "/hello").end;
  server.close();
  expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(stdout).toContain("this is /hello");
  expect(stderr).toMatch(/^→ SYN\n→ ACK\n→ data, \d+ octets\n/);
  expect(code).toBe(0);
});

test.each(["127.0.0.1", "::1"])("a way to %s of one hop", async (host) => {
  expect((await start("traceroute", host).end).stdout).toMatch(new RegExp(`^1  ${host}  [\\d.]+ ms\n$`));
});

test("a datagram with a bad checksum is dropped, one with a right checksum answered", async () => {
  const server = createSocket("udp4").bind(0, "127.0.0.1");
  await once(server, "listening");
  server.on("message", (data, { port }) => server.send(data, port, "127.0.0.1"));
  const { port } = server.address();
  const { stdout } = await start("bad-checksum", "127.0.0.1", port).end;
  server.close();
  const [wrong, none, right, echoed] = stdout.split("\n");
  expect(wrong).toMatch(/✗ udp checksum 0x0bad is wrong/);
  expect(none).toBe("nobody answers");
  expect(right).toMatch(/UDP 5 bytes$/);
  expect(echoed).toMatch(/UDP 5 bytes/);
});

test("overlapping fragments leave as they were made", async () => {
  await using source = capture({ interface: "lo", filter: "ip[6:2] & 0x3fff != 0" });
  const { stdout } = await start("overlapping-fragments", "127.0.0.1", 9).end;
  expect(stdout).toMatch(/2 fragments sent\n$/);
  const fragments = (await take(source, 2)).map((packet) => layer(packet, "ipv4")!);
  expect(fragments).toMatchObject([
    { identification: 0x5afe, moreFragments: true, fragmentOffset: 0, totalLength: 36 },
    { identification: 0x5afe, moreFragments: false, fragmentOffset: 1, totalLength: 36 },
  ]);
});

test("an ARP request is answered by who has the address, and by nobody else", async () => {
  await using source = capture({ interface: "v1", filter: "arp", latency: 1 });
  const example = start("arp", "10.0.0.7");
  const [question] = await take(source, 1);
  const { senderHardware, senderProtocol } = layer(question!, "arp")!.addresses;
  const addresses = {
    senderHardware: "02:00:00:00:00:07",
    senderProtocol: "10.0.0.7",
    targetHardware: senderHardware,
    targetProtocol: senderProtocol,
  };
  const source7 = ethernet({ destination: senderHardware, source: "02:00:00:00:00:07" });
  await send(craft(source7, arp({ operation: 2, addresses })), { interface: "v1" });
  expect((await example.end).stdout).toBe("10.0.0.7 is at 02:00:00:00:00:07\n");
  expect((await start("arp", "10.0.0.8").end).stdout).toBe("nobody says that they are 10.0.0.8\n");
});

test("a server made by hand takes a real client", async () => {
  const { child, said, end } = start("server", 0);
  while (!said.stdout.includes("\n")) await once(child.stdout, "data");
  const port = Number(/port (\d+)/.exec(said.stdout)![1]);
  const client = connect(port, "127.0.0.1");
  client.setEncoding("utf8");
  let heard = "";
  for await (const part of client) {
    heard += part;
    if (heard === "What is your name? ") client.write("Ada\n");
  }
  expect(heard).toBe("What is your name? Good bye, Ada\n");
  expect((await end).code).toBe(0);
});

test("every example was tried", () => {
  expect(readdirSync(FOLDER).sort()).toEqual([...tried].sort());
});
