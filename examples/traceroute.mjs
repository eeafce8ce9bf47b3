// The routers on the way to a host, by UDP: node examples/traceroute.mjs ADDRESS
import { ask, craft, ipv4, ipv6, layer, udp } from "sockinspect";

const [address = "127.0.0.1"] = process.argv.slice(2);

for (let hop = 1; hop <= 30; hop++) {
  const header = address.includes(":")
    ? ipv6({ destination: address, hopLimit: hop })
    : ipv4({ destination: address, ttl: hop });
  const probe = craft(header, udp({ destinationPort: 33_434 + hop }), "where are you?");
  const answer = await ask(probe, { timeout: 1000 });
  if (!answer) {
    console.log(`${hop}  *`);
    continue;
  }
  const { packet, roundTrip } = answer;
  const router = layer(packet, "ipv4") ?? layer(packet, "ipv6");
  console.log(`${hop}  ${router?.source}  ${roundTrip.toFixed(3)} ms`);
  // Whoever says that a port is unreachable is the host itself
  const error = layer(packet, "icmp") ?? layer(packet, "icmpv6");
  if (error?.message.kind !== "timeExceeded") break;
}
