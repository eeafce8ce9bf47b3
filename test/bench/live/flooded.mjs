// A capture under a flood: what it takes for a packet, and what it loses.
import { execFileSync } from "node:child_process";
import { binding } from "../../../dist/socket/binding.js";
import { Running, received } from "../process.mjs";

const near = "flood0";
/** Where the packets arrive. */
export const device = "flood1";

/** Makes the two devices; `flooded(command, options)` then gives figures. */
export function prepareFlood(bench) {
  const flood = bench.compile("live/flood.c");
  binding().createVethPair(near, device);
  for (const name of [near, device]) binding().setInterfaceUp(name);
  const send = (packets, size, flows) =>
    JSON.parse(execFileSync(flood, [near, String(packets), String(size), String(flows)], { encoding: "utf8" }));

  /**
   * `packets` of `size` octets in so many `flows`, behind a tenth as many that do not count: what is compiled while it
   * runs is then compiled. `text`: its output is thrown away; `ready` and `captured` match what it says when it begins
   * and, at the end, of packets; `wait`: milliseconds until it certainly has a packet.
   */
  return async (command, { packets, size, flows = 1, text, ready, captured: pattern = CAPTURED, wait = 200 }) => {
    const running = await Running.start(command, { ready, stdout: text ? "ignore" : "pipe" });
    const first = received(device);
    send(Math.ceil(packets / 10), size, flows);
    const before = await running.settled(wait);
    const warm = received(device);
    const { seconds, sent } = send(packets, size, flows);
    const offered = received(device) - first;
    const cpu = (await running.settled(wait)) - before;
    const memory = running.memory();
    const said = await running.stop();
    const found = pattern
      .exec(said)
      ?.slice(1)
      .find((digits) => digits !== undefined);
    if (found === undefined) throw new Error(`${command.join(" ")} says nothing of packets: ${said.slice(-500)}`);
    // More than the flood is what IPv6 says when a device comes up
    const captured = Math.min(offered, Number(found));
    const lost = (offered - captured) / offered;
    return {
      // What is lost of the first ones cannot be told from what is lost later
      cpu: cpu / (((first + offered - warm) * (1 - lost)) / 1e6),
      lost: lost * 100,
      rate: sent / seconds / 1000,
      memory,
      offered,
      captured,
      said,
    };
  };
}

const CAPTURED = /"captured":(\d+)|(\d+) packets? captured/;

/** Of every race of captures. */
export const figures = {
  cpu: { title: "CPU s per M packets captured", digits: 3, better: "lower" },
  lost: { title: "lost %, worst round", digits: 2, worst: true },
  rate: { title: "offered k packets/s" },
  memory: { title: "peak MiB" },
};
