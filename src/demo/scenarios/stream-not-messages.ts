import type { Scenario } from "../scenario.js";

export const streamNotMessages: Scenario = {
  name: "stream-not-messages",
  title: "three sends, one receive",
  lesson:
    "A stream has no messages. Three sends become three segments here, but the receiver gets what is there when it asks: " +
    "all three in one piece. How many octets belong together is for the two programs to agree on: a length in front, or a " +
    "line's end behind.",
  async run({ client, server, step, seen, expect }) {
    const listener = await server.listen(1);
    const socket = await client.connect(server, { noDelay: true });
    const accepted = await listener.accept();

    await step("Three sends");
    for (const word of ["one", "two", "three"]) await socket.send(word);
    await seen("client: data", 3);

    await step("One receive");
    const octets = await accepted.receive(1024);
    expect("all three come in one piece", new TextDecoder().decode(octets) === "onetwothree");
    await socket.close();
    await accepted.receive();
    await accepted.close();
    await listener.close();
  },
  expected: [
    ...["client: SYN", "server: SYN ACK", "client: ACK", "client: 3 octets", "client: 3 octets", "client: 5 octets"],
    ...["client: FIN", "server: FIN", "client: ACK"],
  ],
};
