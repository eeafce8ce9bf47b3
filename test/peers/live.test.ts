import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { capture } from "../../src/capture/live.js";
import { read } from "../../src/capture/read.js";
import type { Packet } from "../../src/packet/packet.js";
import { interfaces } from "../../src/socket/interfaces.js";
import { openPacketSocket } from "../../src/socket/packet.js";
import { drain, ownNetwork } from "../support/live.js";
import { udp } from "../support/packets.js";

const folder = mkdtempSync(join(tmpdir(), "sockinspect-live-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(ownNetwork);

/** Runs `traffic` while we and tcpdump capture on `device`; gives what each of us saw. */
async function both(device: string, filter: string, traffic: () => Promise<void>): Promise<[Packet[], Packet[]]> {
  const file = join(folder, `${Math.random()}.pcap`);
  const root = process.getuid?.() === 0 ? ["-Z", "root"] : [];
  const options = [...root, "-i", device, "-w", file, "-U", "--time-stamp-precision=nano", "-B", "16384", filter];
  const tcpdump = spawn("tcpdump", options, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  tcpdump.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const closed = once(tcpdump, "close");
  while (!said.includes("listening on")) {
    const [event] = await Promise.race([once(tcpdump.stderr!, "data"), closed.then(() => ["ended"])]);
    if (event === "ended") throw new Error(said);
  }
  const source = capture({ interface: device, filter });
  await traffic();
  source.stop();
  const ours = await drain(source);
  // tcpdump saves a block when its time is up: Ctrl-C before would lose it
  await untilSaved(file, ours.length);
  tcpdump.kill("SIGINT");
  await closed;
  expect(said).toContain("0 packets dropped by kernel");
  const theirs: Packet[] = [];
  for await (const packet of read(file)) theirs.push(packet);
  return [ours, theirs];
}

async function untilSaved(file: string, count: number): Promise<void> {
  for (let saved = 0; saved < count; ) {
    saved = 0;
    try {
      for await (const _ of read(file)) saved++;
    } catch {
      // not yet written
    }
    if (saved < count) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const MICROSECOND = 1000;
/**
 * A local TCP segment carries the time when it may be sent where a packet's time of arrival would be (fair queueing), so
 * the kernel stamps each capture's copy by itself, one after the other.
 */
const LOCAL_TCP = 1000 * MICROSECOND;

/** Same packets, same octets, and the kernel's same time, at most `within` nanoseconds apart. */
function expectSame(ours: readonly Packet[], theirs: readonly Packet[], within: number): void {
  const told = (packet: Packet): unknown[] => [packet.length, packet.capturedLength, JSON.stringify(packet.layers)];
  expect(ours.map(told)).toEqual(theirs.map(told));
  const apart = ours.map((packet, i) => {
    const other = theirs[i]!;
    return Math.abs((packet.seconds - other.seconds) * 1e9 + packet.nanoseconds - other.nanoseconds);
  });
  expect(Math.max(...apart)).toBeLessThanOrEqual(within);
}

async function exchange(command: string, args: readonly string[], input = ""): Promise<void> {
  const child = spawn(command, args, { stdio: ["pipe", "ignore", "inherit"] });
  child.stdin?.end(input);
  await once(child, "close");
}

test("curl and python's web server on loopback", async () => {
  const server = spawn("python3", ["-u", "-m", "http.server", "--bind", "127.0.0.1", "8000", "--directory", folder], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(server.stdout!, "data");
  const [ours, theirs] = await both("lo", "tcp port 8000", async () => {
    await exchange("curl", ["-s", "http://127.0.0.1:8000/"]);
    // Its last FIN may come behind curl's end, but not behind its own
    server.kill();
    await once(server, "close");
  });
  expect(ours.length).toBeGreaterThanOrEqual(9);
  expectSame(ours, theirs, LOCAL_TCP);
});

test("nc over UDP and ping, IPv4 and IPv6, on loopback", async () => {
  const [ours, theirs] = await both("lo", "udp or icmp or icmp6", async () => {
    await exchange("nc", ["-u", "-w1", "-q0", "127.0.0.1", "5300"], "question");
    await exchange("nc", ["-u", "-w1", "-q0", "::1", "5300"], "question");
    await exchange("ping", ["-c2", "-i0.01", "-q", "127.0.0.1"]);
    await exchange("ping", ["-c2", "-i0.01", "-q", "::1"]);
  });
  // A datagram and its port unreachable, twice; two echoes and replies, twice
  expect(ours.length).toBeGreaterThanOrEqual(12);
  expectSame(ours, theirs, MICROSECOND);
});

test("200 kB over TCP on loopback, with segmentation and checksum offload on", async () => {
  const server = createServer((socket) => socket.end(Buffer.alloc(200_000, 7))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const [ours, theirs] = await both("lo", `tcp port ${port}`, async () => {
    const client = connect(port, "127.0.0.1");
    client.resume();
    await once(client, "close");
  });
  server.close();
  expectSame(ours, theirs, LOCAL_TCP);
  expect(Math.max(...ours.map(({ length }) => length))).toBeGreaterThan(9000);
  expect(ours.some(({ gso }) => gso)).toBe(true);
  expect(ours.every(({ problems }) => problems.length === 0)).toBe(true);
});

test("VLAN tags, one and two, on a joined pair of devices", async () => {
  const tagged = (tags: readonly number[]): Uint8Array => {
    const frame = new Uint8Array(udp.length + 2 * tags.length);
    frame.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1]);
    tags.forEach((word, i) => {
      new DataView(frame.buffer).setUint16(12 + 2 * i, word);
    });
    frame.set(udp.subarray(12), 12 + 2 * tags.length);
    return frame;
  };
  const frames = [tagged([]), tagged([0x8100, 42]), tagged([0x8100, 0x6fff]), tagged([0x88a8, 7, 0x8100, 8])];
  const { index } = interfaces().find(({ name }) => name === "v0")!;
  const [ours, theirs] = await both("v1", "ether src 02:00:00:00:00:01", async () => {
    const sender = openPacketSocket({
      interface: "v0",
      filter: new Uint8Array(8),
      blockSize: 4096,
      blockCount: 0,
      blockTimeout: 1,
      promiscuous: false,
    });
    for (const frame of frames) sender.send(frame, index);
    sender.close();
  });
  expect(ours.map(({ layers }) => layers.filter(({ kind }) => kind === "vlan").length)).toEqual([0, 1, 1, 2]);
  expectSame(ours, theirs, MICROSECOND);
});
