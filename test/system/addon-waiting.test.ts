import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { binding } from "../../src/socket/binding.js";
import { ip } from "../support/addon.js";
import { ethertype, indexOf, thrownBy, useDevicePair } from "../support/device-pair.js";
import { ethernet, everything, ready } from "../support/ring.js";

const pair = useDevicePair();

describe("waiting", () => {
  test("a wait calls back once, and one wait is allowed at a time", async () => {
    const ring = pair.open();
    let calls = 0;
    const called = new Promise<void>((resolve) => {
      ring.socket.wait(() => {
        calls++;
        resolve();
      });
    });
    expect(thrownBy(() => ring.socket.wait(() => undefined))).toMatchObject({ code: "EALREADY", syscall: "wait" });
    pair.sender.send(ethernet(ethertype), pair.near);
    await called;
    ring.take();
    pair.sender.send(ethernet(ethertype), pair.near);
    await ring.read(1);
    expect(calls).toBe(1);
  });

  test("a device that goes down is ENETDOWN, and the socket goes on when it is up again", async () => {
    const ring = pair.open();
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
    pair.sender.send(ethernet(ethertype, 3), pair.near);
    expect((await again)[0]?.frame).toEqual(ethernet(ethertype, 3));
  });

  test("a device that is removed is ENETDOWN, and what came before can still be read", async () => {
    binding().createVethPair("gone", "peer");
    binding().setInterfaceUp("gone");
    binding().setInterfaceUp("peer");
    const gone = indexOf("gone");
    const ring = pair.open({ interfaceIndex: gone, blockTimeout: 60_000 });
    pair.sender.send(ethernet(ethertype, 1), gone);
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
    const ring = pair.open();
    const mistake = new Error("mistake");
    ring.socket.wait(() => {
      throw mistake;
    });
    pair.sender.send(ethernet(ethertype), pair.near);
    expect((await caught)[0]).toBe(mistake);
    for (const listener of former) process.on("uncaughtException", listener);
  });
});

describe("closing", () => {
  test("the ring is detached, and every later call but close and statistics is EBADF", () => {
    const { socket } = pair.open();
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
      () => socket.send(ethernet(ethertype), pair.near),
    ]) {
      expect(thrownBy(call)).toMatchObject({ code: "EBADF", errno: -9 });
    }
  });

  test("a pending wait is not called back", async () => {
    const ring = pair.open();
    const other = pair.open();
    let called = false;
    ring.socket.wait(() => {
      called = true;
    });
    const seen = ready(other.socket);
    pair.sender.send(ethernet(ethertype), pair.near);
    ring.socket.close();
    await seen;
    expect(called).toBe(false);
  });

  test("a socket can be closed inside its own callback and inside another's", async () => {
    const first = pair.open();
    const second = pair.open();
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
    pair.sender.send(ethernet(ethertype), pair.near);
    await called;
    const third = pair.open();
    const seen = ready(third.socket);
    pair.sender.send(ethernet(ethertype), pair.near);
    await seen;
    expect(calls).toBe(1);
  });

  test("memory that was transferred away stays readable after close", async () => {
    const ring = pair.open();
    pair.sender.send(ethernet(ethertype, 5), pair.near);
    await ready(ring.socket);
    const memory = ring.socket.ring as ArrayBuffer & { transfer?(): ArrayBuffer };
    // Node 20 has no transfer(); there nothing else can take an external buffer away either.
    const moved = memory.transfer?.();
    ring.socket.close();
    expect(memory.byteLength).toBe(0);
    if (moved) expect(new DataView(moved).getUint32(12, true)).toBe(1);
  });
});
