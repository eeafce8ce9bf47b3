// node servers.mjs net|pipe|dgram|stream|datagram [inspect]: one echo server of the race on 127.0.0.1; says its port. With
// `inspect`, its own traffic is captured and looked at in the same process.
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { capture, echo } from "../../../dist/bundle/index.js";

const [kind, inspect] = process.argv.slice(2);
const servers = {
  net: () => listening(createServer((socket) => reset(socket).on("data", (octets) => socket.write(octets)))),
  pipe: () => listening(createServer({ allowHalfOpen: true }, (socket) => reset(socket).pipe(socket))),
  dgram: () =>
    new Promise((resolve) => {
      const socket = createSocket("udp4");
      socket.on("message", (octets, { port, address }) => socket.send(octets, port, address));
      socket.bind(0, "127.0.0.1", () => resolve(socket.address().port));
    }),
  stream: async () => (await echo.stream({ serve: process.env.SERVE ?? "multi" })).address.port,
  datagram: async () => (await echo.datagram()).address.port,
};

/** Whoever asks goes without receiving the last answers. */
function reset(socket) {
  return socket.on("error", () => {});
}

function listening(server) {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}

const port = await servers[kind]();
if (inspect) {
  const source = capture({ interface: "lo", filter: `port ${port}` });
  void look(source);
}
console.log(`listening on ${port}`);

/** Every packet's octets and flags, by views. */
async function look(source) {
  let octets = 0;
  let syns = 0;
  for await (const batch of source.batches())
    for (const frame of batch) {
      octets += frame.length;
      if (frame.tcp?.flags.syn) syns++;
    }
  return octets + syns;
}
