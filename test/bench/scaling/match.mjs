// match.mjs PORTS: a filter of so many ports: nanoseconds a packet to match by the predicate for files (the packet has the
// last of them, or none), microseconds to compile it, and its instructions for the kernel.
import { compile } from "../../../dist/filter/compile.js";
import { predicate } from "../../../dist/filter/predicate.js";

const ports = Number(process.argv[2]);
const filter = Array.from({ length: ports }, (_, i) => `udp port ${1000 + 2 * i}`).join(" or ");
const packet = (port) =>
  Buffer.from(
    `020000000002020000000001080045000024000140004011a4adc0000201c63364029c40${port.toString(16).padStart(4, "0")}0010${"00".repeat(10)}`,
    "hex",
  );
const packets = [packet(1000 + 2 * (ports - 1)), packet(999)];
const data = new DataView(new ArrayBuffer(256));
for (const [index, each] of packets.entries()) new Uint8Array(data.buffer).set(each, index * 128);

function time(action, least) {
  let runs = 0;
  const start = performance.now();
  for (; performance.now() - start < least; runs++) action();
  return (performance.now() - start) / runs;
}

const matches = predicate(filter, { linkType: 1 });
if (!matches(data, 0, 50, 50) || matches(data, 128, 178, 50)) throw new Error("the filter does not do what it says");
let found = 0;
const many = () => {
  for (let i = 0; i < 10_000; i++) {
    if (matches(data, 0, 50, 50)) found++;
    if (matches(data, 128, 178, 50)) found++;
  }
};
time(many, 300);
const match = (time(many, 500) * 1e6) / 20_000;
const compiling = () => compile(filter, { target: "live" });
time(compiling, 500);
const instructions = compiling().length;
console.log(JSON.stringify({ match, compile: time(compiling, 500) * 1000, instructions, found }));
