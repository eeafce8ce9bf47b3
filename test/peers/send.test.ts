import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { capture } from "../../src/capture/live.js";
import { layer } from "../../src/packet/packet.js";
import { ask } from "../../src/send/ask.js";
import { answer, dial } from "../../src/send/dial.js";
import { craft } from "../../src/send/here.js";
import { binding } from "../../src/socket/binding.js";
import { interfaceOf } from "../../src/socket/interfaces.js";
import { arp } from "../../src/wire/arp.js";
import { ethernet } from "../../src/wire/ethernet.js";
import { icmp } from "../../src/wire/icmp.js";
import { icmpv6 } from "../../src/wire/icmpv6.js";
import { ipv4 } from "../../src/wire/ipv4.js";
import { ipv6 } from "../../src/wire/ipv6.js";
import { tcp } from "../../src/wire/tcp.js";
import { udp } from "../../src/wire/udp.js";
import { ip } from "../support/addon.js";
import { run } from "../support/command.js";
import { ownNetwork } from "../support/live.js";

/** Another host: a network namespace behind v1, and behind it a third one. */
let other: ChildProcess;
let third: ChildProcess;
const folder = mkdtempSync(join(tmpdir(), "sockinspect-send-peers-"));
const started: ChildProcess[] = [];

/** A process in a network namespace of its own, which lasts as long as it does. */
async function host(): Promise<ChildProcess> {
  const child = spawn("unshare", ["--net", "sh", "-c", "echo ready; exec sleep 600"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  started.push(child);
  await once(child.stdout!, "data");
  return child;
}

const within = (child: ChildProcess, ...command: string[]): string =>
  execFileSync("nsenter", ["--net", "--target", String(child.pid), ...command], { encoding: "utf8" });

/** A server over there, once it says that it listens. */
async function serving(at: ChildProcess | undefined, ready: RegExp, ...command: string[]): Promise<ChildProcess> {
  const [program, ...args] = at ? ["nsenter", "--net", "--target", String(at.pid), ...command] : command;
  const child = spawn(program!, args, { stdio: ["pipe", "pipe", "pipe"], cwd: folder });
  started.push(child);
  let said = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (part) => {
        said += part;
        if (ready.test(said)) resolve();
      });
    child.once("close", () => reject(new Error(`${command.join(" ")}: ${said}`)));
  });
  return child;
}

beforeAll(async () => {
  ownNetwork();
  writeFileSync(join(folder, "hello"), "hello from python\n");
  binding().addAddress("v0", "10.0.0.1", 24);
  binding().addAddress("v0", "fd00::1", 64);
  other = await host();
  third = await host();
  ip("link", "set", "v1", "netns", String(other.pid));
  within(
    other,
    "sh",
    "-c",
    [
      "ip link set lo up; ip address add 10.0.0.2/24 dev v1; ip address add fd00::2/64 dev v1 nodad; ip link set v1 up",
      `ip link add w0 type veth peer name w1 netns ${third.pid}`,
      "ip address add 10.0.1.1/24 dev w0; ip address add fd01::1/64 dev w0 nodad; ip link set w0 up",
      "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding",
      "sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0",
    ].join("; "),
  );
  within(
    third,
    "sh",
    "-c",
    [
      "ip link set lo up; ip address add 10.0.1.2/24 dev w1; ip address add fd01::2/64 dev w1 nodad; ip link set w1 up",
      "ip route add default via 10.0.1.1; ip -6 route add default via fd01::1",
    ].join("; "),
  );
  ip("route", "add", "10.0.1.0/24", "via", "10.0.0.2");
  ip("route", "add", "fd01::/64", "via", "fd00::2");
});

afterAll(() => {
  for (const child of started) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

const kinds = [
  ["here", "127.0.0.1", undefined],
  ["here", "::1", undefined],
  ["over there", "10.0.0.2", () => other],
  ["over there", "fd00::2", () => other],
  ["behind a router", "10.0.1.2", () => third],
  ["behind a router", "fd01::2", () => third],
] as const;

describe.each(kinds)("%s, at %s", (_, address, at) => {
  const header = address.includes(":") ? ipv6({ destination: address }) : ipv4({ destination: address });

  test("python3 -m http.server answers a GET over a connection by hand", async () => {
    const port = "8123";
    const server = await serving(at?.(), /Serving/, "python3", "-u", "-m", "http.server", port, "--bind", address);
    const connection = await dial({ address, port: Number(port) });
    await connection.send("GET /hello HTTP/1.0\r\n\r\n");
    let said = "";
    for await (const part of connection) said += Buffer.from(part).toString();
    await connection.close();
    server.kill();
    expect(said).toMatch(/^HTTP\/1\.0 200 OK/);
    expect(said).toMatch(/hello from python\n$/);
  });

  test("Linux's own TCP answers SYN and a closed port, and its ICMP an echo and a datagram", async () => {
    const closed = await ask(craft(header, tcp({ destinationPort: 1 })), { retries: 1 });
    expect(layer(closed!.packet, "tcp")?.flags).toMatchObject({ rst: true, ack: true });
    const message = { kind: "echo", identifier: 7, sequenceNumber: 1 } as const;
    const echo = address.includes(":") ? icmpv6({ type: 128, message }) : icmp({ type: 8, message });
    const pong = await ask(craft(header, echo, "hello"), { retries: 1 });
    expect((layer(pong!.packet, "icmp") ?? layer(pong!.packet, "icmpv6"))?.message).toEqual(message);
    const unreachable = await ask(craft(header, udp({ destinationPort: 9 }), "hello"), { retries: 1 });
    expect((layer(unreachable!.packet, "icmp") ?? layer(unreachable!.packet, "icmpv6"))?.message.kind).toBe(
      "unreachable",
    );
  });

  test("sockinspect ping and traceroute say what ping and the routers do", async () => {
    const theirs = execFileSync("ping", ["-c", "1", address], { encoding: "utf8" });
    const ours = await run("ping", "-c", "1", address);
    // Older ones leave a space out over IPv6
    const bare = (text: string): string =>
      text.replace(/time[ =]?[\d.]+ ?ms|= [\d./]+ ms/g, "").replace(`${address}(`, `${address} (`);
    expect(bare(ours.stdout)).toBe(bare(theirs));
    const router = { "10.0.1.2": "10.0.0.2", "fd01::2": "fd00::2" }[address as string];
    for (const method of ["udp", "tcp", "icmp"]) {
      const { stdout } = await run("traceroute", "-n", "--method", method, address);
      const hops = stdout
        .split("\n")
        .slice(1, -1)
        .map((line) => line.split(/ +/)[2]);
      expect(hops).toEqual(router === undefined ? [address] : [router, address]);
    }
  });
});

test("nc talks to a server made by hand, from another host", async () => {
  await using server = await answer({ port: 4000, address: "10.0.0.1" });
  const client = spawn("nsenter", ["--net", "--target", String(other.pid), "nc", "-N", "10.0.0.1", "4000"]);
  started.push(client);
  let heard = "";
  client.stdout.on("data", (part) => {
    heard += part;
  });
  const ended = once(client, "close");
  client.stdin.end("my name is nc\n");
  const connection = (await server.accept())!;
  let said = "";
  for await (const part of connection) said += Buffer.from(part).toString();
  await connection.send("hello nc\n");
  await connection.close();
  await ended;
  expect([said, heard]).toEqual(["my name is nc\n", "hello nc\n"]);
});

test("another host answers an ARP request, and takes what comes by the link layer", async () => {
  const { hardwareAddress } = interfaceOf("v0");
  const addresses = {
    senderHardware: hardwareAddress,
    senderProtocol: "10.0.0.1",
    targetHardware: "00:00:00:00:00:00",
    targetProtocol: "10.0.0.2",
  };
  const question = craft(
    ethernet({ destination: "ff:ff:ff:ff:ff:ff", source: hardwareAddress }),
    arp({ operation: 1, addresses }),
  );
  const reply = layer((await ask(question, { interface: "v0", retries: 1 }))!.packet, "arp");
  expect(reply).toMatchObject({ operation: 2, addresses: { senderProtocol: "10.0.0.2" } });
  for (const destination of ["10.0.0.2", "fd00::2", "10.0.1.2", "fd01::2"]) {
    ip("neigh", "flush", "dev", "v0");
    const header = destination.includes(":") ? ipv6({ destination }) : ipv4({ destination });
    const closed = await ask(craft(header, tcp({ destinationPort: 1 })), { via: "link", retries: 1 });
    expect(layer(closed!.packet, "tcp")?.flags.rst).toBe(true);
  }
});

test("tcpreplay and sockinspect replay put the same octets on the wire", async () => {
  const file = join(folder, "frames.pcap");
  execFileSync(process.execPath, [
    "--input-type=module",
    "--eval",
    `import { craft, createCapture, decode, ethernet, ipv4, udp } from ${JSON.stringify(join(import.meta.dirname, "../../dist/bundle/index.js"))};
     import { writeFileSync } from "node:fs";
     const octets = [1, 2, 3].map((port) => craft(ethernet({ destination: "02:00:00:00:00:02", source: ${JSON.stringify(interfaceOf("v0").hardwareAddress)} }), ipv4({ source: "10.0.0.1", destination: "10.0.0.2", ...(port === 2 && { checksum: 1 }) }), udp({ sourcePort: port, destinationPort: 9 }), "x".repeat(30)).octets);
     const header = Buffer.alloc(24); header.writeUInt32LE(0xa1b2c3d4, 0); header.writeUInt16LE(2, 4); header.writeUInt16LE(4, 6); header.writeUInt32LE(262144, 16); header.writeUInt32LE(1, 20);
     const records = octets.flatMap((each, i) => { const head = Buffer.alloc(16); head.writeUInt32LE(i, 4); head.writeUInt32LE(each.length, 8); head.writeUInt32LE(each.length, 12); return [head, each]; });
     writeFileSync(${JSON.stringify(file)}, Buffer.concat([header, ...records]));`,
  ]);
  const seen = async (action: () => unknown): Promise<unknown[]> => {
    await using source = capture({ interface: "v0", filter: "udp dst port 9" });
    await action();
    source.stop();
    const packets = [];
    for await (const packet of source) packets.push(packet.layers);
    return packets;
  };
  const theirs = await seen(() => execFileSync("tcpreplay", ["-q", "-i", "v0", file], { stdio: "ignore" }));
  const ours = await seen(() => run("replay", file, "-i", "v0"));
  expect(theirs).toHaveLength(3);
  expect(ours).toEqual(theirs);
});
