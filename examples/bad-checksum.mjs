// A datagram whose checksum is wrong on purpose, and one whose is right: node examples/bad-checksum.mjs ADDRESS PORT
// A real host drops the first without a word, and answers the second.
import { ask, craft, ipv4, line, udp } from "sockinspect";

const [destination = "127.0.0.1", port = "9"] = process.argv.slice(2);
const destinationPort = Number(port);

for (const checksum of [0xbad, undefined]) {
  const request = craft(ipv4({ destination }), udp({ destinationPort, checksum }), "hello");
  console.log(line(request, { time: "none" }));
  const answer = await ask(request, { timeout: 500 });
  console.log(answer ? line(answer.packet, { time: "none" }) : "nobody answers");
}
