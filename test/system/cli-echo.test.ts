import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { binding } from "../../src/socket/binding.js";
import { Running, run } from "../support/command.js";

const servers: Running[] = [];

beforeAll(() => {
  binding().enterNewNetworkNamespace();
  binding().setInterfaceUp("lo");
});

afterEach(async () => {
  for (const server of servers.splice(0)) await server.end("SIGINT");
});

/** A server that listens, and where. */
async function started(...args: string[]): Promise<{ server: Running; port: string }> {
  const server = new Running(["echo", ...args, "--port", "0"]);
  servers.push(server);
  await server.until("stderr", "Ctrl-C ends it");
  return { server, port: /listening on \S*:(\d+)/.exec(server.stderr)![1]! };
}

/** Without what differs from run to run: times and ephemeral ports. */
function calls(output: string): string[] {
  return output
    .split("\n")
    .filter((line) => /^\d\d:\d\d:\d\d\.\d{6} #/.test(line))
    .map((line) => line.slice(16).replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT"));
}

describe("sockinspect echo stream", () => {
  test.each(["single", "multi"])("--serve %s shows the calls of the textbook, and what became of it", async (serve) => {
    const { server, port } = await started("stream", "--serve", serve);
    const said = await run("say", "stream", `127.0.0.1:${port}`, "hello", "\x1b[31mred", "--half-close");
    expect(said).toMatchObject({ code: 0, stdout: "hello\n\\u001b[31mred\n" });
    expect(calls(said.stderr)).toEqual([
      "#1  socket(IPv4, stream)",
      "#1  connect(127.0.0.1:PORT)",
      '#1  send(5) → 5  "hello"',
      '#1  recv(65536) → 5  "hello"',
      '#1  send(8) → 8  "\\u001b[31mred"',
      '#1  recv(65536) → 8  "\\u001b[31mred"',
      "#1  shutdown(sending)",
      "#1  recv(65536) → 0",
      "#1  close()",
    ]);
    await server.until("stdout", "#2  close()");
    const { code, stdout, stderr } = await server.end("SIGINT");
    expect(calls(stdout)).toEqual([
      "#1  socket(IPv4, stream)",
      "#1  setsockopt(reuseAddress true)",
      "#1  bind(127.0.0.1:PORT)",
      "#1  listen(511)",
      "#1  accept() → #2 from 127.0.0.1:PORT",
      '#2  recv(65536) → 5  "hello"',
      '#2  send(5) → 5  "hello"',
      '#2  recv(65536) → 8  "\\u001b[31mred"',
      '#2  send(8) → 8  "\\u001b[31mred"',
      "#2  recv(65536) → 0",
      "#2  close()",
      "#1  close()",
    ]);
    expect(stdout + stderr).not.toContain("\x1b");
    expect(stderr).toContain("1 connection, 13 octets received, 13 sent\n");
    expect(code).toBe(0);
  });

  test("--capture shows the packets beneath the calls that caused them", async () => {
    const { server, port } = await started("stream", "--capture", "--user", "root");
    expect((await run("say", "stream", `127.0.0.1:${port}`, "hello", "--abort", "--quiet")).code).toBe(0);
    await server.until("stdout", "#2  close()");
    const { stdout, stderr } = await server.end("SIGINT");
    const kinds = stdout
      .split("\n")
      .slice(4)
      .map((line) => /TCP ([A-Z ]+?)(?: seq| ack)/.exec(line)?.[1] ?? / (\w+)\(/.exec(line)?.[1]);
    // The acknowledgments between are sent when the kernel likes
    expect(kinds.filter((kind) => kind !== "ACK" && kind !== undefined)).toEqual([
      "SYN",
      "SYN ACK",
      "accept",
      "PSH ACK",
      "recv",
      "send",
      "PSH ACK",
      "RST ACK",
      "recv",
      "close",
      "close",
    ]);
    expect(stdout).toContain("recv(65536) → ECONNRESET");
    expect(stderr).toContain("1 connection, 1 reset, 5 octets received, 5 sent\n");
    expect(stderr).toMatch(/\d+ packets captured, \d+ received, 0 dropped by the kernel\n/);
  });

  test("--serve threads, over IPv6, is silent, and told in JSON its calls are one object a line", async () => {
    const threads = await started("stream", "--serve", "threads", "--host", "[::1]");
    expect(threads.server.stderr).toContain("listening on [::1]:");
    expect(await run("say", "stream", `[::1]:${threads.port}`, "hello", "--quiet")).toEqual({
      code: 0,
      stdout: "hello\n",
      stderr: "",
    });
    const { server, port } = await started("stream", "--json");
    await run("say", "stream", port, "hello");
    await server.until("stdout", '"name":"close"');
    const objects = server.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(objects.find(({ name }) => name === "recv")).toMatchObject({
      kind: "call",
      socket: 2,
      arguments: { max: 65_536 },
      result: 5,
      octets: "68656c6c6f",
    });
  });

  test("closes whom it has not heard for too long; says that its port is taken", async () => {
    const { server, port } = await started("stream", "--idle", "0.1");
    const silent = new Running(["say", "stream", `127.0.0.1:${port}`], {}, undefined);
    expect((await silent.end()).code).toBe(0); // its standard input is empty
    const taken = await run("echo", "stream", "--port", port);
    expect(taken.code).toBe(71);
    expect(taken.stderr).toMatch(/^sockinspect: cannot bind to 127\.0\.0\.1 port \d+: EADDRINUSE: .*reuseAddress/m);
    await server.end("SIGTERM");
    expect(server.stderr).toContain("1 connection");
  });

  test("says what it does not understand", async () => {
    for (const [args, why] of [
      [["--serve", "fork"], "Allowed choices are single, multi, threads"],
      [["--port", "65536"], "It takes a whole number from 0 to 65535"],
      [["--backlog", "-1"], "It takes a whole number"],
      [["--host", "no.such.invalid"], "no address is known for no.such.invalid"],
    ] as const) {
      const { code, stderr } = await run("echo", "stream", ...args);
      expect([code, stderr]).toEqual([64, expect.stringContaining(why)]);
    }
  });
});

describe("sockinspect echo datagram", () => {
  test("shows the calls of the textbook", async () => {
    const { server, port } = await started("datagram");
    const said = await run("say", "datagram", `localhost:${port}`, "one", "two", "--source-port", "4040");
    expect(said).toMatchObject({ code: 0, stdout: "one\ntwo\n" });
    expect(said.stderr).toContain("bind(0.0.0.0:4040)");
    const { stdout, stderr } = await server.end("SIGINT");
    expect(calls(stdout).slice(2)).toEqual([
      '#1  recvfrom(65535) → 3 from 127.0.0.1:PORT  "one"',
      '#1  sendto(3, 127.0.0.1:PORT) → 3  "one"',
      '#1  recvfrom(65535) → 3 from 127.0.0.1:PORT  "two"',
      '#1  sendto(3, 127.0.0.1:PORT) → 3  "two"',
      "#1  close()",
    ]);
    expect(stderr).toContain("2 datagrams received, 2 sent\n");
  });
});

describe("sockinspect say", () => {
  test("says why nobody answers", async () => {
    const refused = await run("say", "stream", "127.0.0.1:1", "x");
    expect(refused.code).toBe(69);
    expect(refused.stderr).toContain(
      "sockinspect: cannot connect to 127.0.0.1 port 1: ECONNREFUSED: nobody listens there\n",
    );
    const unreachable = await run("say", "datagram", "127.0.0.1:1", "x", "--quiet");
    expect(unreachable).toEqual({
      code: 69,
      stdout: "",
      stderr: "sockinspect: cannot receive: ECONNREFUSED: nobody listens there\n",
    });
    for (const to of ["127.0.0.1", "::1:5000", "[::1]", "host:0", "host:65536", ""]) {
      const { code, stderr } = await run("say", "stream", to, "x");
      expect([code, stderr]).toEqual([64, expect.stringContaining("is no HOST:PORT: write 192.0.2.1:5000")]);
    }
  });

  test("prints what a server says that is no echo, as nothing that a terminal obeys; --raw prints it as it is", async () => {
    const server = createServer((socket) => socket.resume().end("\x1b[2Jline\nlast\r")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    expect((await run("say", "stream", `127.0.0.1:${port}`, "x", "--half-close")).stdout).toBe(
      "\\u001b[2Jline\nlast\\u000d\n",
    );
    expect((await run("say", "stream", `127.0.0.1:${port}`, "x", "--half-close", "--raw")).stdout).toBe(
      "\x1b[2Jline\nlast\r",
    );
    server.close();
    await once(server, "close");
  });

  test("waits no longer than it is told for what comes back", async () => {
    const server = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const { code, stderr } = await run("say", "stream", `127.0.0.1:${port}`, "hello", "--timeout", "0.05", "--quiet");
    expect([code, stderr]).toEqual([0, "5 octets sent, 0 came back within 0.05 s\n"]);
    server.close();
    await once(server, "close");
  });
});
