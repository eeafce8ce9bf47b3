import type { Scenario } from "../scenario.js";

export const echo: Scenario = {
  name: "echo",
  title: "a stream echo server and its client, call by call",
  lesson:
    "The life of a stream server: create, bind, listen, accept, receive, send, close; that of its client: create, connect, " +
    "send, receive, close. send hands octets to the kernel and returns; recv waits until some are there, and returns 0 " +
    "octets when the other side sends no more.",
  async run({ client, server, step }) {
    const listener = await server.listen(1);
    const serving = (async () => {
      const connection = await listener.accept();
      for (let octets = await connection.receive(1024); octets.length > 0; octets = await connection.receive(1024))
        await connection.sendAll(octets);
      await connection.close();
      await listener.close();
    })();

    const socket = await client.connect(server);
    await step("The client says hello, and hears it again");
    await socket.send("hello");
    await socket.receive(1024);

    await step("The client has no more to say");
    await socket.shutdown("sending");
    await socket.receive(1024);
    await socket.close();
    await serving;
  },
  expected: [
    "client: SYN",
    "server: SYN ACK",
    "client: ACK",
    "client: 5 octets",
    "server: 5 octets",
    "client: FIN",
    "server: FIN",
    "client: ACK",
  ],
};
