import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCapture } from "../../src/capture/file-output.js";
import { capture } from "../../src/capture/live.js";
import { datagram, stream } from "../../src/echo/echo.js";
import { Running } from "../support/command.js";
import { ownNetwork, sendDatagrams } from "../support/live.js";

const ROOT = join(import.meta.dirname, "../..");
const pages = ["README.md", ...readdirSync(join(ROOT, "docs")).map((page) => `docs/${page}`)].filter((page) =>
  page.endsWith(".md"),
);
const folder = mkdtempSync(join(tmpdir(), "sockinspect-docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The fenced blocks of a language, each with its page. */
function blocks(language: string): [string, string][] {
  return pages.flatMap((page) =>
    [...readFileSync(join(ROOT, page), "utf8").matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
      .filter((match) => match[1] === language)
      .map((match): [string, string] => [page, match[2]!]),
  );
}

const scripts = blocks("js");
/** What the reader types, without npm's own commands: `.ci/run` runs those. */
const commands = blocks("sh").flatMap(([page, block]) =>
  block
    .split("\n")
    .map((line) => line.replace(/ #.*/, "").trim())
    .filter((line) => /^(sudo )?sockinspect /.test(line))
    .map((line): [string, string] => [page, line]),
);

beforeAll(async () => {
  ownNetwork();
  // The package, as a reader has installed it
  writeFileSync(join(folder, "package.json"), "{}");
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules/sockinspect"));
  const source = capture({ interface: "lo", filter: "udp", limit: 3 });
  await sendDatagrams(3);
  const output = await createCapture(join(folder, "capture.pcapng"));
  for await (const batch of source.batches()) for (const frame of batch) output.write(frame);
  await output.close();
});

/** Datagrams and connections to port 5000, where echo servers are, until it is told to stop. */
async function traffic(): Promise<() => Promise<void>> {
  const servers = [await datagram({ port: 5000 }), await stream({ port: 5000 })];
  let going = true;
  const run = (async () => {
    while (going) {
      await sendDatagrams(20);
      const client = connect(5000, "127.0.0.1");
      client.end("hello");
      client.resume();
      await once(client, "close");
    }
  })();
  return async () => {
    going = false;
    await run;
    for (const server of servers) await server.close();
  };
}

test("there are examples", () => {
  expect(scripts.length).toBeGreaterThanOrEqual(5);
  expect(commands.length).toBeGreaterThanOrEqual(6);
});

test.each(scripts)("a script of %s runs: %s", async (_, script) => {
  const stop = await traffic();
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  await stop();
  expect(said).not.toBe("");
  expect(code, said).toBe(0);
});

test.each(commands)("a command of %s runs: %s", async (_, line) => {
  const [, ...words] = line.replace(/^sudo /, "").split(/ +/);
  const args = words
    .join(" ")
    .match(/'[^']*'|\S+/g)!
    .map((word) => word.replace(/^'|'$/g, ""));
  // It has the port, and the traffic, for itself
  const stop = args[0] === "echo" ? undefined : await traffic();
  const command = new Running(args, {}, folder);
  if (args[0] === "echo") {
    await command.until("stderr", "Ctrl-C ends it");
    command.child.kill("SIGINT");
  }
  if (args[0] === "capture") {
    await command.capturing();
    // A count ends it by itself
    if (!args.includes("-c")) command.child.kill("SIGINT");
  }
  const { code, stderr } = await command.end();
  await stop?.();
  expect(code, stderr).toBe(0);
});
