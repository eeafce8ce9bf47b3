import type { Scenario } from "../scenario.js";

const SEGMENT = 1000;
const SEGMENTS = 5;

export const reordering: Scenario = {
  name: "reordering",
  title: "a segment is overtaken: nothing is sent again",
  lesson:
    "The link lets two segments overtake the third one. To the server that looks like a loss at first, and it acknowledges " +
    "the second again for each of them. Two duplicates are not enough for the sender to believe it: the third segment " +
    "arrives, everything is acknowledged, and the program gets all octets in order.",
  link: { impairments: [{ from: "client", filter: "tcp and greater 1000", nth: 3, reorder: 2 }] },
  async run({ client, server, step, expect }) {
    const listener = await server.listen(1);
    const socket = await client.connect(server, { noDelay: true });
    const accepted = await listener.accept();

    await step(`${SEGMENTS} segments of ${SEGMENT} octets`);
    await Promise.all(Array.from({ length: SEGMENTS }, (_, i) => socket.send(new Uint8Array(SEGMENT).fill(i))));
    const octets: number[] = [];
    while (octets.length < SEGMENTS * SEGMENT) octets.push(...(await accepted.receive()));
    expect(
      "everything arrives in order",
      octets.every((octet, i) => octet === Math.floor(i / SEGMENT)),
    );
    await socket.close();
    await accepted.receive();
    await accepted.close();
    await listener.close();
  },
  expected: [
    ...["client: SYN", "server: SYN ACK", "client: ACK"],
    ...["client: 1000 octets", "client: 1000 octets", "client: 1000 octets, held"],
    ...["client: 1000 octets", "client: 1000 octets", "server: ACK, duplicate ACK, selective ACK"],
    ...["client: FIN", "server: FIN", "client: ACK"],
  ],
};
