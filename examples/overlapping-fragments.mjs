// A datagram in fragments that overlap: node examples/overlapping-fragments.mjs ADDRESS PORT
// Whose octets count, the earlier fragment's or the later one's? Linux gives such a datagram up.
import { craft, ipv4, line, send, udp } from "sockinspect";

const [destination = "127.0.0.1", port = "9"] = process.argv.slice(2);
const whole = craft(ipv4({ destination }), udp({ destinationPort: Number(port), sourcePort: 5000 }), "A".repeat(16));
const datagram = whole.octets.subarray(20);
const identification = 0x5afe;

// In units of 8 octets: the second fragment begins where the first one's last 8 octets lie
const fragments = [
  craft(ipv4({ destination, identification, protocol: 17, moreFragments: true }), datagram.subarray(0, 16)),
  craft(ipv4({ destination, identification, protocol: 17, fragmentOffset: 1 }), "B".repeat(16)),
];
for (const fragment of fragments) console.log(line(fragment, { time: "none" }));
const { packets } = await send(fragments);
console.log(`${packets} fragments sent`);
