// A SYN, and what answers it: node examples/syn.mjs ADDRESS PORT
import { ask, craft, ipv4, ipv6, layer, line, tcp } from "sockinspect";

const [address = "127.0.0.1", port = "22"] = process.argv.slice(2);
const header = address.includes(":") ? ipv6({ destination: address }) : ipv4({ destination: address });
const answer = await ask(craft(header, tcp({ destinationPort: Number(port), flags: { syn: true } })), { retries: 2 });
if (!answer) console.log("nobody answers");
else {
  console.log(line(answer.packet));
  const segment = layer(answer.packet, "tcp");
  console.log(segment?.flags.syn ? "open" : segment ? "closed" : "an error", `after ${answer.roundTrip.toFixed(3)} ms`);
}
