// own.mjs MILLISECONDS: microseconds to craft a TCP SYN over IPv4, checksums and lengths computed.
import { craft, ipv4, tcp } from "../../../dist/bundle/index.js";

let octets = 0;
function craftFor(milliseconds) {
  let count = 0;
  const start = performance.now();
  for (; performance.now() - start < milliseconds; count += 100)
    for (let i = 0; i < 100; i++)
      octets += craft(
        ipv4({ source: "192.0.2.1", destination: "192.0.2.2" }),
        tcp({ sourcePort: 40_000 + i, destinationPort: 80, sequenceNumber: count, flags: { syn: true } }),
      ).octets.length;
  return ((performance.now() - start) / count) * 1000;
}
const milliseconds = Number(process.argv[2]);
craftFor(milliseconds); // compiles it
console.log(JSON.stringify({ time: craftFor(milliseconds), octets }));
