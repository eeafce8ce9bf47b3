import { getEventListeners, once } from "node:events";
import { createServer as createHttpServer, get } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { capture } from "../../src/capture/live.js";
import { layer, type Packet } from "../../src/packet/packet.js";
import type { Segment } from "../../src/send/connection.js";
import { answer, dial } from "../../src/send/dial.js";
import { drain, ownNetwork } from "../support/live.js";

beforeAll(ownNetwork);

async function listening(server: Server, host: string): Promise<number> {
  server.listen(0, host);
  await once(server, "listening");
  return (server.address() as { port: number }).port;
}

async function seen(filter: string, action: () => Promise<unknown>): Promise<Packet[]> {
  await using source = capture({ interface: "lo", filter });
  await action();
  source.stop();
  return await drain(source);
}

const textOf = async (octets: AsyncIterable<Uint8Array>): Promise<string> => {
  const parts: Uint8Array[] = [];
  for await (const part of octets) parts.push(part);
  return Buffer.concat(parts).toString();
};

describe.each(["127.0.0.1", "::1"])("dial to %s", (host) => {
  test("a real HTTP server answers a GET, and the kernel resets nothing", async () => {
    const server = createHttpServer((request, response) => {
      response.setHeader("connection", "close").end(`you asked for ${request.url}`);
    });
    const port = await listening(server, host);
    const packets = await seen(`tcp port ${port}`, async () => {
      await using connection = await dial({ address: host, port });
      await connection.send("GET /hello HTTP/1.1\r\nHost: example\r\n\r\n");
      const said = await textOf(connection);
      expect(said).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(said).toMatch(/you asked for \/hello/);
    });
    server.close();
    const segments = packets.map((packet) => layer(packet, "tcp")!);
    expect(segments.filter(({ flags }) => flags.rst)).toEqual([]);
    expect(segments.slice(0, 3).map(({ flags }) => [flags.syn, flags.ack])).toEqual([
      [true, false],
      [true, true],
      [false, true],
    ]);
    expect(segments.filter(({ flags }) => flags.fin)).toHaveLength(2);
  });

  test("more than a segment arrives whole, both ways", async () => {
    const server = createServer((socket) => socket.pipe(socket));
    const port = await listening(server, host);
    await using connection = await dial({ address: host, port });
    const text = "0123456789".repeat(3000);
    const echoed = textOf(connection);
    await connection.send(text);
    await connection.finish();
    expect(await echoed).toBe(text);
    server.close();
  });

  test("a closed port refuses", async () => {
    const server = createServer();
    const port = await listening(server, host);
    server.close();
    await once(server, "close");
    await expect(dial({ address: host, port })).rejects.toMatchObject({
      code: "CONNECTION",
      info: { reason: "refused" },
    });
  });
});

describe("a connection by hand", () => {
  test("has every segment changed or held back by its override, and sends again what was held back", async () => {
    const server = createServer((socket) => socket.on("error", () => {}).pipe(socket));
    const port = await listening(server, "127.0.0.1");
    const steps: string[] = [];
    let held = 0;
    const override = (segment: Segment): Segment | undefined => {
      steps.push(segment.step);
      if (segment.step === "data" && held++ === 0) return undefined;
      return { ...segment, ip: { ttl: 9 }, tcp: { ...segment.tcp, window: 1000 } };
    };
    const packets = await seen(`tcp dst port ${port}`, async () => {
      const connection = await dial({ address: "127.0.0.1", port }, { override, timeout: 50 });
      await connection.send("hello");
      await connection.reset();
    });
    server.close();
    expect(steps.filter((step) => step !== "ACK")).toEqual(["SYN", "data", "data", "RST"]);
    expect(new Set(packets.map((packet) => layer(packet, "ipv4")?.ttl))).toEqual(new Set([9]));
    expect(new Set(packets.map((packet) => layer(packet, "tcp")?.window))).toEqual(new Set([1000]));
  });

  test("sends data in the order of the calls, and the FIN behind it, whoever waits for it", async () => {
    const server = createServer((socket) => socket.on("error", () => {}));
    const port = await listening(server, "127.0.0.1");
    const received = once(server, "connection").then(([socket]) => textOf(socket));
    const connection = await dial({ address: "127.0.0.1", port });
    const sent = [connection.send("A".repeat(3000)), connection.send("B".repeat(3000)), connection.finish()];
    await connection.close();
    await Promise.all(sent);
    expect(await received).toBe("A".repeat(3000) + "B".repeat(3000));
    server.close();
  });

  test("says in its iteration what has kept an acknowledgment from being sent, behind what had come", async () => {
    const server = createServer((socket) => socket.on("error", () => {}).write("hello"));
    const port = await listening(server, "127.0.0.1");
    let acknowledgments = 0;
    const override = (segment: Segment): Segment => {
      if (segment.step === "ACK" && ++acknowledgments === 2) throw new Error("no more");
      return segment;
    };
    await using connection = await dial({ address: "127.0.0.1", port }, { override });
    const heard: string[] = [];
    const hearing = (async () => {
      for await (const part of connection) heard.push(Buffer.from(part).toString());
    })();
    await expect(hearing).rejects.toThrow("no more");
    expect(heard).toEqual(["hello"]);
    await expect(connection.send("x")).rejects.toThrow("no more");
    server.close();
  });

  test("sends segments with fields as given, and shows what comes back", async () => {
    const server = createServer((socket) => socket.on("error", () => {}));
    const port = await listening(server, "127.0.0.1");
    await using connection = await dial({ address: "127.0.0.1", port }, { acknowledge: false });
    expect(layer((await connection.receive())!, "tcp")?.flags).toMatchObject({ syn: true, ack: true });
    // RFC 9293 §3.10.7.4: what lies outside the window is answered with an acknowledgment
    await connection.segment(
      { sequenceNumber: (connection.sequenceNumber + 1_000_000) >>> 0, flags: { ack: true } },
      "far",
    );
    const answered = layer((await connection.receive())!, "tcp");
    expect(answered).toMatchObject({ acknowledgmentNumber: connection.sequenceNumber, flags: { ack: true } });
    expect(await connection.receive({ timeout: 20 })).toBeUndefined();
    await connection.reset();
    server.close();
  });

  test("says when the other side resets it or does not answer, and what a caller has got wrong", async () => {
    const server = createServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
    const port = await listening(server, "127.0.0.1");
    const connection = await dial({ address: "127.0.0.1", port });
    await connection.send("hello").catch(() => {});
    await expect(textOf(connection)).rejects.toMatchObject({ code: "CONNECTION", info: { reason: "reset" } });
    await connection[Symbol.asyncDispose]();
    server.close();
    const override = () => undefined;
    await expect(dial({ address: "127.0.0.1", port }, { override, timeout: 10, retries: 1 })).rejects.toMatchObject({
      code: "CONNECTION",
      info: { reason: "no answer" },
    });
    await expect(dial({ address: "localhost", port })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(dial({ address: "127.0.0.1", port: 0 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(dial({ address: "192.0.2.1", port: 1 })).rejects.toMatchObject({ code: "NO_ROUTE" });
  });
});

describe.each(["127.0.0.1", "::1"])("answer on %s", (host) => {
  test("real clients connect to a server made by hand", async () => {
    await using server = await answer({ port: 0, address: host });
    const packets = await seen(`tcp port ${server.port}`, async () => {
      const clients = [1, 2].map((n) =>
        connect(server.port, host, function (this: Socket) {
          this.end(`client ${n}`);
        }),
      );
      const said = clients.map(async (client) => {
        client.setEncoding("utf8");
        let text = "";
        for await (const part of client) text += part;
        return text;
      });
      const heard: string[] = [];
      for (let n = 0; n < 2; n++) {
        const connection = await server.accept();
        heard.push(await textOf(connection!));
        await connection!.send("good bye");
        await connection!.close();
      }
      expect(heard.sort()).toEqual(["client 1", "client 2"]);
      expect(await Promise.all(said)).toEqual(["good bye", "good bye"]);
    });
    expect(packets.filter((packet) => layer(packet, "tcp")?.flags.rst)).toEqual([]);
  });

  test("an HTTP client takes an answer by hand for one", async () => {
    await using server = await answer({ port: 0, address: host });
    const asked = once(get({ host, port: server.port, agent: false }), "response");
    const connection = (await server.accept())!;
    for await (const part of connection) if (Buffer.from(part).toString().endsWith("\r\n\r\n")) break;
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
    const [response] = await asked;
    response.setEncoding("utf8");
    const [body] = await once(response, "data");
    expect(body).toBe("hello");
    await connection.close();
  });
});

test("a server says what has kept a segment of a handshake from being sent, and goes on", async () => {
  let segments = 0;
  const override = (segment: Segment): Segment => {
    if (segments++ === 0) throw new Error("not yet");
    return segment;
  };
  await using server = await answer({ port: 0, address: "127.0.0.1", override });
  // The kernel sends its SYN again after a second
  const client = connect(server.port, "127.0.0.1");
  await expect(server.accept()).rejects.toThrow("not yet");
  const connection = (await server.accept())!;
  client.end("hello");
  expect(await textOf(connection)).toBe("hello");
  await connection.close();
});

test("a server that waits for connections listens to its signal once", async () => {
  const { signal } = new AbortController();
  await using server = await answer({ port: 0, address: "127.0.0.1", signal });
  const before = getEventListeners(signal, "abort").length;
  for (let i = 0; i < 3; i++) {
    const accepted = server.accept();
    expect(getEventListeners(signal, "abort")).toHaveLength(before + 1);
    const client = connect(server.port, "127.0.0.1").on("error", () => {});
    await (await accepted)!.reset();
    client.destroy();
  }
  expect(getEventListeners(signal, "abort")).toHaveLength(before);
});

test("a server that is closed accepts nothing more, and a port that is taken is said", async () => {
  const server = await answer({ port: 0 });
  const accepting = server.accept();
  await expect(answer({ port: server.port })).rejects.toMatchObject({ code: "PORT_IN_USE" });
  await server.close();
  expect(await accepting).toBeUndefined();
});
