import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { read } from "../../src/capture/read.js";
import { type Craftable, craft } from "../../src/craft/craft.js";
import type { Frame } from "../../src/packet/frame.js";
import { dropped, without } from "./computed.js";

/** Any folder of captures/ and golden/, as the README of the corpus describes them. */
const directory = process.env["CORPUS"] ?? "../shared/corpus";

const captures = readdirSync(join(directory, "captures")).filter((capture) =>
  existsSync(join(directory, "golden", `${capture}.l4.tsv.gz`)),
);

/** What does not come back: a line a packet. */
async function differences(capture: string, layersOf: (frame: Frame) => readonly Craftable[]): Promise<string[]> {
  const found: string[] = [];
  let number = 0;
  await using source = await read(join(directory, "captures", capture));
  for await (const batch of source.batches())
    for (const frame of batch) {
      number++;
      const wanted = Buffer.from(frame.octets);
      const layers = layersOf(frame);
      let got: Buffer;
      try {
        got = Buffer.from(craft(...layers).octets);
      } catch (error) {
        found.push(`packet ${number}: ${frame.layers.map(({ kind }) => kind).join("/")} ${error}`);
        continue;
      }
      if (wanted.equals(got)) continue;
      const at = wanted.findIndex((octet, i) => octet !== got[i]);
      found.push(`packet ${number}: ${frame.layers.map(({ kind }) => kind).join("/")} differs at ${at}: ${wanted.subarray(at, at + 8).toString("hex")} is ${got.subarray(at, at + 8).toString("hex")}`); // biome-ignore format: one thought
    }
  return found;
}

it.each(captures)("every packet of %s comes back as it was", async (capture) => {
  expect(await differences(capture, (frame) => frame.own().layers)).toEqual([]);
});

it.each(captures)("every packet of %s comes back from what cannot be computed", async (capture) => {
  expect(await differences(capture, without)).toEqual([]);
});

it("has dropped every kind of field that is computed", () => {
  expect(dropped.size).toBeGreaterThan(20);
});
