import type { Scenario } from "../scenario.js";

const LIFE = [
  ...["client: SYN", "server: SYN ACK", "client: ACK", "client: 2 octets", "server: 2 octets"],
  ...["client: FIN", "server: FIN", "client: ACK"],
];

export const multi: Scenario = {
  name: "multi",
  title: "a server for many connections in one thread",
  lesson:
    "This server accepts whenever somebody comes and serves each connection whenever it has something to say: one thread, " +
    "one event loop, no connection waits for another. B is answered before A has said anything.",
  async run({ client, server, step, seen, expect, packets }) {
    const listener = await server.listen(5);
    const serve = async (connection: Awaited<ReturnType<typeof listener.accept>>): Promise<void> => {
      for (let octets = await connection.receive(); octets.length > 0; octets = await connection.receive())
        await connection.sendAll(octets);
      await connection.close();
    };
    const serving = (async () => {
      await Promise.all([await listener.accept(), await listener.accept()].map(serve));
    })();

    await step("A and B connect");
    const a = await client.connect(server);
    const b = await client.connect(server);

    await step("B speaks first, and is answered");
    await b.sendAll("B1");
    await b.receive();

    await step("Then A");
    await a.sendAll("A1");
    await a.receive();
    await b.close();
    await a.close();
    await serving;
    await listener.close();
    await seen("server: FIN", 2);
    const [first] = packets().filter(({ words }) => words.includes("SYN"));
    const [answer] = packets().filter(({ from, words }) => from === "server" && words.includes("data"));
    expect("B is answered first", answer !== undefined && answer.conversation !== first?.conversation);
  },
  expected: { A: LIFE, B: LIFE },
};
