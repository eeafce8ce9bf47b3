import type { DatagramSocket } from "../socket/datagram.js";
import type { DatagramBatch } from "../socket/datagram-batch.js";

export interface DatagramCounters {
  /** Datagrams, and their octets. */
  received: number;
  receivedOctets: number;
  sent: number;
  sentOctets: number;
  /** Datagrams that could not be sent back. */
  failed: number;
}

/** Sends every datagram back to where it came from, as many at once as there are. There are no connections: one socket does. */
export async function datagram(
  socket: DatagramSocket,
  batch: DatagramBatch,
  counters: DatagramCounters,
  stop: AbortSignal,
): Promise<void> {
  for (;;) {
    const count = await socket.receiveBatch(batch, { signal: stop });
    counters.received += count;
    counters.receivedOctets += batch.total(0, count);
    for (let at = 0; at < count; ) {
      try {
        const sent = await socket.sendBatch(batch, at, count);
        counters.sent += sent;
        counters.sentOctets += batch.total(at, at + sent);
        at += sent;
      } catch {
        // Nobody is there any more, or a firewall is: that is this one datagram's end, not the server's
        counters.failed++;
        at++;
      }
    }
  }
}
