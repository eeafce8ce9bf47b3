/** Echo servers and clients: what is sent to the servers comes back. RFC 862, on any port. */
import { requireType } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { DatagramSocket } from "../socket/datagram.js";
import { DatagramBatch } from "../socket/datagram-batch.js";
import { Poll } from "../socket/poll.js";
import { StreamSocket } from "../socket/stream.js";
import { Connections, type Limits, type StreamCounters } from "./connections.js";
import { type DatagramCounters, datagram as serveDatagrams } from "./datagram.js";
import { multi } from "./multi.js";
import { checkLimit, EchoServer, type Ending, type ServerOptions } from "./server.js";
import { single } from "./single.js";
import { counted, threads } from "./threads.js";

export { type ClientOptions, DatagramClient, datagramClient, StreamClient, streamClient } from "./client.js";
export type { Limits, StreamCounters } from "./connections.js";
export type { DatagramCounters } from "./datagram.js";
export type { CloseOptions, EchoServer, ServerOptions } from "./server.js";

/** One connection after the other, many in one event loop, or many in several threads. */
export type Serve = "single" | "multi" | "threads";

export interface StreamServerOptions extends ServerOptions, Limits {
  /** Default: multi. */
  readonly serve?: Serve;
  /** Connections that the kernel keeps for `accept()`. Default: 511. */
  readonly backlog?: number;
  /** How many threads. Default: 2. */
  readonly threads?: number;
}

/** Observed, it makes the textbook's calls: one datagram each. */
const BATCH = 64;

/**
 * A stream echo server that listens. Throws `BAD_ARGUMENT`, `SYSTEM` (EADDRINUSE, EADDRNOTAVAIL), `PERMISSION`,
 * `UNSUPPORTED_PLATFORM` or `NO_ADDON`.
 */
export async function stream(options: StreamServerOptions = {}): Promise<EchoServer<Readonly<StreamCounters>>> {
  const { serve = "multi", backlog = 511 } = options;
  checkLimit("connections", options.connections, 1);
  checkLimit("idleTimeout", options.idleTimeout, 1);
  checkLimit("backlog", backlog, 0);
  switch (serve) {
    case "single":
    case "multi": {
      const listener = await listen(options);
      const counters: StreamCounters = { accepted: 0, open: 0, reset: 0, idle: 0, received: 0, sent: 0 };
      const run = (ending: Ending): Promise<void> => serveHere(serve, listener, counters, options, ending);
      return new EchoServer(listener.localAddress!, counters, run, options.signal);
    }
    case "threads":
      return await threaded({ ...options, backlog });
    default:
      throw new SockinspectError(
        "BAD_ARGUMENT",
        `serve is single, multi or threads, not ${String(serve satisfies never)}`,
        {
          argument: "serve",
          value: serve,
        },
      );
  }
}

/** A datagram echo server. Throws as {@link stream}. */
export async function datagram(options: ServerOptions = {}): Promise<EchoServer<Readonly<DatagramCounters>>> {
  const { address = "127.0.0.1", port = 0, observe } = options;
  const socket = await DatagramSocket.create({ family: familyOf(address), observe });
  try {
    const batch = new DatagramBatch(observe ? 1 : BATCH);
    await socket.bind({ address, port });
    const counters = { received: 0, receivedOctets: 0, sent: 0, sentOctets: 0, failed: 0 };
    const run = ({ stop }: Ending): Promise<void> =>
      serveDatagrams(socket, batch, counters, stop).finally(() => socket.close());
    return new EchoServer(socket.localAddress!, counters, run, options.signal);
  } catch (error) {
    await socket.close();
    throw error;
  }
}

async function listen(
  { address = "127.0.0.1", port = 0, backlog = 511, observe }: StreamServerOptions,
  reusePort = false,
): Promise<StreamSocket> {
  const listener = await StreamSocket.create({
    family: familyOf(address),
    observe,
    reuseAddress: true,
    ...(reusePort && { reusePort }),
  });
  try {
    await listener.bind({ address, port });
    await listener.listen(backlog);
    return listener;
  } catch (error) {
    await listener.close();
    throw error;
  }
}

async function serveHere(
  serve: "single" | "multi",
  listener: StreamSocket,
  counters: StreamCounters,
  limits: Limits,
  ending: Ending,
): Promise<void> {
  using poll = new Poll<StreamSocket>();
  using connections = new Connections(counters, limits, ending, () => poll.wake());
  const { stop } = ending;
  const close = async (): Promise<void> => {
    await listener.close();
    poll.wake();
  };
  stop.addEventListener("abort", () => void close(), { once: true });
  try {
    if (stop.aborted) return;
    await (serve === "single" ? single(listener, connections, stop) : multi(listener, connections, poll));
  } finally {
    await listener.close();
  }
}

async function threaded(options: StreamServerOptions & { backlog: number }): Promise<EchoServer<StreamCounters>> {
  const { threads: number = 2, connections, idleTimeout, backlog } = options;
  checkLimit("threads", number, 1);
  const listeners: StreamSocket[] = [];
  const shares = Array.from(
    { length: number },
    () => new Float64Array(new SharedArrayBuffer(counted.length * Float64Array.BYTES_PER_ELEMENT)),
  );
  try {
    while (listeners.length < number) {
      const port = listeners[0]?.localAddress?.port ?? options.port ?? 0;
      listeners.push(await listen({ ...options, port }, true));
    }
    const address = listeners[0]!.localAddress!;
    const run = await threads(listeners, shares, { connections, idleTimeout, backlog });
    return new EchoServer(address, sumOf(shares), run, options.signal);
  } catch (error) {
    for (const listener of listeners) await listener.close();
    throw error;
  }
}

/** Counters that are always the sum of what the threads count. */
function sumOf(shares: readonly Float64Array[]): StreamCounters {
  const counters = {} as StreamCounters; // every one of them follows
  for (const [at, name] of counted.entries())
    Object.defineProperty(counters, name, {
      enumerable: true,
      get: () => shares.reduce((sum, share) => sum + share[at]!, 0),
    });
  return counters;
}

function familyOf(address: string): 4 | 6 {
  requireType("address", address, "string");
  return address.includes(":") ? 6 : 4;
}
