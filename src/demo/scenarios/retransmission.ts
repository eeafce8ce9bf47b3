import type { Scenario } from "../scenario.js";

export const retransmission: Scenario = {
  name: "retransmission",
  title: "a lost segment is sent again when nobody acknowledges it",
  lesson:
    "The link loses the only segment there is. Nothing tells the sender: it waits for as long as an acknowledgment may " +
    "reasonably take, at least 200 ms in Linux (the retransmission timeout, RFC 6298), and sends it again. The programs " +
    "notice nothing but the delay.",
  link: { impairments: [{ from: "client", filter: "tcp[tcpflags] & tcp-push != 0", nth: 1, drop: true }] },
  async run({ client, server, step }) {
    const listener = await server.listen(1);
    const socket = await client.connect(server);
    const accepted = await listener.accept();

    await step("The client says hello");
    await socket.send("hello");
    await accepted.receive();
    await socket.close();
    await accepted.receive();
    await accepted.close();
    await listener.close();
  },
  expected: [
    ...["client: SYN", "server: SYN ACK", "client: ACK", "client: 5 octets, lost"],
    ...["client: 5 octets, retransmission", "server: ACK", "client: FIN", "server: FIN", "client: ACK"],
  ],
};
