import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { capture } from "../../src/capture/live.js";
import { predicate } from "../../src/filter/predicate.js";
import { binding } from "../../src/socket/binding.js";
import { named } from "../filter/named.js";
import { random, traffic } from "../filter/traffic.js";
import { ownNetwork } from "../support/live.js";
import { openSender } from "../support/ring.js";

beforeAll(ownNetwork);

const indexOf = (name: string): number =>
  binding()
    .interfaces()
    .find((device) => device.name === name)!.index;

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

const next = random(19);
const alone = named(next, 60).map(({ source }) => source);
const written = readFileSync(new URL("../fixtures/filter/named.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

describe("a live capture selects by named fields what decode() says", () => {
  const frames = traffic(1, 400, 77)
    .map(({ octets }) => octets)
    .filter((frame) => frame.length >= 60 && frame.length < 1500)
    .slice(0, 120);
  const sent = new Set(frames.map(hex));

  test.each([
    ["one field at a time", alone],
    ["as they are written", written],
  ])("%s", async (_, filters) => {
    const sender = openSender();
    const from = indexOf("v0");
    const disagreeing: unknown[] = [];
    let unmatched = 0;
    for (const filter of filters) {
      const source = capture({ interface: "v1", filter, latency: 1 });
      for (const frame of frames) sender.send(frame, from);
      source.stop();
      const seen: string[] = [];
      for await (const batch of source.batches()) for (const frame of batch) seen.push(hex(frame.octets));
      // The kernel says something on its own, too, as a neighbour of IPv6.
      const found = seen.filter((frame) => sent.has(frame));
      const statistics = source.statistics();
      expect(statistics.received).toBe(statistics.captured + statistics.unmatched + statistics.dropped);
      expect(statistics.captured).toBe(seen.length);
      unmatched += statistics.unmatched;
      const matches = predicate(filter, { linkType: 1 });
      const expected = frames.filter((frame) => {
        const data = new DataView(frame.buffer);
        // Seen by the other end: its own address is none of these.
        const direction = (frame[0]! & 1) === 1 ? "in" : "other";
        return matches(data, 0, frame.length, frame.length, { device: "v1", direction });
      });
      if (expected.map(hex).join() !== found.join())
        disagreeing.push({ filter, expected: expected.length, found: found.length });
    }
    sender.close();
    expect(disagreeing).toEqual([]);
    expect(unmatched).toBeGreaterThan(10);
  });

  test("a limit counts what matches, and packets are cut behind the last question", async () => {
    const sender = openSender();
    const tcp = predicate("tcp.options", { linkType: 1 });
    const wanted = frames.filter((frame) => tcp(new DataView(frame.buffer), 0, frame.length, frame.length));
    const source = capture({ interface: "v1", filter: "tcp.options", latency: 1, limit: 3, snapLength: 40 });
    for (const frame of frames) sender.send(frame, indexOf("v0"));
    sender.close();
    const found: string[] = [];
    for await (const packet of source) {
      expect(packet.length).toBeGreaterThanOrEqual(60);
      found.push(packet.capturedLength.toString());
    }
    const tagged = (frame: Uint8Array): boolean => [0x8100, 0x88a8].includes(frame[12]! * 256 + frame[13]!);
    expect(found).toEqual(wanted.slice(0, 3).map((frame) => (tagged(frame) ? "44" : "40")));
  });
});
