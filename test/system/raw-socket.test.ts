import { createSocket } from "node:dgram";
import { once } from "node:events";
import { beforeAll, describe, expect, test } from "vitest";
import { capture } from "../../src/capture/live.js";
import { decode } from "../../src/packet/decode.js";
import { layer } from "../../src/packet/packet.js";
import { binding } from "../../src/socket/binding.js";
import { openSendingSocket } from "../../src/socket/packet.js";
import { RawSocket } from "../../src/socket/raw.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { ip } from "../support/addon.js";
import { indexOf, thrownBy } from "../support/device-pair.js";
import { ownNetwork, take } from "../support/live.js";
import { octetsOf } from "../support/packets.js";

beforeAll(() => {
  ownNetwork();
  binding().addAddress("v0", "10.0.0.1", 24);
  binding().addAddress("v0", "fd00::1", 64);
});

/** ICMP echo request 7, sequence number 1, of 8 octets and no data. */
const ECHO = octetsOf("0800 f7f7 0007 0001");
/** 127.0.0.1 to itself by UDP, port 9 to port 40000, "hi"; checksum of the header left out, no UDP checksum. */
const UDP = octetsOf("4500 001e 0001 4000 4011 0000 7f000001 7f000001 0009 9c40 000a 0000 6869");

describe("a raw socket", () => {
  test("sends ICMP behind a header of the kernel's, and receives the answer with its header", async () => {
    await using socket = new RawSocket({ family: 4, protocol: 1 });
    socket.hops = 9;
    expect(socket.hops).toBe(9);
    await socket.send(ECHO, "127.0.0.1");
    const request = await socket.receive();
    const reply = await socket.receive();
    expect(reply.address).toBe("127.0.0.1");
    expect(layer(decode(request.octets, linkTypes.raw), "ipv4")?.ttl).toBe(9);
    expect(layer(decode(reply.octets, linkTypes.raw), "icmp")).toMatchObject({
      type: 0,
      message: { identifier: 7, sequenceNumber: 1 },
    });
  });

  test("receives IPv6 without its header, and has its ICMPv6 checksum computed by the kernel", async () => {
    await using socket = new RawSocket({ family: 6, protocol: 58 });
    await using source = capture({ interface: "lo", filter: "icmp6" });
    await socket.send(octetsOf("8000 0000 0007 0001"), "::1");
    const message = await socket.receive();
    expect(message.octets[0]).toBe(128);
    const [sent] = await take(source, 1);
    expect(sent?.problems).toEqual([]);
  });

  test("sends an included header as it is, checksum and total length aside", async () => {
    const receiver = createSocket("udp4").bind(40_000, "127.0.0.1");
    await once(receiver, "listening");
    const received = once(receiver, "message");
    await using socket = new RawSocket({ family: 4 });
    await socket.send(UDP, "127.0.0.1");
    const [data, from] = await received;
    expect(String(data)).toBe("hi");
    expect(from).toMatchObject({ port: 9 });
    receiver.close();
  });

  test("receives only what is sent to the address it is bound to", async () => {
    await using bound = new RawSocket({ family: 4, protocol: 1 });
    bound.bind("10.0.0.1");
    await using socket = new RawSocket({ family: 4, protocol: 1 });
    await socket.send(ECHO, "127.0.0.1");
    await socket.send(ECHO, "10.0.0.1");
    expect(layer(decode((await bound.receive()).octets, linkTypes.raw), "ipv4")?.destination).toBe("10.0.0.1");
  });

  test("gives up a wait when its signal says so, and waits again after that", async () => {
    await using socket = new RawSocket({ family: 4, protocol: 1 });
    const controller = new AbortController();
    const waiting = socket.receive({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    const next = socket.receive();
    await socket.send(ECHO, "127.0.0.1");
    expect((await next).octets.length).toBe(28);
  });

  test("rejects what waits when it is closed, and refuses everything after that", async () => {
    const socket = new RawSocket({ family: 4, protocol: 1 });
    const waiting = socket.receive();
    const refused = expect(waiting).rejects.toMatchObject({ code: "CLOSED" });
    await socket.close();
    await refused;
    await expect(socket.send(ECHO, "127.0.0.1")).rejects.toMatchObject({ code: "CLOSED" });
    await socket.close();
  });

  test("says what is wrong with its arguments", async () => {
    expect(thrownBy(() => new RawSocket({ family: 5 as 4 }))).toMatchObject({ code: "BAD_ARGUMENT" });
    expect(thrownBy(() => new RawSocket({ family: 4, protocol: 256 }))).toMatchObject({ code: "BAD_ARGUMENT" });
    expect(thrownBy(() => new RawSocket({ family: 4, interface: "v7" }))).toMatchObject({ code: "NO_SUCH_INTERFACE" });
    await using socket = new RawSocket({ family: 4, protocol: 1 });
    await expect(socket.send(ECHO, "::1")).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(socket.send(new Uint8Array(70_000), "127.0.0.1")).rejects.toMatchObject({
      code: "SYSTEM",
      info: { code: "EMSGSIZE" },
    });
    expect(thrownBy(() => (socket.hops = 0))).toMatchObject({ code: "BAD_ARGUMENT" });
  });
});

describe("a batch", () => {
  const octets = new Uint8Array([...UDP, ...UDP, ...UDP]);
  octets[UDP.length + 29] = 0x6a; // "hj"
  octets[2 * UDP.length + 29] = 0x6b; // "hk"
  const lengths = new Uint32Array(3).fill(UDP.length);

  test("of IP packets goes out in order, to one destination or to each its own", async () => {
    const receiver = createSocket("udp4").bind(40_000, "127.0.0.1");
    await once(receiver, "listening");
    const received: string[] = [];
    const all = new Promise<void>((resolve) =>
      receiver.on("message", (data) => received.push(String(data)) === 5 && resolve()),
    );
    await using socket = new RawSocket({ family: 4 });
    const here = new Uint8Array([127, 0, 0, 1]);
    expect(socket.native.sendBatch(octets, lengths, 3, here)).toBe(3);
    expect(socket.native.sendBatch(octets, lengths, 2, new Uint8Array([...here, ...here]))).toBe(2);
    await all;
    receiver.close();
    expect(received).toEqual(["hi", "hj", "hk", "hi", "hj"]);
  });

  test("ends before what is refused, which is then said", async () => {
    ip("link", "set", "v0", "mtu", "1500");
    await using socket = new RawSocket({ family: 4 });
    const large = new Uint8Array(UDP.length + 2000);
    large.set(UDP);
    large.set(UDP, UDP.length);
    const sizes = new Uint32Array([UDP.length, 2000]);
    const to = new Uint8Array([10, 0, 0, 9]);
    expect(socket.native.sendBatch(large, sizes, 2, to)).toBe(1);
    expect(thrownBy(() => socket.native.sendBatch(large.subarray(UDP.length), sizes.subarray(1), 1, to))).toMatchObject(
      {
        code: "EMSGSIZE",
        syscall: "sendmmsg",
      },
    );
  });

  test("of frames goes out of a device in order, chunk by chunk", async () => {
    const count = 1000;
    const frames = new Uint8Array(count * 60);
    for (let i = 0; i < count; i++) {
      frames.fill(0xff, i * 60, i * 60 + 6);
      new DataView(frames.buffer).setUint16(i * 60 + 12, 0x88b5);
      new DataView(frames.buffer).setUint32(i * 60 + 14, i);
    }
    const socket = openSendingSocket();
    await using source = capture({ interface: "v1", filter: "ether proto 0x88b5" });
    const sizes = new Uint32Array(count).fill(60);
    expect(socket.sendBatch(frames, sizes, count, indexOf("v0"))).toBe(count);
    await new Promise((resolve) => socket.wait(resolve)); // there is room
    socket.close();
    const seen = await take(source, count);
    const numbers = seen.map(({ layers }) => {
      const payload = layers.find(({ kind }) => kind === "payload") as { octets: Uint8Array };
      return new DataView(payload.octets.buffer, payload.octets.byteOffset).getUint32(0);
    });
    expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i));
  });

  test("whose numbers do not fit is refused before anything is sent", async () => {
    await using socket = new RawSocket({ family: 4 });
    const here = new Uint8Array(4);
    const wrong = { code: "ERR_INVALID_ARG_VALUE" };
    const { native } = socket;
    expect(thrownBy(() => native.sendBatch(octets, lengths, 4, here))).toMatchObject(wrong);
    expect(thrownBy(() => native.sendBatch(octets.subarray(1), lengths, 3, here))).toMatchObject(wrong);
    expect(thrownBy(() => native.sendBatch(octets, lengths, 3, new Uint8Array(8)))).toMatchObject(wrong);
    expect(thrownBy(() => native.sendBatch(octets, [30] as unknown as Uint32Array, 1, here))).toMatchObject(wrong);
  });
});
