// views.mjs INTERFACE: frames as views: addresses' first and last octets aside, the same fields that reader.c looks at.
import { capture } from "../../../dist/bundle/index.js";

const source = capture({ interface: process.argv[2] });
process.on("SIGINT", () => source.stop());
process.stderr.write("capturing\n");
let seen = 0;
for await (const batch of source.batches()) {
  for (const frame of batch) {
    const { ipv4, udp } = frame;
    if (ipv4 && udp)
      seen += ipv4.protocol + ipv4.ttl + ipv4.totalLength + udp.sourcePort + udp.destinationPort + frame.length;
  }
}
const { captured, dropped } = source.statistics();
console.log(JSON.stringify({ captured, dropped, seen }));
