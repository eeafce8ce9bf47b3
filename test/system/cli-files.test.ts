import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"; // biome-ignore format: one line
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CreateOptions, createCapture } from "../../src/capture/file-output.js";
import { read } from "../../src/capture/read.js";
import type { CaptureRecord } from "../../src/capture/record.js";
import { Saving } from "../../src/cli/save.js";
import { Frame } from "../../src/packet/frame.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { hex, record } from "../support/capture-files.js";
import { type Result, Running, run } from "../support/command.js";
import { ownNetwork, sendDatagrams, sendUntil } from "../support/live.js";

const MAIN = join(import.meta.dirname, "../../dist/bundle/main.js");
const folder = mkdtempSync(join(tmpdir(), "sockinspect-cli-files-"));
const file = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

// 192.0.2.1.4000 > 192.0.2.2.53: UDP
const octets = hex("020000000002 020000000001 0800 4500001c 00010000 4011f6cc c0000201 c0000202 0fa0 0035 0008 0000");
/** Tuesday 2023-11-14 22:13:20 UTC, as long as the tests run in UTC. */
const START = 1_700_000_000;

async function make(
  name: string,
  records: readonly Partial<CaptureRecord>[],
  options?: CreateOptions,
): Promise<string> {
  const output = await createCapture(file(name), options);
  for (const more of records) output.write(record(octets, more));
  await output.close();
  return file(name);
}

async function timesIn(name: string): Promise<string[]> {
  const times: string[] = [];
  for await (const { seconds, nanoseconds } of read(file(name))) times.push(`${seconds - START}.${nanoseconds}`);
  return times;
}

async function packetsIn(name: string): Promise<number> {
  return (await timesIn(name)).length;
}

/** A shell line with $S for the command line, in the folder of the files. */
async function shell(line: string, ...wrapper: string[]): Promise<Result> {
  const [command, ...args] = [...wrapper, "sh", "-c", line];
  const child = spawn(command!, args, {
    cwd: folder,
    env: { ...process.env, S: `${process.execPath} ${MAIN}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

beforeAll(async () => {
  ownNetwork();
  await make("three.pcapng", [{}, { seconds: START + 1 }, { seconds: START + 2, nanoseconds: 5 }]);
});

describe("capture --write", () => {
  test("saves packets with their interface for nobody else to read, and prints none", async () => {
    const command = new Running(["capture", "-i", "lo", "-c", "2", "-w", "a.pcapng", "udp port 9"], {}, folder);
    await command.capturing();
    await sendDatagrams(2);
    const { code, stdout, stderr } = await command.end();
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toContain("2 packets captured, 2 received, 0 dropped by the kernel\n2 packets saved in a.pcapng\n");
    expect(statSync(file("a.pcapng")).mode & 0o777).toBe(0o600);
    const shown = await run("read", file("a.pcapng"), "--time", "none");
    expect(shown.stdout.replace(/:\d{4,5} /g, ":PORT ")).toBe(
      "lo in  127.0.0.1:PORT → 127.0.0.1:9  UDP 10 bytes\n".repeat(2),
    );
  });

  test("prints them, too, with --print", async () => {
    const command = new Running(["capture", "-c", "2", "-w", "b.pcap.gz", "--print", "udp port 9"], {}, folder);
    await command.capturing();
    await sendDatagrams(2);
    expect((await command.end()).stdout.trim().split("\n")).toHaveLength(2);
    expect(readFileSync(file("b.pcap.gz")).subarray(0, 2)).toEqual(Buffer.of(0x1f, 0x8b));
    expect(await packetsIn("b.pcap.gz")).toBe(2);
  });

  test("gives the file to whoever ran sudo, in place of one that is there", async () => {
    // An ordinary user's namespace maps nobody else, and its root is that user
    const mapped = readFileSync("/proc/self/uid_map", "utf8").includes("4294967295");
    writeFileSync(file("owned.pcapng"), "what was there", { mode: 0o644 });
    const command = new Running(
      ["capture", "-w", file("owned.pcapng"), "udp port 9"],
      { SUDO_UID: "1234", SUDO_GID: "2345" },
    ); // biome-ignore format: short
    await command.capturing();
    const { code } = await command.end("SIGINT");
    expect(code).toBe(0);
    const { uid, gid, mode } = statSync(file("owned.pcapng"));
    expect([uid, gid, mode & 0o777]).toEqual([mapped ? 1234 : 0, mapped ? 2345 : 0, 0o600]);
    expect(await packetsIn("owned.pcapng")).toBe(0);
  });

  test("follows no link and shares no file that others may have put there", async () => {
    writeFileSync(file("precious"), "precious");
    symlinkSync(file("precious"), file("link.pcapng"));
    linkSync(file("precious"), file("hard.pcapng"));
    symlinkSync(file("nothing"), file("ring-00001.pcapng"));
    const cases: [string[], string][] = [
      [["-w", file("link.pcapng")], "it is a symbolic link"],
      [["-w", file("ring.pcapng"), "--rotate-size", "1"], "it is a symbolic link"],
      [["-w", file("hard.pcapng")], "it has another name"],
    ];
    // An ordinary user's namespace has no one else
    if (readFileSync("/proc/self/uid_map", "utf8").includes("4294967295")) {
      writeFileSync(file("theirs.pcapng"), "");
      chownSync(file("theirs.pcapng"), 4321, 4321);
      cases.push([["-w", file("theirs.pcapng")], "it belongs to user 4321"]);
    }
    for (const [args, text] of cases) {
      const { code, stderr } = await run("capture", ...args);
      expect(stderr).toContain(text);
      expect(code).toBe(73);
    }
    expect(readFileSync(file("precious"), "utf8")).toBe("precious");
    expect(readdirSync(folder)).not.toContain("nothing");
  });

  test("leaves a file that is there alone when the filter is wrong", async () => {
    writeFileSync(file("kept.pcapng"), "what was there");
    expect((await run("capture", "-w", file("kept.pcapng"), "tcp prot 80")).code).toBe(64);
    expect(readFileSync(file("kept.pcapng"), "utf8")).toBe("what was there");
  });

  test("brings packets to the file without waiting for more, so that they survive kill -9", async () => {
    const command = new Running(["capture", "-w", file("killed.pcapng"), "udp port 9"]);
    await command.capturing();
    expect((await run("read", file("killed.pcapng"))).stderr).toBe("0 packets\n");
    await sendDatagrams(5);
    while ((await packetsIn("killed.pcapng")) < 5) await new Promise((resolve) => setTimeout(resolve, 20));
    await command.end("SIGKILL");
    expect(await run("read", file("killed.pcapng"), "--quiet")).toMatchObject({ code: 0 });
    expect(await packetsIn("killed.pcapng")).toBe(5);
  });

  test.each([["-i", "lo"], []])("saves how many packets the kernel dropped (%s %s)", async (...interfaceOption) => {
    const args = [...interfaceOption.filter((word) => word), "--buffer", "0.5", "udp port 9"];
    const command = new Running(["capture", "-w", file("drops.pcapng"), ...args]);
    await command.capturing();
    command.child.kill("SIGSTOP");
    await sendDatagrams(3000, 1000);
    command.child.kill("SIGCONT");
    const { stderr } = await command.end("SIGINT");
    const [, captured, dropped] = /(\d+) packets captured, 3000 received, (\d+) dropped/.exec(stderr)!.map(Number);
    expect(dropped).toBeGreaterThan(0);
    const told = (await run("read", file("drops.pcapng"), "--quiet")).stderr;
    expect(told).toMatch(new RegExp(`^${captured} packets, .*, ${dropped} dropped when it was captured\n$`));
  });

  test("keeps the newest files of a ring, which belong to whoever is asked for", async () => {
    const ring = file("ring");
    mkdirSync(ring);
    const args = ["-w", join(ring, "r.pcap"), "--rotate-size", "0.01", "--files", "3", "-c", "100", "--user", "root"];
    const command = new Running(["capture", ...args, "udp port 9"]);
    await command.capturing();
    await sendDatagrams(100, 1000);
    const { code, stderr } = await command.end();
    expect(stderr).toContain(
      `100 packets saved in 3 files, ${join(ring, "r-00008.pcap")} to ${join(ring, "r-00010.pcap")}`,
    );
    expect(readdirSync(ring).sort()).toEqual(["r-00008.pcap", "r-00009.pcap", "r-00010.pcap"]);
    for (const name of readdirSync(ring)) expect(await packetsIn(`ring/${name}`)).toBe(10);
    expect(code).toBe(0);
  });

  test("removes the oldest files of a ring where only their owner can", async () => {
    const sticky = file("sticky");
    mkdirSync(sticky);
    chmodSync(sticky, 0o1777);
    const args = ["-w", join(sticky, "r.pcap"), "--rotate-size", "0.01", "--files", "2", "-c", "40", "udp port 9"];
    chmodSync(folder, 0o711);
    const command = new Running(["capture", ...args], { SUDO_UID: "", SUDO_GID: "" });
    await command.capturing();
    await sendDatagrams(40, 1000);
    const { code, stderr } = await command.end();
    expect(stderr).toContain(`40 packets saved in 2 files, ${join(sticky, "r-00003.pcap")} to`);
    expect(readdirSync(sticky).sort()).toEqual(["r-00003.pcap", "r-00004.pcap"]);
    expect(code).toBe(0);
  });

  test("says which file of a ring could not be removed", async () => {
    const folder = file("held");
    mkdirSync(folder);
    const output = await createCapture(join(folder, "r.pcap"), { rotation: { octets: 1, files: 1 } });
    rmSync(join(folder, "r-00001.pcap"));
    mkdirSync(join(folder, "r-00001.pcap"));
    for (let i = 0; i < 3; i++) output.write(record(octets));
    await output.close();
    expect(output.files).toEqual([join(folder, "r-00003.pcap")]);
    expect(output.kept).toEqual([join(folder, "r-00001.pcap")]);
  });

  test("leaves out of a pcap file what its link type is not, and says how many", async () => {
    const saving = await Saving.open(file("one-type.pcap"), { write: file("one-type.pcap") }, undefined, () => {});
    const frame = new Frame();
    for (const linkType of [linkTypes.ethernet, linkTypes.raw, linkTypes.ethernet]) {
      frame.linkType = linkType;
      frame.move(new DataView(octets.buffer, octets.byteOffset), 0, octets.length, octets.length);
      saving.take(frame);
    }
    await saving.close({ captured: 3, received: 3, unmatched: 0, dropped: 0, freezes: 0 });
    expect(saving.text).toBe(
      `2 packets saved in ${file("one-type.pcap")}, 1 left out: their link type is not that of this pcap file (pcapng holds them)`,
    );
    expect(await packetsIn("one-type.pcap")).toBe(2);
  });

  test("leaves nothing behind where Node cannot compress as the name says", async () => {
    if ("createZstdCompress" in zlib) return;
    const { code, stderr } = await run("capture", "-w", file("none.pcapng.zst"));
    expect(stderr).toContain("zstd");
    expect(code).toBe(69);
    expect(readdirSync(folder)).not.toContain("none.pcapng.zst");
  });

  test("says at once when files cannot be rotated with the rights that are left", async () => {
    const result = await run("capture", "-w", "/proc/self/r.pcap", "--rotate-seconds", "1");
    expect(result).toMatchObject({ code: 73, stdout: "" });
    const mapped = readFileSync("/proc/self/uid_map", "utf8").includes("4294967295");
    if (!mapped) return; // whoever is root without capabilities owns the folder: nothing is lost
    const refused = await run("capture", "-w", file("refused.pcap"), "--rotate-seconds", "1");
    expect(refused.stderr).toContain("may not write there (choose another directory or --user)");
    expect(refused.code).toBe(77);
  });

  test("ends when the disk is full, and says exactly how many packets are saved", async () => {
    const blast = `node -e 'const s=require("dgram").createSocket("udp4");let n=0;const b=Buffer.alloc(1000);(function f(){n++<2000?s.send(b,9,"127.0.0.1",f):s.close()})()'`;
    const result = await shell(
      `mkdir full && mount -t tmpfs -o size=400k none full || exit 99
       $S capture -i lo -w full/a.pcapng udp port 9 2>said & capture=$!
       until grep -q capturing said; do :; done
       ${blast}; wait $capture; echo code $?; cat said; $S read --quiet full/a.pcapng 2>&1`,
      "unshare",
      "--mount",
    );
    expect(result.stdout).toContain("code 74\n");
    const [, saved, captured] =
      /cannot write to full\/a\.pcapng: no space is left on the device; (\d+) of (\d+) packets saved/
        .exec(result.stdout)!
        .map(Number);
    expect(saved).toBeGreaterThan(300);
    expect(captured).toBeGreaterThan(saved!);
    expect(result.stdout).toMatch(new RegExp(`^${saved} packets, 20`, "m"));
  });

  test("writes pcapng to standard output, which read takes from standard input", async () => {
    const capture = new Running(["capture", "-c", "3", "-w", "-", "udp port 9"], {}, folder);
    const chunks: Buffer[] = [];
    capture.child.stdout!.on("data", (chunk: Buffer) => chunks.push(chunk));
    await capture.capturing();
    await sendDatagrams(3);
    expect((await capture.end()).code).toBe(0);
    writeFileSync(file("out.pcapng"), Buffer.concat(chunks));
    const { stdout, stderr } = await shell("cat out.pcapng | $S read - --time relative");
    expect(stdout).toMatch(/^ {3}0\.000000 lo in .*\n( {3}0\.\d{6} lo in .*\n){2}$/);
    expect(stderr).toMatch(/^3 packets, 20/);
  });

  test("ends cleanly when the reader of standard output goes away, without calling its packets saved", async () => {
    const command = new Running(["capture", "-w", "-", "udp port 9"]);
    await command.capturing();
    command.child.stdout!.destroy();
    const { code, stderr } = await sendUntil(command.end());
    expect(stderr).toMatch(/\d+ packets? captured, .*\nthe program that read the capture ended before it\n$/);
    expect(code).toBe(0);
  });
});

describe("read", () => {
  test("has the same output options as capture", async () => {
    const three = file("three.pcapng");
    const line = "192.0.2.1:4000 → 192.0.2.2:53  UDP 0 bytes\n";
    const stdout = async (...args: string[]): Promise<string> => (await run("read", three, ...args)).stdout;
    expect(await stdout("--time", "none")).toBe(line.repeat(3));
    expect(await stdout("-c", "1", "udp", "port", "53")).toBe(`22:13:20.123456 ${line}`);
    expect(await stdout("-p", "80", "--host", "192.0.2.1")).toBe("");
    expect(await stdout("--protocol", "udp", "--time", "relative")).toBe(
      `   0.000000 ${line}   1.000000 ${line}   1.876543 ${line}`,
    );
    expect(await stdout("--time", "delta", "-c", "2")).toBe(`   0.000000 ${line}   1.000000 ${line}`);
    expect(await stdout("-v", "-x", "-c", "1")).toMatch(
      / {4}destination port {2}53\n[\s\S]* {4}0000 {2}02 00 00 00 00 02/,
    );
    expect(await stdout("--color", "always", "-c", "1")).toContain("\x1b[36m192.0.2.1\x1b[39m");
    expect(await stdout("--quiet")).toBe("");
    const json = JSON.parse(await stdout("--json", "--no-payload", "-c", "1")) as { time: string; layers: unknown[] };
    expect(json.time).toBe("2023-11-14T22:13:20.123456789Z");
    expect(json.layers).toHaveLength(3);
  });

  test("sums up what was read on stderr, with the date", async () => {
    expect((await run("read", file("three.pcapng"))).stderr).toBe("3 packets, 2023-11-14 22:13:20 to 22:13:22\n");
    expect((await run("read", file("three.pcapng"), "tcp")).stderr).toBe("0 packets\n");
  });

  test("puts the date in front of what is not of the first packet's day", async () => {
    await make("days.pcapng", [{}, { seconds: START + 86_400 }, {}]);
    const { stdout, stderr } = await run("read", file("days.pcapng"));
    expect(stdout.split("\n").map((line) => line.split(" 192")[0])).toEqual([
      "22:13:20.123456",
      "2023-11-15 22:13:20.123456",
      "22:13:20.123456",
      "",
    ]);
    expect(stderr).toBe("3 packets, 2023-11-14 22:13:20 to 2023-11-15 22:13:20\n");
  });

  test("shows packets without a time, or with one that no calendar has", async () => {
    await make("timeless.pcapng", [{ seconds: Number.NaN, nanoseconds: 0 }]);
    const line = "192.0.2.1:4000 → 192.0.2.2:53  UDP 0 bytes\n";
    expect(await run("read", file("timeless.pcapng"))).toEqual({
      code: 0,
      stdout: `no time         ${line}`,
      stderr: "1 packet\n",
    });
    expect((await run("read", file("timeless.pcapng"), "--time", "delta")).stdout).toBe(`    no time ${line}`);
    expect((await run("read", file("timeless.pcapng"), "--json")).stdout).toMatch(/^\{"length":42,"layers":\[/);
    const output = await createCapture(file("ages.pcapng"));
    output.interface({ linkType: 1, snapLength: 0, ticksPerSecond: 1 });
    output.write(record(octets, { seconds: 1e15, nanoseconds: 0 }), 0);
    await output.close();
    expect((await run("read", file("ages.pcapng"))).stdout).toBe(`1000000000000000 s after 1970 ${line}`);
    expect((await run("read", file("ages.pcapng"), "--json")).stdout).toMatch(/^\{"seconds":1000000000000000,"nano/);
  });

  test("reads what can be read of a file that is cut, then says what is wrong", async () => {
    writeFileSync(file("cut.pcapng"), readFileSync(file("three.pcapng")));
    truncateSync(file("cut.pcapng"), statSync(file("cut.pcapng")).size - 20);
    const { code, stdout, stderr } = await run("read", file("cut.pcapng"));
    expect(stdout.split("\n")).toHaveLength(3);
    expect(stderr).toMatch(
      /^2 packets, .*\nsockinspect: cannot read all of .*cut\.pcapng: the Enhanced Packet Block at octet \d+ is cut by the end of the file: 56 of 76 octets\n$/,
    );
    expect(code).toBe(65);
    // What is asked for is there
    expect((await run("read", file("cut.pcapng"), "-c", "1")).code).toBe(0);
  });

  test("mistakes end with one sentence, a remedy and an exit code", async () => {
    writeFileSync(file("empty"), "");
    writeFileSync(file("text"), "not a capture");
    const cases: [string, number, string][] = [
      ["$S read nofile", 66, "cannot open nofile: there is no such file or directory\n"],
      ["$S read .", 66, "cannot read .: it is a directory\n"],
      ["$S read empty", 65, "cannot read empty: it is empty\n"],
      ["$S read text", 65, "it begins with 6e 6f 74 20, which is neither pcap nor pcapng\n"],
      ["$S read - <empty", 65, "cannot read standard input: it is empty\n"],
      ["$S read three.pcapng tcp prot 80", 64, "did you mean 'port 80'?\ntcp prot 80\n    ^^^^\n"],
      ["$S read three.pcapng >/dev/full", 74, "cannot write to standard output: no space is left on the device\n"],
      ["$S read three.pcapng --time relativ", 64, "Allowed choices are absolute, relative, delta, none"],
      ["$S read three.pcapng --jsn", 64, "Did you mean --json?"],
      ["$S read", 64, "missing required argument 'file'"],
      ["$S capture -w", 64, "option '-w, --write <file>' argument missing"],
      ["$S capture -w ''", 64, "--write takes the name of a file\n"],
      ["$S capture -w .", 73, "cannot create .: it is a directory\n"],
      ["$S capture -w no/such.pcap", 73, "cannot create no/such.pcap: there is no such file or directory\n"],
      ["$S capture -w x.pcap -i eth99", 64, "no interface is called eth99"],
      ["$S capture --rotate-size 1", 64, "--rotate-size and --rotate-seconds need --write FILE\n"],
      ["$S capture --files 2", 64, "--files needs --write FILE\n"],
      ["$S capture --print", 64, "--print needs --write FILE: without that, packets are printed anyway\n"],
      ["$S capture -w x --files 2", 64, "--files needs --rotate-size or --rotate-seconds\n"],
      ["$S capture -w x --rotate-size 0", 64, "It takes a number above 0"],
      ["$S capture -w x --rotate-seconds 1s", 64, "It takes a number above 0"],
      ["$S capture -w x --rotate-size 1 --files 1.5", 64, "It takes a whole number above 0"],
      ["$S capture -w - --print", 64, "--print has nowhere to print to"],
      ["$S capture -w - --rotate-size 1", 64, "--write - cannot be rotated: name a file\n"],
      ["$S capture -w /dev/full", 74, "cannot write to /dev/full: no space is left on the device\n"],
    ];
    for (const [line, code, text] of cases) {
      const result = await shell(line);
      expect(result.stderr, line).toContain(text);
      expect(result.stderr, line).not.toMatch(/^ +at /m);
      expect(result, line).toMatchObject({ code, stdout: "" });
    }
  });
});

describe("a filter over packets of several link types", () => {
  test("says how many it could not ask, whichever command reads them", async () => {
    await make("mixed.pcapng", [{}, { linkType: 220 }, {}, { linkType: 220 }]);
    const remark = "\n2 packets left out: the filter cannot ask those of link type USB_LINUX_MMAPPED (220)\n";
    const commands = [
      "$S read",
      "$S flows",
      "$S follow",
      "$S convert mixed.pcapng part.pcapng",
      "$S read -w part.pcap",
    ];
    for (const command of commands) {
      const line = command.includes("convert") ? `${command} udp` : `${command} mixed.pcapng udp`;
      const { code, stderr } = await shell(line);
      expect(stderr, line).toContain(remark);
      expect(code, line).toBe(0);
    }
    expect(await packetsIn("part.pcapng")).toBe(2);
    expect((await shell("$S read mixed.pcapng udp")).stdout.split("\n")).toHaveLength(3);
  });

  test("is refused where it could ask none", async () => {
    await make("usb.pcapng", [{ linkType: 220 }]);
    for (const line of ["$S read usb.pcapng udp", "$S flows usb.pcapng udp", "$S convert usb.pcapng part.pcapng udp"]) {
      const { code, stdout, stderr } = await shell(line);
      expect(stderr, line).toContain("the packets are of link type USB_LINUX_MMAPPED (220)\nudp\n^^^\n");
      expect({ code, stdout }, line).toEqual({ code: 64, stdout: "" });
    }
  });
});

describe("read --write", () => {
  test("saves what convert does, and says so", async () => {
    const { code, stdout, stderr } = await shell("$S read three.pcapng -w saved.pcap udp port 53 -c 2");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toContain("2 packets of 2 saved in saved.pcap\n");
    await shell("$S convert three.pcapng converted.pcap udp port 53 -c 2");
    expect(readFileSync(join(folder, "saved.pcap"))).toEqual(readFileSync(join(folder, "converted.pcap")));
  });

  test("asks named fields, too", async () => {
    const { stderr } = await shell("$S read three.pcapng -w named.pcapng udp.destinationPort == domain");
    expect(stderr).toContain("3 packets of 3 saved");
  });

  test("refuses to overwrite what it reads, and options of what is not printed", async () => {
    expect((await shell("$S read three.pcapng -w three.pcapng")).code).toBe(64);
    const { code, stderr } = await shell("$S read three.pcapng -w other.pcap --json");
    expect(stderr).toContain("cannot be used with option '--json'");
    expect(code).toBe(64);
  });
});

describe("convert", () => {
  const convert = async (args: string): Promise<Result> => await shell(`$S convert ${args}`);

  test("copies between pcapng, pcap and their compressed forms by name, and says what pcap does not hold", async () => {
    const { code, stderr } = await convert("three.pcapng c.pcap");
    expect(stderr).toBe(
      "3 packets of 3 saved in c.pcap\npcap holds no interfaces, directions, comments and statistics: a .pcapng keeps them\n",
    );
    expect(code).toBe(0);
    expect((await convert("c.pcap c.pcapng.gz && $S convert c.pcapng.gz d.pcap")).code).toBe(0);
    expect(readFileSync(file("d.pcap"))).toEqual(readFileSync(file("c.pcap")));
    expect((await shell("cat c.pcap | $S convert - - | $S read - --time none")).stdout.split("\n")).toHaveLength(4);
  });

  test.each([
    ["--from 22:13:21", [1, 2]],
    ["--from 22:13:21 --to 22:13:22", [1]],
    ["--to 22:13:22.000000005", [0, 1]],
    ["--to 22:13:22.000000006", [0, 1, 2]],
    ["--from 2023-11-14T22:13:21.5", [2]],
    ["--from '2023-11-14 22:13:21'", [1, 2]],
    ["--from 2023-11-14T23:13:21+01:00 --to 2023-11-14T22:13:22Z", [1]],
    ["--from 2023-11-14 --to 2023-11-15", [0, 1, 2]],
    ["--from 2023-11-15", []],
    ["--from +1 --to +1.1", [1]],
    ["--to +1", [0]],
    ["--from @1700000002", [2]],
    ["--count 2", [0, 1]],
    ["--count 1 --from +1", [1]],
    ["udp port 53", [0, 1, 2]],
    ["-p 80", []],
    ["-p http-alt", []],
    ["-p 52-53", [0, 1, 2]],
    ["-p qotd-domain", [0, 1, 2]],
  ])("three.pcapng %s keeps %j", async (args, kept) => {
    expect(await convert(`three.pcapng part.pcapng ${args}`)).toMatchObject({ code: 0, stdout: "" });
    const all = await timesIn("three.pcapng");
    expect(await timesIn("part.pcapng")).toEqual(kept.map((index) => all[index]));
  });

  test("times of day are those on the wall", async () => {
    const { code } = await shell("TZ=Asia/Tokyo $S convert three.pcapng part.pcapng --from 07:13:21");
    expect([code, await packetsIn("part.pcapng")]).toEqual([0, 2]);
  });

  test("says how many packets have no time to go by", async () => {
    await make("some.pcapng", [{ seconds: Number.NaN, nanoseconds: 0 }, {}]);
    expect((await convert("some.pcapng part.pcapng --from +0")).stderr).toBe(
      "1 packet of 2 saved in part.pcapng\n1 packet without a time left out\n",
    );
    expect((await convert("some.pcapng part.pcap")).stderr).toContain("1 packet without a time are from 1970 in pcap");
  });

  test("cuts packets, and keeps what they were on the wire", async () => {
    await convert("three.pcapng short.pcapng --snaplen 20 -c 1");
    for await (const { length, capturedLength } of read(file("short.pcapng")))
      expect([length, capturedLength]).toEqual([42, 20]);
    expect(await packetsIn("short.pcapng")).toBe(1);
  });

  test("keeps packets of any size whole, and says what others make of it", async () => {
    const data = new DataView(new ArrayBuffer(400_000));
    await make("large.pcapng", [{}, { data, end: data.byteLength, length: data.byteLength }]);
    expect((await convert("large.pcapng same.pcapng")).stderr).toContain(
      "1 packet of more than 262144 octets, which other programs refuse (--snaplen 262144 cuts)",
    );
    expect(readFileSync(file("same.pcapng"))).toEqual(readFileSync(file("large.pcapng")));
    expect((await convert("large.pcapng same.pcap")).stderr).toContain(
      "1 packet cut to what the header of a pcap file allows for: a .pcapng keeps all",
    );
    expect((await convert("large.pcapng same.pcap --snaplen 262144")).stderr).not.toMatch(/262144|cut/);
  });

  test("ends with the count, even where more might come", async () => {
    const child = spawn(process.execPath, [MAIN, "convert", "-", "part.pcapng", "-c", "2"], {
      cwd: folder,
      stdio: ["pipe", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdin.write(readFileSync(file("three.pcapng"))); // and no end
    const [code] = (await once(child, "close")) as [number | null];
    expect(stderr).toContain("2 packets of 2 saved in part.pcapng");
    expect(code).toBe(0);
  });

  test("refuses a copy that is the input, by whatever name, and leaves it as it is", async () => {
    const before = readFileSync(file("three.pcapng"));
    symlinkSync("three.pcapng", file("again.pcapng"));
    linkSync(file("three.pcapng"), file("twin.pcapng"));
    for (const name of ["three.pcapng", "./three.pcapng", "again.pcapng", "twin.pcapng"]) {
      const { code, stderr } = await convert(`three.pcapng ${name}`);
      expect(stderr).toContain("they are the same file");
      expect(code).toBe(64);
    }
    expect(readFileSync(file("three.pcapng"))).toEqual(before);
  });

  test("copies what can be read of a file that is cut, then says what is wrong", async () => {
    const { code, stderr } = await shell("head -c -20 three.pcapng | $S convert - part.pcapng");
    expect(stderr).toMatch(
      /^2 packets of 2 saved in part\.pcapng\nsockinspect: cannot read all of standard input: the /,
    );
    expect(code).toBe(65);
  });

  test("mistakes end with one sentence and an exit code", async () => {
    await make("mixed.pcapng", [{}, { linkType: 101 }]);
    const forms = "it takes 2026-03-01T12:00:01.5";
    const cases: [string, number, string][] = [
      ["nofile x.pcap", 66, "cannot open nofile: there is no such file or directory\n"],
      ["three.pcapng no/such.pcap", 73, "cannot create no/such.pcap: there is no such file or directory\n"],
      ["three.pcapng /dev/full", 74, "cannot write to /dev/full: no space is left on the device\n"],
      ["three.pcapng - >/dev/full", 74, "cannot write to standard output: no space is left on the device\n"],
      ["mixed.pcapng x.pcap", 64, "this one holds 1, not 101 (write pcapng)\n"],
      ["three.pcapng x.pcap --from 25:00", 64, `--from "25:00": there is no such time of day; ${forms}`],
      ["three.pcapng x.pcap --to 2023-02-30", 64, `--to "2023-02-30": there is no such date; ${forms}`],
      ["three.pcapng x.pcap --to 2023-13-01", 64, `--to "2023-13-01": there is no such date; ${forms}`],
      ["three.pcapng x.pcap --from 5", 64, `--from "5": this is no time; ${forms}`],
      ["three.pcapng x.pcap --count 0", 64, "It takes a number above 0"],
      ["three.pcapng x.pcap --snaplen 1.5", 64, "It takes a whole number above 0"],
      ["three.pcapng x.pcap tcp prot 80", 64, "did you mean 'port 80'?"],
      ["three.pcapng", 64, "missing required argument 'out'"],
    ];
    for (const [args, code, text] of cases) {
      const result = await convert(args);
      expect(result.stderr, args).toContain(text);
      expect(result.stderr, args).not.toMatch(/^ +at /m);
      expect(result, args).toMatchObject({ code, stdout: "" });
    }
    // What came before the packet that does not fit is there
    await convert("mixed.pcapng before.pcap");
    expect(await packetsIn("before.pcap")).toBe(1);
  });
});

describe("what is printed", () => {
  const draft = "ipv4(destination=127.0.0.1)/icmp(type=echoRequest)";
  const commands: readonly (readonly string[])[] = [
    ["--version"],
    ["filter", "tcp"],
    ["filter", "--fields"],
    ["interfaces"],
    ["interfaces", "--json"],
    ["hex", draft],
    ["hex", draft, "--raw"],
    ["explain", "45000014000000004000000000000000", "7f000001"],
    ["doctor"],
    ["demo"],
    ["demo", "handshake"],
    ["demo", "handshake", "--json"],
    ["demo", "handshake", "--svg", "-"],
    ["send", draft],
    ["ask", draft],
    ["ping", "-c", "1", "127.0.0.1"],
    ["traceroute", "-n", "127.0.0.1"],
  ];

  test.each(commands)("ends quietly where nobody reads it: %s %s %s", async (...args) => {
    const command = new Running(args.filter((arg) => arg !== undefined));
    command.child.stdout!.destroy();
    const { code, stderr } = await command.end();
    expect(stderr).not.toMatch(/^ +at |EPIPE/m);
    expect(code).toBe(0);
  });

  test.each(commands)("says that the disk is full: %s %s %s", async (...args) => {
    const words = args.filter((arg) => arg !== undefined).map((arg) => `'${arg}'`);
    const { code, stderr } = await shell(`$S ${words.join(" ")} >/dev/full`);
    expect(stderr).toMatch(/^sockinspect: cannot write to standard output: no space is left on the device$/m);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(code).toBe(74);
  });

  test("so does the drawing of a demo", async () => {
    const { code, stderr } = await shell("$S demo handshake --svg /dev/full");
    expect(stderr).toContain("cannot write to /dev/full: no space is left on the device\n");
    expect(code).toBe(74);
  });

  test("is no reason to wait for packets where nobody reads those that are saved", async () => {
    const command = new Running(["capture", "-w", "-", "udp port 9"]);
    command.child.stdout!.destroy();
    const { code, stderr } = await command.end();
    expect(stderr).toMatch(/the program that read the capture ended before it\n$/);
    expect(code).toBe(0);
  });
});

test("the version is told without loading anything else", async () => {
  const { version } = JSON.parse(readFileSync(join(MAIN, "../../../package.json"), "utf8")) as { version: string };
  expect((await run("--version")).stdout).toBe(`${version}\n`);
  expect((await run("-V")).stdout).toBe(`${version}\n`);
});
