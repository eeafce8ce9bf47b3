// send.mjs once|each link|raw: sends UDP packets without end, one that was crafted once, or each crafted by itself.
import { craft, ipv4, send, udp } from "../../../dist/index.js";

const [how, via] = process.argv.slice(2);
const payload = new Uint8Array(22);
const packet = (sourcePort) =>
  craft(ipv4({ source: "192.0.2.1", destination: "192.0.2.2" }), udp({ sourcePort, destinationPort: 9 }), payload);

function* each() {
  for (let number = 0; ; number++) yield packet(1024 + (number % 60_000));
}
await send(how === "each" ? each() : packet(5000), { via, ...(how === "once" && { count: 1e9 }) });
