import { PORT, type Scenario } from "../scenario.js";

export const timeWait: Scenario = {
  name: "time-wait",
  title: "why a server cannot start again at once: EADDRINUSE",
  lesson:
    "Who closes first keeps the connection in TIME-WAIT for a minute, so that late packets do not reach another one between " +
    "the same ports. Here it is the server: its program is gone, but bind to the same port fails with EADDRINUSE. With " +
    "SO_REUSEADDR, which servers should set (Node does), the kernel lets the new listener have it.",
  async run({ client, server, step, failureOf, expect }) {
    const listener = await server.listen(1);
    const socket = await client.connect(server);
    const accepted = await listener.accept();

    await step("The server closes first, and ends");
    await accepted.close();
    await socket.receive();
    await socket.close();
    await listener.close();

    await step("It is started again");
    const local = { address: server.address, port: PORT };
    const plain = await server.stream();
    expect("bind fails with EADDRINUSE", (await failureOf(plain.bind(local))) === "EADDRINUSE");
    await plain.close();

    await step("And with SO_REUSEADDR");
    const again = await server.stream({ reuseAddress: true });
    expect("bind succeeds", (await failureOf(again.bind(local))) === "nothing");
    await again.listen(1);
    await again.close();
  },
  expected: ["client: SYN", "server: SYN ACK", "client: ACK", "server: FIN", "client: FIN", "server: ACK"],
};
