// Who has an IPv4 address on the link? node examples/arp.mjs ADDRESS
import { arp, ask, craft, ethernet, layer, routeTo } from "sockinspect";

const [target = "192.0.2.1"] = process.argv.slice(2);
const { device, source } = routeTo(target);
const question = craft(
  ethernet({ destination: "ff:ff:ff:ff:ff:ff", source: device.hardwareAddress }),
  arp({
    operation: 1,
    addresses: {
      senderHardware: device.hardwareAddress,
      senderProtocol: source,
      targetHardware: "00:00:00:00:00:00",
      targetProtocol: target,
    },
  }),
);
const answer = await ask(question, { interface: device.name, retries: 2 });
const reply = answer && layer(answer.packet, "arp");
console.log(reply ? `${target} is at ${reply.addresses.senderHardware}` : `nobody says that they are ${target}`);
