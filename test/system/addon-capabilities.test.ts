import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { binding } from "../../src/socket/binding.js";
import { outcome, prelude, start } from "../support/addon.js";

beforeAll(() => {
  binding().enterNewNetworkNamespace();
  binding().createVethPair("near", "far");
  binding().setInterfaceUp("near");
  binding().setInterfaceUp("far");
});

/** What the status files below /proc/self/task say of the threads, one line for each different state. */
const states = `
  const { readdirSync, readFileSync } = require("node:fs");
  const states = () => [...new Set(readdirSync("/proc/self/task").map((task) =>
    readFileSync("/proc/self/task/" + task + "/status", "utf8").match(/^(CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs):.*$/gm).join(" ").replaceAll("\\t", " ")))];
`;
const none = [
  "CapInh: 0000000000000000 CapPrm: 0000000000000000 CapEff: 0000000000000000 CapAmb: 0000000000000000 NoNewPrivs: 1",
];

describe("after capabilities are dropped", () => {
  test("no thread has any, and no program that is started gets any", async () => {
    const child = start(`${states}
      addon.dropCapabilities();
      console.log(JSON.stringify(states()));
      const inChild = require("node:child_process").execFileSync("grep", ["CapEff", "/proc/self/status"], { encoding: "utf8" });
      console.log(JSON.stringify(inChild.trim()));
    `);
    const { code, output, errors } = await outcome(child);
    expect(errors).toBe("");
    expect(code).toBe(0);
    const [own, started] = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(own).toEqual(none);
    expect(started).toBe("CapEff:\t0000000000000000");
  });

  test("the threads of workers, of the pool and of the poller have none either", async () => {
    const child = start(`${states}
      const { Worker } = require("node:worker_threads");
      const socket = open();
      socket.wait(() => undefined);
      require("node:fs").readFile("/proc/self/status", () => {
        const busy = 'require("node:worker_threads").parentPort.postMessage(1); for (;;);';
        const asleep = 'require("node:worker_threads").parentPort.postMessage(1); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';
        const waiting = ${JSON.stringify(prelude)} + 'open().wait(() => {}); require("node:worker_threads").parentPort.postMessage(1)';
        const workers = [busy, asleep, waiting, waiting].map((source) => new Worker(source, { eval: true }));
        let up = 0;
        for (const worker of workers) worker.on("message", () => {
          if (++up < workers.length) return;
          const before = states();
          addon.dropCapabilities();
          const late = new Worker(asleep, { eval: true });
          late.on("message", () => {
            console.log(JSON.stringify({ had: before.every((state) => !state.includes("CapEff: 0000000000000000")), states: states(), tasks: readdirSync("/proc/self/task").length }));
            process.exit();
          });
        });
      });
    `);
    const { code, output, errors } = await outcome(child);
    expect(errors).toBe("");
    expect(code).toBe(0);
    const { had, states: left, tasks } = JSON.parse(output);
    expect(had).toBe(true);
    expect(left).toEqual(none);
    expect(tasks).toBeGreaterThan(14);
  });

  test("open sockets go on, and new ones are refused", async () => {
    const child = start(`
      const socket = open();
      const sender = open({ blockCount: 0 });
      addon.dropCapabilities();
      addon.dropCapabilities(); // once more changes nothing
      const frame = new Uint8Array(60);
      frame.set([255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 0, 0x88, 0xb5]);
      socket.wait((error) => {
        const refusals = [];
        for (const attempt of [() => open(), () => addon.enterNewNetworkNamespace(), () => addon.setInterfaceUp("near")]) {
          try { attempt(); } catch (error) { refusals.push([error.code, error.syscall]); }
        }
        console.log(JSON.stringify({ error, packets: new Int32Array(socket.ring)[3], refusals }));
        socket.close();
      });
      sender.send(frame, addon.interfaces().find((each) => each.name === "near").index);
    `);
    const { code, output, errors } = await outcome(child);
    expect(errors).toBe("");
    expect(code).toBe(0);
    expect(JSON.parse(output)).toEqual({
      packets: 1,
      refusals: [
        ["EPERM", "socket"],
        ["EPERM", "unshare"],
        ["EPERM", "netlink"],
      ],
    });
  });

  test("setuid(), which tells the threads by the same signal, still works", async () => {
    const child = start(`
      addon.dropCapabilities();
      process.setuid(process.getuid());
      console.log("still here");
    `);
    expect(await outcome(child)).toEqual({ code: 0, output: "still here\n", errors: "" });
  });

  test("it is the same in a user namespace", () => {
    const body = `${prelude}${states} addon.dropCapabilities(); console.log(JSON.stringify(states()));`;
    const output = execFileSync("unshare", ["-Urn", process.execPath, "-e", body], { encoding: "utf8" });
    expect(JSON.parse(output)).toEqual(none);
  });
});
