import fc from "fast-check";
import { expect, test } from "vitest";
import { decode } from "../../src/packet/decode.js";
import { FragmentReassembly } from "../../src/packet/reassembly.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { datagram4, datagram6, fragment4, fragment6, frameOf } from "./reassembly-fragments.js";

/** Places to cut a datagram of `length` octets of data, as fragments must be. */
function partsOf(length: number, places: readonly number[]): [number, number][] {
  const ends = [...new Set(places.map((place) => place * 8))].filter((place) => place > 0 && place < length);
  const all = [0, ...ends.sort((a, b) => a - b), length];
  return all.slice(1).map((end, i) => [all[i]!, end]);
}

test("any cutting, any order and any repetition gives the datagram that was cut", () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.uint8Array({ minLength: 9, maxLength: 400 }),
      fc.array(fc.nat(100), { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.nat(1000)),
      (version6, content, places, random) => {
        const whole = version6 ? datagram6(content) : datagram4(content);
        const parts = partsOf(content.length + 8, places);
        fc.pre(parts.length > 1);
        const fragments = parts.map(([at, end]) => (version6 ? fragment6 : fragment4)(whole, at, end));
        const order = fragments
          .flatMap((octets, i) => (i % 3 === 0 ? [octets, octets] : [octets]))
          .map((octets) => ({ octets, key: random.next().value as number }))
          .sort((a, b) => a.key - b.key);
        const reassembly = new FragmentReassembly();
        const results = order.map(({ octets }) => {
          const frame = frameOf(octets);
          reassembly.follow(frame);
          return frame.own().reassembled;
        });
        const found = results.filter((result) => result !== undefined);
        expect(found[0]).toEqual({
          ...decode(whole, version6 ? linkTypes.ipv6 : linkTypes.ipv4),
          fragments: parts.length,
          layer: 0,
        });
      },
    ),
    { numRuns: 400 },
  );
});

/** Headers that claim to be fragments of few datagrams, so that they meet; everything else as it comes. */
const fragmentLike = fc
  .tuple(fc.boolean(), fc.nat(3), fc.nat(40), fc.boolean(), fc.uint8Array({ maxLength: 80 }), fc.nat(60))
  .map(([version6, identification, offset, more, rest, next]) => {
    const header = version6
      ? [0x60, 0, 0, 0, 0, rest.length + 8, 44, 64, ...new Array<number>(32).fill(1)]
      : [0x45, 0, 0, rest.length + 20, 0, identification, (more ? 0x20 : 0) | (offset >> 8), offset & 255];
    const behind = version6
      ? [next, 0, (offset * 8) >> 8, ((offset * 8) & 0xf8) | (more ? 1 : 0), 0, 0, 0, identification]
      : [64, next, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2];
    return new Uint8Array([...header, ...behind, ...rest]);
  });

test("no octets make it throw, and what it holds stays within its limits", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 9, arbitrary: fragmentLike }, fc.uint8Array({ maxLength: 100 })), { maxLength: 60 }),
      fc.nat(5),
      (packets, step) => {
        const limits = { datagrams: 3, octets: 4000 };
        const reassembly = new FragmentReassembly(limits);
        let seconds = 0;
        for (const octets of packets) {
          seconds += step;
          const frame = frameOf(octets, { seconds });
          reassembly.follow(frame);
          expect(frame.own()).toBeDefined();
          expect(reassembly.statistics.incomplete).toBeLessThanOrEqual(limits.datagrams);
        }
      },
    ),
    { numRuns: 1000 },
  );
});
