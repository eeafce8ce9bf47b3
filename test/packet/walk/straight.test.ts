import fc from "fast-check";
import { expect, test } from "vitest";
import { Frame } from "../../../src/packet/frame.js";
import { headerOf, ids } from "../../../src/packet/headers.js";
import { run, step } from "../../../src/packet/walk/run.js";
import { straight } from "../../../src/packet/walk/straight.js";
import { Walk } from "../../../src/packet/walk/walk.js";
import { linkTypes } from "../../../src/wire/numbers.js";
import * as packets from "../../support/packets.js";

const samples = [packets.syn, packets.hello, packets.fin, packets.udp, packets.udp6, packets.portUnreachable];

/** All that a walk says; what lies behind its last layer is left over from an earlier one. */
function found(walk: Walk): unknown {
  const { count, ids, starts, ends, wireEnds, verdicts, data: _, plain: __, ...rest } = walk;
  return {
    count,
    ...rest,
    layers: [ids, starts, ends, wireEnds, verdicts].map((list) => [...list.subarray(0, count)]),
  };
}

function both(octets: Uint8Array, length: number): { whole: Walk; steps: Walk } {
  const data = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const whole = new Walk();
  run(whole, data, 0, octets.length, length, linkTypes.ethernet);
  const steps = new Walk();
  steps.start(data, 0, octets.length, length);
  step(steps, linkTypes.ethernet);
  return { whole, steps };
}

test.each([packets.syn, packets.hello, packets.udp, packets.udp6])("plain packet %# is walked in one go", (octets) => {
  const walk = new Walk();
  walk.start(new DataView(octets.buffer, octets.byteOffset, octets.length), 0, octets.length, octets.length);
  const data = new DataView(octets.buffer, octets.byteOffset, octets.length);
  expect(straight(walk, data, 0, octets.length)).toBe(true);
});

/** Packets with octets changed, cut off, or behind them. */
const damaged = fc
  .record({
    sample: fc.constantFrom(...samples),
    changes: fc.array(fc.record({ at: fc.nat(63), octet: fc.nat(255) }), { maxLength: 3 }),
    more: fc.integer({ min: -60, max: 6 }),
  })
  .map(({ sample, changes, more }) => {
    const octets = new Uint8Array(Math.max(0, sample.length + more));
    octets.set(sample.subarray(0, octets.length));
    for (const { at, octet } of changes) if (at < octets.length) octets[at] = octet;
    return octets;
  });

test("in one go or step by step, a walk finds the same", () => {
  fc.assert(
    fc.property(damaged, fc.nat(9), (octets, missing) => {
      const { whole, steps } = both(octets, octets.length + missing);
      expect(found(whole)).toEqual(found(steps));
    }),
    { numRuns: 20_000 },
  );
});

test("views are of the headers that a walk finds, whether or not it was asked for before", () => {
  const kinds = ["ethernet", "vlan", "arp", "ipv4", "ipv6", "icmp", "icmpv6", "tcp", "udp"] as const;
  const views = (frame: Frame): unknown => kinds.map((kind) => frame[kind]?.own());
  fc.assert(
    fc.property(damaged, (octets) => {
      const data = new DataView(octets.buffer);
      const frame = new Frame();
      frame.move(data, 0, octets.length, octets.length);
      const walk = new Walk();
      run(walk, data, 0, octets.length, octets.length, linkTypes.ethernet);
      const values = kinds.map((kind) => {
        const i = walk.ids.subarray(0, Math.min(walk.count, walk.quoted)).indexOf(ids[kind]);
        return i < 0 ? undefined : headerOf(kind).decode(data, walk.starts[i]!, walk.ends[i]!);
      });
      expect(views(frame)).toEqual(values);
      frame.move(data, 0, octets.length, octets.length);
      expect(frame.walk.count).toBe(walk.count);
      expect(views(frame)).toEqual(values);
    }),
    { numRuns: 5_000 },
  );
});
