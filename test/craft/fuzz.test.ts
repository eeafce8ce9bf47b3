import { describe, expect, it } from "vitest";
import { type AnyDraft, craft } from "../../src/craft/craft.js";
import { fuzz } from "../../src/craft/fuzz.js";
import { isSockinspectError } from "../../src/errors.js";
import { headers } from "../../src/packet/headers.js";
import { ipv4 } from "../../src/wire/ipv4.js";
import { tcp } from "../../src/wire/tcp.js";
import { udp } from "../../src/wire/udp.js";

const seeds = Array.from({ length: 500 }, (_, seed) => seed);

describe("fuzz", () => {
  it("gives the same for the same seed, and something else for another", () => {
    const drawn = seeds.map((seed) => JSON.stringify(fuzz(tcp(), seed)));
    expect(seeds.map((seed) => JSON.stringify(fuzz(tcp(), seed)))).toEqual(drawn);
    expect(new Set(drawn).size).toBe(seeds.length);
  });

  it("keeps what is given, and the other fields as they are without", () => {
    const { ttl: _, ...without } = fuzz(ipv4(), 7);
    const { ttl, ...given } = fuzz(ipv4({ ttl: 9 }), 7);
    expect(ttl).toBe(9);
    expect(given).toEqual(without);
  });

  it("makes packets that are right, of any values", () => {
    for (const seed of seeds)
      expect(craft(fuzz(ipv4(), seed), fuzz(udp(), seed), "x").problems, `seed ${seed}`).toEqual([]);
    for (const seed of seeds) expect(craft(fuzz(ipv4(), seed), fuzz(tcp(), seed)).problems, `seed ${seed}`).toEqual([]);
  });

  it("makes packets that are wrong if asked, and they can still be made", () => {
    const wrong = seeds.filter(
      (seed) => craft(fuzz(ipv4(), seed, { wrong: true }), fuzz(tcp(), seed, { wrong: true })).problems.length > 0,
    );
    expect(wrong.length).toBeGreaterThan(200);
  });

  it("makes every header of every kind", () => {
    for (const { kind } of headers)
      for (const seed of seeds.slice(0, 100))
        for (const wrong of [false, true]) {
          const draft = fuzz({ kind } as AnyDraft, seed, { wrong });
          expect(craft(ipv4({ protocol: 253 }), draft).length).toBeGreaterThan(20);
        }
  });

  it("refuses what is no draft, or no seed", () => {
    for (const action of [() => fuzz({ kind: "tpc" } as never, 1), () => fuzz(tcp(), Number.NaN)])
      expect(() => action()).toThrow(expect.toSatisfy((error) => isSockinspectError(error, "BAD_ARGUMENT")));
  });
});
