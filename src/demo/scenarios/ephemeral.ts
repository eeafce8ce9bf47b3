import { ephemeralPorts } from "../../socket/ports.js";
import type { Scenario } from "../scenario.js";

const LIFE = ["client: SYN", "server: SYN ACK", "client: ACK", "client: FIN", "server: FIN", "client: ACK"];
const CHOSEN = 4000;

export const ephemeral: Scenario = {
  name: "ephemeral",
  title: "the five parts of a connection, and the client's port",
  lesson:
    "A connection is protocol, local address and port, remote address and port. All three go to port 5000 of the same " +
    "server, so the client's port has to differ: the kernel takes a free one of its ephemeral ports for each, unless the " +
    "program binds to one first, as C does.",
  async run({ client, server, step, expect }) {
    const listener = await server.listen(5);
    const live = async (port?: number): Promise<number> => {
      const socket = await client.stream();
      if (port !== undefined) await socket.bind({ address: client.address, port });
      await socket.connect({ address: server.address, port: listener.localAddress!.port });
      const accepted = await listener.accept();
      const own = socket.localAddress!.port;
      expect("both ends name the same ports", accepted.remoteAddress?.port === own);
      await socket.close();
      await accepted.receive();
      await accepted.close();
      return own;
    };

    await step("A and B: the kernel chooses the port");
    const [a, b] = [await live(), await live()];
    const { first, last } = ephemeralPorts();
    expect(
      `the kernel chose from ${first} to ${last}`,
      [a, b].every((port) => port >= first && port <= last),
    );
    expect("it chose two ports", a !== b);

    await step("C: the program chooses it");
    expect("the program's choice is kept", (await live(CHOSEN)) === CHOSEN);
    await listener.close();
  },
  expected: { A: LIFE, B: LIFE, C: LIFE },
};
