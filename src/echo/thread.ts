/** One thread of the multi-threaded server: an echo server as Node's `net` has it. */
import { createServer, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { counted, type ThreadData } from "./threads.js";

const { fd, backlog, connections, idleTimeout, counters } = workerData as ThreadData;
const open = new Set<Socket>();

function count(what: (typeof counted)[number], by = 1): void {
  counters[counted.indexOf(what)]! += by;
}

const server = createServer({ allowHalfOpen: true }, (socket) => {
  open.add(socket);
  count("accepted");
  count("open");
  socket.on("data", (octets) => {
    count("received", octets.length);
    const more = socket.write(octets, (error) => {
      if (!error) count("sent", octets.length);
    });
    // Whoever does not receive is not received from
    if (!more) socket.pause();
  });
  socket.on("drain", () => socket.resume());
  socket.on("end", () => socket.end());
  if (idleTimeout !== undefined)
    socket.setTimeout(idleTimeout, () => {
      count("idle");
      socket.destroySoon();
    });
  socket.on("error", () => count("reset"));
  socket.on("close", () => {
    open.delete(socket);
    count("open", -1);
  });
});
if (connections !== undefined) server.maxConnections = connections;

parentPort!.on("message", (word: "serve" | "stop" | "abort") => {
  if (word === "serve") server.listen({ fd, backlog });
  // Then nothing is left that keeps the thread going
  if (word === "stop" && server.listening) server.close(() => parentPort!.close());
  if (word === "abort") for (const socket of open) socket.resetAndDestroy();
});
parentPort!.postMessage("ready");
