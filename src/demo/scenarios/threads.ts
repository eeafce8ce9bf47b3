import { stream } from "../../echo/echo.js";
import { PORT, type Scenario } from "../scenario.js";

const LIFE = [
  ...["client: SYN", "server: SYN ACK", "client: ACK", "client: 2 octets", "server: 2 octets"],
  ...["client: FIN", "server: FIN", "client: ACK"],
];

export const threads: Scenario = {
  name: "threads",
  title: "a server with two threads, each with its own listener",
  lesson:
    "Two sockets listen on the same port, which SO_REUSEPORT allows, and each thread accepts from its own. For every SYN the " +
    "kernel chooses one of them by the connection's addresses and ports: no lock, and no thread that hands connections out. " +
    "On the wire it is a server like any other.",
  async run({ client, server, step, expect }) {
    const service = await stream({
      ...{ serve: "threads", threads: 2, address: server.address, port: PORT, observe: server.observe },
    });
    await step("Three connections, from three ports");
    for (const name of ["A", "B", "C"]) {
      const socket = await client.connect(server);
      await socket.sendAll(`${name}1`);
      await socket.receive();
      await socket.shutdown("sending");
      await socket.receive();
      await socket.close();
    }
    expect("the threads accepted three connections", service.counters.accepted === 3);
    await service.close();
  },
  expected: { A: LIFE, B: LIFE, C: LIFE },
};
