import { PORT, type Scenario } from "../scenario.js";

export const refused: Scenario = {
  name: "refused",
  title: "connecting to a port where nobody listens",
  lesson:
    "The server's kernel answers the SYN by RST, as no socket listens on the port: connect fails with ECONNREFUSED at once. " +
    "That is an answer: the host is there. Silence would mean that a packet was dropped, by a firewall for example.",
  async run({ client, server, failureOf, expect }) {
    const socket = await client.stream();
    const failure = await failureOf(socket.connect({ address: server.address, port: PORT }));
    expect("connect fails with ECONNREFUSED", failure === "ECONNREFUSED");
    await socket.close();
  },
  expected: ["client: SYN", "server: RST, refused"],
};
