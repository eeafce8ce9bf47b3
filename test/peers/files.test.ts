/** Files that we write, read by TShark, capinfos and tcpdump; files that editcap and mergecap write, read by us. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openCapture } from "../../src/capture/file.js";
import { type CreateOptions, copyCapture, createCapture } from "../../src/capture/file-output.js";
import type { CaptureRecord } from "../../src/capture/record.js";
import { hex, type Kept, keep, record } from "../support/capture-files.js";

const folder = mkdtempSync(join(tmpdir(), "peer-files-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);

function peer(command: string, ...args: string[]): string {
  const env = { ...process.env, TZ: "UTC", LC_ALL: "C.UTF-8" };
  return execFileSync(command, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** What TShark says of each packet, one array of fields a packet. */
function tshark(name: string, ...fields: string[]): string[][] {
  const asked = fields.flatMap((field) => ["-e", field]);
  const output = peer("tshark", "-n", "-r", file(name), "-T", "fields", ...asked);
  return output
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t"));
}

/** What tcpdump says of each packet, without its complaints. */
function tcpdump(name: string): string[] {
  return peer("tcpdump", "-nn", "-tt", "--nano", "-r", file(name)).trimEnd().split("\n");
}

// 192.0.2.1.4000 > 192.0.2.2.53: UDP
const udp = hex("020000000002 020000000001 0800 4500001c 00010000 4011f6cc c0000201 c0000202 0fa0 0035 0008 0000");

const packets: readonly (Partial<CaptureRecord> & { readonly octets?: Uint8Array })[] = [
  { direction: "in", offload: "verified by the kernel" },
  { direction: "out", offload: "not computed yet", gso: true, comment: "größer\nzweite Zeile" },
  { seconds: 1_800_000_000, nanoseconds: 999_999_999, dropped: 7 },
  { device: "wlan0", direction: "other" },
  { octets: udp.subarray(0, 33) }, // odd, to be padded
  { length: 1514 },
  { seconds: 0, nanoseconds: 1, octets: udp.subarray(0, 0) },
];

async function write(name: string, options: CreateOptions = {}): Promise<void> {
  await using output = await createCapture(file(name), options);
  for (const { octets = udp, ...more } of packets) output.write(record(octets, { device: "eth0", ...more }));
  output.statistics(0, { seconds: 1_800_000_001, nanoseconds: 0, received: 20, dropped: 13 });
}

async function read(name: string): Promise<Kept[]> {
  await using input = await openCapture(file(name));
  const kept: Kept[] = [];
  do for (let item = input.next(); item; item = input.next()) if (item === "packet") kept.push(keep(input.record));
  while (await input.more());
  expect(input.problem).toBeUndefined();
  return kept;
}

async function copy(from: string, to: string, options: CreateOptions = {}): Promise<void> {
  await using input = await openCapture(file(from));
  await using output = await createCapture(file(to), options);
  await copyCapture(input, output);
}

const times = packets.map(
  ({ seconds = 1_700_000_000, nanoseconds = 123_456_789 }) => `${seconds}.${String(nanoseconds).padStart(9, "0")}`,
);

beforeAll(async () => {
  await write("a.pcapng");
  await write("a.pcapng.gz");
  await write("a.pcap");
  await write("us.pcap", { resolution: "microseconds" });
});

describe("what we write", () => {
  test.each(["a.pcapng", "a.pcapng.gz", "a.pcap"])("%s: TShark reads times, lengths and octets", (name) => {
    const rows = tshark(name, "frame.time_epoch", "frame.len", "frame.cap_len", "frame.encap_type");
    expect(rows).toEqual(
      packets.map(({ octets = udp, length = octets.length }, i) => [times[i], `${length}`, `${octets.length}`, "1"]),
    );
    const last = tshark(name, "udp.dstport").map(([port]) => port);
    expect(last).toEqual(["53", "53", "53", "53", "", "53", ""]);
  });

  test("TShark reads interfaces, flags and comments of pcapng", () => {
    const rows = tshark("a.pcapng", "frame.interface_name", "frame.packet_flags", "frame.comment");
    expect(rows).toEqual([
      ["eth0", "0x00000401", ""],
      ["eth0", "0x00000a02", "größer\\nzweite Zeile"],
      ["eth0", "", ""],
      ["wlan0", "0x00000011", ""],
      ["eth0", "", ""],
      ["eth0", "", ""],
      ["eth0", "", ""],
    ]);
  });

  test("capinfos finds nothing wrong, and sees who wrote it", () => {
    const info = peer("capinfos", "-M", file("a.pcapng"));
    expect(info).toContain("Number of packets:   7\n");
    expect(info).toContain("Capture application: sockinspect\n");
    expect(info).toContain("Name = eth0\n");
    expect(info).toContain("Number of stat entries = 1\n");
    expect(info).toContain("Time precision = nanoseconds (9)\n");
  });

  test.each(["a.pcapng", "a.pcap"])("%s: tcpdump reads the same packets", (name) => {
    const lines = tcpdump(name);
    // It has no time for a packet of which nothing was kept
    expect(lines.map((line) => line.split(" ")[0])).toEqual([...times.slice(0, -1), "[Invalid"]);
    expect(lines[0]).toContain("IP 192.0.2.1.4000 > 192.0.2.2.53");
  });

  test("tcpdump reads microseconds", () => {
    const [first] = peer("tcpdump", "-nn", "-tt", "-r", file("us.pcap")).split("\n");
    expect(first).toMatch(/^1700000000\.123456 IP /);
  });

  test("is readable up to any whole block", () => {
    const whole = readFileSync(file("a.pcapng"));
    const ends = [...whole.keys()].filter((at) => at % 4 === 0 && at > 200).filter((_, i) => i % 13 === 0);
    for (const end of ends) {
      writeFileSync(file("cut.pcapng"), whole.subarray(0, end));
      const read = (() => {
        try {
          return tshark("cut.pcapng", "frame.time_epoch");
        } catch (error) {
          return (error as { stdout: string }).stdout
            .split("\n")
            .slice(0, -1)
            .map((line) => [line]);
        }
      })();
      expect(read).toEqual(times.slice(0, read.length).map((time) => [time]));
    }
  });
});

describe("what peers write", () => {
  test.each(["pcapng", "nsecpcap", "modpcap"])("editcap's %s is read with the same packets", async (format) => {
    peer("editcap", "-F", format, file("a.pcapng"), file(`edited.${format}`));
    const tick = format === "modpcap" ? 1000 : 1;
    const whole = (kept: Kept) => ({
      ...kept,
      nanoseconds: Math.floor(kept.nanoseconds / tick) * tick,
      ...(format !== "pcapng" && { device: undefined, flags: 0, comment: undefined, options: [], interfaceIndex: 0 }),
      dropped: 0, // editcap does not keep it
    });
    const written = (await read(`edited.${format}`)).map((kept) => ({ ...kept, dropped: 0 }));
    const flagless = format === "modpcap" ? written.map((kept) => ({ ...kept, flags: 0 })) : written;
    expect(flagless).toEqual((await read("a.pcapng")).map(whole));
  });

  test("mergecap's interfaces of different link types are told apart", async () => {
    peer("editcap", "-F", "pcap", "-T", "rawip", file("a.pcap"), file("raw.pcap"));
    peer("mergecap", "-a", "-w", file("merged.pcapng"), file("a.pcap"), file("raw.pcap"));
    const kept = await read("merged.pcapng");
    expect(kept.map(({ linkType }) => linkType)).toEqual([...packets.map(() => 1), ...packets.map(() => 101)]);
    await copy("merged.pcapng", "merged-again.pcapng");
    const fields = ["frame.time_epoch", "frame.encap_type", "frame.interface_id", "frame.len"];
    expect(tshark("merged-again.pcapng", ...fields)).toEqual(tshark("merged.pcapng", ...fields));
  });

  test("secrets that editcap puts in go through a copy", async () => {
    writeFileSync(file("keys"), `CLIENT_RANDOM ${"ab".repeat(32)} ${"cd".repeat(48)}\n`);
    peer("editcap", "--inject-secrets", `tls,${file("keys")}`, file("a.pcapng"), file("secret.pcapng"));
    await copy("secret.pcapng", "secret-again.pcapng");
    const secrets = "CLIENT_RANDOM abab";
    expect(readFileSync(file("secret.pcapng"), "latin1")).toContain(secrets);
    expect(readFileSync(file("secret-again.pcapng"), "latin1")).toContain(secrets);
    expect(tshark("secret-again.pcapng", "frame.time_epoch").flat()).toEqual(times);
  });
});
