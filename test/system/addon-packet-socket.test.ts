import { createSocket } from "node:dgram";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { binding, type NativePacketSocket } from "../../src/socket/binding.js";
import { addonFile, ip } from "../support/addon.js";
import {
  ethernet,
  everything,
  onlyEthertype,
  openRing,
  openSender,
  program,
  type Ring,
  ready,
} from "../support/ring.js";

// IEEE Std 802: for experiments, so that nothing of the kernel's own uses it.
const ethertype = 0x88b5;
const foreign = 0x88b6;

let near: number;
let far: number;
let sender: NativePacketSocket;
const opened: NativePacketSocket[] = [];

function open(options: Parameters<typeof openRing>[0] = {}): Ring {
  const ring = openRing({ interfaceIndex: near, filter: onlyEthertype(ethertype), ...options });
  opened.push(ring.socket);
  return ring;
}

function index(name: string): number {
  const found = binding()
    .interfaces()
    .find((each) => each.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found.index;
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

beforeAll(() => {
  binding().enterNewNetworkNamespace();
  binding().setInterfaceUp("lo");
});

beforeEach(() => {
  binding().createVethPair("near", "far");
  binding().setInterfaceUp("near");
  binding().setInterfaceUp("far");
  near = index("near");
  far = index("far");
  sender = openSender();
});

afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
  sender.close();
  ip("link", "delete", "near");
});

describe("capturing", () => {
  test("a frame that is sent is seen whole, as outgoing here and as broadcast at the other end", async () => {
    const here = open();
    const there = open({ interfaceIndex: far });
    const frame = ethernet(ethertype, 7, 100);
    expect(sender.send(frame, near)).toBe(100);

    const [outgoing] = await here.read(1);
    const [incoming] = await there.read(1);
    expect(outgoing).toMatchObject({ length: 100, capturedLength: 100, interfaceIndex: near, packetType: 4 });
    expect(incoming).toMatchObject({ length: 100, capturedLength: 100, interfaceIndex: far, packetType: 1 });
    expect(outgoing?.frame).toEqual(frame);
    expect(incoming?.frame).toEqual(frame);
    expect(incoming?.protocol).toBe(ethertype);
  });

  test("a socket for every device sees both ends", async () => {
    const ring = open({ interfaceIndex: 0 });
    sender.send(ethernet(ethertype), near);
    const seen = await ring.read(2);
    expect(seen.map((packet) => packet.interfaceIndex).sort()).toEqual([near, far].sort());
  });

  test("timestamps are the kernel's, in nanoseconds of UTC, and do not go backwards", async () => {
    const ring = open();
    const before = BigInt(Date.now()) * 1_000_000n;
    for (let number = 0; number < 100; number++) sender.send(ethernet(ethertype, number), near);
    const times = (await ring.read(100)).map(
      ({ seconds, nanoseconds }) => BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds),
    );
    expect(times[0]).toBeGreaterThanOrEqual(before - 1_000_000n);
    expect(times.at(-1)).toBeLessThanOrEqual(BigInt(Date.now() + 1) * 1_000_000n);
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    expect(times.some((time) => time % 1000n !== 0n)).toBe(true);
  });

  test("the status says that a checksum is not computed yet", async () => {
    const ring = openRing({ interfaceIndex: index("lo"), filter: everything });
    opened.push(ring.socket);
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    socket.send("hello", socket.address().port, "127.0.0.1");
    const [packet] = await ring.read(1);
    socket.close();
    expect((packet?.status ?? 0) & 0x8).toBe(0x8); // TP_STATUS_CSUMNOTREADY
  });

  test("a VLAN tag that the kernel has stripped can be put back where it was", async () => {
    const tagged = new Uint8Array(64);
    tagged.set(ethernet(0x8100, (5 << 16) | ethertype)); // VLAN 5, then the inner type
    const ring = open({ interfaceIndex: far });
    sender.send(tagged, near);
    await ready(ring.socket);
    const memory = ring.socket.ring as ArrayBuffer;
    const view = new DataView(memory);
    const header = view.getUint32(16, true);
    const frame = header + view.getUint16(header + 24, true);
    expect(view.getUint32(header + 20, true) & 0x50).toBe(0x50); // TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID
    expect(view.getUint32(header + 12, true)).toBe(60);
    const octets = new Uint8Array(memory);
    octets.copyWithin(frame - 4, frame, frame + 12);
    view.setUint16(frame + 8, view.getUint16(header + 36, true)); // tp_vlan_tpid
    view.setUint16(frame + 10, view.getUint32(header + 32, true)); // tp_vlan_tci
    expect(octets.slice(frame - 4, frame + 60)).toEqual(tagged);
  });

  test("octets written before a frame leave its address and its neighbours alone", async () => {
    const ring = open({ blockSize: 1 << 16, blockCount: 4, blockTimeout: 60_000 });
    let sent = 0;
    while (ring.socket.statistics().freezes === 0 && sent < 4000) sender.send(ethernet(ethertype, sent++, 61), near);
    const memory = ring.socket.ring;
    if (!memory) throw new Error("the ring is not mapped");
    const view = new DataView(memory);
    for (let at = view.getUint32(16, true), left = view.getUint32(12, true); left > 0; left--) {
      view.setUint32(at + view.getUint16(at + 24, true) - 4, 0xa5a5a5a5);
      at += view.getUint32(at, true);
    }
    const packets = ring.take() ?? [];
    expect(packets.length).toBeGreaterThan(100);
    for (const [number, packet] of packets.entries()) {
      expect(packet.frame).toEqual(ethernet(ethertype, number, 61));
      expect(packet).toMatchObject({ interfaceIndex: near, protocol: ethertype, packetType: 4 });
      expect(packet.frameAt - 4).toBeGreaterThanOrEqual(packet.addressEnd);
    }
  });

  test("copied blocks are those of the ring", async () => {
    const mapped = open();
    const copied = open({ copy: true });
    expect(mapped.socket.ring).toBeInstanceOf(ArrayBuffer);
    expect(copied.socket.ring).toBeUndefined();
    for (let number = 0; number < 1000; number++) sender.send(ethernet(ethertype, number), near);
    const frames = (await mapped.read(1000)).map((packet) => packet.frame);
    expect(frames).toHaveLength(1000);
    expect((await copied.read(1000)).map((packet) => packet.frame)).toEqual(frames);
    expect(copied.socket.copyBlock(0)).toBeUndefined();
    expect(thrownBy(() => copied.socket.copyBlock(64))).toBeInstanceOf(TypeError);
  });

  test("a promiscuous socket makes its device promiscuous until it is closed", () => {
    // The flags show only what an administrator has set; what sockets ask for is counted.
    const link = () => ip("-d", "link", "show", "near");
    const ring = open({ promiscuous: true });
    expect(link()).toContain("promiscuity 1");
    ring.socket.close();
    expect(link()).toContain("promiscuity 0");
  });
});

describe("filtering", () => {
  test("no foreign packet is ever queued, however busy the device is while the socket is opened", async () => {
    const sent = new Int32Array(new SharedArrayBuffer(8));
    const flood = new Worker(
      `const { workerData: { addonFile, frame, near, sent } } = require("node:worker_threads");
       const { PacketSocket } = require(addonFile);
       const options = { interfaceIndex: 0, blockSize: 0, blockCount: 0, blockTimeout: 0, promiscuous: false };
       const socket = new PacketSocket({ ...options, filter: new Uint8Array(8) });
       while (Atomics.load(sent, 1) === 0) { socket.send(frame, near); Atomics.add(sent, 0, 1); Atomics.notify(sent, 0); }
       socket.close();`,
      { eval: true, workerData: { addonFile, frame: ethernet(foreign), near, sent } },
    );
    try {
      for (let round = 0; round < 50; round++) {
        const already = Atomics.load(sent, 0);
        const ring = open();
        while (Atomics.load(sent, 0) < already + 10) Atomics.wait(sent, 0, Atomics.load(sent, 0), 1000);
        sender.send(ethernet(ethertype, round), near);
        const packets = await ring.read(1);
        expect(packets.map((packet) => packet.frame)).toEqual([ethernet(ethertype, round)]);
        expect(ring.socket.statistics()).toMatchObject({ received: 1, dropped: 0 });
        ring.socket.close();
      }
    } finally {
      Atomics.store(sent, 1, 1);
      await once(flood, "exit");
    }
  });

  test("a filter can be replaced", async () => {
    const ring = open();
    ring.socket.setFilter(onlyEthertype(foreign));
    sender.send(ethernet(ethertype), near);
    sender.send(ethernet(foreign), near);
    expect((await ring.read(1)).map((packet) => packet.frame)).toEqual([ethernet(foreign)]);
  });

  test("a program that the kernel refuses throws EINVAL, one of odd size a TypeError", () => {
    const endless = program([0x05, 0, 0, 100], [0x06, 0, 0, 0]);
    expect(thrownBy(() => open({ filter: endless }))).toMatchObject({
      code: "EINVAL",
      errno: -22,
      syscall: "setsockopt",
      message: "EINVAL: Invalid argument, setsockopt SO_ATTACH_FILTER",
    });
    expect(thrownBy(() => open({ filter: new Uint8Array(12) }))).toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
    expect(thrownBy(() => open({ filter: new Uint8Array(0) }))).toBeInstanceOf(TypeError);
  });
});

describe("counting", () => {
  test("every packet is either read or counted as dropped when the ring overflows", async () => {
    const ring = open({ blockSize: 1 << 16, blockCount: 2, blockTimeout: 60_000 });
    const sent = 5000;
    for (let number = 0; number < sent; number++) sender.send(ethernet(ethertype, number), near);
    const overflowed = ring.socket.statistics();
    expect(overflowed.received).toBe(sent);
    expect(overflowed.dropped).toBeGreaterThan(1000);
    expect(overflowed.freezes).toBe(1);

    const packets = [...(ring.take() ?? []), ...(ring.take() ?? [])];
    expect(packets.length + overflowed.dropped).toBe(sent);
    expect(packets.map((packet) => new DataView(packet.frame.buffer).getUint32(14))).toEqual(
      packets.map((_, at) => at),
    );

    // The counters of the kernel are reset by reading; ours go on.
    sender.send(ethernet(ethertype), near);
    expect(ring.socket.statistics()).toEqual({ ...overflowed, received: sent + 1 });
    ring.socket.close();
    expect(ring.socket.statistics()).toEqual({ ...overflowed, received: sent + 1 });
  });
});

describe("waiting", () => {
  test("a wait calls back once, and one wait is allowed at a time", async () => {
    const ring = open();
    let calls = 0;
    const called = new Promise<void>((resolve) => {
      ring.socket.wait(() => {
        calls++;
        resolve();
      });
    });
    expect(thrownBy(() => ring.socket.wait(() => undefined))).toMatchObject({ code: "EALREADY", syscall: "wait" });
    sender.send(ethernet(ethertype), near);
    await called;
    ring.take();
    sender.send(ethernet(ethertype), near);
    await ring.read(1);
    expect(calls).toBe(1);
  });

  test("a device that goes down is ENETDOWN, and the socket goes on when it is up again", async () => {
    const ring = open();
    const failed = ready(ring.socket);
    ip("link", "set", "near", "down");
    await expect(failed).rejects.toMatchObject({
      code: "ENETDOWN",
      errno: -100,
      syscall: "wait",
      message: "ENETDOWN: Network is down, wait",
    });
    binding().setInterfaceUp("near");
    const again = ring.read(1);
    sender.send(ethernet(ethertype, 3), near);
    expect((await again)[0]?.frame).toEqual(ethernet(ethertype, 3));
  });

  test("a device that is removed is ENETDOWN, and what came before can still be read", async () => {
    binding().createVethPair("gone", "peer");
    binding().setInterfaceUp("gone");
    binding().setInterfaceUp("peer");
    const gone = index("gone");
    const ring = open({ interfaceIndex: gone, blockTimeout: 60_000 });
    sender.send(ethernet(ethertype, 1), gone);
    const failed = ready(ring.socket);
    ip("link", "delete", "gone");
    await expect(failed).rejects.toMatchObject({ code: "ENETDOWN" });
    expect(ring.socket.statistics().received).toBe(1);
    ring.socket.close();
  });

  test("an exception out of a callback is the process's uncaught exception", async () => {
    const former = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    const caught = once(process, "uncaughtException");
    const ring = open();
    const mistake = new Error("mistake");
    ring.socket.wait(() => {
      throw mistake;
    });
    sender.send(ethernet(ethertype), near);
    expect((await caught)[0]).toBe(mistake);
    for (const listener of former) process.on("uncaughtException", listener);
  });
});

describe("closing", () => {
  test("the ring is detached, and every later call but close and statistics is EBADF", () => {
    const { socket } = open();
    const ring = socket.ring;
    if (!ring) throw new Error("the ring is not mapped");
    const view = new Int32Array(ring);
    expect(view.length).toBe((64 << 14) / 4);
    socket.close();
    expect(ring.byteLength).toBe(0);
    expect(view.length).toBe(0);
    expect(() => Atomics.load(view, 2)).toThrow(TypeError);
    expect(() => socket.close()).not.toThrow();
    for (const call of [
      () => socket.copyBlock(0),
      () => socket.wait(() => undefined),
      () => socket.setFilter(everything),
      () => socket.send(ethernet(ethertype), near),
    ]) {
      expect(thrownBy(call)).toMatchObject({ code: "EBADF", errno: -9 });
    }
  });

  test("a pending wait is not called back", async () => {
    const ring = open();
    const other = open();
    let called = false;
    ring.socket.wait(() => {
      called = true;
    });
    const seen = ready(other.socket);
    sender.send(ethernet(ethertype), near);
    ring.socket.close();
    await seen;
    expect(called).toBe(false);
  });

  test("a socket can be closed inside its own callback and inside another's", async () => {
    const first = open();
    const second = open();
    let calls = 0;
    const called = new Promise<void>((resolve) => {
      const closeBoth = () => {
        calls++;
        first.socket.close();
        second.socket.close();
        resolve();
      };
      first.socket.wait(closeBoth);
      second.socket.wait(closeBoth);
    });
    sender.send(ethernet(ethertype), near);
    await called;
    const third = open();
    const seen = ready(third.socket);
    sender.send(ethernet(ethertype), near);
    await seen;
    expect(calls).toBe(1);
  });

  test("memory that was transferred away stays readable after close", async () => {
    const ring = open();
    sender.send(ethernet(ethertype, 5), near);
    await ready(ring.socket);
    const memory = ring.socket.ring as ArrayBuffer & { transfer?(): ArrayBuffer };
    // Node 20 has no transfer(); there nothing else can take an external buffer away either.
    const moved = memory.transfer?.();
    ring.socket.close();
    expect(memory.byteLength).toBe(0);
    if (moved) expect(new DataView(moved).getUint32(12, true)).toBe(1);
  });
});

describe("sending", () => {
  test("refusals are Node-shaped and say what was tried", () => {
    expect(thrownBy(() => sender.send(ethernet(ethertype, 0, 2000), near))).toMatchObject({
      code: "EMSGSIZE",
      errno: -90,
      syscall: "sendto",
      message: "EMSGSIZE: Message too long, sendto AF_PACKET",
    });
    expect(thrownBy(() => sender.send(ethernet(ethertype), 4711))).toMatchObject({ code: "ENXIO" });
    expect(thrownBy(() => open({ interfaceIndex: 4711 }))).toMatchObject({ code: "ENODEV", syscall: "bind" });
    expect(thrownBy(() => open({ interfaceIndex: 0, promiscuous: true }))).toMatchObject({ code: "ENODEV" });
    expect(thrownBy(() => open({ blockSize: 1000 }))).toMatchObject({ code: "EINVAL", syscall: "setsockopt" });
    expect(thrownBy(() => open({ blockTimeout: 0 }))).toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
    expect(thrownBy(() => open({ interfaceIndex: -1 }))).toBeInstanceOf(TypeError);
    expect(thrownBy(() => sender.wait(() => undefined))).toBeInstanceOf(TypeError);
  });

  test("a socket with a ring sends too, and every other socket sees it", async () => {
    const ring = open();
    const other = open();
    ring.socket.send(ethernet(ethertype, 9), near);
    expect((await other.read(1))[0]?.frame).toEqual(ethernet(ethertype, 9));
    expect(ring.socket.statistics().received).toBe(0);
  });

  test("a socket that only sends has no ring and takes nothing in", () => {
    expect(sender.ring).toBeUndefined();
    sender.send(ethernet(ethertype), far);
    expect(sender.statistics()).toEqual({ received: 0, dropped: 0, freezes: 0 });
  });
});
