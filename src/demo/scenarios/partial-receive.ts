import type { Scenario } from "../scenario.js";

export const partialReceive: Scenario = {
  name: "partial-receive",
  title: "one send, three receives",
  lesson:
    "recv(1024) gives at most 1024 octets, and what is left waits for the next call. A program that calls it once and takes " +
    "the result for the whole message works until the first message that is longer: receive until you have what you need.",
  async run({ client, server, step, seen, expect }) {
    const listener = await server.listen(1);
    const socket = await client.connect(server);
    const accepted = await listener.accept();

    await step("3000 octets in one piece");
    await socket.send(new Uint8Array(3000));
    await seen("client: 3000 octets");

    await step("Taken 1024 at a time");
    const sizes: number[] = [];
    for (let left = 3000; left > 0; left -= sizes.at(-1)!) sizes.push((await accepted.receive(1024)).length);
    expect("they come as 1024, 1024 and 952", sizes.join() === "1024,1024,952");
    await socket.close();
    await accepted.receive();
    await accepted.close();
    await listener.close();
  },
  expected: [
    ...["client: SYN", "server: SYN ACK", "client: ACK", "client: 3000 octets"],
    ...["client: FIN", "server: FIN", "client: ACK"],
  ],
};
