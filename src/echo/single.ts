import type { StreamSocket } from "../socket/stream.js";
import type { Connections } from "./connections.js";

/**
 * The simplest server: it accepts a connection, serves it to its end, and accepts the next. Others wait in the backlog: for
 * them, `connect()` has succeeded, but nobody answers.
 */
export async function single(listener: StreamSocket, connections: Connections, stop: AbortSignal): Promise<void> {
  for (;;) {
    const connection = await listener.accept({ signal: stop });
    connections.add(connection);
    try {
      for (;;) {
        const octets = await connection.receive();
        connections.received(connection, octets.length);
        if (octets.length === 0) break; // the client has said all that it had to say
        await connection.sendAll(octets);
        connections.sent(connection, octets.length);
      }
      await connections.end(connection);
    } catch (error) {
      await connections.end(connection, error);
    }
  }
}
