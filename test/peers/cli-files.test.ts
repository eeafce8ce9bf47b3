/** Files that `capture --write` and `convert` write, read by the peers; what the peers write, read by `read`. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCapture } from "../../src/capture/file-output.js";
import { hex, record } from "../support/capture-files.js";
import { Running, run } from "../support/command.js";
import { ownNetwork, sendDatagrams } from "../support/live.js";

const folder = mkdtempSync(join(tmpdir(), "peer-cli-files-"));
const file = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

// 192.0.2.1.4000 > 192.0.2.2.53: UDP
const octets = hex("020000000002 020000000001 0800 4500001c 00010000 4011f6cc c0000201 c0000202 0fa0 0035 0008 0000");

function peer(command: string, ...args: string[]): string {
  const env = { ...process.env, TZ: "UTC", LC_ALL: "C.UTF-8" };
  return execFileSync(command, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function epochs(name: string): string[] {
  return peer("tshark", "-n", "-r", file(name), "-T", "fields", "-e", "frame.time_epoch").split("\n").slice(0, -1);
}

async function capture(name: string, ...args: string[]): Promise<string> {
  const command = new Running(["capture", "-w", file(name), "-c", "20", ...args, "udp port 9"]);
  await command.capturing();
  await sendDatagrams(20);
  return (await command.end()).stderr;
}

beforeAll(async () => {
  ownNetwork();
  await using output = await createCapture(file("steps.pcapng"));
  for (let i = 0; i < 40; i++)
    output.write(record(octets, { seconds: 1_700_000_000 + Math.floor(i / 4), nanoseconds: (i % 4) * 250_000_000 }));
});

test.each(["live.pcapng", "live.pcap", "live.pcapng.gz", "live.pcap.gz"])("TShark reads %s", async (name) => {
  await capture(name);
  const rows = peer("tshark", "-n", "-r", file(name), "-T", "fields", "-e", "udp.dstport", "-e", "udp.length");
  expect(rows).toBe("9\t18\n".repeat(20));
});

test("tcpdump reads a file as read prints it: the same times and endpoints", async () => {
  await capture("same.pcapng", "-i", "lo");
  const { stdout } = await run("read", file("same.pcapng"));
  const ours = [...stdout.matchAll(/^(\S+) lo in {2}127\.0\.0\.1:(\d+) → 127\.0\.0\.1:9 /gm)].map(([, ...all]) => all);
  const theirs = [...peer("tcpdump", "-nn", "-r", file("same.pcapng")).matchAll(/^(\S+) IP 127\.0\.0\.1\.(\d+) > /gm)];
  expect(ours).toHaveLength(20);
  expect(ours).toEqual(theirs.map(([, ...all]) => all));
});

test.each([
  ["-i", "lo", "lo"],
  ["--buffer", "1", "any"],
])("capinfos finds the statistics that %s %s leaves, on %s", async (option, value, name) => {
  await capture("statistics.pcapng", option, value);
  const described = peer("capinfos", "-M", file("statistics.pcapng")).split("Interface #").slice(1);
  const told = described.filter((text) => text.includes("Number of stat entries = 1"));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(`Name = ${name}\n`);
});

test("TShark reads the drops that were counted", async () => {
  const command = new Running(["capture", "-i", "lo", "-w", file("drops.pcapng"), "--buffer", "0.5", "udp port 9"]);
  await command.capturing();
  command.child.kill("SIGSTOP");
  await sendDatagrams(3000, 1000);
  command.child.kill("SIGCONT");
  const { stderr } = await command.end("SIGINT");
  const [, dropped] = /3000 received, (\d+) dropped/.exec(stderr)!;
  // file-pcapng shows a file's blocks as if they were packets
  const blocks = peer("tshark", "-r", file("drops.pcapng"), "-X", "read_format:MIME Files Format", "-V");
  const statistics = blocks.slice(blocks.indexOf("Block: Interface Statistics Block"));
  expect(statistics).toContain("Number of Received Packets: 3000\n");
  expect(statistics).toContain(`Number of Dropped Packets: ${dropped}\n`);
});

test("read prints what tcpdump writes to a pipe, as it comes", async () => {
  const root = process.getuid?.() === 0 ? ["-Z", "root"] : [];
  const tcpdump = spawn("tcpdump", [...root, "-i", "lo", "-U", "-w", "-", "-c", "5", "udp port 9"]);
  let said = "";
  tcpdump.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  while (!said.includes("listening on")) await once(tcpdump.stderr, "data");
  const main = join(import.meta.dirname, "../../dist/bundle/main.js");
  const read = spawn(process.execPath, [main, "read", "-", "--time", "none"], { stdio: ["pipe", "pipe", "pipe"] });
  tcpdump.stdout.pipe(read.stdin);
  let shown = "";
  read.stdout.on("data", (chunk: Buffer) => {
    shown += chunk.toString();
  });
  await sendDatagrams(2);
  while (shown.split("\n").length < 3) await once(read.stdout, "data"); // tcpdump is still running
  await sendDatagrams(3);
  expect(await once(read, "close")).toEqual([0, null]);
  expect(shown).toMatch(/^(127\.0\.0\.1:\d+ → 127\.0\.0\.1:9 {2}UDP 10 bytes.*\n){5}$/);
});

test("convert cuts by time as editcap does", async () => {
  const [from, to] = ["2023-11-14T22:13:22.250000000Z", "2023-11-14T22:13:25.000000000Z"];
  peer("editcap", "-A", from, "-B", to, file("steps.pcapng"), file("theirs.pcapng"));
  await run("convert", file("steps.pcapng"), file("ours.pcapng"), "--from", from, "--to", to);
  expect(epochs("ours.pcapng")).toEqual(epochs("theirs.pcapng"));
  expect(epochs("ours.pcapng")).toHaveLength(11);
});

test.each(["pcap", "pcapng"])("convert to %s and snap length give what editcap gives", async (format) => {
  const type = format === "pcap" ? "nsecpcap" : "pcapng";
  peer("editcap", "-F", type, "-s", "30", file("steps.pcapng"), file(`theirs.${format}`));
  await run("convert", file("steps.pcapng"), file(`ours.${format}`), "--snaplen", "30");
  const packets = (name: string): string =>
    peer("tshark", "-n", "-r", file(name), "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len"); // biome-ignore format: one thought
  expect(packets(`ours.${format}`)).toBe(packets(`theirs.${format}`));
  expect(peer("capinfos", "-t", "-T", file(`ours.${format}`))).toContain(type);
});
