import type { Poll } from "../socket/poll.js";
import type { StreamSocket } from "../socket/stream.js";
import type { Connections } from "./connections.js";

/** Octets received at once. */
const ROOM = 65_536;

/**
 * Many connections in one event loop: it asks the kernel which sockets are ready, and makes only calls that do not wait.
 * Whoever does not receive is not received from: what could not be sent back yet is all that is kept of a connection.
 */
export async function multi(listener: StreamSocket, connections: Connections, poll: Poll<StreamSocket>): Promise<void> {
  const room = new Uint8Array(ROOM);
  const unsent = new WeakMap<StreamSocket, Uint8Array>();

  function accept(): void {
    const connection = listener.acceptNow();
    if (!connection) return;
    connections.add(connection);
    poll.add(connection, "readable");
  }

  /** hot */
  function echo(connection: StreamSocket): void {
    const length = connection.receiveNow(room);
    if (length === undefined) return;
    // All that came before is sent: nothing is kept from the client by the FIN that close() sends
    if (length === 0) return void connections.end(connection);
    connections.received(connection, length);
    const sent = connection.sendNow(room, length);
    connections.sent(connection, sent);
    if (sent === length) return;
    unsent.set(connection, room.slice(sent, length));
    poll.change(connection, "writable");
  }

  function sendRest(connection: StreamSocket, rest: Uint8Array): void {
    const sent = connection.sendNow(rest);
    connections.sent(connection, sent);
    if (sent < rest.length) return void unsent.set(connection, rest.subarray(sent));
    unsent.delete(connection);
    poll.change(connection, "readable");
  }

  let listens = false;
  while (!listener.closed || connections.open > 0) {
    const takes = !listener.closed && !connections.full;
    if (takes && !listens) poll.add(listener, "readable");
    if (!takes && listens && !listener.closed) poll.remove(listener);
    listens = takes;

    for (const socket of await poll.wait()) {
      try {
        if (socket.closed) continue; // since it was found to be ready
        if (socket === listener) accept();
        else {
          const rest = unsent.get(socket);
          if (rest) sendRest(socket, rest);
          else echo(socket);
        }
      } catch (error) {
        if (socket === listener) connections.failed(error);
        else await connections.end(socket, error);
      }
    }
  }
}
