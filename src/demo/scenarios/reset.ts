import type { Scenario } from "../scenario.js";

export const reset: Scenario = {
  name: "reset",
  title: "RST instead of FIN: unread data, and linger 0",
  lesson:
    "close sends FIN, which promises that everything arrived. The server closes A while data waits that nobody has read: " +
    "that promise would be a lie, so the kernel sends RST, and the client's next call fails with ECONNRESET. With linger 0, " +
    "as on B, a program asks for it: close drops everything and sends RST at once, without TIME-WAIT.",
  async run({ client, server, step, seen, failureOf, expect }) {
    const listener = await server.listen(1);
    await step("A: the server closes without reading what came");
    const a = await client.connect(server);
    const unread = await listener.accept();
    await a.sendAll("hello");
    await seen("client: 5 octets");
    await unread.close();
    expect("recv fails with ECONNRESET", (await failureOf(a.receive())) === "ECONNRESET");
    await a.close();

    await step("B: the client sets linger 0 and closes");
    const b = await client.connect(server);
    const accepted = await listener.accept();
    await b.abort();
    expect("recv fails with ECONNRESET", (await failureOf(accepted.receive())) === "ECONNRESET");
    await accepted.close();
    await listener.close();
  },
  expected: {
    A: ["client: SYN", "server: SYN ACK", "client: ACK", "client: 5 octets", "server: RST, reset"],
    B: ["client: SYN", "server: SYN ACK", "client: ACK", "client: RST, reset"],
  },
};
