/** Clients of the echo servers: create, connect, send, receive, close. */
import { lookup } from "node:dns/promises";
import { requireType } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import type { CallObserver } from "../socket/calls.js";
import { DatagramSocket } from "../socket/datagram.js";
import type { Socket, SocketAddress, Waiting } from "../socket/socket.js";
import { StreamSocket } from "../socket/stream.js";

export interface ClientOptions extends Waiting {
  /** An address or a name, whose addresses are tried one after the other. Default: 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  /** Default: what the routing table says, and an ephemeral port of the kernel's choice. */
  readonly sourceAddress?: string | undefined;
  readonly sourcePort?: number | undefined;
  /** Is told of every call the client makes. */
  readonly observe?: CallObserver | undefined;
}

/** A connection to a stream server. Throws `SYSTEM` (ECONNREFUSED, ETIMEDOUT, …), `BAD_ARGUMENT` or the signal's reason. */
export async function streamClient(options: ClientOptions): Promise<StreamClient> {
  return new StreamClient(
    await firstOf(options, (family) => StreamSocket.create({ family, observe: options.observe })),
  );
}

/** A datagram socket whose only peer is the server: nothing is sent before something is said. */
export async function datagramClient(options: ClientOptions): Promise<DatagramClient> {
  return new DatagramClient(
    await firstOf(options, (family) => DatagramSocket.create({ family, observe: options.observe })),
  );
}

export class StreamClient implements AsyncDisposable {
  /** For calls of one's own. */
  readonly socket: StreamSocket;

  constructor(socket: StreamSocket) {
    this.socket = socket;
  }

  /** Sends a message, and receives as many octets: fewer where the server ends the connection. */
  async say(message: Uint8Array | string, options: Waiting = {}): Promise<Uint8Array> {
    const octets = typeof message === "string" ? Buffer.from(message) : message;
    const heard = new Uint8Array(octets.length);
    let at = 0;
    const hear = async (): Promise<void> => {
      while (at < heard.length) {
        const chunk = await this.socket.receive(heard.length - at, options);
        if (chunk.length === 0) return;
        heard.set(chunk, at);
        at += chunk.length;
      }
    };
    // At the same time: a server that is not received from stops receiving
    await Promise.all([this.socket.sendAll(octets, options), hear()]);
    return heard.subarray(0, at);
  }

  /** Says that nothing more will come (FIN), and receives what is still to come. */
  async end(options: Waiting = {}): Promise<Uint8Array> {
    await this.socket.shutdown("sending");
    const chunks: Uint8Array[] = [];
    for (;;) {
      const chunk = await this.socket.receive(undefined, options);
      if (chunk.length === 0) return Buffer.concat(chunks);
      chunks.push(chunk);
    }
  }

  /** Ends the connection by a reset. */
  async abort(): Promise<void> {
    await this.socket.abort();
  }

  async close(): Promise<void> {
    await this.socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

export class DatagramClient implements AsyncDisposable {
  /** For calls of one's own. */
  readonly socket: DatagramSocket;

  constructor(socket: DatagramSocket) {
    this.socket = socket;
  }

  /**
   * Sends a datagram and receives one; undefined when none has come after `timeout` milliseconds (default: 1000), as
   * datagrams may get lost. Rejects with ECONNREFUSED where nobody has the port.
   */
  async say(
    message: Uint8Array | string,
    options: Waiting & { readonly timeout?: number } = {},
  ): Promise<Uint8Array | undefined> {
    const timeout = AbortSignal.timeout(options.timeout ?? 1000);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    await this.socket.send(message, options);
    try {
      return await this.socket.receive(undefined, { signal });
    } catch (error) {
      if (error === timeout.reason && timeout.aborted) return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A socket that is connected to the first of the host's addresses that takes it. Throws why the last one did not. */
async function firstOf<S extends Socket & { connect(to: SocketAddress, options: Waiting): Promise<void> }>(
  options: ClientOptions,
  create: (family: 4 | 6) => Promise<S>,
): Promise<S> {
  requireType("options", options, "object");
  const { host = "127.0.0.1", port, sourceAddress, sourcePort, signal } = options;
  let failure: unknown;
  for (const { address, family } of await addressesOf(host)) {
    const socket = await create(family as 4 | 6); // dns.lookup gives nothing else
    try {
      if (sourcePort !== undefined) socket.set({ reuseAddress: true });
      if (sourcePort !== undefined || sourceAddress !== undefined)
        await socket.bind({ address: sourceAddress, port: sourcePort });
      await socket.connect({ address, port, family: family as 4 | 6 }, { signal });
      return socket;
    } catch (error) {
      failure = error;
      await socket.close();
      if (signal?.aborted) break;
    }
  }
  throw failure;
}

async function addressesOf(host: string): Promise<readonly { address: string; family: number }[]> {
  try {
    return await lookup(host, { all: true, order: "verbatim" });
  } catch (cause) {
    throw new SockinspectError(
      "BAD_ARGUMENT",
      `no address is known for ${host} (see 'getent hosts ${host}')`,
      { argument: "host", value: host },
      { cause },
    );
  }
}
