import type { Scenario } from "../scenario.js";

export const keepAlive: Scenario = {
  name: "keep-alive",
  title: "a silent connection asks whether anybody is there",
  lesson:
    "Nobody says anything, and nothing is on the wire: a connection can be silent for days, and neither side would know that " +
    "the other is gone. With SO_KEEPALIVE the kernel asks, here after a second of silence (two hours, unless told " +
    "otherwise): a segment with a number that was acknowledged before, which the other kernel has to answer.",
  async run({ client, server, step, seen }) {
    const listener = await server.listen(1);
    const socket = await client.connect(server, { keepAlive: true, keepAliveIdle: 1, keepAliveInterval: 1 });
    const accepted = await listener.accept();

    await step("Silence");
    await seen("client: keep-alive", 2);
    await seen("server: ACK", 2);

    await step("Enough");
    await socket.close();
    await accepted.receive();
    await accepted.close();
    await listener.close();
  },
  expected: [
    ...["client: SYN", "server: SYN ACK", "client: ACK"],
    ...["client: keep-alive", "server: ACK", "client: keep-alive", "server: ACK"],
    ...["client: FIN", "server: FIN", "client: ACK"],
  ],
};
