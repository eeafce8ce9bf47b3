import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { capture } from "../../src/capture/live.js";
import { layer, type Packet } from "../../src/packet/packet.js";
import { ask, askAll } from "../../src/send/ask.js";
import { guard } from "../../src/send/guard.js";
import { craft } from "../../src/send/here.js";
import { send } from "../../src/send/send.js";
import { binding } from "../../src/socket/binding.js";
import { interfaceOf } from "../../src/socket/interfaces.js";
import { arp } from "../../src/wire/arp.js";
import { ethernet } from "../../src/wire/ethernet.js";
import { icmp } from "../../src/wire/icmp.js";
import { icmpv6 } from "../../src/wire/icmpv6.js";
import { ipv4 } from "../../src/wire/ipv4.js";
import { ipv6 } from "../../src/wire/ipv6.js";
import { tcp } from "../../src/wire/tcp.js";
import { udp } from "../../src/wire/udp.js";
import { ip } from "../support/addon.js";
import { drain, ownNetwork } from "../support/live.js";

/** v0 is this host's; behind v1 is another one, in its own network namespace. */
const HERE = "10.0.0.1";
const THERE = "10.0.0.2";

beforeAll(() => {
  ownNetwork();
  binding().addAddress("v0", HERE, 24);
  binding().addAddress("v0", "fd00::1", 64);
  // Another address of this host's own, so that the link layer of lo can be used
  binding().addAddress("lo", "10.9.9.9", 32);
  ip("neigh", "add", THERE, "lladdr", "02:00:00:00:00:02", "dev", "v0");
});

/** A TCP server on a free port. */
async function listening(host: string): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer((socket) => socket.on("error", () => {}).end("hello")).listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

/** What `filter` sees on `device` while `action` runs. */
async function seen(device: string, filter: string, action: () => Promise<unknown>): Promise<Packet[]> {
  await using source = capture({ interface: device, filter });
  await action();
  source.stop();
  return await drain(source);
}

describe("send", () => {
  test("an IPv4 packet goes by a raw socket as it was made, over loopback", async () => {
    const packet = craft(ipv4({ destination: "127.0.0.1", ttl: 9 }), udp({ destinationPort: 9 }), "hello");
    const packets = await seen("lo", "udp port 9", async () => {
      expect(await send(packet)).toMatchObject({ packets: 1, octets: packet.length, waits: 0 });
    });
    expect(packets[0]?.layers.slice(1)).toEqual(packet.layers);
    expect(layer(packets[0]!, "ipv4")).toMatchObject({ source: "127.0.0.1", ttl: 9 });
  });

  test("an IPv6 packet does so with every field as given, right or wrong", async () => {
    const packet = craft(ipv6({ destination: "::1", hopLimit: 3, flowLabel: 7 }), udp({ checksum: 0xbad }), "hello");
    const packets = await seen("lo", "ip6 and udp", () => send(packet));
    expect(packets[0]?.layers.slice(1)).toEqual(packet.layers);
  });

  test("a header that a raw socket would change goes by the link layer, behind a header of its own", async () => {
    for (const wrong of [{ checksum: 0xdead }, { totalLength: 1000 }, { identification: 0 }, { source: "0.0.0.0" }]) {
      const packet = craft(ipv4({ destination: THERE, ...wrong }), udp({ destinationPort: 9 }), "hello");
      const [packet1] = await seen("v1", "ip", () => send(packet));
      expect(layer(packet1!, "ethernet")).toMatchObject({
        destination: "02:00:00:00:00:02",
        source: interfaceOf("v0").hardwareAddress,
      });
      expect(layer(packet1!, "ipv4")).toEqual(layer(packet, "ipv4"));
    }
  });

  test("a socket of this host receives what comes by the link layer of lo", async () => {
    const receiver = createSocket("udp4").bind(0, "10.9.9.9");
    await once(receiver, "listening");
    const message = once(receiver, "message");
    const { port } = receiver.address();
    // The kernel drops what comes to it from itself by the link layer
    const header = ipv4({ source: "192.0.2.7", destination: "10.9.9.9" });
    await send(craft(header, udp({ destinationPort: port }), "hello"), { via: "link" });
    expect(String((await message)[0])).toBe("hello");
    receiver.close();
  });

  test("a frame goes by the device it is from, or by the one that is named", async () => {
    const { hardwareAddress: source } = interfaceOf("v0");
    const frame = craft(ethernet({ source, destination: "ff:ff:ff:ff:ff:ff", type: 0x88b5 }), "hello");
    expect(await seen("v1", "ether proto 0x88b5", () => send(frame))).toHaveLength(1);
    const foreign = craft(ethernet({ source: "02:00:00:00:00:09", type: 0x88b5 }), "hello");
    expect(await seen("v0", "ether proto 0x88b5", () => send(foreign, { interface: "v1" }))).toHaveLength(1);
  });

  test("the neighbour's hardware address is asked for where the kernel does not know it", async () => {
    for (const [destination, filter] of [
      ["10.0.0.7", "arp"],
      ["fd00::7", "icmp6[0] = 135"],
    ] as const) {
      const header = destination.includes(":") ? ipv6({ destination }) : ipv4({ destination });
      const packet = craft(header, udp({ destinationPort: 9 }), "hello");
      await using source = capture({ interface: "v1", filter: `${filter} or udp port 9`, latency: 1 });
      const packets = source[Symbol.asyncIterator]();
      const sent = send(packet, { via: "link" });
      const { value: question } = await packets.next();
      expect(question?.problems).toEqual([]);
      const asker = layer(question!, "ethernet")!.source;
      const answer = destination.includes(":")
        ? craft(
            ethernet({ destination: asker, source: "02:00:00:00:00:07" }),
            ipv6({ source: destination, destination: "fd00::1", hopLimit: 255 }),
            icmpv6({
              type: 136,
              message: {
                kind: "neighborAdvertisement",
                router: false,
                solicited: true,
                override: true,
                reserved: 0,
                target: destination,
                options: [{ kind: "targetLinkLayerAddress", address: "02:00:00:00:00:07" }],
              },
            }),
          )
        : craft(
            ethernet({ destination: asker, source: "02:00:00:00:00:07" }),
            arp({
              operation: 2,
              addresses: {
                senderHardware: "02:00:00:00:00:07",
                senderProtocol: destination,
                targetHardware: asker,
                targetProtocol: HERE,
              },
            }),
          );
      await send(answer, { interface: "v1" });
      await sent;
      for (;;) {
        const { value } = await packets.next();
        if (!layer(value!, "udp")) continue;
        expect(layer(value!, "ethernet")?.destination).toBe("02:00:00:00:00:07");
        break;
      }
    }
  });

  test("a list goes out in order and again, whatever way each goes", async () => {
    const list = [1, 2, 3, 4].map((port) =>
      craft(ipv4({ destination: THERE, ...(port === 3 && { checksum: 1 }) }), udp({ destinationPort: port }), "x"),
    );
    const packets = await seen("v1", "udp", async () => {
      expect(await send(list, { count: 3 })).toMatchObject({ packets: 12 });
    });
    expect(packets.map((packet) => layer(packet, "udp")?.destinationPort)).toEqual([
      1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4,
    ]);
  });

  test("many packets of an iterable leave none out and none twice", async () => {
    const count = 3000;
    function* packets() {
      for (let i = 0; i < count; i++) yield craft(ipv4({ destination: THERE }), udp({ destinationPort: i + 1 }), "x");
    }
    const arrived = await seen("v1", "udp", () => send(packets()));
    expect(arrived.map((packet) => layer(packet, "udp")?.destinationPort)).toEqual(
      Array.from({ length: count }, (_, i) => i + 1),
    );
  });

  test("a rate or a schedule holds packets back, and never sends them early", async () => {
    const packet = craft(ipv4({ destination: THERE }), udp({ destinationPort: 9 }), "x");
    // Since before the first one: that may be late, which brings it nearer to the others
    const times = async (options: object): Promise<number[]> => {
      let start = 0;
      const packets = await seen("v1", "udp", () => {
        start = Date.now() / 1000;
        return send(packet, { count: 4, ...options });
      });
      return packets.map(({ seconds, nanoseconds }) => seconds + nanoseconds / 1e9 - start);
    };
    for (const options of [{ rate: 100 }, { schedule: (index: number) => index / 100 }])
      for (const [i, time] of (await times(options)).entries()) expect(time).toBeGreaterThan(i / 100 - 0.002);
  });

  test("an aborted signal ends it with its reason", async () => {
    const packet = craft(ipv4({ destination: THERE }), udp({ destinationPort: 9 }), "x");
    const controller = new AbortController();
    const flood = send(packet, { count: Number.POSITIVE_INFINITY, signal: controller.signal });
    const refused = expect(flood).rejects.toThrow("enough");
    setImmediate(() => controller.abort(new Error("enough")));
    await refused;
  });

  test("every mistake is said before anything is sent", async () => {
    const good = craft(ipv4({ destination: THERE }), udp({ destinationPort: 9 }), "x");
    const check = (packet: Parameters<typeof send>[0], options: object, error: object): Promise<unknown> =>
      expect(send(packet, options)).rejects.toMatchObject({ name: "SockinspectError", ...error });
    const large = craft(ipv4({ destination: THERE }), udp(), new Uint8Array(1500));
    const packets = await seen("v1", "udp", async () => {
      await check(craft(ipv4({ destination: "192.0.2.1" }), udp()), {}, { code: "NO_ROUTE" });
      await check([good, large], {}, { code: "EXCEEDS_MTU", info: { size: 1528, mtu: 1500 } });
      await check(large, { via: "link" }, { code: "EXCEEDS_MTU" });
      await check(craft(ipv4({ destination: "127.0.0.1", checksum: 1 }), udp()), {}, { code: "BAD_ARGUMENT" });
      await check(good, { interface: "v7" }, { code: "NO_SUCH_INTERFACE" });
      await check(good, { via: "wire" }, { code: "BAD_ARGUMENT" });
      await check(good, { rate: 0 }, { code: "BAD_ARGUMENT" });
      await check(good, { count: 0.5 }, { code: "BAD_ARGUMENT" });
      await check([good][Symbol.iterator](), { count: 2 }, { code: "BAD_ARGUMENT" });
      await check(craft(ethernet({ type: 0x88b5 }), "x"), {}, { code: "BAD_ARGUMENT" });
      await check(craft(ethernet(), ipv4({ destination: THERE }), udp()), { via: "raw" }, { code: "BAD_ARGUMENT" });
      await check(new Uint8Array(10), {}, { code: "BAD_ARGUMENT" });
      await check(new Uint8Array([0x45, 0, 0]), {}, { code: "BAD_ARGUMENT" });
      await check(craft("hello"), {}, { code: "BAD_ARGUMENT" });
      await check(craft(ipv6({ destination: "ff02::1" }), udp()), {}, { code: "BAD_ARGUMENT" });
      await check(
        craft(ipv4({ destination: THERE, headerLength: 3 }), udp()),
        { via: "raw" },
        { code: "BAD_ARGUMENT" },
      );
    });
    expect(packets).toEqual([]);
  });
});

describe("ask", () => {
  test.each(["127.0.0.1", "::1"])(
    "a SYN to a listening port of %s brings SYN ACK, and no RST of the kernel's",
    async (host) => {
      await using server = await listening(host);
      const header = host.includes(":") ? ipv6({ destination: host }) : ipv4({ destination: host });
      const syn = craft(header, tcp({ destinationPort: server.port, flags: { syn: true }, sequenceNumber: 1000 }));
      const packets = await seen("lo", "tcp", async () => {
        const answer = await ask(syn);
        expect(layer(answer!.packet, "tcp")).toMatchObject({
          flags: { syn: true, ack: true },
          acknowledgmentNumber: 1001,
        });
        expect(answer).toMatchObject({ attempts: 1 });
        expect(answer!.roundTrip).toBeGreaterThan(0);
        expect(answer!.roundTrip).toBeLessThan(1000);
      });
      expect(packets.filter((packet) => layer(packet, "tcp")?.flags.rst)).toEqual([]);
    },
  );

  test("a SYN to a closed port brings RST", async () => {
    const answer = await ask(craft(ipv4({ destination: "127.0.0.1" }), tcp({ destinationPort: 1 })));
    expect(layer(answer!.packet, "tcp")?.flags).toMatchObject({ rst: true, ack: true });
  });

  test.each(["127.0.0.1", HERE])(
    "a ping of %s brings its reply, and a datagram to a closed port an ICMP error",
    async (destination) => {
      const message = { kind: "echo", identifier: 7, sequenceNumber: 3 } as const;
      const pong = await ask(craft(ipv4({ destination }), icmp({ type: 8, message }), "hello"));
      expect(layer(pong!.packet, "icmp")).toMatchObject({ type: 0, message });
      const unreachable = await ask(craft(ipv4({ destination }), udp({ destinationPort: 9 }), "hello"));
      expect(layer(unreachable!.packet, "icmp")).toMatchObject({ type: 3, code: 3 });
    },
  );

  test("over IPv6, too", async () => {
    const message = { kind: "echo", identifier: 7, sequenceNumber: 3 } as const;
    const pong = await ask(craft(ipv6({ destination: "fd00::1" }), icmpv6({ type: 128, message }), "hello"));
    expect(layer(pong!.packet, "icmpv6")).toMatchObject({ type: 129, message });
    const unreachable = await ask(craft(ipv6({ destination: "::1" }), udp({ destinationPort: 9 }), "hello"));
    expect(layer(unreachable!.packet, "icmpv6")).toMatchObject({ type: 1, code: 4 });
  });

  test("many at once: each gets its own answer, and those that nobody answers are returned", async () => {
    const ping = (sequenceNumber: number, destination: string) =>
      craft(ipv4({ destination }), icmp({ type: 8, message: { kind: "echo", identifier: 9, sequenceNumber } }));
    const asked = Array.from({ length: 300 }, (_, i) => ping(i, i % 3 === 0 ? THERE : "127.0.0.1"));
    const { answered, unanswered } = await askAll(asked, { timeout: 300 });
    expect(answered).toHaveLength(200);
    expect(unanswered.map((packet) => layer(packet, "ipv4")?.destination)).toEqual(new Array(100).fill(THERE));
    for (const { sent, packet } of answered)
      expect(layer(packet, "icmp")?.message).toEqual(layer(sent, "icmp")?.message);
  });

  test("what nobody answers is sent again, and then given up", async () => {
    const packet = craft(ipv4({ destination: THERE }), udp({ destinationPort: 9 }), "x");
    const packets = await seen("v1", "udp", async () => {
      expect(await ask(packet, { timeout: 20, retries: 2 })).toBeUndefined();
    });
    expect(packets).toHaveLength(3);
  });

  test("mistakes, and a port that is another socket's, are said", async () => {
    const packet = craft(ipv4({ destination: "127.0.0.1" }), udp({ destinationPort: 9 }), "x");
    await expect(ask(packet, { timeout: 0 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(ask(packet, { retries: -1 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(ask(craft(ipv4({ destination: "192.0.2.1" }), udp()))).rejects.toMatchObject({ code: "NO_ROUTE" });
    await using server = await listening("127.0.0.1");
    const taken = craft(ipv4({ destination: "127.0.0.1" }), tcp({ sourcePort: server.port, destinationPort: 1 }));
    await expect(ask(taken)).rejects.toMatchObject({ code: "PORT_IN_USE", info: { port: server.port } });
    const controller = new AbortController();
    const waiting = ask(craft(ipv4({ destination: THERE }), udp()), { signal: controller.signal, timeout: 60_000 });
    setTimeout(() => controller.abort(new Error("enough")), 20);
    await expect(waiting).rejects.toThrow("enough");
  });
});

describe("guard", () => {
  test("keeps the kernel from answering segments and datagrams to a port, until it is closed", async () => {
    const ack = (destinationPort: number) =>
      craft(ipv4({ destination: "127.0.0.1" }), tcp({ sourcePort: 7, destinationPort, flags: { ack: true } }));
    const held = await guard(0);
    expect(await ask(ack(held.port), { timeout: 50 })).toBeUndefined();
    await held.close();
    expect(layer((await ask(ack(held.port)))!.packet, "tcp")?.flags.rst).toBe(true);
    await using datagrams = await guard(0, { protocol: "udp", address: "127.0.0.1" });
    const datagram = craft(ipv4({ destination: "127.0.0.1" }), udp({ destinationPort: datagrams.port }), "x");
    expect(await ask(datagram, { timeout: 50 })).toBeUndefined();
  });
});
