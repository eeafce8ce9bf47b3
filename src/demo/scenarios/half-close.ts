import type { Scenario } from "../scenario.js";

export const halfClose: Scenario = {
  name: "half-close",
  title: "one side is done, the other goes on",
  lesson:
    'A connection is two streams, and each ends by a FIN of its own. shutdown(sending) says "I have nothing more to say", ' +
    'not "goodbye": the client goes on listening, in FIN-WAIT-2, while the server, in CLOSE-WAIT, sends its answer. ' +
    "close would have ended both.",
  async run({ client, server, step, expect }) {
    const listener = await server.listen(1);
    const socket = await client.connect(server, { noDelay: true });
    const accepted = await listener.accept();
    accepted.set({ noDelay: true });

    await step("The client asks, and is done with sending");
    await socket.sendAll("count to three");
    await socket.shutdown("sending");
    while ((await accepted.receive()).length > 0);

    await step("The server knows that this was all, and answers");
    let heard = "";
    for (const word of ["one ", "two ", "three"]) {
      await accepted.sendAll(word);
      heard += new TextDecoder().decode(await socket.receive());
    }
    expect("the whole answer is heard", heard === "one two three");

    await step("Now the server is done, too");
    await accepted.close();
    await socket.receive();
    await socket.close();
    await listener.close();
  },
  expected: [
    ...["client: SYN", "server: SYN ACK", "client: ACK", "client: 14 octets", "client: FIN"],
    ...["server: 4 octets", "server: 4 octets", "server: 5 octets", "server: FIN", "client: ACK"],
  ],
};
