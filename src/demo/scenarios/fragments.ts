import { PORT, type Scenario } from "../scenario.js";

export const fragments: Scenario = {
  name: "fragments",
  title: "a datagram larger than a packet may be",
  lesson:
    "The link takes packets of at most 1500 octets (its MTU), so IP cuts the datagram up: 1480 octets of it in each packet, " +
    "and only the first one has the UDP header with the ports. The receiver's kernel puts them together, and the program " +
    "gets one datagram, or nothing: if one fragment is lost, all are.",
  link: {},
  filter: `udp port ${PORT} or (ip[6:2] & 0x1fff != 0)`,
  async run({ client, server, step, expect }) {
    const service = await server.datagram();
    await service.bind({ address: server.address, port: PORT });
    const socket = await client.datagram();
    await step("One datagram of 4000 octets");
    await socket.sendTo(new Uint8Array(4000), { address: server.address, port: PORT });
    const { length } = await service.receiveFrom();
    expect("it arrives whole", length === 4000);
    await socket.close();
    await service.close();
  },
  expected: ["client: data", "client: fragment", "client: fragment"],
};
