import type { Scenario } from "../scenario.js";

export const single: Scenario = {
  name: "single",
  title: "a server for one connection at a time",
  lesson:
    "This server serves A to its end before it accepts anybody else. B's connect succeeds all the same, and what B sends is " +
    "acknowledged: its connection waits in the backlog, served by the kernel alone. Only the answer has to wait.",
  async run({ client, server, step, seen, expect, packets }) {
    const listener = await server.listen(5);
    const serving = (async () => {
      for (let served = 0; served < 2; served++) {
        const connection = await listener.accept();
        for (let octets = await connection.receive(); octets.length > 0; octets = await connection.receive())
          await connection.sendAll(octets);
        await connection.close();
      }
    })();

    await step("A connects, and is served");
    const a = await client.connect(server);
    await a.sendAll("A1");
    await a.receive();

    await step("B connects and sends: nobody accepts it yet");
    const b = await client.connect(server);
    await b.sendAll("B1");
    await seen("client: 2 octets", 2);

    await step("A goes on, and ends; now B is served");
    await a.sendAll("A2");
    await a.receive();
    await a.close();
    await b.receive();
    await b.close();
    await serving;
    await listener.close();
    await seen("server: FIN", 2);
    const answers = packets().filter(({ from, words }) => from === "server" && words.includes("data"));
    expect("B is answered last", answers.length === 3 && answers[2]!.conversation !== answers[0]!.conversation);
  },
  expected: {
    A: [
      ...["client: SYN", "server: SYN ACK", "client: ACK"],
      ...["client: 2 octets", "server: 2 octets", "client: 2 octets", "server: 2 octets"],
      ...["client: FIN", "server: FIN", "client: ACK"],
    ],
    B: [
      ...["client: SYN", "server: SYN ACK", "client: ACK", "client: 2 octets", "server: ACK", "server: 2 octets"],
      ...["client: FIN", "server: FIN", "client: ACK"],
    ],
  },
};
