import type { Scenario } from "../scenario.js";

export const simultaneousClose: Scenario = {
  name: "simultaneous-close",
  title: "both sides close at the same time",
  lesson:
    "Both FINs are on their way before either arrives: each side gets a FIN while it waits for the acknowledgment of its " +
    "own. Both go through CLOSING, and both end in TIME-WAIT. On one host this hardly ever happens; it takes a link, on " +
    "which packets need their time.",
  link: {},
  async run({ client, server, step, seen }) {
    const listener = await server.listen(1);
    const socket = await client.connect(server);
    const accepted = await listener.accept();
    await seen("client: ACK");

    await step("Both close");
    await Promise.all([socket.close(), accepted.close()]);
    await listener.close();
    await seen("client: ACK", 2);
    await seen("server: ACK");
  },
  expected: ["client: SYN", "server: SYN ACK", "client: ACK", "client: FIN", "server: FIN"],
};
