import { PORT, type Scenario } from "../scenario.js";

export const datagram: Scenario = {
  name: "datagram",
  title: "a datagram echo server and its client",
  lesson:
    "There is no connection: no listen, no accept, no handshake, and nothing says goodbye. The client's port is chosen when " +
    "it first sends. Every datagram is a message of its own, even an empty one: one sendto is one packet is one recvfrom.",
  async run({ client, server, step, expect }) {
    const service = await server.datagram();
    await service.bind({ address: server.address, port: PORT });
    const socket = await client.datagram();
    const remote = { address: server.address, port: PORT };

    await step("One datagram there, one back");
    await socket.sendTo("hello", remote);
    const question = await service.receiveFrom();
    await service.sendTo(question.octets, question.remote);
    await socket.receiveFrom();

    await step("An empty one is a message, too");
    await socket.sendTo("", remote);
    const empty = await service.receiveFrom();
    expect("an empty datagram is received", empty.length === 0);
    await socket.close();
    await service.close();
  },
  expected: ["client: 5 octets", "server: 5 octets", "client: 0 octets"],
};
