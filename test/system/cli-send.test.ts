import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCapture } from "../../src/capture/file-output.js";
import { capture } from "../../src/capture/live.js";
import { layer, type Packet } from "../../src/packet/packet.js";
import { binding } from "../../src/socket/binding.js";
import { NetworkNamespace } from "../../src/socket/namespace.js";
import { ip } from "../support/addon.js";
import { Running, run } from "../support/command.js";
import { drain, ownNetwork, sendDatagrams, take } from "../support/live.js";

const folder = mkdtempSync(join(tmpdir(), "sockinspect-send-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  ownNetwork();
  binding().addAddress("v0", "10.0.0.1", 24);
  ip("neigh", "add", "10.0.0.2", "lladdr", "02:00:00:00:00:02", "dev", "v0");
});

/** What `filter` sees on `device` while a command runs, and the command's end. */
async function seen(device: string, filter: string, ...args: string[]) {
  await using source = capture({ interface: device, filter });
  const result = await run(...args);
  source.stop();
  return { packets: await drain(source), ...result };
}

describe("sockinspect send", () => {
  test("sends what drafts make, shows it, and says by which way it went", async () => {
    const draft = 'ipv4(destination=127.0.0.1,ttl=9)/udp(destinationPort=5000)/"hello"';
    const { packets, code, stdout, stderr } = await seen("lo", "udp port 5000", "send", draft, "-c", "3");
    expect(stderr).toMatch(/^3 packets, 99 octets sent in [\d.]+ s, \d+ packets\/s, by a raw socket over lo\n$/);
    expect(stdout).toMatch(/^127\.0\.0\.1:\d+ → 127\.0\.0\.1:5000 {2}UDP 5 bytes\n$/);
    expect(code).toBe(0);
    expect(packets.map((packet) => layer(packet, "ipv4")?.ttl)).toEqual([9, 9, 9]);
  });

  test("goes by the link layer where a header needs it, and where it is told to", async () => {
    const wrong = await seen("v1", "ip", "send", "ipv4(destination=10.0.0.2,checksum=1)/udp");
    expect(wrong.stderr).toContain("by the link layer of v0");
    expect(layer(wrong.packets[0]!, "ipv4")?.checksum).toBe(1);
    const told = await seen("v1", "ip", "send", "--via", "link", "ipv4(destination=10.0.0.2)/udp");
    expect(told.stderr).toContain("by the link layer of v0");
    expect(layer(told.packets[0]!, "ethernet")?.destination).toBe("02:00:00:00:00:02");
  });

  test("floods until Ctrl-C, and says how many went", async () => {
    const command = new Running(["send", "--flood", "--quiet", "ipv4(destination=10.0.0.2)/udp"]);
    await using source = capture({ interface: "v1", filter: "udp" });
    await take(source, 1000);
    const { code, stderr } = await command.end("SIGINT");
    expect(stderr).toMatch(/^\d{4,} packets, \d+ octets sent in/);
    expect(code).toBe(0);
  });

  test.each([
    ["a draft that is none", ["ipv4(destination=127.0.0.1)/udp(port=9)"], 64, "port"],
    ["a field out of range", ["ipv4(destination=127.0.0.1,ttl=300)/udp"], 64, "ttl"],
    ["no route", ["ipv4(destination=192.0.2.1)/udp"], 68, "no route"],
    ["too large", ['ipv4(destination=10.0.0.2)/udp/"x"*2000'], 64, "takes 1500"],
    ["an interface that is not there", ["ipv4(destination=10.0.0.2)/udp", "-i", "v7"], 64, "v7"],
  ])("refuses %s before anything is sent", async (_, args, code, text) => {
    const result = await seen("v1", "udp", "send", ...args);
    expect(result.stderr).toContain(text);
    expect(result.stdout).toBe("");
    expect(result.code).toBe(code);
    expect(result.packets).toEqual([]);
  });
});

describe("sockinspect ask", () => {
  test("shows the question and its answer, and ends with 1 where there is none", async () => {
    const { code, stdout, stderr } = await run("ask", "ipv4(destination=127.0.0.1)/tcp(destinationPort=1,flags=syn)");
    expect(stdout).toMatch(/:1 {2}TCP SYN .*\nlo in {2}127\.0\.0\.1:1 → .* TCP RST ACK/);
    expect(stderr).toMatch(/^answered within \d+\.\d{3} ms\n$/);
    expect(code).toBe(0);
    const none = await run("ask", "-W", "0.05", "--retries", "1", "ipv4(destination=10.0.0.2)/udp");
    expect(none.stderr).toBe("no answer within 0.05 s, asked 2 times\n");
    expect(none.code).toBe(1);
  });
});

describe("what the kernel said of an answer is shown with it", () => {
  const syn = (port: number) => `ipv4(destination=127.0.0.1)/tcp(destinationPort=${port},flags=syn)`;

  test("a checksum that is left to the device is not wrong", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const short = await run("ask", syn(port));
    expect(short.stdout).toContain("SYN ACK");
    expect(short.stdout).not.toContain("checksum");
    expect((await run("ask", "-v", syn(port))).stdout).toContain("not computed yet");
    server.close();
  });

  test("its time, device and direction are; a packet that is only made has none", async () => {
    const before = Date.now();
    const { stdout } = await run("ask", "--json", syn(1));
    const [question, answer] = stdout
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text));
    expect(question).not.toHaveProperty("time");
    expect(answer).toMatchObject({ device: "lo", direction: "in" });
    expect(Date.parse(answer.time)).toBeGreaterThanOrEqual(before - 1000);
    const sent = await run("send", "--json", "ipv4(destination=127.0.0.1)/udp");
    expect(JSON.parse(sent.stdout)).not.toHaveProperty("time");
  });
});

describe("sockinspect ping", () => {
  test.each([
    ["127.0.0.1", "56(84) bytes of data."],
    ["::1", "56 data bytes"],
  ])("%s answers", async (host, size) => {
    const { code, stdout } = await run("ping", "-c", "2", "-i", "0.01", host);
    expect(stdout).toMatch(
      new RegExp(
        `^PING ${host} \\(${host}\\) ${size.replace(/[().]/g, "\\$&")}\n` +
          `64 bytes from ${host}: icmp_seq=1 ttl=64 time=[\\d.]+ ms\n64 bytes from ${host}: icmp_seq=2 .*\n\n` +
          `--- ${host} ping statistics ---\n2 packets transmitted, 2 received, 0% packet loss, time \\d+ms\n` +
          "rtt min/avg/max/mdev = ([\\d.]+/){3}[\\d.]+ ms\n$",
      ),
    );
    expect(code).toBe(0);
  });

  test("ends with 1 where nobody answers, and 68 where nobody is", async () => {
    const { code, stdout } = await run("ping", "-c", "2", "-i", "0.01", "-W", "0.05", "10.0.0.2");
    expect(stdout).toContain("2 packets transmitted, 0 received, 100% packet loss");
    expect(code).toBe(1);
    expect((await run("ping", "-c", "1", "192.0.2.1")).code).toBe(68);
  });
});

test("sockinspect ping sums up where sending fails, too", async () => {
  const [here, there] = [new NetworkNamespace(), new NetworkNamespace()];
  here.join("wa", there, "wb");
  for (const [host, device, address] of [
    [here, "wa", "10.3.0.1"],
    [there, "wb", "10.3.0.2"],
  ] as const)
    host.run(() => {
      binding().setInterfaceUp(device);
      binding().addAddress(device, address, 24);
    });
  const command = here.run(() => new Running(["ping", "-i", "0.05", "10.3.0.2"]));
  await command.until("stdout", "icmp_seq=1");
  here.run(() => ip("link", "delete", "wa"));
  const { code, stdout, stderr } = await command.end();
  expect(stdout).toMatch(/\n--- 10\.3\.0\.2 ping statistics ---\n\d+ packets transmitted, \d+ received/);
  expect(stderr).toMatch(/^sockinspect: /);
  expect(code).not.toBe(0);
  for (const host of [here, there]) await host.close();
});

test.each([
  ["ping", "-6", "10.0.0.2"],
  ["ping", "-4", "::1"],
  ["traceroute", "-6", "127.0.0.1"],
])("sockinspect %s %s refuses %s", async (command, option, host) => {
  const { code, stdout, stderr } = await run(command, option, host);
  expect(stderr).toBe(
    `sockinspect: ${host} is an IPv${host.includes(":") ? 6 : 4} address, and ${option} asks for IPv${option[1]}\n`,
  );
  expect(stdout).toBe("");
  expect(code).toBe(64);
});

test.each([
  ["ping", "-i", "3000000", "127.0.0.1"],
  ["ping", "-W", "3000000", "127.0.0.1"],
  ["capture", "--duration", "3000000"],
])("sockinspect %s refuses %s %s, which no timer takes", async (...args) => {
  const { code, stderr } = await run(...args);
  expect(stderr).toContain("It takes up to 2147483 seconds, 24 days.");
  expect(code).not.toBe(0);
});

test("sockinspect traceroute refuses more questions a hop than it can tell apart", async () => {
  expect((await run("traceroute", "-q", "3000", "--tcp", "127.0.0.1")).stderr).toContain("from 1 to 32");
});

test("sockinspect traceroute says that a host is not reached that a router calls unreachable", async () => {
  const router = new NetworkNamespace();
  const here = new NetworkNamespace();
  here.join("ra", router, "rb");
  here.run(() => {
    binding().setInterfaceUp("ra");
    binding().addAddress("ra", "10.7.0.1", 24);
    ip("route", "add", "default", "via", "10.7.0.2");
  });
  router.run(() => {
    binding().setInterfaceUp("rb");
    binding().addAddress("rb", "10.7.0.2", 24);
    binding().setForwarding("rb");
    binding().setForwarding("lo");
    ip("route", "add", "unreachable", "10.4.0.0/24");
  });
  const { code, stdout } = await here.run(() => run("traceroute", "-n", "-w", "1", "-m", "4", "10.4.0.1"));
  expect(stdout).toMatch(/\n 1 {2}10\.7\.0\.2( {2}[\d.]+ ms){3}\n 2 .*10\.7\.0\.2.* !H|\n 1 {2}10\.7\.0\.2.* !H/);
  expect(code).toBe(1);
  const router2 = await here.run(() => run("traceroute", "-n", "10.7.0.2"));
  expect(router2.code).toBe(0);
  await here.close();
  await router.close();
});

test.each([
  ["0:0::1", "udp"],
  ["127.0.0.1", "udp"],
  ["127.0.0.1", "tcp"],
  ["127.0.0.1", "icmp"],
  ["::1", "udp"],
  ["::1", "tcp"],
  ["::1", "icmp"],
])("sockinspect traceroute finds %s by %s one hop away", async (host, method) => {
  const { code, stdout } = await run("traceroute", "-n", "--method", method, host);
  expect(stdout).toMatch(
    new RegExp(`^traceroute to .*\\(${method}\\)\n 1  ${host.replace("0:0:", ":")}(  [\\d.]+ ms){3}\n$`),
  );
  expect(code).toBe(0);
});

describe("sockinspect replay", () => {
  const file = join(folder, "capture.pcapng");

  beforeAll(async () => {
    await using source = capture({ interface: "lo", filter: "udp port 9" });
    for (const size of [10, 20, 30]) await sendDatagrams(1, size);
    source.stop();
    const output = await createCapture(file);
    for await (const batch of source.batches()) for (const frame of batch) output.write(frame);
    await output.close();
  });

  const sizes = (packets: readonly Packet[]) => packets.map((packet) => layer(packet, "udp")!.length - 8);

  test("sends the packets of loopback again, in order, their checksums complete", async () => {
    const receiver = createSocket("udp4").bind(9, "127.0.0.1");
    await once(receiver, "listening");
    const received: number[] = [];
    receiver.on("message", (data) => received.push(data.length));
    const { packets, code, stderr } = await seen("lo", "udp port 9", "replay", file);
    expect(stderr).toMatch(/^3 packets, \d+ octets sent in/);
    expect(code).toBe(0);
    expect(sizes(packets)).toEqual([10, 20, 30]);
    expect(packets.flatMap(({ checksums }) => checksums.map(({ verdict }) => verdict))).not.toContain("bad");
    await expect.poll(() => received).toEqual([10, 20, 30]);
    receiver.close();
  });

  test("with other addresses, by another device, and only what a filter lets through", async () => {
    const { packets, code } = await seen(
      "v1",
      "udp",
      "replay",
      file,
      "--rewrite",
      "127.0.0.1=10.0.0.2",
      "--top",
      "greater 60",
    );
    expect(code).toBe(0);
    expect(sizes(packets)).toEqual([20, 30]);
    expect(packets.map(({ problems }) => problems)).toEqual([[], []]);
    expect(packets.map((packet) => layer(packet, "ipv4")?.destination)).toEqual(["10.0.0.2", "10.0.0.2"]);
  });

  test("at a rate", async () => {
    const { packets } = await seen("lo", "udp port 9", "replay", file, "--rate", "20");
    const [first, , last] = packets.map(({ seconds, nanoseconds }) => seconds + nanoseconds / 1e9);
    expect(last! - first!).toBeGreaterThan(0.05);
  });

  test("says what is wrong with its arguments and its file", async () => {
    expect((await run("replay", file, "--rewrite", "127.0.0.1=::1")).code).toBe(64);
    expect((await run("replay", join(folder, "none"))).code).toBe(66);
    expect((await run("replay", file, "--top", "--speed", "2")).code).toBe(64);
  });
});
