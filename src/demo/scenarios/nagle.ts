import type { Host } from "../host.js";
import type { Scenario } from "../scenario.js";

export const nagle: Scenario = {
  name: "nagle",
  title: "small writes wait for a late acknowledgment: 40 ms",
  lesson:
    "A's first octet leaves at once. The others are held back until it is acknowledged, so that many small writes make few " +
    "packets: Nagle's algorithm. But the server delays its acknowledgment, hoping to send it along with an answer, and both " +
    "wait for 40 ms. With TCP_NODELAY, as on B, small segments leave at once.",
  async run({ client, server, step, seen }) {
    const listener = await server.listen(1);
    const write = async (from: Host, noDelay: boolean): Promise<void> => {
      const socket = await from.connect(server, noDelay ? { noDelay } : {});
      const accepted = await listener.accept();
      // A connection is acknowledged at once at first: as later on in its life, please
      accepted.set({ quickAck: false });
      await Promise.all([socket.send("G"), socket.send("E"), socket.send("T")]);
      for (let left = 3; left > 0; ) left -= (await accepted.receive()).length;
      await socket.close();
      await accepted.receive();
      await accepted.close();
    };
    await step("A: three small writes, as they come");
    await write(client, false);
    await seen("server: FIN");

    await step("B: the same with TCP_NODELAY");
    await write(client, true);
    await listener.close();
  },
  expected: {
    A: [
      ...["client: SYN", "server: SYN ACK", "client: ACK", "client: 1 octets", "server: ACK", "client: 2 octets"],
      ...["client: FIN", "server: FIN", "client: ACK"],
    ],
    B: [
      ...["client: SYN", "server: SYN ACK", "client: ACK", "client: 1 octets", "client: 1 octets", "client: 1 octets"],
      ...["client: FIN", "server: FIN", "client: ACK"],
    ],
  },
};
