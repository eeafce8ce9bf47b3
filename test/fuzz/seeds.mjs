// What the fuzzer starts from: real packets of every sort.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { linkTypes, read } from "../../dist/index.js";

const PER_FILE = 500;
const LARGEST = 2048;

/** A frame to decode: `length` octets were on the wire. */
export const inputOf = (octets, linkType, length = octets.length) => ({ octets, linkType, length });

/** Packets of the captures in `folder` where there are any, and those of the tests. */
export async function* seeds(folder) {
  yield* packetsOfTests();
  if (!existsSync(folder)) return;
  for (const file of readdirSync(folder).sort()) {
    const source = read(join(folder, file), { limit: PER_FILE });
    try {
      for await (const batch of source.batches())
        for (const { octets, linkType, length } of batch) {
          const kept = octets.slice(0, LARGEST);
          yield inputOf(kept, linkType, Math.max(length, kept.length));
        }
    } catch {
      // A file that cannot be read is another test's
    }
  }
}

function* packetsOfTests() {
  const text = readFileSync(join(import.meta.dirname, "../support/packets.ts"), "utf8");
  for (const [, hex] of text.matchAll(/= octetsOf\(`([0-9a-f\s]+)`\)/g))
    yield inputOf(new Uint8Array(Buffer.from(hex.replace(/\s/g, ""), "hex")), linkTypes.ethernet);
}
