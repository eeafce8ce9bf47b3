import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { binding } from "../../src/socket/binding.js";
import type { Call } from "../../src/socket/calls.js";
import { DatagramSocket } from "../../src/socket/datagram.js";
import { StreamSocket } from "../../src/socket/stream.js";
import { openDescriptors } from "../support/addon.js";

const BUILT = join(import.meta.dirname, "../../dist/bundle/index.js");
// As built: a thread of the server is a file of its own, which has to be JavaScript
const { echo } = (await import(BUILT)) as typeof import("../../src/index.js");

const opened: AsyncDisposable[] = [];
function kept<T extends AsyncDisposable>(it: T): T {
  opened.unshift(it);
  return it;
}

beforeAll(() => {
  binding().enterNewNetworkNamespace();
  binding().setInterfaceUp("lo");
});

afterEach(async () => {
  for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
});

const text = (octets: Uint8Array | undefined): string => new TextDecoder().decode(octets);
const kinds = ["single", "multi", "threads"] as const;

/** Resolves when `condition` holds: it is asked at every turn of the event loop. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

describe.each(kinds)("a stream server, %s,", (serve) => {
  test.each(["127.0.0.1", "::1"])("gives back what it was sent, half close and all, on %s", async (address) => {
    const server = kept(await echo.stream({ serve, address }));
    const { port } = server.address;
    const client = kept(await echo.streamClient({ host: address, port }));
    expect(text(await client.say("hello"))).toBe("hello");
    await client.socket.sendAll("and then nothing more");
    expect(text(await client.end())).toBe("and then nothing more");
    await client.close();
    await until(() => server.counters.open === 0);
    expect({ ...server.counters }).toEqual({ accepted: 1, open: 0, reset: 0, idle: 0, received: 26, sent: 26 });
  });

  test("gives back a million random octets unchanged, also to a client that receives late", async () => {
    const server = kept(await echo.stream({ serve }));
    const client = kept(await echo.streamClient({ port: server.address.port }));
    const octets = randomBytes(1_000_000);
    expect(Buffer.compare(await client.say(octets), octets)).toBe(0);
    const more = randomBytes(60_000_000);
    const sending = client.socket.sendAll(more);
    // Far more than the kernel keeps, which may be 37 MB (tcp_rmem, tcp_wmem): the server must wait for us, and take no more from us
    await until(() => server.counters.received > 1_500_000);
    let before = -1;
    for (; before !== server.counters.received; await new Promise((resolve) => setTimeout(resolve, 50)))
      before = server.counters.received;
    expect(before).toBeLessThan(61_000_000);
    const heard: Uint8Array[] = [];
    for (let left = more.length; left > 0; left -= heard.at(-1)!.length) heard.push(await client.socket.receive());
    await sending;
    expect(Buffer.compare(Buffer.concat(heard), more)).toBe(0);
  });

  test("lives through connections that are reset, and counts them", async () => {
    const server = kept(await echo.stream({ serve }));
    const { port } = server.address;
    for (let i = 0; i < 10; i++) {
      const client = await echo.streamClient({ port });
      await client.say("x");
      await client.abort();
      const silent = await echo.streamClient({ port });
      await silent.abort();
    }
    const client = kept(await echo.streamClient({ port }));
    expect(text(await client.say("still there"))).toBe("still there");
    await until(() => server.counters.open === 1);
    expect(server.counters.reset).toBeGreaterThanOrEqual(10);
  });

  test("closes a connection that is silent for too long, and no other", async () => {
    const server = kept(await echo.stream({ serve, idleTimeout: 500 }));
    const { port } = server.address;
    // The single server serves the silent one alone
    const silent = kept(await echo.streamClient({ port }));
    await silent.say("x");
    const busy = serve === "single" ? undefined : kept(await echo.streamClient({ port }));
    const end = silent.socket.receive();
    while (server.counters.idle === 0) await (busy?.say("x") ?? end);
    expect((await end).length).toBe(0);
    if (busy) expect(text(await busy.say("not silent"))).toBe("not silent");
    expect(server.counters.idle).toBe(1);
  });

  test("closes once its connections have ended, and takes no new ones meanwhile", async () => {
    const server = await echo.stream({ serve });
    const { port } = server.address;
    const client = kept(await echo.streamClient({ port }));
    await client.say("x");
    let closed = false;
    const closing = server.close({ grace: 10_000 }).then(() => {
      closed = true;
    });
    await until(() => server.counters.open === 1);
    expect(text(await client.say("served to the end"))).toBe("served to the end");
    expect(closed).toBe(false);
    await client.close();
    await closing;
    await expect(echo.streamClient({ port })).rejects.toMatchObject({ info: { code: "ECONNREFUSED" } });
  });

  test("resets what is left when the time to close is over, and at once when it is aborted", async () => {
    for (const end of ["close", "abort", "signal"] as const) {
      const abort = new AbortController();
      const server = await echo.stream({ serve, signal: abort.signal });
      const client = kept(await echo.streamClient({ port: server.address.port }));
      await client.say("x");
      const receiving = expect(client.socket.receive()).rejects.toMatchObject({ info: { code: "ECONNRESET" } });
      if (end === "signal") abort.abort();
      else if (end === "abort") await server.abort();
      else await server.close({ grace: 1 });
      await server.ended;
      await receiving;
    }
  });

  test("says that its port is taken", async () => {
    const listener = kept(await StreamSocket.create());
    await listener.bind({ address: "127.0.0.1" });
    await listener.listen();
    await expect(echo.stream({ serve, port: listener.localAddress!.port })).rejects.toThrow("EADDRINUSE");
  });
});

test("the single server serves one after the other: the second waits in the backlog", async () => {
  const server = kept(await echo.stream({ serve: "single" }));
  const { port } = server.address;
  const first = kept(await echo.streamClient({ port }));
  await first.say("first");
  const second = kept(await echo.streamClient({ port }));
  let answered = false;
  const said = second.say("second").then(() => {
    answered = true;
  });
  expect(text(await first.say("again"))).toBe("again");
  expect(answered).toBe(false);
  await first.close();
  await said;
});

test("the multi server takes no more connections than it may, until one has gone", async () => {
  const server = kept(await echo.stream({ connections: 2 }));
  const { port } = server.address;
  const clients = [kept(await echo.streamClient({ port })), kept(await echo.streamClient({ port }))];
  for (const client of clients) await client.say("in");
  const third = kept(await echo.streamClient({ port }));
  const said = third.say("waits");
  await clients[0]!.say("in");
  expect(server.counters).toMatchObject({ accepted: 2, open: 2 });
  await clients[1]!.close();
  expect(text(await said)).toBe("waits");
});

test.each([1, 8, 64])("the multi server serves %d at once, with half closes and resets in between", async (count) => {
  const server = kept(await echo.stream());
  const { port } = server.address;
  const one = async (i: number): Promise<void> => {
    for (let round = 0; round < 4; round++) {
      const client = await echo.streamClient({ port });
      const octets = randomBytes(1 + ((i * 7919 + round * 104_729) % 200_000));
      expect(Buffer.compare(await client.say(octets), octets)).toBe(0);
      if ((i + round) % 3 === 0) await client.abort();
      else expect((await client.end()).length).toBe(0);
      await client.close();
    }
  };
  await Promise.all(Array.from({ length: count }, (_, i) => one(i)));
  await until(() => server.counters.open === 0);
  expect(server.counters.accepted).toBe(4 * count);
  expect(server.counters.sent).toBe(server.counters.received);
});

test("threads share a port, and their number is as asked for", async () => {
  const server = kept(await echo.stream({ serve: "threads", threads: 3, connections: 300 }));
  const { port } = server.address;
  const clients = [];
  for (let i = 0; i < 30; i++) clients.push(kept(await echo.streamClient({ port })));
  for (const client of clients) expect(text(await client.say("x"))).toBe("x");
  expect(server.counters.open).toBe(30);
});

test("no descriptor is left behind", async () => {
  const before = openDescriptors();
  for (const serve of ["single", "multi"] as const) {
    const server = await echo.stream({ serve });
    for (let i = 0; i < 100; i++) {
      await using client = await echo.streamClient({ port: server.address.port });
      await client.say("x");
    }
    await server.close();
  }
  const server = await echo.datagram();
  await using client = await echo.datagramClient({ port: server.address.port });
  await client.say("x");
  await client.close();
  await server.close();
  // The poller's own two are there for good
  expect(openDescriptors() - before).toBeLessThanOrEqual(2);
});

test("a server that runs out of descriptors goes on when connections go", async () => {
  const script = `
    import { execFileSync } from "node:child_process";
    import { echo } from ${JSON.stringify(BUILT)};
    execFileSync("prlimit", ["--pid", String(process.pid), "--nofile=64"]); // once everything is loaded
    const server = await echo.stream();
    console.log(server.address.port);
    process.stdin.on("end", async () => {
      while (server.counters.open > 0) await new Promise((resolve) => setTimeout(resolve, 1));
      console.log(server.counters.accepted);
      await server.close();
    });
    process.stdin.resume();
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const closed = once(child, "close");
  await until(() => said.includes("\n"));
  const port = Number(said);
  said = "";
  // The kernel completes every handshake: those that the server has no descriptor for wait in its backlog
  const clients = [];
  for (let i = 0; i < 100; i++) clients.push(kept(await echo.streamClient({ port })));
  for (const client of clients) {
    expect(text(await client.say("x"))).toBe("x");
    await client.close();
  }
  child.stdin.end();
  const [code] = await closed;
  expect(said).toBe("100\n");
  expect(code).toBe(0);
});

test("an observed server tells the textbook's calls", async () => {
  for (const serve of ["single", "multi"] as const) {
    const calls: Call[] = [];
    const server = await echo.stream({ serve, observe: (call) => call.end !== undefined && calls.push(call) });
    await using client = await echo.streamClient({ port: server.address.port });
    await client.say("hello");
    await client.end();
    await until(() => server.counters.open === 0);
    await server.close();
    expect(calls.filter((call) => call.error === undefined).map((call) => call.name)).toEqual([
      "socket",
      "setsockopt",
      "bind",
      "listen",
      "accept",
      "recv",
      "send",
      "recv",
      "close",
      "close",
    ]);
  }
});

describe("a datagram server", () => {
  test.each(["127.0.0.1", "::1"])(
    "sends every datagram back, the empty and the largest, too, on %s",
    async (address) => {
      const server = kept(await echo.datagram({ address }));
      const client = kept(await echo.datagramClient({ host: address, port: server.address.port }));
      for (const size of [5, 0, 1, 1472, 65_507]) {
        const octets = randomBytes(size);
        expect(Buffer.compare((await client.say(octets))!, octets)).toBe(0);
      }
      expect(server.counters).toMatchObject({ received: 5, sent: 5, receivedOctets: 66_985, sentOctets: 66_985 });
    },
  );

  test("answers many at once, each to its own", async () => {
    const server = kept(await echo.datagram());
    const sockets = [];
    for (let i = 0; i < 20; i++) {
      const socket = kept(await DatagramSocket.create());
      await socket.connect(server.address);
      sockets.push(socket);
    }
    for (let round = 0; round < 10; round++)
      for (const [i, socket] of sockets.entries()) await socket.send(`${i} ${round}`);
    for (const [i, socket] of sockets.entries())
      for (let round = 0; round < 10; round++) expect(text(await socket.receive())).toBe(`${i} ${round}`);
  });

  test.each([
    ["0.0.0.0", "127.0.0.7"],
    ["::", "127.0.0.7"],
    ["::", "::1"],
  ])("on every address (%s) answers from the one that was asked, %s", async (address, host) => {
    const server = kept(await echo.datagram({ address }));
    // A connected socket takes nothing from any other address
    const client = kept(await echo.datagramClient({ host, port: server.address.port }));
    expect(text(await client.say("who are you?"))).toBe("who are you?");
  });

  test("goes on when a client is not there any more, and ends when it is closed", async () => {
    const server = await echo.datagram();
    const gone = await echo.datagramClient({ port: server.address.port });
    await gone.socket.send("x");
    await gone.close();
    const client = kept(await echo.datagramClient({ port: server.address.port }));
    expect(text(await client.say("there"))).toBe("there");
    await server.close();
    await expect(client.say("there?")).rejects.toMatchObject({ info: { code: "ECONNREFUSED" } });
  });
});

describe("a client", () => {
  test("has the port it asks for, and reaches a name by whichever of its addresses answers", async () => {
    const server = kept(await echo.stream());
    const client = kept(await echo.streamClient({ host: "localhost", port: server.address.port, sourcePort: 4040 }));
    expect(client.socket.localAddress).toMatchObject({ address: "127.0.0.1", port: 4040 });
    await expect(echo.streamClient({ host: "no.such.invalid", port: 1 })).rejects.toThrow("no address is known for");
  });

  test("of a datagram server that is silent gets nothing after its time", async () => {
    const silent = kept(await DatagramSocket.create());
    await silent.bind({ address: "127.0.0.1" });
    const client = kept(await echo.datagramClient({ port: silent.localAddress!.port }));
    expect(await client.say("hello?", { timeout: 20 })).toBeUndefined();
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(client.say("hello?", { signal })).rejects.toThrow("enough");
  });
});

test("limits that make no sense are refused", async () => {
  await expect(echo.stream({ connections: 0 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  await expect(echo.stream({ idleTimeout: 0.5 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  await expect(echo.stream({ backlog: -1 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  await expect(echo.stream({ serve: "threads", threads: 0 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  await expect(echo.stream({ serve: "fork" as never })).rejects.toThrow("single, multi or threads");
});
