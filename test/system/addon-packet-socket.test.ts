import { createSocket } from "node:dgram";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { addonFile, ip } from "../support/addon.js";
import { ethertype, foreign, indexOf, thrownBy, useDevicePair } from "../support/device-pair.js";
import { ethernet, everything, onlyEthertype, program, ready } from "../support/ring.js";

const pair = useDevicePair();

describe("capturing", () => {
  test("a frame that is sent is seen whole, as outgoing here and as broadcast at the other end", async () => {
    const here = pair.open();
    const there = pair.open({ interfaceIndex: pair.far });
    const frame = ethernet(ethertype, 7, 100);
    expect(pair.sender.send(frame, pair.near)).toBe(100);

    const [outgoing] = await here.read(1);
    const [incoming] = await there.read(1);
    expect(outgoing).toMatchObject({ length: 100, capturedLength: 100, interfaceIndex: pair.near, packetType: 4 });
    expect(incoming).toMatchObject({ length: 100, capturedLength: 100, interfaceIndex: pair.far, packetType: 1 });
    expect(outgoing?.frame).toEqual(frame);
    expect(incoming?.frame).toEqual(frame);
    expect(incoming?.protocol).toBe(ethertype);
  });

  test("a socket for every device sees both ends", async () => {
    const ring = pair.open({ interfaceIndex: 0 });
    pair.sender.send(ethernet(ethertype), pair.near);
    const seen = await ring.read(2);
    expect(seen.map((packet) => packet.interfaceIndex).sort()).toEqual([pair.near, pair.far].sort());
  });

  test("timestamps are the kernel's, in nanoseconds of UTC, and do not go backwards", async () => {
    const ring = pair.open();
    const before = BigInt(Date.now()) * 1_000_000n;
    for (let number = 0; number < 100; number++) pair.sender.send(ethernet(ethertype, number), pair.near);
    const times = (await ring.read(100)).map(
      ({ seconds, nanoseconds }) => BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds),
    );
    expect(times[0]).toBeGreaterThanOrEqual(before - 1_000_000n);
    expect(times.at(-1)).toBeLessThanOrEqual(BigInt(Date.now() + 1) * 1_000_000n);
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    expect(times.some((time) => time % 1000n !== 0n)).toBe(true);
  });

  test("the status says that a checksum is not computed yet", async () => {
    const ring = pair.open({ interfaceIndex: indexOf("lo"), filter: everything });
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
    const ring = pair.open({ interfaceIndex: pair.far });
    pair.sender.send(tagged, pair.near);
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
    const ring = pair.open({ blockSize: 1 << 16, blockCount: 4, blockTimeout: 60_000 });
    let sent = 0;
    while (ring.socket.statistics().freezes === 0 && sent < 4000)
      pair.sender.send(ethernet(ethertype, sent++, 61), pair.near);
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
      expect(packet).toMatchObject({ interfaceIndex: pair.near, protocol: ethertype, packetType: 4 });
      expect(packet.frameAt - 4).toBeGreaterThanOrEqual(packet.addressEnd);
    }
  });

  test("copied blocks are those of the ring", async () => {
    const mapped = pair.open();
    const copied = pair.open({ copy: true });
    expect(mapped.socket.ring).toBeInstanceOf(ArrayBuffer);
    expect(copied.socket.ring).toBeUndefined();
    for (let number = 0; number < 1000; number++) pair.sender.send(ethernet(ethertype, number), pair.near);
    const frames = (await mapped.read(1000)).map((packet) => packet.frame);
    expect(frames).toHaveLength(1000);
    expect((await copied.read(1000)).map((packet) => packet.frame)).toEqual(frames);
    expect(copied.socket.copyBlock(0)).toBeUndefined();
    expect(thrownBy(() => copied.socket.copyBlock(64))).toBeInstanceOf(TypeError);
  });

  test("a promiscuous socket makes its device promiscuous until it is closed", () => {
    // The flags show only what an administrator has set; what sockets ask for is counted.
    const link = () => ip("-d", "link", "show", "near");
    const ring = pair.open({ promiscuous: true });
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
      { eval: true, workerData: { addonFile, frame: ethernet(foreign), near: pair.near, sent } },
    );
    try {
      for (let round = 0; round < 50; round++) {
        const already = Atomics.load(sent, 0);
        const ring = pair.open();
        while (Atomics.load(sent, 0) < already + 10) Atomics.wait(sent, 0, Atomics.load(sent, 0), 1000);
        pair.sender.send(ethernet(ethertype, round), pair.near);
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
    const ring = pair.open();
    ring.socket.setFilter(onlyEthertype(foreign));
    pair.sender.send(ethernet(ethertype), pair.near);
    pair.sender.send(ethernet(foreign), pair.near);
    expect((await ring.read(1)).map((packet) => packet.frame)).toEqual([ethernet(foreign)]);
  });

  test("a program that the kernel refuses throws EINVAL, one of odd size a TypeError", () => {
    const endless = program([0x05, 0, 0, 100], [0x06, 0, 0, 0]);
    expect(thrownBy(() => pair.open({ filter: endless }))).toMatchObject({
      code: "EINVAL",
      errno: -22,
      syscall: "setsockopt",
      message: "EINVAL: Invalid argument, setsockopt SO_ATTACH_FILTER",
    });
    expect(thrownBy(() => pair.open({ filter: new Uint8Array(12) }))).toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
    expect(thrownBy(() => pair.open({ filter: new Uint8Array(0) }))).toBeInstanceOf(TypeError);
  });
});

describe("counting", () => {
  test("every packet is either read or counted as dropped when the ring overflows", async () => {
    const ring = pair.open({ blockSize: 1 << 16, blockCount: 2, blockTimeout: 60_000 });
    const sent = 5000;
    for (let number = 0; number < sent; number++) pair.sender.send(ethernet(ethertype, number), pair.near);
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
    pair.sender.send(ethernet(ethertype), pair.near);
    expect(ring.socket.statistics()).toEqual({ ...overflowed, received: sent + 1 });
    ring.socket.close();
    expect(ring.socket.statistics()).toEqual({ ...overflowed, received: sent + 1 });
  });
});

describe("sending", () => {
  test("refusals are Node-shaped and say what was tried", () => {
    expect(thrownBy(() => pair.sender.send(ethernet(ethertype, 0, 2000), pair.near))).toMatchObject({
      code: "EMSGSIZE",
      errno: -90,
      syscall: "sendto",
      message: "EMSGSIZE: Message too long, sendto AF_PACKET",
    });
    expect(thrownBy(() => pair.sender.send(ethernet(ethertype), 4711))).toMatchObject({ code: "ENXIO" });
    expect(thrownBy(() => pair.open({ interfaceIndex: 4711 }))).toMatchObject({ code: "ENODEV", syscall: "bind" });
    expect(thrownBy(() => pair.open({ interfaceIndex: 0, promiscuous: true }))).toMatchObject({ code: "ENODEV" });
    expect(thrownBy(() => pair.open({ blockSize: 1000 }))).toMatchObject({ code: "EINVAL", syscall: "setsockopt" });
    expect(thrownBy(() => pair.open({ blockTimeout: 0 }))).toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
    expect(thrownBy(() => pair.open({ interfaceIndex: -1 }))).toBeInstanceOf(TypeError);
  });

  test("a socket with a ring sends too, and every other socket sees it", async () => {
    const ring = pair.open();
    const other = pair.open();
    ring.socket.send(ethernet(ethertype, 9), pair.near);
    expect((await other.read(1))[0]?.frame).toEqual(ethernet(ethertype, 9));
    expect(ring.socket.statistics().received).toBe(0);
  });

  test("a socket that only sends has no ring and takes nothing in", () => {
    expect(pair.sender.ring).toBeUndefined();
    pair.sender.send(ethernet(ethertype), pair.far);
    expect(pair.sender.statistics()).toEqual({ received: 0, dropped: 0, freezes: 0 });
  });
});
