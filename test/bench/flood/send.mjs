// send.mjs once|template|each link|raw: sends UDP packets without end: one that was crafted once, one of which a field is
// changed each time, or each crafted by itself.
import { craft, ipv4, send, template, udp } from "../../../dist/bundle/index.js";

const [how, via] = process.argv.slice(2);
const payload = new Uint8Array(22);
const packet = (sourcePort) =>
  craft(ipv4({ source: "192.0.2.1", destination: "192.0.2.2" }), udp({ sourcePort, destinationPort: 9 }), payload);

function* each() {
  for (let number = 0; ; number++) yield packet(1024 + (number % 60_000));
}

function* patched() {
  const flood = template(packet(5000));
  const port = flood.field("udp", "sourcePort");
  for (let number = 0; ; number++) {
    port.set(1024 + (number % 60_000));
    yield flood;
  }
}

const floods = { once: packet(5000), each: each(), template: patched() };
await send(floods[how], { via, ...(how === "once" && { count: 1e9 }) });
