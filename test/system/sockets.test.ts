import { once } from "node:events";
import { createServer, connect as nodeConnect } from "node:net";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { binding } from "../../src/socket/binding.js";
import { type Call, callText } from "../../src/socket/calls.js";
import { DatagramSocket } from "../../src/socket/datagram.js";
import { DatagramBatch } from "../../src/socket/datagram-batch.js";
import { ephemeralPorts } from "../../src/socket/ports.js";
import type { Socket } from "../../src/socket/socket.js";
import { StreamSocket } from "../../src/socket/stream.js";

const opened: Socket[] = [];
function kept<S extends Socket>(socket: S): S {
  opened.push(socket);
  return socket;
}

beforeAll(() => {
  binding().enterNewNetworkNamespace();
  binding().setInterfaceUp("lo");
});

afterEach(async () => {
  for (const socket of opened.splice(0)) await socket.close();
});

const text = (octets: Uint8Array): string => new TextDecoder().decode(octets);

async function listener(family: 4 | 6 = 4, backlog = 5): Promise<{ server: StreamSocket; port: number }> {
  const server = kept(await StreamSocket.create({ family }));
  await server.bind({ address: family === 4 ? "127.0.0.1" : "::1" });
  await server.listen(backlog);
  return { server, port: server.localAddress!.port };
}

async function pair(): Promise<{ server: StreamSocket; client: StreamSocket; accepted: StreamSocket }> {
  const { server, port } = await listener();
  const client = kept(await StreamSocket.create());
  await client.connect({ address: "127.0.0.1", port });
  return { server, client, accepted: kept(await server.accept()) };
}

describe("a stream", () => {
  test.each([4, 6] as const)("goes through the calls of the textbook over IPv%d", async (family) => {
    const { server, port } = await listener(family);
    expect(server.state()).toBe("LISTEN");
    const address = family === 4 ? "127.0.0.1" : "::1";
    const client = kept(await StreamSocket.create({ family }));
    expect(client.localAddress).toBeUndefined();
    expect(client.remoteAddress).toBeUndefined();
    expect(client.state()).toBe("CLOSED");
    const waiting = server.accept();
    await client.connect({ address, port });
    const accepted = kept(await waiting);
    expect(client.remoteAddress).toEqual({ address, port, family });
    expect(accepted.remoteAddress).toEqual(client.localAddress);
    expect(accepted.localAddress).toEqual(client.remoteAddress);

    expect(await client.send("hello")).toBe(5);
    expect(text(await accepted.receive())).toBe("hello");
    await accepted.sendAll("welcome");
    expect(text(await client.receive(3))).toBe("wel");
    expect(text(await client.receive())).toBe("come");

    await client.shutdown();
    expect((await accepted.receive()).length).toBe(0);
    expect(accepted.state()).toBe("CLOSE-WAIT");
    await accepted.sendAll("still there");
    expect(text(await client.receive())).toBe("still there");
    expect(client.state()).toBe("FIN-WAIT-2");
    await accepted.close();
    expect((await client.receive()).length).toBe(0);
    const information = client.information();
    expect(information.octetsReceived).toBe("welcomestill there".length + 1);
    expect(information.roundTripTime).toBeGreaterThan(0);
    expect(information.congestionWindow).toBeGreaterThan(0);
  });

  test("is taken over IPv4 by a dual-stack listener, and is said to be IPv4", async () => {
    const server = kept(await StreamSocket.create({ family: 6 }));
    await server.bind();
    await server.listen();
    const { port } = server.localAddress!;
    expect(server.localAddress).toEqual({ address: "::", port, family: 6 });
    const client = kept(await StreamSocket.create());
    await client.connect({ address: "127.0.0.1", port });
    const accepted = kept(await server.accept());
    expect(accepted.remoteAddress).toEqual({ ...client.localAddress, family: 4 });
    expect(client.localAddress!.address).toBe("127.0.0.1");
  });

  test("sends more than fits by itself once the other end receives", async () => {
    const { client, accepted } = await pair();
    const octets = new Uint8Array(20_000_000).map((_, at) => at % 251);
    let done = false;
    const sending = client.sendAll(octets).then(() => {
      done = true;
    });
    const after = client.sendAll("the end"); // waits for its turn
    const chunks: Uint8Array[] = [];
    let length = 0;
    expect(done).toBe(false);
    while (length < octets.length + 7) {
      const chunk = await accepted.receive();
      chunks.push(chunk);
      length += chunk.length;
    }
    await Promise.all([sending, after]);
    const all = Buffer.concat(chunks);
    expect(Buffer.compare(all.subarray(0, octets.length), octets)).toBe(0);
    expect(all.subarray(octets.length).toString()).toBe("the end");
  });

  test("has an ephemeral port where the client names none", async () => {
    const { client } = await pair();
    const { first, last } = ephemeralPorts();
    expect(client.localAddress!.port).toBeGreaterThanOrEqual(first);
    expect(client.localAddress!.port).toBeLessThanOrEqual(last);
  });

  test("is reset by abort(), and by close() with octets that nobody received", async () => {
    const first = await pair();
    await first.client.abort();
    await expect(first.accepted.receive()).rejects.toMatchObject({
      code: "SYSTEM",
      info: { code: "ECONNRESET", syscall: "recv" },
      message: "cannot receive: ECONNRESET: the peer has reset the connection",
    });
    const second = await pair();
    await second.client.send("unread");
    await second.accepted.receive(1);
    await second.accepted.close();
    await expect(second.client.receive()).rejects.toMatchObject({ info: { code: "ECONNRESET" } });
  });

  test("tells of connections that wait in the backlog", async () => {
    const { server, port } = await listener(4, 3);
    const client = kept(await StreamSocket.create());
    await client.connect({ address: "127.0.0.1", port });
    expect(server.information()).toMatchObject({ state: "LISTEN", waiting: 1, backlog: 3 });
  });

  test("is answered by nobody, and not reset, where a listener's filter drops everything", async () => {
    const { server, port } = await listener();
    server.attachFilter(new Uint8Array([6, 0, 0, 0, 0, 0, 0, 0])); // ret 0
    const client = kept(await StreamSocket.create({ synRetries: 1 }));
    const abort = new AbortController();
    const connecting = client.connect({ address: "127.0.0.1", port }, { signal: abort.signal });
    expect(client.state()).toBe("SYN-SENT");
    abort.abort(new Error("enough"));
    await expect(connecting).rejects.toThrow("enough");
    expect(client.state()).toBe("CLOSED");
  });

  test("goes on in Node's net, which takes over its descriptor", async () => {
    const server = await StreamSocket.create();
    await server.bind({ address: "127.0.0.1" });
    const { port } = server.localAddress!;
    const adopted = createServer((socket) => socket.end("from node")).listen({ fd: server.detach() });
    await once(adopted, "listening");
    expect(server.closed).toBe(true);
    const client = kept(await StreamSocket.create());
    await client.connect({ address: "127.0.0.1", port });
    expect(text(await client.receive())).toBe("from node");
    await client.close();
    adopted.close();
    await once(adopted, "close");
  });

  test("talks to Node's net", async () => {
    const { server, port } = await listener();
    const node = nodeConnect(port, "127.0.0.1");
    const accepted = kept(await server.accept());
    node.end("ping");
    expect(text(await accepted.receive())).toBe("ping");
    await accepted.close();
    node.resume();
    await once(node, "close");
  });
});

describe("a refusal has the errno's name and a remedy:", () => {
  test("nobody listens", async () => {
    const { server, port } = await listener();
    await server.close();
    const client = kept(await StreamSocket.create());
    await expect(client.connect({ address: "127.0.0.1", port })).rejects.toMatchObject({
      code: "SYSTEM",
      info: { code: "ECONNREFUSED", syscall: "connect" },
      message: `cannot connect to 127.0.0.1 port ${port}: ECONNREFUSED: nobody listens there`,
      cause: expect.objectContaining({ code: "ECONNREFUSED", errno: -111 }),
    });
    // It may try again
    await expect(client.connect({ address: "127.0.0.1", port })).rejects.toMatchObject({ code: "SYSTEM" });
  });

  test("the port is taken", async () => {
    const { port } = await listener();
    const second = kept(await StreamSocket.create());
    await expect(second.bind({ address: "127.0.0.1", port })).rejects.toThrow(/EADDRINUSE: .*reuseAddress/);
  });

  test("the address is not of this machine", async () => {
    const socket = kept(await StreamSocket.create());
    await expect(socket.bind({ address: "192.0.2.1" })).rejects.toMatchObject({ info: { code: "EADDRNOTAVAIL" } });
  });

  test("the network cannot be reached", async () => {
    const socket = kept(await DatagramSocket.create());
    await expect(socket.sendTo("x", { address: "192.0.2.1", port: 9 })).rejects.toMatchObject({
      info: { code: "ENETUNREACH" },
    });
  });

  test("a name, another family's address, a port that is none", async () => {
    const socket = kept(await StreamSocket.create());
    await expect(socket.connect({ address: "localhost", port: 1 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(socket.connect({ address: "::1", port: 1 })).rejects.toThrow("family 6 takes both");
    await expect(socket.bind({ port: 65_536 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(socket.listen(-1)).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(socket.receive(0)).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  });
});

describe("a call that waits", () => {
  test("rejects with its signal's reason, and the socket stays usable", async () => {
    const { client, accepted } = await pair();
    const abort = new AbortController();
    const receiving = client.receive(10, { signal: abort.signal });
    const behind = client.receive(10);
    const reason = Object.assign(new Error("my own"), { code: "EOWN", errno: 1, syscall: "none" });
    abort.abort(reason);
    await expect(receiving).rejects.toBe(reason);
    await expect(client.receive(10, { signal: abort.signal })).rejects.toBe(reason);
    await accepted.send("later");
    expect(text(await behind)).toBe("later");
  });

  test("rejects with CLOSED when the socket is closed, as do all after it", async () => {
    const { client, server } = await pair();
    const waiting = [client.receive(), client.receive(), server.accept()];
    const settled = Promise.allSettled(waiting);
    await client.close();
    await client.close();
    await server.close();
    for (const result of await settled) expect(result).toMatchObject({ reason: { code: "CLOSED" } });
    await expect(client.send("x")).rejects.toMatchObject({ code: "CLOSED" });
    expect(() => client.localAddress).toThrow("closed");
    expect(() => client.state()).toThrow("closed");
  });

  test("is served before those that came after it", async () => {
    const { client, accepted } = await pair();
    const first = client.receive(3);
    await accepted.send("onetwo");
    // There now, but not told yet: this one could take it at once
    const second = client.receive(3);
    expect([text(await first), text(await second)]).toEqual(["one", "two"]);
  });

  test("receives while a send of the same socket waits", async () => {
    const { client, accepted } = await pair();
    const sending = client.sendAll(new Uint8Array(10_000_000));
    const receiving = client.receive();
    await accepted.send("both ways");
    expect(text(await receiving)).toBe("both ways");
    for (let left = 10_000_000; left > 0; ) left -= (await accepted.receive()).length;
    await sending;
  });

  test("does not keep others from their turn: a timer runs while data is always there", async () => {
    const { client, accepted } = await pair();
    const sending = client.sendAll(new Uint8Array(5_000_000));
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    for (let left = 5_000_000; left > 0; ) left -= (await accepted.receive(1000)).length;
    clearInterval(timer);
    await sending;
    expect(turns).toBeGreaterThan(2);
  });
});

describe("datagrams", () => {
  test.each([4, 6] as const)("go there and back over IPv%d", async (family) => {
    const address = family === 4 ? "127.0.0.1" : "::1";
    const server = kept(await DatagramSocket.create({ family }));
    await server.bind({ address });
    const { port } = server.localAddress!;
    const client = kept(await DatagramSocket.create({ family }));
    const waiting = server.receiveFrom();
    expect(await client.sendTo("hello", { address, port })).toBe(5);
    const { octets, length, remote } = await waiting;
    expect([text(octets), length]).toEqual(["hello", 5]);
    expect(remote).toEqual({ address, port: client.localAddress!.port, family });
    await server.sendTo(octets, remote);
    expect(text(await client.receive())).toBe("hello");
  });

  test("keep their ends, unlike a stream; one that does not fit says how long it was; an empty one is one", async () => {
    const server = kept(await DatagramSocket.create());
    await server.bind({ address: "127.0.0.1" });
    const client = kept(await DatagramSocket.create());
    await client.connect({ address: "127.0.0.1", port: server.localAddress!.port });
    for (const message of ["one", "", "three"]) await client.send(message);
    expect(text((await server.receiveFrom()).octets)).toBe("one");
    expect(await server.receiveFrom()).toMatchObject({ length: 0 });
    expect(await server.receiveFrom(2)).toMatchObject({ length: 5, octets: new Uint8Array([116, 104]) });
  });

  test.each([false, true])("come and go in batches without waiting, observed: %s", async (observed) => {
    const calls: string[] = [];
    const observe = (call: Call): void => void (call.end !== undefined && calls.push(callText(call)));
    const server = kept(await DatagramSocket.create(observed ? { observe } : {}));
    await server.bind({ address: "127.0.0.1" });
    const client = kept(await DatagramSocket.create());
    await client.connect(server.localAddress!);
    const batch = new DatagramBatch(4);
    calls.length = 0;
    expect(server.receiveBatchNow(batch)).toBeUndefined();
    for (const message of ["one", "two", "three"]) await client.send(message);
    expect(server.receiveBatchNow(batch)).toBe(3);
    expect(text(batch.octets(2))).toBe("three");
    expect(server.sendBatchNow(batch, 1, 3)).toBe(2);
    expect(text(await client.receive())).toBe("two");
    expect(text(await client.receive())).toBe("three");
    const port = client.localAddress!.port;
    expect(calls).toEqual(
      observed ? ["recvmmsg(4) → EAGAIN", `recvmmsg(4) → 3 from 127.0.0.1:${port}`, "sendmmsg(datagrams 2) → 2"] : [],
    );
    await server.close();
    expect(() => server.receiveBatchNow(batch)).toThrow("closed");
    expect(() => server.sendBatchNow(batch, 0, 1)).toThrow("closed");
  });

  test("that meet no one fail the next call of a connected socket; an unconnected one is told nothing", async () => {
    const nobody = await DatagramSocket.create();
    await nobody.bind({ address: "127.0.0.1" });
    const remote = nobody.localAddress!;
    await nobody.close();
    const connected = kept(await DatagramSocket.create());
    await connected.connect(remote);
    await connected.send("x");
    await expect(connected.receive()).rejects.toMatchObject({ info: { code: "ECONNREFUSED" } });
    const unconnected = kept(await DatagramSocket.create());
    await unconnected.sendTo("x", remote);
    await unconnected.sendTo("x", remote);
  });

  test("tell by whom they were refused, with receiveErrors", async () => {
    const nobody = await DatagramSocket.create();
    await nobody.bind({ address: "127.0.0.1" });
    const remote = nobody.localAddress!;
    await nobody.close();
    const socket = kept(await DatagramSocket.create({ receiveErrors: true }));
    const told = socket.receiveError();
    await socket.sendTo("lost", remote);
    expect(await told).toMatchObject({
      name: "ECONNREFUSED",
      origin: "ICMP",
      type: 3,
      code: 3,
      offender: { address: "127.0.0.1" },
      remote,
      octets: new TextEncoder().encode("lost"),
    });
    // Or they fail a call first
    const receiving = expect(socket.receive()).rejects.toMatchObject({ info: { code: "ECONNREFUSED" } });
    await socket.sendTo("lost again", remote);
    await receiving;
    expect(await socket.receiveError()).toMatchObject({ name: "ECONNREFUSED" });
  });

  test("reach the members of a group", async () => {
    const group = "239.1.2.3";
    const member = kept(await DatagramSocket.create({ reuseAddress: true }));
    await member.bind({ address: group });
    member.joinGroup(group, "lo");
    const sender = kept(await DatagramSocket.create({ multicastInterface: "lo", multicastHopLimit: 0 }));
    await sender.sendTo("all", { address: group, port: member.localAddress!.port });
    expect(text(await member.receive())).toBe("all");
    member.leaveGroup(group, "lo");
    expect(() => member.leaveGroup(group, "lo")).toThrow("cannot leave the group");
  });
});

test("every option can be set and read back", async () => {
  const stream = kept(await StreamSocket.create({ family: 6 }));
  const options = {
    reuseAddress: true,
    reusePort: true,
    broadcast: true,
    linger: 0,
    urgentInline: true,
    keepAlive: true,
    keepAliveIdle: 7,
    keepAliveInterval: 3,
    keepAliveCount: 2,
    noDelay: true,
    cork: true,
    synRetries: 4,
    userTimeout: 1234,
    congestionControl: "reno",
    hopLimit: 9,
    trafficClass: 32,
    ipv6Only: true,
    pathMtuDiscovery: "do",
    receiveErrors: true,
  } as const;
  stream.set(options);
  for (const [name, value] of Object.entries(options))
    expect([name, stream.get(name as keyof typeof options)]).toEqual([name, value]);
  const datagram = kept(await DatagramSocket.create({ family: 6, multicastHopLimit: 5, multicastInterface: "lo" }));
  datagram.set({ multicastLoop: false });
  expect([datagram.get("multicastHopLimit"), datagram.get("multicastLoop")]).toEqual([5, false]);
  expect(datagram.get("multicastInterface")).toBe("lo");
  stream.set({ sendBuffer: 50_000, receiveBuffer: 60_000 });
  expect([stream.get("sendBuffer"), stream.get("receiveBuffer")]).toEqual([100_000, 120_000]);
  expect(() => stream.set({ hopLimit: 256 })).toThrow("hopLimit is a whole number from 0 to 255");
  expect(() => stream.set({ pathMtu: 1500 })).toThrow("can only be read");
  expect(() => stream.set({ noDelai: true } as never)).toThrow("no socket option");
  stream.set({ linger: undefined });
  expect(stream.get("linger")).toBeUndefined();
});

test("whoever observes is told of every call when it begins and when it ends", async () => {
  const calls: Call[] = [];
  const observe = (call: Call): void => {
    calls.push({ ...call, ...(call.octets && { octets: call.octets.slice() }) });
  };
  const server = kept(await StreamSocket.create({ observe, reuseAddress: true }));
  await server.bind({ address: "127.0.0.1" });
  await server.listen(1);
  const { port } = server.localAddress!;
  const accepting = server.accept();
  expect(calls.at(-1)).toMatchObject({ name: "accept", socket: server.number });
  expect(calls.at(-1)!.end).toBeUndefined();
  const client = kept(await StreamSocket.create());
  await client.connect({ address: "127.0.0.1", port });
  const accepted = await accepting;
  await client.send("hi");
  await accepted.receive(100);
  await accepted.shutdown();
  await accepted.close();
  await expect(server.bind({ address: "127.0.0.1", port })).rejects.toThrow();
  const from = `127.0.0.1:${client.localAddress!.port}`;
  expect(calls.filter((call) => call.end !== undefined).map(callText)).toEqual([
    "socket(IPv4, stream)",
    "setsockopt(reuseAddress true)",
    "bind(127.0.0.1:0)",
    "listen(1)",
    `accept() → #${accepted.number} from ${from}`,
    "recv(100) → 2",
    "shutdown(sending)",
    "close()",
    `bind(127.0.0.1:${port}) → EINVAL`,
  ]);
  for (const call of calls) if (call.end !== undefined) expect(call.end).toBeGreaterThanOrEqual(call.start);
  expect(text(calls.find((call) => call.name === "recv" && call.end)!.octets!)).toBe("hi");
  expect(new Set(calls.map((call) => call.number)).size).toBe(calls.length / 2);
});
