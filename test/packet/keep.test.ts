import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { keep } from "../../src/packet/keep.js";

test("copies have the octets of their source and keep them, whatever is copied or changed later", () => {
  const copy = fc.tuple(fc.uint8Array({ maxLength: 20_000, size: "max" }), fc.nat(9));
  fc.assert(
    fc.property(fc.array(copy, { maxLength: 40 }), (copies) => {
      const kept = copies.map(([octets, skip]) => {
        const at = Math.min(skip, octets.length);
        const source = octets.slice();
        const found = keep(new DataView(source.buffer), at, source.length);
        source.fill(0xa5);
        return { found, expected: octets.subarray(at) };
      });
      for (const { found, expected } of kept) expect(Buffer.compare(found, expected)).toBe(0);
      const [first, ...others] = kept;
      first?.found.fill(0x5a);
      for (const { found, expected } of others) expect(Buffer.compare(found, expected)).toBe(0);
    }),
    { numRuns: 40 },
  );
});

test("no octets at all are a copy, too, and be it the first one", async () => {
  vi.resetModules();
  const fresh = await import("../../src/packet/keep.js");
  expect(fresh.keep(new DataView(new ArrayBuffer(4)), 2, 2)).toEqual(new Uint8Array(0));
});
