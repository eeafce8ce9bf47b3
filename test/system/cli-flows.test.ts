import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCapture } from "../../src/capture/file-output.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { segmentOctets, type Written } from "../flow/segments.js";
import { record } from "../support/capture-files.js";
import { Running, run } from "../support/command.js";
import { ownNetwork } from "../support/live.js";

const MAIN = join(import.meta.dirname, "../../dist/bundle/main.js");
const folder = mkdtempSync(join(tmpdir(), "sockinspect-cli-flows-"));
const trace = join(folder, "trace.pcapng");
afterAll(() => rmSync(folder, { recursive: true }));

/** A request that is answered, one that is refused. */
const written: readonly Written[] = [
  { at: 0, from: "client", flags: "S", seq: 100 },
  { at: 0.01, from: "server", flags: "SA", seq: 300, ack: 101 },
  { at: 0.02, from: "client", flags: "A", seq: 101, ack: 301 },
  { at: 0.03, from: "client", flags: "PA", seq: 101, ack: 301, data: "GET /\r\nA: \x1b[31m\r\n" },
  { at: 0.04, from: "server", flags: "PA", seq: 301, ack: 118, data: "h" },
  { at: 0.05, from: "server", flags: "PA", seq: 302, ack: 118, data: "i\n< you" },
  { at: 0.06, from: "client", flags: "FA", seq: 118, ack: 309 },
  { at: 0.07, from: "server", flags: "FA", seq: 309, ack: 119 },
  { at: 0.08, from: "client", flags: "A", seq: 119, ack: 310 },
  { at: 1, from: "client", flags: "S", seq: 900, ports: [40001, 5001] },
  { at: 1.001, from: "server", flags: "RA", seq: 0, ack: 901, ports: [40001, 5001] },
];

/** What the client says in pieces, and not all of which was captured. */
const broken: readonly Written[] = [
  { at: 0, from: "client", flags: "S", seq: 100 },
  { at: 0.1, from: "server", flags: "SA", seq: 300, ack: 101 },
  { at: 0.2, from: "client", flags: "PA", seq: 101, ack: 301, data: "one" },
  { at: 0.3, from: "server", flags: "PA", seq: 301, ack: 104, data: "wait\n" },
  { at: 0.4, from: "client", flags: "PA", seq: 104, ack: 306, data: " line\n" },
  { at: 0.5, from: "client", flags: "PA", seq: 120, ack: 306, data: "later" },
  { at: 0.6, from: "server", flags: "A", seq: 306, ack: 125 },
];

beforeAll(async () => {
  ownNetwork();
  await make(trace, written);
  await make(join(folder, "broken.pcapng"), broken);
});

async function make(name: string, segments: readonly Written[]): Promise<void> {
  const output = await createCapture(name);
  for (const one of segments) {
    const octets = segmentOctets(one);
    const { at = 0 } = one;
    const seconds = 1_700_000_000 + Math.floor(at);
    output.write(record(octets, { linkType: linkTypes.raw, seconds, nanoseconds: Math.round((at % 1) * 1e9) }));
  }
  await output.close();
}

/** One connection to port 5000 of loopback, from the first octet to the last. */
async function converse(): Promise<void> {
  const server = createServer((socket) => socket.pipe(socket)).listen(5000, "127.0.0.1");
  await once(server, "listening");
  const client = connect(5000, "127.0.0.1");
  client.end("hello\n");
  client.resume();
  await once(client, "close");
  server.close();
  await once(server, "close");
}

/** What a terminal of so many columns gets from a command, line by line; script(1) makes it. */
async function onTerminal(columns: number, ...args: string[]): Promise<readonly string[]> {
  const line = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(" ");
  const child = spawn("/usr/bin/script", ["-qec", `stty cols ${columns}; exec ${line}`, "/dev/null"], {
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  await once(child, "close");
  return Buffer.from(text, "latin1").toString().split("\r\n");
}

describe("flows", () => {
  test("lists the conversations of a file, and what became of them", async () => {
    const { code, stdout, stderr } = await run("flows", trace);
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["NAME", "CLIENT", "SERVER", "STATE", "PACKETS", "SENT", "RECEIVED", "DURATION", "ROUND TRIP"],
      ["tcp-0", "192.0.2.1:40000", "198.51.100.2:5000", "closed", "9", "17", "8", "80 ms", "20 ms"],
      ["tcp-1", "192.0.2.1:40001", "198.51.100.2:5001", "refused", "2", "0", "0", "1 ms", "1 ms"],
      [""],
    ]);
    expect(stderr).toContain("2 conversations\n");
    expect(code).toBe(0);
  });

  test("says on which device where the same packets are seen on several", async () => {
    const bridge = join(folder, "bridge.pcapng");
    const output = await createCapture(bridge);
    for (const { at = 0, ...one } of written)
      for (const device of ["near", "far\u202e"]) {
        const octets = segmentOctets(one);
        const seconds = 1_700_000_000 + Math.floor(at);
        const nanoseconds = Math.round((at % 1) * 1e9);
        output.write({ ...record(octets, { linkType: linkTypes.raw, seconds, nanoseconds }), device });
      }
    await output.close();
    const { stdout } = await run("flows", bridge);
    expect(stdout.split("\n").map((line) => line.split(/ {2,}/).slice(0, 6))).toEqual([
      ["NAME", "CLIENT", "SERVER", "DEVICE", "STATE", "PACKETS"],
      ["tcp-0", "192.0.2.1:40000", "198.51.100.2:5000", "near", "closed", "9"],
      ["tcp-0", "192.0.2.1:40000", "198.51.100.2:5000", "far\\u202e", "closed", "9"],
      ["tcp-1", "192.0.2.1:40001", "198.51.100.2:5001", "near", "refused", "2"],
      ["tcp-1", "192.0.2.1:40001", "198.51.100.2:5001", "far\\u202e", "refused", "2"],
      [""],
    ]);
    expect(stdout).not.toContain("again");
    expect((await run("read", bridge, "--ladder")).stdout).toContain("TCP conversation 1 on near: refused");
    expect((await run("follow", bridge)).stdout.match(/→ GET \//g)).toHaveLength(1);
  });

  test("sorts by what is asked for", async () => {
    const names = async (by: string): Promise<string[]> =>
      (await run("flows", trace, "--sort", by)).stdout.split("\n").map((line) => line.split(" ")[0]!);
    expect(await names("start")).toEqual(["NAME", "tcp-0", "tcp-1", ""]);
    expect(await names("latest")).toEqual(["NAME", "tcp-1", "tcp-0", ""]);
    expect(await names("octets")).toEqual(["NAME", "tcp-0", "tcp-1", ""]);
  });

  test("leaves out columns that a terminal has no room for, and names them", async () => {
    const lines = await onTerminal(80, "flows", trace);
    expect(lines[0]).toBe("NAME   CLIENT           SERVER             STATE    SENT  RECEIVED  DURATION");
    expect(lines).toContain("no room for round trip, packets: a wider terminal or --json shows more");
    const narrow = await onTerminal(44, "flows", trace);
    expect(narrow[0]).toBe("NAME   CLIENT           SERVER");
    expect(narrow.join("\n")).toContain("no room for round trip, packets, duration, sent, received, state: a wider");
    const least = await onTerminal(20, "flows", trace);
    expect(least[1]).toBe("tcp-0  192.0.2.1:40…");
    expect(least.join("\n")).toContain("received, state, server, all of client: a wider");
  });

  test("takes a terminal that does not know its width for one of 80 columns", async () => {
    expect(await onTerminal(0, "flows", trace)).toEqual(await onTerminal(80, "flows", trace));
    expect(await onTerminal(0, "follow", trace)).toEqual(await onTerminal(80, "follow", trace));
  });

  test("gives JSON of each, those that there was no room for included", async () => {
    const { stdout } = await run("flows", trace, "--json", "--most", "1");
    const all = stdout.trim().split("\n").map((line) => JSON.parse(line) as { ending: string; server: object }); // biome-ignore format: one thought
    expect(all.map(({ ending }) => ending)).toEqual(["closed", "refused"]);
    expect(all[0]!.server).toMatchObject({ address: "198.51.100.2", port: 5000, octets: 8 });
  });

  test("says how many it had to forget", async () => {
    const { stderr } = await run("flows", trace, "--most", "1");
    expect(stderr).toContain(
      "1 conversation, 1 forgotten, those longest silent (--most keeps more, --json prints all)",
    );
  });

  test("follows live traffic until it is told to stop", async () => {
    const command = new Running(["flows", "live", "tcp port 5000", "-i", "lo"]);
    await command.capturing();
    await converse();
    const { code, stdout, stderr } = await command.end("SIGINT");
    expect(stdout).toMatch(/^tcp-0 +127\.0\.0\.1:\d+ +127\.0\.0\.1:5000 +closed +\d+ +6 +6 /m);
    expect(stderr).toMatch(/captured, \d+ received, 0 dropped by the kernel\n1 conversation\n/);
    expect(code).toBe(0);
  });

  test("refuses options of live traffic for a file, and a filter in the file's place", async () => {
    const option = await run("flows", trace, "-i", "lo");
    expect(option).toMatchObject({ code: 64, stdout: "" });
    expect(option.stderr).toContain("is for live traffic");
    const filter = await run("flows", "tcp", "port", "80");
    expect(filter.code).toBe(66);
    expect(filter.stderr).toContain("in front of the filter stands a file, or the word live");
  });
});

describe("read", () => {
  test("--explain says in a sentence what each packet means", async () => {
    const { stdout } = await run("read", trace, "--explain", "port 5001");
    expect(stdout.split("\n").filter((line) => line.startsWith("    ▸ "))).toEqual([
      "    ▸ the client asks for a connection to port 5001",
      "    ▸ the server refuses: nothing listens on port 5001; the client's connect fails with ECONNREFUSED",
    ]);
  });

  test("--explain says it in JSON, too", async () => {
    const { code, stdout } = await run("read", trace, "--explain", "--json", "port 5001");
    expect(
      stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line).explain),
    ).toEqual([
      ["the client asks for a connection to port 5001"],
      ["the server refuses: nothing listens on port 5001; the client's connect fails with ECONNREFUSED"],
    ]);
    expect(code).toBe(0);
    expect((await run("read", trace, "--json", "port 5001")).stdout).not.toContain("explain");
  });

  test("--ladder draws each conversation in 80 columns", async () => {
    const { code, stdout, stderr } = await run("read", trace, "--ladder");
    expect(stdout).toMatch(/^TCP conversation 0: closed\n/);
    expect(stdout).toContain("\n\nTCP conversation 1: refused\n");
    expect(stdout.match(/▶|◀/g)).toHaveLength(written.length);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(stderr).toBe("11 packets, 2023-11-14 22:13:20 to 22:13:21\n");
    expect(code).toBe(0);
  });

  test("--format makes diagrams: a Markdown block of each conversation, one image of all", async () => {
    const mermaid = await run("read", trace, "--format", "mermaid");
    expect(mermaid.stdout.match(/^```mermaid\nsequenceDiagram\n/gm)).toHaveLength(2);
    const { stdout: image } = await run("read", trace, "--format", "svg");
    expect(image).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(image.match(/<svg/g)).toHaveLength(1);
    expect(image).toMatch(/TCP conversation 0: closed[\s\S]*TCP conversation 1: refused/);
  });

  test("refuses what a ladder has no place for", async () => {
    for (const option of ["--json", "--hex", "--verbose"])
      expect(await run("read", trace, "--ladder", option)).toMatchObject({ code: 64, stdout: "" });
  });
});

describe("follow", () => {
  const SAID = [
    "tcp-0  client 192.0.2.1:40000  server 198.51.100.2:5000",
    "→ GET /",
    "→ A: \\u001b[31m",
    "← hi",
    "← < you",
  ];

  test("shows both sides line by line, and nothing that a terminal would obey", async () => {
    const { code, stdout, stderr } = await run("follow", trace);
    expect(stdout.split("\n")).toEqual([...SAID, ""]);
    expect(stderr).not.toContain("missing");
    expect(code).toBe(0);
  });

  test("breaks lines itself on a terminal, so that no rest of one can look like another side's", async () => {
    expect((await onTerminal(10, "follow", trace)).slice(1, 6)).toEqual([
      "→ GET /",
      "→ A: \\u001",
      "  b[31m",
      "← hi",
      "← < you",
    ]);
  });

  test("goes on with a line that was interrupted, and says what is missing where", async () => {
    const { stdout, stderr } = await run("follow", join(folder, "broken.pcapng"), "--conversation", "tcp-0");
    expect(stdout.split("\n").slice(1)).toEqual([
      "→ one",
      "← wait",
      "⇢  line",
      "✗ 10 octets of the client not seen: lost, or not captured",
      "→ later",
      "",
    ]);
    expect(stderr).toContain("10 octets missing\n");
  });

  test("--hex shows octets with their place in the stream", async () => {
    const { stdout } = await run("follow", trace, "--hex");
    expect(stdout).toContain("→ 17 octets from 0 on\n→ 0000  47 45 54 20 2f 0d 0a 41");
    expect(stdout).toContain("← 1 octet from 0 on\n");
    expect(stdout).toContain("← 7 octets from 1 on\n");
  });

  test("--raw writes a file for each side that only its owner reads, and none over another", async () => {
    const directory = mkdtempSync(join(folder, "raw-"));
    const { code, stdout, stderr } = await run("follow", trace, "--raw", directory);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toContain(`2 files in ${directory}\n`);
    expect(readFileSync(join(directory, "tcp-0-client"), "latin1")).toBe("GET /\r\nA: \x1b[31m\r\n");
    expect(readFileSync(join(directory, "tcp-0-server"), "latin1")).toBe("hi\n< you");
    expect(statSync(join(directory, "tcp-0-client")).mode & 0o777).toBe(0o600);
    rmSync(join(directory, "tcp-0-client"));
    symlinkSync("/dev/null", join(directory, "tcp-0-client"));
    const again = await run("follow", trace, "--raw", directory);
    expect(again.code).toBe(73);
    expect(again.stderr).toContain("tcp-0-client: there is a file of that name already");
  });

  test("refuses a directory that no file can be made in, and a name that is none", async () => {
    const directory = await run("follow", trace, "--raw", join(folder, "none"));
    expect(directory.code).toBe(64);
    expect(directory.stderr).toContain("cannot make files in");
    const name = await run("follow", trace, "--conversation", "../tcp-0");
    expect(name.code).toBe(64);
    expect(name.stderr).toContain("takes a name such as tcp-0");
    const absent = await run("follow", trace, "--conversation", "tcp-99");
    expect(absent).toMatchObject({ code: 64, stdout: "" });
    expect(absent.stderr).toContain("there is no tcp-99 among what was read");
    // The server of a refused connection says nothing, and is there
    const silent = await run("follow", trace, "--conversation", "tcp-1");
    expect(silent.code).toBe(0);
    expect(silent.stderr).toContain("nothing was said\n");
  });

  test("shows live what is said at once, before its line ends", async () => {
    const server = createServer((socket) => socket.resume()).listen(5000, "127.0.0.1");
    await once(server, "listening");
    const command = new Running(["follow", "live", "tcp port 5000", "-i", "lo"]);
    await command.capturing();
    const client = connect(5000, "127.0.0.1");
    client.resume();
    const closed = once(client, "close");
    client.write("hel");
    await command.until("stdout", "→ hel\n");
    client.end("lo\n");
    await command.until("stdout", "⇢ lo\n");
    await closed;
    server.close();
    expect((await command.end("SIGINT")).code).toBe(0);
  });

  test("says where a conversation that was waited for did not come", async () => {
    const command = new Running(["follow", "live", "tcp port 5000", "-i", "lo", "--conversation", "tcp-99"]);
    await command.capturing();
    await converse();
    const { code, stderr } = await command.end("SIGINT");
    expect(code).toBe(0);
    expect(stderr).toContain("no conversation tcp-99 came\n");
  });
});

test("a capture draws what it saw once it ends", async () => {
  const command = new Running(["capture", "--ladder", "--explain", "-i", "lo", "tcp port 5000"]);
  await command.capturing();
  await converse();
  const { stdout } = await command.end("SIGINT");
  expect(stdout).toMatch(/^TCP conversation 0: closed\n/);
  expect(stdout).toContain("▸ the server agrees to the connection");
});
