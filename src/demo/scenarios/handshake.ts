import type { Scenario } from "../scenario.js";

export const handshake: Scenario = {
  name: "handshake",
  title: "a connection from SYN to FIN",
  lesson:
    "connect sends SYN and returns when SYN ACK has come: the server's kernel answers by itself, and accept only takes a " +
    "connection that stands already. socket, bind, listen and accept put nothing on the wire. Each side ends its own " +
    "direction by a FIN; who sends the first one waits in TIME-WAIT afterwards.",
  async run({ client, server, step }) {
    await step("The server listens: nothing on the wire");
    const listener = await server.listen(1);

    await step("The client connects: SYN, SYN ACK, ACK");
    const socket = await client.connect(server);
    const accepted = await listener.accept();

    await step("The client closes, then the server");
    await socket.close();
    await accepted.receive();
    await accepted.close();
    await listener.close();
  },
  expected: ["client: SYN", "server: SYN ACK", "client: ACK", "client: FIN", "server: FIN", "client: ACK"],
};
