import type { Scenario } from "../scenario.js";

const SEGMENT = 1000;
const SEGMENTS = 8;

export const fastRetransmit: Scenario = {
  name: "fast-retransmit",
  title: "a segment lost among others is sent again at once",
  lesson:
    "The link loses the third segment. Each one behind it that arrives makes the server acknowledge the second again, and " +
    "say which it has (SACK). After a few of these duplicate acknowledgments the sender knows what is missing, and sends it " +
    "again long before its timeout (RFC 5681 §3.2).",
  link: { impairments: [{ from: "client", filter: "tcp and greater 1000", nth: 3, drop: true }] },
  async run({ client, server, step, expect }) {
    const listener = await server.listen(1);
    const socket = await client.connect(server, { noDelay: true });
    const accepted = await listener.accept();

    await step(`${SEGMENTS} segments of ${SEGMENT} octets`);
    await Promise.all(Array.from({ length: SEGMENTS }, () => socket.send(new Uint8Array(SEGMENT))));
    let received = 0;
    while (received < SEGMENTS * SEGMENT) received += (await accepted.receive()).length;
    expect("everything arrives", received === SEGMENTS * SEGMENT);
    await socket.close();
    await accepted.receive();
    await accepted.close();
    await listener.close();
  },
  expected: [
    ...["client: SYN", "server: SYN ACK", "client: ACK"],
    ...["client: 1000 octets", "client: 1000 octets", "client: 1000 octets, lost", "client: 1000 octets …"],
    ...["server: ACK, duplicate ACK, selective ACK", "client: 1000 octets, retransmission"],
    ...["client: FIN", "server: FIN", "client: ACK"],
  ],
};
