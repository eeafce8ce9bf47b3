import { PORT, type Scenario } from "../scenario.js";

export const unreachable: Scenario = {
  name: "unreachable",
  title: "a datagram to a port where nobody listens",
  lesson:
    "The same ICMP error comes back for both. But A's socket is not connected: it may have sent to many, so the kernel has " +
    "no way to say which of them it was about, and says nothing. B's socket is connected to one peer: its next call fails " +
    "with ECONNREFUSED.",
  filter: `udp port ${PORT} or icmp`,
  async run({ client, server, step, seen, failureOf, expect }) {
    const remote = { address: server.address, port: PORT };
    await step("A sends by sendto: it hears nothing");
    const a = await client.datagram();
    await a.sendTo("hello", remote);
    await seen("server: ICMP port unreachable");
    const nothing = await failureOf(a.receiveFrom(1024, { signal: AbortSignal.timeout(100) }));
    expect("recvfrom has to be given up", nothing.includes("Timeout"));
    await a.close();

    await step("B is connected: it is told");
    const b = await client.datagram();
    await b.connect(remote);
    await b.send("hello");
    await seen("server: ICMP port unreachable", 2);
    expect("recv fails with ECONNREFUSED", (await failureOf(b.receive())) === "ECONNREFUSED");
    await b.close();
  },
  expected: {
    A: ["client: 5 octets", "server: ICMP port unreachable"],
    B: ["client: 5 octets", "server: ICMP port unreachable"],
  },
};
