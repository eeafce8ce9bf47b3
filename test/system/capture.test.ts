import { getEventListeners, once } from "node:events";
import { connect, createServer } from "node:net";
import { beforeAll, expect, test } from "vitest";
import { capture } from "../../src/capture/live.js";
import { isSockinspectError } from "../../src/errors.js";
import { layer, type Packet } from "../../src/packet/packet.js";
import { binding } from "../../src/socket/binding.js";
import { interfaces } from "../../src/socket/interfaces.js";
import { openPacketSocket } from "../../src/socket/packet.js";
import { ip } from "../support/addon.js";
import { drain, ownNetwork, sendDatagrams, take } from "../support/live.js";
import { udp } from "../support/packets.js";

beforeAll(ownNetwork);

const flagsOf = (packet: Packet): string[] => {
  const flags = layer(packet, "tcp")?.flags ?? {};
  return Object.entries(flags).flatMap(([name, on]) => (on ? [name] : []));
};

/** A socket that only sends, and one whose filter, BPF_RET of 0, takes nothing in. */
const toSend = { filter: new Uint8Array(8), blockSize: 4096, blockCount: 0, blockTimeout: 1, promiscuous: false };
const toWait = { ...toSend, filter: Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 0), blockCount: 2 };

/** A socket that only sends frames out of a device. */
function sendFrames(device: string, frames: readonly Uint8Array[]): void {
  const socket = openPacketSocket({ ...toSend, interface: device });
  const { index } = interfaces().find(({ name }) => name === device)!;
  for (const frame of frames) socket.send(frame, index);
  socket.close();
}

test("a TCP connection on loopback is seen once, from SYN to the last ACK, on every device and on lo", async () => {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const sources = [capture({ filter: `tcp port ${port}` }), capture({ interface: "lo", filter: `tcp port ${port}` })];
  const client = connect(port, "127.0.0.1");
  client.end("hello");
  client.resume();
  await once(client, "close");
  server.close();
  await once(server, "close");
  for (const source of sources) source.stop();
  for (const source of sources) {
    const packets = await drain(source);
    expect(packets.slice(0, 3).map(flagsOf)).toEqual([["syn"], ["syn", "ack"], ["ack"]]);
    expect(packets.filter((packet) => flagsOf(packet).includes("fin")).length).toBe(2);
    expect(packets.every(({ device, direction }) => device === "lo" && direction === "in")).toBe(true);
    expect(packets.every(({ problems }) => problems.length === 0)).toBe(true);
    expect(packets[0]?.checksums.at(-1)?.verdict).toBe("not computed yet");
    const { captured, received, dropped } = source.statistics();
    expect([captured, received, dropped]).toEqual([packets.length, packets.length, 0]);
  }
});

test("packets carry the kernel's time, in order and close to the clock's", async () => {
  const source = capture({ interface: "lo", filter: "udp" });
  const before = Date.now() / 1000;
  await sendDatagrams(3);
  const packets = await take(source, 3);
  const after = Date.now() / 1000;
  const times = packets.map(({ seconds, nanoseconds }) => seconds + nanoseconds / 1e9);
  expect(times.toSorted()).toEqual(times);
  expect(times[0]).toBeGreaterThanOrEqual(before - 0.01);
  expect(times[2]).toBeLessThanOrEqual(after + 0.01);
});

test("the snap length cuts what is kept, and the packet says how long it was", async () => {
  const source = capture({ interface: "lo", filter: "udp", snapLength: 60 });
  await sendDatagrams(1, 500);
  const [packet] = await take(source, 1);
  expect(packet).toMatchObject({ length: 542, capturedLength: 60 });
  expect(layer(packet!, "payload")).toMatchObject({ length: 500 });
  expect(layer(packet!, "payload")?.octets.length).toBe(18);
});

test("a limit ends the capture, and what was received beyond it is accounted for", async () => {
  const source = capture({ interface: "lo", filter: "udp", limit: 2 });
  await sendDatagrams(5);
  expect((await drain(source)).length).toBe(2);
  const { captured, received, dropped } = source.statistics();
  expect({ captured, received, dropped }).toEqual({ captured: 2, received: 5, dropped: 0 });
});

test("a stripped VLAN tag is put back, also when the batch is read twice", async () => {
  const tagged = new Uint8Array(udp.length + 4);
  tagged.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x81, 0x00, 0x60, 0x2a]);
  tagged.set(udp.subarray(12), 16);
  const source = capture({ interface: "v1", filter: "udp" });
  sendFrames("v0", [tagged]);
  for await (const batch of source.batches()) {
    const [first] = [...batch].map((frame) => frame.own());
    const [again] = [...batch].map((frame) => frame.own());
    expect(first!.layers[1]).toEqual({ kind: "vlan", priority: 3, dropEligible: false, id: 42, type: 0x0800 });
    expect(first).toMatchObject({ length: tagged.length, device: "v1", direction: "in" });
    expect(again).toEqual(first);
    break;
  }
});

test("of a frame that was cut before its VLAN tag, nothing is made up", async () => {
  const tagged = new Uint8Array(udp.length + 4);
  tagged.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x81, 0x00, 0x60, 0x2a]);
  tagged.set(udp.subarray(12), 16);
  for (const [snapLength, captured] of [
    [8, 8],
    [12, 16],
  ] as const) {
    const source = capture({ interface: "v1", snapLength, filter: "ether src 02:00:00:00:00:01" });
    sendFrames("v0", [tagged]);
    for await (const batch of source.batches()) {
      for (const frame of [...batch].concat([...batch])) {
        expect(frame).toMatchObject({ length: tagged.length, capturedLength: captured });
        expect(frame.octets).toEqual(tagged.subarray(0, captured));
      }
      break;
    }
  }
});

test("direction keeps what goes out, or what comes in", async () => {
  const sources = (["in", "out"] as const).map((direction) => capture({ direction, filter: "udp and not net 127" }));
  const frame = udp.slice();
  frame.set([192, 0, 2, 1], 26);
  frame.set([192, 0, 2, 2], 30);
  frame.fill(0xff, 0, 6);
  sendFrames("v0", [frame]);
  for (const source of sources) source.stop();
  const seen = await Promise.all(sources.map(drain));
  expect(seen.map((packets) => packets.map(({ device, direction }) => `${device} ${direction}`))).toEqual([
    ["v1 in"],
    ["v0 out"],
  ]);
});

test.each([false, true])("a full ring loses nothing silently (copying: %s)", async (copy) => {
  const source = capture({ interface: "lo", filter: "udp port 9", buffer: 256 * 1024, copy });
  await sendDatagrams(3000, 1000);
  source.stop();
  const packets = await drain(source);
  const { captured, received, dropped, freezes } = source.statistics();
  expect(dropped).toBeGreaterThan(0);
  expect(freezes).toBeGreaterThan(0);
  expect(captured).toBe(packets.length);
  expect(captured + dropped).toBe(3000);
  expect(received).toBe(3000);
});

test("views of a released batch, and of a closed source, throw RELEASED", async () => {
  const source = capture({ interface: "lo", filter: "udp" });
  await sendDatagrams(1);
  const kept: unknown[] = [];
  for await (const batch of source.batches()) {
    for (const frame of batch) kept.push(frame, frame.udp!, frame.layers.at(-1)!);
    await sendDatagrams(1);
    if (kept.length > 3) break;
    expect(() => JSON.stringify(kept)).not.toThrow();
  }
  for (const view of kept) expect(() => JSON.stringify(view)).toThrow("given back");
});

test("closing inside the iteration ends it, and the views with it", async () => {
  const source = capture({ interface: "lo", filter: "udp" });
  await sendDatagrams(2);
  let frames = 0;
  for await (const batch of source.batches()) {
    for (const frame of batch) {
      frames++;
      const { udp: view } = frame;
      await source.close();
      expect(() => view?.destinationPort).toThrow("given back");
    }
  }
  expect(frames).toBe(1);
});

test("an abort signal stops the capture", async () => {
  const controller = new AbortController();
  const source = capture({ interface: "lo", filter: "udp", signal: controller.signal });
  await sendDatagrams(1);
  controller.abort();
  expect((await drain(source)).length).toBe(1);
});

test("a capture that is closed lets go of its signal", async () => {
  const { signal } = new AbortController();
  const source = capture({ interface: "lo", signal });
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  await source.close();
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("a second loop over a capture is refused, and the first goes on", async () => {
  const source = capture({ interface: "lo", filter: "udp port 9" });
  const first = drain(source);
  await expect(drain(source)).rejects.toThrow("a capture is read by one loop");
  await sendDatagrams(2);
  source.stop();
  expect(await first).toHaveLength(2);
});

test("a capture of a device that is removed says so", async () => {
  binding().createVethPair("gone", "peer");
  binding().setInterfaceUp("gone");
  const source = capture({ interface: "gone", filter: "udp" });
  const ended = drain(source);
  ip("link", "delete", "gone");
  await expect(ended).rejects.toThrow(/^cannot capture on gone: the interface was removed$/);
});

test("a capture goes on when its device was down and is up again", async () => {
  const source = capture({ interface: "lo", filter: "udp port 9", limit: 2 });
  const packets = drain(source);
  await sendDatagrams(1);
  ip("link", "set", "lo", "down");
  binding().setInterfaceUp("lo");
  await sendDatagrams(1);
  expect(await packets).toHaveLength(2);
});

test("a capture of a device that is removed while it is down says so", async () => {
  binding().createVethPair("gone", "peer");
  binding().setInterfaceUp("gone");
  const source = capture({ interface: "gone", filter: "udp" });
  const failed = expect(drain(source)).rejects.toThrow(/^cannot capture on gone: the interface was removed$/);
  // The kernel tells it behind the capture
  const other = openPacketSocket({ ...toWait, interface: "gone" });
  const down = new Promise((resolve) => other.wait(resolve));
  ip("link", "set", "gone", "down");
  expect(await down).toMatchObject({ code: "ENETDOWN" });
  ip("link", "delete", "gone");
  await failed;
  other.close();
});

test("mistakes are named before a socket is opened", () => {
  const codeOf = (attempt: () => unknown): string | undefined => {
    try {
      attempt();
      return undefined;
    } catch (error) {
      return isSockinspectError(error) ? error.code : String(error);
    }
  };
  expect(codeOf(() => capture({ filter: "prot 80" }))).toBe("BAD_FILTER");
  expect(codeOf(() => capture({ snapLength: 0 }))).toBe("BAD_ARGUMENT");
  expect(codeOf(() => capture({ limit: 1.5 }))).toBe("BAD_ARGUMENT");
  expect(codeOf(() => capture({ filter: 5 as never }))).toBe("BAD_ARGUMENT");
  expect(codeOf(() => capture({ interface: 5 as never }))).toBe("BAD_ARGUMENT");
  expect(codeOf(() => capture(null as never))).toBe("BAD_ARGUMENT");
  expect(codeOf(() => capture({ interface: "eth99" }))).toBe("NO_SUCH_INTERFACE");
  expect(() => capture({ interface: "eth99" })).toThrow("there are lo, ");
});
