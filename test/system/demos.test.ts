import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compare, type Outline } from "../../src/demo/outline.js";
import { scenarios } from "../../src/demo/scenarios.js";
import { Stage } from "../../src/demo/stage.js";
import type { Ladder } from "../../src/render/ladder.js";
import { ladderText } from "../../src/render/ladder-text.js";
import { binding } from "../../src/socket/binding.js";
import { Running, run } from "../support/command.js";

const DIST = join(import.meta.dirname, "../../dist");
const folder = mkdtempSync(join(tmpdir(), "sockinspect-demos-"));
const names = scenarios.map(({ name }) => name);

beforeAll(() => {
  binding().enterNewNetworkNamespace();
  binding().setInterfaceUp("lo");
});
afterAll(() => rmSync(folder, { recursive: true }));

test("demos are listed, a line each", async () => {
  const { code, stdout } = await run("demo");
  expect(code).toBe(0);
  const lines = stdout.split("\n");
  for (const { name, title } of scenarios)
    expect(lines.find((line) => line.startsWith(`${name} `))).toMatch(new RegExp(` ${title}$`));
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(new Set(names).size).toBe(names.length);
});

/** Of some the text is looked at below. */
test.each(names)("demo %s is as expected, and its check fails where it is not", async (name) => {
  const { code, stdout, stderr } = await run("demo", name, "--json");
  expect(stderr).toBe("");
  const told = JSON.parse(stdout) as { failures: string[]; seen: Record<string, Outline[]>; ladder: Ladder };
  expect(told.failures).toEqual([]);
  expect(code).toBe(0);
  for (const line of ladderText(told.ladder)) expect(line.length, line).toBeLessThanOrEqual(80);
  const wrong: Outline = { from: "server", words: ["RST", "reset"] };
  const { expected } = scenarios.find((each) => each.name === name)!;
  for (const [conversation, list] of Object.entries(Array.isArray(expected) ? { A: expected } : expected)) {
    const seen = told.seen[conversation]!;
    expect(compare(seen, list)).toBeUndefined();
    // One too few, one too many, another order, another one
    expect(compare(seen.slice(1), list)).toMatchObject({ wrong: true });
    expect(compare([...seen, wrong], list)).toMatchObject({ wrong: true });
    expect(compare([...seen].reverse(), list)).toMatchObject({ wrong: true });
    expect(compare([wrong, ...seen.slice(1)], list)).toMatchObject({ wrong: true });
    expect(compare(seen.slice(0, 1), list)).toMatchObject({ wrong: false });
  }
});

test.each(["echo", "fast-retransmit"])("demo %s is told within 80 columns", async (name) => {
  const { code, stdout } = await run("demo", name);
  expect(stdout).toMatch(/✓ \d+ packets, as expected\n$/);
  expect(stdout).not.toContain("✗");
  expect(stdout).toMatch(/clocks within [\d.]+ µs/);
  expect(code).toBe(0);
  for (const line of stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
});

describe("the check of a demo fails", () => {
  test("where something else is not so", async () => {
    const [first] = scenarios;
    const run = async (stage: Stage): Promise<void> => {
      await first!.run(stage);
      stage.expect("water flows uphill", false);
    };
    await using stage = new Stage({ ...first!, run });
    await stage.play();
    expect(stage.failures).toEqual(["it is not so that water flows uphill"]);
  });

  test("and the command says so, and exits with 1", async () => {
    const command = broken("handshake", ["client: SYN", "server: RST"]);
    const { code, stdout } = await command.end();
    expect(stdout).toContain('✗ packet 2 is "server: SYN ACK", but "server: RST" was expected');
    expect(stdout).not.toContain("✓");
    expect(code).toBe(1);
  });

  test("also in JSON", async () => {
    const { code, stdout } = await broken("refused", ["client: SYN", "client: SYN"], "--json").end();
    expect(JSON.parse(stdout)).toMatchObject({ passed: false, failures: [expect.stringContaining("was expected")] });
    expect(code).toBe(1);
  });
});

/** A demo that expects something else. */
function broken(name: string, expected: readonly string[], ...args: string[]): Running {
  const script = `import { scenarios } from ${JSON.stringify(pathToFileURL(join(DIST, "demo/scenarios.js")).href)};
    scenarios.find(({ name }) => name === ${JSON.stringify(name)}).expected = ${JSON.stringify(expected)};`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(script)}`;
  // Not bundled: its modules can be found and changed
  return new Running(["demo", name, ...args], { NODE_OPTIONS }, undefined, join(DIST, "cli/main.js"));
}

test("a demo as JSON has calls, packets and states", async () => {
  const { stdout } = await run("demo", "handshake", "--json");
  const told = JSON.parse(stdout);
  expect(told).toMatchObject({ demo: "handshake", passed: true, failures: [] });
  expect(told.clockError).toBeGreaterThan(0);
  const { rungs } = told.ladder;
  // The server's FIN may be in time to acknowledge the client's, too
  expect([6, 7]).toContain(told.packets.length);
  expect(rungs.filter(({ kind }: { kind: string }) => kind === "packet")).toHaveLength(told.packets.length);
  const find = (text: RegExp) => rungs.findIndex((rung: { text: string }) => text.test(rung.text));
  expect(rungs[find(/^listen/)]).toMatchObject({
    kind: "call",
    by: "server",
    states: { server: "LISTEN", sampled: true },
  });
  expect(rungs[find(/^… connect returns/)]).toMatchObject({ states: { client: "ESTABLISHED", sampled: true } });
  // One clock: connect() lies around its packets, accept() behind them
  const order = [/^connect/, /^SYN seq/, /^SYN ACK/, /^ACK ack 1/, /accept.*127/, /^close/, /^FIN/].map(find);
  expect(order).toEqual([...order].sort((a, b) => a - b));
  const times = rungs.map((rung: { time: number }) => rung.time);
  expect(times).toEqual([...times].sort((a: number, b: number) => a - b));
});

test("a demo is drawn, and its packets saved", async () => {
  const [image, file] = [join(folder, "echo.svg"), join(folder, "echo.pcapng")];
  const { code, stderr } = await run("demo", "echo", "--svg", image, "--write", file);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain(`packets saved in ${file}`);
  const svg = readFileSync(image, "utf8");
  expect(svg).toMatch(/^<svg /);
  expect(svg).toContain("send(&#34;hello&#34;)");
  const read = await run("read", file, "--quiet");
  expect(read.stderr).toMatch(/^\d+ packets/);
  const mermaid = await run("demo", "echo", "--mermaid");
  expect(mermaid.stdout).toMatch(/^sequenceDiagram\n/);
});

test("a link's packets are saved, too", async () => {
  const file = join(folder, "retransmission.pcapng");
  expect((await run("demo", "retransmission", "--write", file)).code).toBe(0);
  const { stdout } = await run("read", file, "--explain");
  expect(stdout).toContain("sends again");
});

test("a file that cannot be created ends it before anything is played", async () => {
  const { code, stderr } = await run("demo", "handshake", "--svg", join(folder, "no/such/folder.svg"));
  expect(stderr).toContain("cannot create");
  expect(code).toBe(73);
});

test("--slow pauses between steps, and draws them as they come", async () => {
  const command = new Running(["demo", "refused", "--slow"]);
  const { code, stdout } = await command.end();
  expect(stdout).toContain("✓ 2 packets, as expected");
  expect(code).toBe(0);
});

test("demos are listed as JSON, too", async () => {
  const { stdout } = await run("demo", "--json");
  const told = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { demo: string });
  expect(told.map(({ demo }) => demo)).toEqual(names);
});

test.each([
  [["--slow"], "--slow needs the name of a demo; 'sockinspect demo' lists them"],
  [["handshake", "--svg", ""], "--svg takes the name of a file"],
  [["handshake", "--svg", "-", "--write", "-"], "- is standard output, which only one of"],
  [["handshake", "--json", "--write", "-"], "- is standard output, which only one of"],
])("demo %j is refused before anything is played", async (args, message) => {
  const { code, stdout, stderr } = await run("demo", ...args);
  expect(stderr).toContain(message);
  expect(stdout).toBe("");
  expect(code).toBe(64);
});

test("an image on standard output is alone there", async () => {
  const { stdout, stderr } = await run("demo", "refused", "--svg", "-");
  expect(stdout).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
  expect(stderr).toBe("");
});

test.each([
  ["handshakr", "did you mean handshake?"],
  ["zero_window", "did you mean zero-window?"],
  ["something", "'sockinspect demo' lists them all"],
])("there is no demo %s: %s", async (name, hint) => {
  const { code, stderr } = await run("demo", name);
  expect(stderr).toBe(`sockinspect: there is no demo called ${name}: ${hint}\n`);
  expect(code).toBe(64);
});

describe("where namespaces are refused, it says what refuses them and what to do", () => {
  test("unshare is missing", async () => {
    const { code, stderr } = await new Running(["demo", "handshake"], { PATH: "/nonexistent" }).end();
    expect(stderr).toContain("the program unshare is missing. Install the package util-linux.");
    expect(code).toBe(77);
  });

  test("the kernel's limit is 0", () => {
    // A user namespace has a limit of its own
    const script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
    const { status, stderr } = spawnSync(
      "unshare",
      ["--user", "--map-user=1000", "--keep-caps", "sh", "-c", script, "sh"].concat(
        process.execPath,
        join(DIST, "bundle/main.js"),
        "demo",
        "handshake",
      ),
      { encoding: "utf8" },
    );
    expect(stderr).toContain("user.max_user_namespaces forbids user namespaces");
    expect(stderr).toContain("sudo sysctl -w user.max_user_namespaces=10000");
    expect(status).toBe(77);
  });
});
