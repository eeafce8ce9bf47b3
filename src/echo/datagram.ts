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

/** After so many batches in a row, the event loop gets its turn. */
const TURN = 32;

/** Sends every datagram back to where it came from, as many at once as there are. There are no connections: one socket does. */
export async function datagram(
  socket: DatagramSocket,
  batch: DatagramBatch,
  counters: DatagramCounters,
  stop: AbortSignal,
): Promise<void> {
  // Of one datagram at once, the calls are the textbook's, which wait
  const waits = batch.size === 1;
  for (let turn = 1; ; turn++) {
    if (turn % TURN === 0) await new Promise(setImmediate);
    if (stop.aborted) return;
    const now = waits ? undefined : socket.receiveBatchNow(batch);
    const count = now ?? (await socket.receiveBatch(batch, { signal: stop }));
    counters.received += count;
    counters.receivedOctets += batch.total(0, count);
    for (let at = 0; at < count; ) {
      try {
        const now = waits ? undefined : socket.sendBatchNow(batch, at, count);
        const sent = now ?? (await socket.sendBatch(batch, at, count));
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
