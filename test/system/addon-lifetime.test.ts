import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { binding, type NativePacketSocket } from "../../src/socket/binding.js";
import { openDescriptors, outcome, prelude, start, threads } from "../support/addon.js";
import { ethernet, onlyEthertype, openRing, openSender, ready } from "../support/ring.js";

const ethertype = 0x88b5;
let near: number;
let sender: NativePacketSocket;

beforeAll(() => {
  binding().enterNewNetworkNamespace();
  binding().createVethPair("near", "far");
  binding().setInterfaceUp("near");
  binding().setInterfaceUp("far");
  near = binding()
    .interfaces()
    .find((each) => each.name === "near")!.index;
  sender = openSender();
});

function work(body: string): Worker {
  const imports = 'const { parentPort, threadId } = require("node:worker_threads");';
  return new Worker(`${imports}${prelude}${body}`, { eval: true });
}

interface Left {
  readonly descriptors: number;
  readonly threads: number;
  readonly mappings: number;
}

const left = (): Left => ({ descriptors: openDescriptors(), threads: threads(), mappings: ringMappings() });

/** Vitest's own threads may end meanwhile, so that there may be fewer; a thread that has ended is in /proc for a moment yet. */
async function expectNoMore(before: Left): Promise<void> {
  await vi.waitFor(() => {
    const now = left();
    expect(now.descriptors).toBeLessThanOrEqual(before.descriptors);
    expect(now.threads).toBeLessThanOrEqual(before.threads);
    expect(now.mappings).toBe(0);
  });
}

const ringMappings = () => readFileSync("/proc/self/maps", "utf8").match(/socket:\[\d+\]/g)?.length ?? 0;
const send = () => sender.send(ethernet(ethertype), near);

describe("10 000 sockets opened and closed", () => {
  // Each open and close waits for the kernel's RCU several times, 33 ms altogether and nearly all of it asleep: so many
  // threads at once.
  test("leave no descriptor, thread, mapping or memory behind", { timeout: 300_000 }, async () => {
    const workers = Array.from({ length: 25 }, () =>
      work(`
        require("node:v8").setFlagsFromString("--expose-gc");
        const collect = require("node:vm").runInNewContext("gc");
        parentPort.on("message", (count) => {
          for (let at = 0; at < count; at++) {
            const socket = open({ copy: at % 4 === 0 });
            if (at % 2 === 0) socket.wait(() => { throw new Error("called back"); });
            socket.close();
          }
          collect();
          setImmediate(() => parentPort.postMessage("done"));
        });
      `),
    );
    const round = async (count: number) => {
      const done = workers.map((worker) => once(worker, "message"));
      for (const worker of workers) worker.postMessage(count);
      await Promise.all(done);
    };
    await round(40);
    const warm = left();
    const residentBefore = process.memoryUsage.rss();
    await round(360);
    await expectNoMore(warm);
    // 9000 rings of 16 KiB would be 147 MB.
    expect(process.memoryUsage.rss() - residentBefore).toBeLessThan(64 << 20);
    await Promise.all(workers.map((worker) => worker.terminate()));
  });
});

describe("worker threads", () => {
  test("several capture at once, each everything", async () => {
    const workers = Array.from({ length: 6 }, () =>
      work(`
        const socket = open({ blockSize: 65536, blockCount: 64 });
        const words = new Int32Array(socket.ring);
        let packets = 0, block = 0;
        const drain = () => {
          for (; Atomics.load(words, block * 16384 + 2) & 1; block = (block + 1) % 64) {
            packets += words[block * 16384 + 3];
            Atomics.store(words, block * 16384 + 2, 0);
          }
          if (packets < 300) return socket.wait(drain);
          parentPort.postMessage({ packets, ...socket.statistics() });
          socket.close();
        };
        socket.wait(drain);
        parentPort.postMessage("open");
      `),
    );
    await Promise.all(workers.map((worker) => once(worker, "message")));
    const own = openRing({ interfaceIndex: near, filter: onlyEthertype(ethertype) });
    const results = Promise.all(workers.map((worker) => once(worker, "message")));
    const ended = Promise.all(workers.map((worker) => once(worker, "exit")));
    for (let number = 0; number < 300; number++) send();
    expect(await own.read(300)).toHaveLength(300);
    own.socket.close();
    for (const [result] of await results)
      expect(result).toEqual({ packets: 300, received: 300, dropped: 0, freezes: 0 });
    await ended; // nothing waits any more, so that the threads end by themselves
  });

  test("one that is terminated without close leaves nothing behind", async () => {
    const cycle = async () => {
      const worker = work(`
        const sockets = [open(), open({ copy: true }), open()];
        for (const socket of sockets) socket.wait(() => undefined);
        parentPort.postMessage("waiting");
      `);
      await once(worker, "message");
      await worker.terminate();
    };
    await cycle();
    const first = left();
    for (let round = 0; round < 10; round++) {
      await cycle();
      await expectNoMore(first);
    }
  });

  test("one that is terminated amid its callbacks leaves nothing behind", async () => {
    const cycle = async () => {
      const worker = work(`
        const socket = open({ blockCount: 64, blockTimeout: 1 });
        const again = () => { for (let at = 0; at < 64; at++) socket.copyBlock(at); socket.wait(again); };
        socket.wait(again);
        parentPort.postMessage("waiting");
      `);
      await once(worker, "message");
      const ended = worker.terminate();
      for (let number = 0; number < 200; number++) send();
      await ended;
    };
    await cycle();
    const first = left();
    for (let round = 0; round < 20; round++) {
      await cycle();
      await expectNoMore(first);
    }
  });

  test("an exception out of a callback ends the worker with that error", async () => {
    const worker = work(`
      const socket = open();
      socket.wait(() => { throw new Error("mistake"); });
      parentPort.postMessage("waiting");
    `);
    await once(worker, "message");
    const failed = once(worker, "error");
    send();
    expect((await failed)[0]).toMatchObject({ message: "mistake" });
  });
});

describe("a socket that is forgotten", () => {
  test("is closed and unmapped when it is collected, unless it waits", async () => {
    const child = start(`
      const { readdirSync, readFileSync } = require("node:fs");
      const counts = () => [readdirSync("/proc/self/fd").length, readFileSync("/proc/self/maps", "utf8").match(/socket:\\[/g)?.length ?? 0];
      const turn = () => new Promise((resolve) => setImmediate(resolve));
      (async () => {
        let waiting = open(); waiting.wait(() => undefined); waiting = undefined;
        const before = counts();
        (() => { for (let at = 0; at < 20; at++) open({ copy: at % 2 === 0 }); })();
        const opened = counts();
        for (let at = 0; at < 10; at++) { gc(); await turn(); }
        console.log(JSON.stringify({ opened: opened.map((count, at) => count - before[at]), left: counts().map((count, at) => count - before[at]) }));
        process.exit();
      })();
    `);
    const { code, output, errors } = await outcome(child);
    expect(errors).toBe("");
    expect(code).toBe(0);
    expect(JSON.parse(output)).toEqual({ opened: [20, 20], left: [0, 0] });
  });

  test("is collected once it is closed, also when it waited", async () => {
    const child = start(`
      let socket = open();
      const weak = new WeakRef(socket);
      socket.wait(() => undefined);
      socket.close();
      socket = undefined;
      (async () => {
        for (let at = 0; at < 10; at++) { gc(); await new Promise((resolve) => setImmediate(resolve)); }
        console.log(weak.deref());
      })();
    `);
    expect(await outcome(child)).toEqual({ code: 0, output: "undefined\n", errors: "" });
  });

  test("leaves its ring readable for whoever still has that", async () => {
    const child = start(`
      let socket = open();
      const words = new Int32Array(socket.ring);
      socket = undefined;
      (async () => {
        for (let at = 0; at < 10; at++) { gc(); await new Promise((resolve) => setImmediate(resolve)); }
        console.log(words.length, words[0]);
      })();
    `);
    expect(await outcome(child)).toEqual({ code: 0, output: "4096 2\n", errors: "" });
  });
});

describe("the process", () => {
  test("ends by itself when no socket waits, open or not", async () => {
    const child = start(`
      const idle = open();
      const closed = open(); closed.wait(() => undefined); closed.close();
      console.log("end");
    `);
    expect(await outcome(child)).toEqual({ code: 0, output: "end\n", errors: "" });
  });

  test("is kept alive by a pending wait, and ends after its callback", async () => {
    const child = start(`
      const socket = open();
      socket.wait((error) => console.log("called", error));
      console.log("waiting");
    `);
    const ended = outcome(child);
    await once(child.stdout!, "data");
    send();
    expect(await ended).toEqual({ code: 0, output: "waiting\ncalled undefined\n", errors: "" });
  });

  test("can exit in the midst of waits, in the main thread and in workers", async () => {
    const child = start(`
      const { Worker } = require("node:worker_threads");
      open().wait(() => undefined);
      const source = ${JSON.stringify(prelude)} + 'open().wait(() => {}); require("node:worker_threads").parentPort.postMessage(1)';
      const workers = [1, 2, 3].map(() => new Worker(source, { eval: true }));
      let waiting = 0;
      for (const worker of workers) worker.on("message", () => { if (++waiting === 3) process.exit(7); });
    `);
    expect(await outcome(child)).toEqual({ code: 7, output: "", errors: "" });
  });

  test("has a thread of ours only once something waits", async () => {
    const before = threads();
    const ring = openRing({ interfaceIndex: near, filter: onlyEthertype(ethertype) });
    expect(threads()).toBe(before);
    const seen = ready(ring.socket);
    const other = openRing({ interfaceIndex: near, filter: onlyEthertype(ethertype) });
    const both = Promise.all([seen, ready(other.socket)]);
    expect(threads()).toBeLessThanOrEqual(before + 1);
    send();
    await both;
    ring.socket.close();
    other.socket.close();
  });
});
