import { craft } from "../../craft/craft.js";
import { layer } from "../../packet/packet.js";
import { guard } from "../../send/guard.js";
import { send } from "../../send/send.js";
import { ipv4 } from "../../wire/ipv4.js";
import { tcp } from "../../wire/tcp.js";
import { PORT, type Scenario } from "../scenario.js";

export const raw: Scenario = {
  name: "raw",
  title: "the same echo, by packets made by hand",
  lesson:
    "The client has no stream socket: it makes every packet itself and sends it by a raw socket. What it has to know is on " +
    "the wire: acknowledge one more than the last number that came, count SYN and FIN as one each. Its own kernel knows " +
    "nothing of that connection and would answer RST for it, so a socket that drops everything keeps the port (the guard).",
  async run({ client, server, step, seen, packets }) {
    const listener = await server.listen(1);
    const serving = (async () => {
      const connection = await listener.accept();
      for (let octets = await connection.receive(1024); octets.length > 0; octets = await connection.receive(1024))
        await connection.sendAll(octets);
      await connection.close();
    })();
    await using port = await guard(0, { address: client.address });
    let sequenceNumber = 1000;
    let acknowledgmentNumber = 0;
    const say = async (what: string, flags: readonly ("syn" | "ack" | "psh" | "fin")[], data = ""): Promise<void> => {
      client.did(`send ${what}`);
      const on = Object.fromEntries(flags.map((flag) => [flag, true]));
      const header = tcp({
        ...{ sourcePort: port.port, destinationPort: PORT, sequenceNumber, acknowledgmentNumber, window: 65_535 },
        flags: on,
      });
      await send(craft(ipv4({ source: client.address, destination: server.address }), header, data));
      sequenceNumber += data.length + (flags.includes("syn") || flags.includes("fin") ? 1 : 0);
    };
    /** What the server sent is acknowledged by the number behind it. */
    const hear = async (expectation: string, length: number): Promise<void> => {
      await seen(expectation);
      const heard = packets().findLast(({ from, words }) => from === "server" && !words.includes("ACK"))!;
      acknowledgmentNumber = (layer(heard.packet, "tcp")!.sequenceNumber + length) >>> 0;
    };

    await step("Shaking hands");
    await say("SYN, number 1000", ["syn"]);
    await hear("server: SYN ACK", 1);
    await say("ACK of SYN ACK's number and one", ["ack"]);

    await step("Saying hello");
    await say('number 1001, "hello"', ["psh", "ack"], "hello");
    await hear("server: 5 octets", 5);
    await say("ACK of five octets", ["ack"]);

    await step("Saying goodbye");
    await say("FIN, number 1006", ["fin", "ack"]);
    await hear("server: FIN", 1);
    await say("ACK of the server's FIN", ["ack"]);
    await serving;
    await listener.close();
  },
  expected: [
    ...["client: SYN", "server: SYN ACK", "client: ACK", "client: 5 octets", "server: 5 octets", "client: ACK"],
    ...["client: FIN", "server: FIN", "client: ACK"],
  ],
};
