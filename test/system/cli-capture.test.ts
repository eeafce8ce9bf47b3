import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Running, run } from "../support/command.js";
import { ownNetwork, sendDatagrams, sendUntil } from "../support/live.js";

beforeAll(ownNetwork);

const folder = mkdtempSync(join(tmpdir(), "sockinspect-cli-capture-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The lines of /proc/PID/task/TID/status that `pattern` matches, of every thread. */
function ofEveryThread(pid: number, pattern: RegExp): string[] {
  return readdirSync(`/proc/${pid}/task`).map(
    (task) => pattern.exec(readFileSync(`/proc/${pid}/task/${task}/status`, "utf8"))![1]!,
  );
}

test("packets are printed a line each, and Ctrl-C ends with a summary", async () => {
  const command = new Running(["capture", "--port", "9", "--time", "none"]);
  await command.capturing();
  await sendDatagrams(2);
  await command.until("stdout", "\n");
  const { code, stdout, stderr } = await command.end("SIGINT");
  expect(stdout.replace(/:\d{4,5} /g, ":PORT ")).toBe("lo in  127.0.0.1:PORT → 127.0.0.1:9  UDP 10 bytes\n".repeat(2));
  expect(stderr).toContain("capturing on every interface: port 9");
  expect(stderr).toContain("2 packets captured, 2 received, 0 dropped by the kernel");
  expect(code).toBe(0);
});

test("a count ends the capture, and what else was received is told", async () => {
  const command = new Running(["capture", "-i", "lo", "-c", "2", "udp"]);
  await command.capturing();
  await sendDatagrams(5);
  const { code, stdout, stderr } = await command.end();
  expect(stdout.trim().split("\n")).toHaveLength(2);
  expect(stderr).toMatch(/2 packets captured, [2-5] received, 0 dropped by the kernel/);
  expect(code).toBe(0);
});

test("a duration ends the capture", async () => {
  const { code, stderr } = await run("capture", "-i", "lo", "--duration", "0.2", "udp");
  expect(stderr).toContain("0 packets captured, 0 received");
  expect(code).toBe(0);
});

test("JSON is one object a line, without payload on demand", async () => {
  const command = new Running(["capture", "--json", "--no-payload", "-c", "1", "udp port 9"]);
  await command.capturing();
  await sendDatagrams(1);
  const { stdout } = await command.end();
  const packet = JSON.parse(stdout) as { layers: { kind: string }[] };
  expect(packet.layers.map(({ kind }) => kind)).toEqual(["ethernet", "ipv4", "udp", "payload"]);
  expect(packet.layers[3]).toEqual({ kind: "payload", length: 10 });
});

test.each(["capture", "read", "send", "ask"])(
  "%s refuses JSON with every field or octet, which it has already",
  async (name) => {
    for (const option of ["-v", "-x"]) {
      const { code, stderr } = await run(name, "--json", option, "ipv4/udp");
      expect(stderr).toContain("option '--json' cannot be used with option");
      expect(code).toBe(64);
    }
  },
);

test("verbose and hex show every field and octet; quiet shows none", async () => {
  const loud = new Running(["capture", "-v", "-x", "-c", "1", "udp port 9"]);
  const quiet = new Running(["capture", "--quiet", "-c", "1", "udp port 9"]);
  await Promise.all([loud.capturing(), quiet.capturing()]);
  await sendDatagrams(1);
  const { stdout } = await loud.end();
  expect(stdout).toContain("    destination port  9");
  expect(stdout).toContain("    0020  ");
  expect(stdout).toContain("xxxxxx\n    0030  78 78 78 78 ");
  expect(await quiet.end()).toMatchObject({ code: 0, stdout: "" });
});

test("-i any is every interface, as without it", async () => {
  const command = new Running(["capture", "-i", "any", "-c", "1", "udp port 9"]);
  await command.capturing();
  await sendDatagrams(1);
  const { code, stderr } = await command.end();
  expect(stderr).toContain("capturing on every interface: udp port 9");
  expect(code).toBe(0);
});

test("colours are for terminals: none in a pipe, all with --color always unless forbidden", async () => {
  const outputs = await Promise.all(
    [[], ["--color", "always"]].map(async (options) => {
      const command = new Running(["capture", "-c", "1", ...options, "udp port 9"]);
      await command.capturing();
      return command;
    }),
  );
  await sendDatagrams(1);
  const [piped, coloured] = await Promise.all(outputs.map((command) => command.end()));
  expect(piped!.stdout).not.toContain("\x1b");
  expect(coloured!.stdout).toContain("\x1b[36m127.0.0.1\x1b[39m");
});

test("a reader that goes away (| head) ends the capture cleanly", async () => {
  const command = new Running(["capture", "udp port 9"]);
  await command.capturing();
  command.child.stdout?.destroy();
  const { code, stderr } = await sendUntil(command.end());
  expect(stderr).toMatch(/\d+ packets? captured, \d+ received, 0 dropped/);
  expect(code).toBe(0);
});

test("a reader that stands still costs no memory: the kernel drops, and the summary says how many", async () => {
  const command = new Running(["capture", "-i", "lo", "--buffer", "0.5", "udp port 9"]);
  await command.capturing();
  command.child.stdout?.pause();
  const count = 40_000;
  await sendDatagrams(count, 10);
  const [memory] = ofEveryThread(command.child.pid!, /VmRSS:\s+(\d+)/);
  expect(Number(memory)).toBeLessThan(200_000);
  command.child.kill("SIGINT");
  command.child.stdout?.resume();
  const { code, stdout, stderr } = await command.end();
  const [, captured, received, dropped] = /(\d+) packets captured, (\d+) received, (\d+) dropped/
    .exec(stderr)!
    .map(Number);
  expect(dropped).toBeGreaterThan(0);
  expect(received).toBe(count);
  expect(captured! + dropped!).toBe(count);
  expect(stdout.split("\n").length - 1).toBe(captured);
  expect(code).toBe(0);
});

test("before the first packet is read, capabilities are gone from every thread", async () => {
  const command = new Running(["capture", "udp"]);
  await command.capturing();
  const pid = command.child.pid!;
  for (const set of ["CapEff", "CapPrm", "CapInh", "CapAmb"])
    expect(new Set(ofEveryThread(pid, new RegExp(`${set}:\\s+(\\w+)`)))).toEqual(new Set(["0000000000000000"]));
  expect(new Set(ofEveryThread(pid, /NoNewPrivs:\s+(\d)/))).toEqual(new Set(["1"]));
  await command.end("SIGINT");
});

test("root becomes who ran sudo, or nobody, without groups; --user root keeps it and says so", async () => {
  // A user namespace of an ordinary user maps nobody else: its root stays, an ordinary user outside, without capabilities
  const mapped = process.getuid?.() === 0 && readFileSync("/proc/self/uid_map", "utf8").includes("4294967295");
  const identity = async (args: string[], env: Record<string, string>): Promise<string[]> => {
    const command = new Running(["capture", ...args, "udp"], env);
    await command.capturing();
    const pid = command.child.pid!;
    const told = ["Uid", "Gid"].map((name) =>
      [...new Set(ofEveryThread(pid, new RegExp(`${name}:\\s+(\\d+)`)))].join("|"),
    );
    const groups = new Set(ofEveryThread(pid, /Groups:[ \t]*(.*)/).map((text) => text.trim()));
    const { stderr } = await command.end("SIGINT");
    return [...told, mapped ? [...groups].join("|") : "", stderr.includes("root is kept") ? "said" : "silent"];
  };
  const sudo = await identity([], { SUDO_UID: "1234", SUDO_GID: "2345" });
  expect(sudo).toEqual(mapped ? ["1234", "2345", "", "silent"] : ["0", "0", "", "silent"]);
  const nobody = await identity([], { SUDO_UID: "", SUDO_GID: "" });
  expect(nobody[0]).toBe(mapped ? "65534" : "0");
  const [uid, , , said] = await identity(["--user", "root"], {});
  expect([uid, said]).toEqual(["0", "said"]);
});

/** As root of a container that has only CAP_NET_RAW runs it. */
function confined(...args: string[]) {
  const main = join(import.meta.dirname, "../../dist/bundle/main.js");
  const only = ["--bounding-set", "-all,+net_raw", "--inh-caps", "-all"];
  const { status, stderr } = spawnSync("setpriv", [...only, process.execPath, main, ...args], {
    encoding: "utf8",
    env: { ...process.env, SUDO_UID: "", SUDO_GID: "" },
  });
  return { status, stderr };
}

test("root that may become nobody else keeps no capability, and says so", async () => {
  const mapped = readFileSync("/proc/self/uid_map", "utf8").includes("4294967295");
  const why = mapped ? "without CAP_SETUID and CAP_SETGID it cannot become another user" : "this user namespace has no";
  const { status, stderr } = confined("capture", "-i", "lo", "--duration", "0.1", "-w", join(folder, "confined.pcap"));
  if (mapped) expect(stderr).toContain(`root is kept, its capabilities are not: ${why}`);
  expect(stderr).toContain("0 packets saved in");
  expect(status).toBe(0);
  for (const args of [
    ["ping", "-c", "1", "127.0.0.1"],
    ["send", "ipv4/udp"],
    ["ask", "ipv4/icmp(type=echoRequest)"],
  ])
    expect(confined(...args).status, args.join(" ")).toBe(0);
  const named = confined("capture", "-i", "lo", "--user", "nobody");
  expect(named).toEqual({ status: 77, stderr: expect.stringContaining(`cannot become nobody: ${why}`) });
});

test("a user that is none is refused in one sentence", async () => {
  if (process.getuid?.() !== 0) return; // only root asks who ran sudo
  const { code, stderr } = await new Running(["capture", "-i", "lo"], { SUDO_UID: "1.5", SUDO_GID: "1" }).end();
  expect(stderr).toBe("sockinspect: the environment's SUDO_UID is no number of a user or group: 1.5\n");
  expect(code).toBe(64);
});

test("mistakes end with one sentence, a remedy and an exit code", async () => {
  const cases: [string[], number, string][] = [
    [["capture", "tcp prot 80"], 64, "did you mean 'port 80'?\ntcp prot 80\n    ^^^^\n"],
    [["capture", "-i", "eth99"], 64, "no interface is called eth99; there are lo, "],
    [["capture", "--port", "80 or udp"], 64, "--port takes a name or a number"],
    [["capture", "--count", "none"], 64, "It takes a number above 0"],
    [["capture", "--user", "nosuchuser"], 64, "/etc/passwd has no user nosuchuser"],
    [["capture", "--direction", "up"], 64, "Allowed choices are in, out"],
    [["capture", "--snaplne", "1"], 64, "Did you mean --snaplen?"],
    [["capture", "-nni", "lo"], 64, "instead of -n: nothing: names are never looked up\n(--help"],
    [["read", "x.pcap", "-A"], 64, "'sockinspect follow' what was said"],
    [["captur"], 64, "Did you mean capture?"],
    [["capture", "-i", "lo", "--buffer", "9999999"], 71, "choose a smaller buffer"],
  ];
  for (const [args, code, text] of cases) {
    const result = await run(...args);
    expect(result.stderr, args.join(" ")).toContain(text);
    expect(result, args.join(" ")).toMatchObject({ code, stdout: "" });
  }
});

test("interfaces lists the devices of this namespace, as a table and as JSON", async () => {
  expect((await run("interfaces")).stdout).toMatch(/NAME .*\n1 +lo +up +65536 .*127\.0\.0\.1\/8/);
  const lines = (await run("interfaces", "--json")).stdout.trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { name: string }).name).sort()).toEqual(["lo", "v0", "v1"]);
});

test("doctor finds that captures work here", async () => {
  const { stdout, code } = await run("doctor");
  expect(stdout).toContain("✓ packet sockets with a TPACKET_V3 ring and kernel filters open (CAP_NET_RAW)");
  expect(stdout).toMatch(
    /✓ root (becomes user \d+ before packets are looked at|is kept, its capabilities are not|is kept)/,
  );
  expect(code).toBe(0);
});
