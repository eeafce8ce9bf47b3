import { PORT, type Scenario } from "../scenario.js";

export const pathMtu: Scenario = {
  name: "path-mtu",
  title: "a router whose next link takes only smaller packets",
  lesson:
    "Both ends have links for packets of 1500 octets, and say so in their SYNs (MSS). But behind the router there is a link " +
    'for 1000. TCP sets "don\'t fragment", so the router drops the segment and says by ICMP how large it may be; the ' +
    "client's kernel sends it again in smaller ones, and remembers. Where a firewall drops that ICMP, such connections hang.",
  link: { routerMtu: 1000 },
  filter: `port ${PORT} or icmp`,
  async run({ client, server, step, expect }) {
    const listener = await server.listen(1);
    const socket = await client.connect(server);
    const accepted = await listener.accept();
    expect("the path is taken to be one for 1500 octets", socket.get("pathMtu") === 1500);

    await step("A segment of 1400 octets");
    await socket.send(new Uint8Array(1400));
    for (let left = 1400; left > 0; ) left -= (await accepted.receive()).length;
    expect("the path is now known to be one for 1000 octets", socket.get("pathMtu") === 1000);
    await socket.close();
    await accepted.receive();
    await accepted.close();
    await listener.close();
  },
  expected: [
    ...["client: SYN", "server: SYN ACK", "client: ACK"],
    ...["client: 1400 octets", "server: ICMP fragmentation needed", "client: data, retransmission …"],
    ...["client: FIN", "server: FIN", "client: ACK"],
  ],
};
