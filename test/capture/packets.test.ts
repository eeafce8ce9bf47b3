import { describe, expect, test } from "vitest";
import { Packets } from "../../src/capture/packets.js";
import type { Batch } from "../../src/capture/source.js";
import { Frame } from "../../src/packet/frame.js";
import * as packets from "../support/packets.js";

/** Batches of so many packets each; `log` is told what becomes of them. */
async function* batchesOf(counts: readonly number[], log: string[] = []): AsyncGenerator<Batch, void, undefined> {
  let seconds = 0;
  const { udp } = packets;
  try {
    for (const count of counts) {
      const frames = Array.from({ length: count }, () => {
        const frame = new Frame({ seconds: seconds++ });
        frame.move(new DataView(udp.buffer, udp.byteOffset, udp.length), 0, udp.length, udp.length);
        return frame;
      });
      yield { [Symbol.iterator]: () => frames.values(), release: () => {} };
      for (const frame of frames) frame.release();
      log.push("released");
    }
  } finally {
    log.push("closed");
  }
}

const failing: Batch = {
  [Symbol.iterator]: () => ({
    next() {
      throw new Error("cannot be asked");
    },
  }),
  release: () => {},
};

describe("packets of batches", () => {
  test("come in order, from batch to batch, and outlast them", async () => {
    const log: string[] = [];
    const found = [];
    for await (const packet of new Packets(batchesOf([2, 0, 3], log), () => false)) found.push(packet);
    expect(found.map(({ seconds }) => seconds)).toEqual([0, 1, 2, 3, 4]);
    expect(found[0]).toEqual({ ...found[4], seconds: 0 });
    expect(log).toEqual(["released", "released", "released", "closed"]);
  });

  test("are asked for ahead of their time in any number, and come in order all the same", async () => {
    const iterator = new Packets(batchesOf([1, 2, 1]), () => false);
    const results = await Promise.all(Array.from({ length: 6 }, () => iterator.next()));
    expect(results.map(({ value }) => value?.seconds)).toEqual([0, 1, 2, 3, undefined, undefined]);
    expect(results.map(({ done }) => done)).toEqual([false, false, false, false, true, true]);
  });

  test("let go of their source where the loop is left", async () => {
    const log: string[] = [];
    const iterator = new Packets(batchesOf([3], log), () => false);
    for await (const _ of iterator) break;
    expect(log).toEqual(["closed"]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test("end behind the packet during which they are stopped", async () => {
    const log: string[] = [];
    let stopped = false;
    const found = [];
    for await (const packet of new Packets(batchesOf([3, 3], log), () => stopped)) {
      found.push(packet.seconds);
      stopped = found.length === 2;
    }
    expect(found).toEqual([0, 1]);
    expect(log).toEqual(["closed"]);
  });

  test("let go of their source when it fails, and say why", async () => {
    const log: string[] = [];
    async function* batches(): AsyncGenerator<Batch, void, undefined> {
      try {
        yield failing;
      } finally {
        log.push("closed");
      }
    }
    const iterator = new Packets(batches(), () => false);
    await expect(iterator.next()).rejects.toThrow("cannot be asked");
    expect(log).toEqual(["closed"]);
    expect((await iterator.next()).done).toBe(true);
  });
});
