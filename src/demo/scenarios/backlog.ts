import type { Scenario } from "../scenario.js";

const LIFE = [...["client: SYN", "server: SYN ACK", "client: ACK"], ...["client: FIN", "server: FIN", "client: ACK"]];

export const backlog: Scenario = {
  name: "backlog",
  title: "more connections than the backlog has room for",
  lesson:
    "listen(1) lets the kernel complete one connection more than 1 before the program accepts any: A and B stand. For C " +
    "there is no room, so Linux drops its SYN without a word; C's kernel takes it for lost and tries again after a second. " +
    "By then the server has accepted A, and there is room.",
  async run({ client, server, step, seen, expect }) {
    const listener = await server.listen(1);
    await step("A and B connect, nobody accepts them");
    const [a, b] = [await client.connect(server), await client.connect(server)];
    expect("two connections wait", listener.information().waiting === 2);

    await step("C's SYN finds no room");
    const connecting = client.connect(server);
    await seen("client: SYN", 3);

    await step("The server accepts A: there is room when C tries again");
    const first = await listener.accept();
    const c = await connecting;

    await step("All of them end");
    for (const [socket, accepted] of [
      [a, first],
      [b, await listener.accept()],
      [c, await listener.accept()],
    ] as const) {
      await socket.close();
      await accepted.receive();
      await accepted.close();
    }
    await listener.close();
  },
  expected: { A: LIFE, B: LIFE, C: ["client: SYN", "client: SYN, SYN again", ...LIFE.slice(1)] },
};
