import type { Scenario } from "../scenario.js";

const SIZE = 20_000;

export const zeroWindow: Scenario = {
  name: "zero-window",
  title: "a receiver that does not read stops the sender",
  lesson:
    "The server's program does not read, and its small buffer fills up: the window that it announces shrinks to 0, and the " +
    "client's kernel keeps what it has. It asks from time to time whether there is room, lest the news be lost: Linux does so by " +
    "the same packet as for a keep-alive, one number below what comes next. As soon as the program reads, the window opens " +
    "and the rest flows.",
  async run({ client, server, step, seen, expect }) {
    const listener = await server.listen(1, { reuseAddress: true, receiveBuffer: 4096 });
    const socket = await client.connect(server);
    const accepted = await listener.accept();

    await step(`The client sends ${SIZE} octets, the server does not read`);
    const sending = socket.sendAll(new Uint8Array(SIZE));
    await seen("server: zero window");
    await seen("client: zero window probe");

    await step("Now it reads");
    let received = 0;
    while (received < SIZE) received += (await accepted.receive()).length;
    await sending;
    expect("everything arrives", received === SIZE);
    await socket.close();
    await accepted.receive();
    await accepted.close();
    await listener.close();
  },
  expected: [
    ...["client: SYN", "server: SYN ACK", "client: ACK"],
    ...["client: data …", "server: zero window", "client: zero window probe", "server: zero window …"],
    ...["server: window update", "client: data …"],
    ...["client: FIN", "server: FIN", "client: ACK"],
  ],
};
