// own.mjs compile|match FILTER: as libpcap.c, by our compiler, and by the predicate that files are filtered with.
import { compile } from "../../../dist/filter/compile.js";
import { predicate } from "../../../dist/filter/predicate.js";
import { packets } from "./packets.mjs";

const [what, filter] = process.argv.slice(2);
const data = new DataView(new ArrayBuffer(256 * packets.length));
for (const [index, packet] of packets.entries()) new Uint8Array(data.buffer).set(packet, index * 256);

function time(action, least) {
  let runs = 0;
  const start = performance.now();
  for (; performance.now() - start < least; runs++) action();
  return (performance.now() - start) / runs;
}

if (what === "compile") {
  const action = () => compile(filter, { target: { linkType: 1 } });
  time(action, 500);
  console.log(JSON.stringify({ time: time(action, 500) * 1000 }));
} else {
  const matches = predicate(filter, { linkType: 1 });
  const sizes = packets.map(({ length }) => length);
  let found = 0;
  const action = () => {
    for (let i = 0; i < 40_000; i++) {
      const at = (i & 3) << 8;
      if (matches(data, at, at + sizes[i & 3], sizes[i & 3])) found++;
    }
  };
  time(action, 300);
  const nanoseconds = (time(action, 500) / 40_000) * 1e6;
  const hits = sizes.filter((size, i) => matches(data, i << 8, (i << 8) + size, size)).length;
  console.log(JSON.stringify({ time: nanoseconds, found: hits, seen: found }));
}
