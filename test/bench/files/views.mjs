// views.mjs FILE: headers as views; the same fields that gopacket.go looks at.
import { read } from "../../../dist/bundle/index.js";

let seen = 0;
for await (const batch of read(process.argv[2]).batches())
  for (const frame of batch) {
    const { ipv4, ipv6, tcp, udp } = frame;
    if (ipv4) seen += ipv4.totalLength + ipv4.ttl + ipv4.source.length + ipv4.destination.length;
    else if (ipv6) seen += ipv6.payloadLength + ipv6.hopLimit + ipv6.source.length + ipv6.destination.length;
    if (tcp) {
      seen += tcp.sourcePort + tcp.destinationPort + tcp.sequenceNumber + tcp.acknowledgmentNumber + tcp.window;
      if (tcp.flags.syn) seen++;
    } else if (udp) seen += udp.sourcePort + udp.destinationPort + udp.length;
  }
console.log(seen);
