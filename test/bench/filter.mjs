// Compiling and matching: node test/bench/filter.mjs (after npm run build). Prints ns a packet and µs a filter.
import { bench, do_not_optimize, group, run as measure } from "mitata";
import { compile } from "../../dist/filter/compile.js";
import { predicate } from "../../dist/filter/predicate.js";
import { run } from "../../dist/filter/run.js";

/** TCP from port 40000 to 5000, another to port 80, UDP to port 53, over IPv6 to port 5000: 64 octets and more each. */
const packets = [
  ["0800", "4500002c000140004006a4adc0000201c6336402", "9c401388000000010000000050100000000000000000"],
  ["0800", "4500002c000140004006a4adc0000201c6336402", "9c400050000000010000000050100000000000000000"],
  ["0800", "4500002c000140004011a4adc0000201c6336402", "9c4000350018000000000000000000000000000000000000"],
  ["86dd", "6000000000140640", `${"20010db8000000000000000000000001".repeat(2)}9c4013880000000100000000501000000000`],
].map(([type, network, rest]) => Buffer.from(`020000000002020000000001${type}${network}${rest}`, "hex"));
const data = new DataView(new ArrayBuffer(256 * packets.length));
for (const [index, packet] of packets.entries()) new Uint8Array(data.buffer).set(packet, index * 256);

const filters = [
  "tcp port 5000",
  "host 192.0.2.1 and tcp[tcpflags] & tcp-syn != 0",
  "vlan and udp port 53",
  "tcp.flags.syn and ipv4.ttl < 64",
  "tcp port 5000 and tcp.options.mss > 1400",
];
for (const filter of filters) {
  const matches = predicate(filter, { linkType: 1 });
  const program = compile(filter, { target: { linkType: 1 } });
  group(filter, () => {
    bench("predicate, 4 packets", () => {
      let found = 0;
      for (let at = 0; at < 1024; at += 256) if (matches(data, at, at + 64, 64)) found++;
      return do_not_optimize(found);
    });
    bench("interpreter, 4 packets", () => {
      let found = 0;
      for (let at = 0; at < 1024; at += 256) if (run(program, data, at, at + 64, 64) > 0) found++;
      return do_not_optimize(found);
    });
    bench("compile for a file", () => do_not_optimize(compile(filter, { target: { linkType: 1 } })));
    bench("compile for every device", () => do_not_optimize(compile(filter, { target: "live" })));
  });
}
await measure();
