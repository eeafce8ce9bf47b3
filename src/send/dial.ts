/** TCP connections by hand: as a client, or as a server. */

import { refusedArgument, requireType, shown, whole } from "../arguments.js";
import { capture } from "../capture/live.js";
import type { Source } from "../capture/source.js";
import { isSockinspectError } from "../errors.js";
import { layer, type Packet } from "../packet/packet.js";
import { interfaceOf } from "../socket/interfaces.js";
import { routeTo } from "../socket/routes.js";
import { parseIpv4, parseIpv6 } from "../wire/address.js";
import type { Tcp } from "../wire/tcp.js";
import { Connection, type ConnectionOptions, checkConnectionOptions, type Endpoint } from "./connection.js";
import { guard } from "./guard.js";
import { Transmitter } from "./transmitter.js";
import { Waits } from "./waits.js";
import type { Outgoing, WayOptions } from "./way.js";

export interface DialOptions extends ConnectionOptions, WayOptions {
  /** The address and port to come from. Default: what the routing table says, and a free port. */
  readonly source?: string | undefined;
  readonly sourcePort?: number | undefined;
}

/**
 * Opens a TCP connection by hand, past the kernel's TCP, which is kept quiet by a guard: SYN, SYN ACK, ACK. Throws
 * `CONNECTION` where the other side refuses it or does not answer, and as `send` and `guard` do.
 */
export async function dial(remote: Endpoint, options: DialOptions = {}): Promise<Connection> {
  checkEndpoint(remote);
  checkConnectionOptions(options);
  const address = remote.address.replace(/%.*$/, "");
  const device = options.interface ?? /%(.+)$/.exec(remote.address)?.[1];
  const source = options.source ?? routeTo(remote.address, { interface: device }).source;
  await using opened = new Opened();
  const held = await guard(options.sourcePort ?? 0, { address: bindable(source, device) });
  opened.add(held);
  const local = { address: source, port: held.port };
  const wire = opened.add(new Wire({ via: options.via, interface: device }));
  const connection = new Connection(
    local,
    { address, port: remote.port },
    options,
    (packet) => wire.put(packet),
    () => all.close(),
  );
  const example = connection.packet({ ip: {}, tcp: { destinationPort: remote.port }, data: new Uint8Array(0) });
  wire.open(example, `src host ${address} and tcp src port ${remote.port} and tcp dst port ${local.port}`, device);
  const all = opened.keep();
  wire.listen(
    (packet, segment) => connection.take(packet, segment),
    (error) => connection.lose(error),
  );
  try {
    await connection.open();
    return connection;
  } catch (error) {
    await all.close();
    throw error;
  }
}

export interface AnswerOptions extends ConnectionOptions, WayOptions {
  readonly port: number;
  /** One address of this machine. Default: all of them. */
  readonly address?: string | undefined;
}

/** A server whose every segment is made by hand. */
export class Answering implements AsyncDisposable {
  readonly port: number;
  readonly #options: AnswerOptions;
  readonly #wire: Wire;
  readonly #opened: Opened;
  /** By the other side's address and port. */
  readonly #connections = new Map<string, Connection>();
  readonly #accepted: Connection[] = [];
  readonly #waits = new Waits();
  /** What has kept a handshake from being made. */
  readonly #refused: unknown[] = [];
  #failure: unknown;
  #closed = false;

  /** @internal `answer` makes them. */
  constructor(port: number, options: AnswerOptions, wire: Wire, opened: Opened) {
    this.port = port;
    this.#options = options;
    this.#wire = wire;
    this.#opened = opened;
    wire.listen(
      (packet, segment) => this.#take(packet, segment),
      (error) => {
        this.#failure = error;
        void this.close();
      },
    );
  }

  /**
   * The next connection whose handshake is complete. Throws the signal's reason, and what has kept a segment of a handshake
   * from being sent; `undefined` once it is closed.
   */
  async accept(): Promise<Connection | undefined> {
    const { signal } = this.#options;
    for (;;) {
      signal?.throwIfAborted();
      const connection = this.#accepted.shift();
      if (connection) return connection;
      if (this.#refused.length > 0) throw this.#refused.shift();
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#closed) return undefined;
      await this.#waits.wait(Number.POSITIVE_INFINITY, signal);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Connection, void, undefined> {
    for (let next = await this.accept(); next; next = await this.accept()) yield next;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const connection of this.#connections.values()) connection.lose(this.#failure);
    this.#waits.wake();
    await this.#opened.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #take(packet: Packet, segment: Tcp): void {
    const ip = layer(packet, "ipv4") ?? layer(packet, "ipv6");
    if (!ip) return;
    const key = `${ip.source} ${segment.sourcePort}`;
    const known = this.#connections.get(key);
    if (known) known.take(packet, segment);
    if (known || !segment.flags.syn || segment.flags.ack || this.#closed) return;
    const connection = new Connection(
      { address: ip.destination, port: segment.destinationPort },
      { address: ip.source, port: segment.sourcePort },
      this.#options,
      (out) => this.#wire.put(out),
      async () => {
        this.#connections.delete(key);
      },
    );
    this.#connections.set(key, connection);
    connection.accept(segment).then(
      () => {
        this.#accepted.push(connection);
        this.#waits.wake();
      },
      (error) => {
        this.#connections.delete(key);
        // Whoever has gone away in the midst of the handshake is no connection
        if (isSockinspectError(error, "CONNECTION")) return;
        this.#refused.push(error);
        this.#waits.wake();
      },
    );
  }
}

/**
 * Answers connections to a port by hand, past the kernel's TCP, which is kept quiet by a guard. Port 0 takes a free one.
 * Throws `PORT_IN_USE`, and as `send` does.
 */
export async function answer(options: AnswerOptions): Promise<Answering> {
  checkConnectionOptions(options);
  whole("port", options.port, 0, 65_535);
  await using opened = new Opened();
  const held = await guard(options.port, { address: options.address });
  opened.add(held);
  const wire = opened.add(new Wire({ via: options.via, interface: options.interface }));
  const only = options.address === undefined ? "" : `dst host ${options.address.replace(/%.*$/, "")} and `;
  wire.open(undefined, `${only}tcp dst port ${held.port}`, options.interface);
  return new Answering(held.port, options, wire, opened.keep());
}

/** What a connection's packets come and go by. */
class Wire implements AsyncDisposable {
  readonly #transmitter: Transmitter;
  #source: Source | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(options: WayOptions) {
    this.#transmitter = new Transmitter(options);
  }

  open(example: Outgoing | undefined, filter: string, device: string | undefined): void {
    if (example) this.#transmitter.open(example);
    else this.#transmitter.openAll();
    const only = device !== undefined && { interface: device };
    // Loopback's packets come in once; on other devices what goes out is not for us
    this.#source = capture({ filter, latency: 1, promiscuous: false, direction: "in", ...only });
  }

  listen(take: (packet: Packet, segment: Tcp) => void, end: (error: unknown) => void): void {
    const source = this.#source!;
    void (async () => {
      try {
        for await (const packet of source) {
          const segment = layer(packet, "tcp");
          if (segment && packet.problems.every(({ kind }) => kind !== "checksum")) take(packet, segment);
        }
        end(undefined);
      } catch (error) {
        end(error);
      }
    })();
  }

  /** One packet after the other. */
  async put(packet: Outgoing): Promise<void> {
    const sending = this.#sending.then(async () => {
      const way = this.#transmitter.way(packet);
      await this.#transmitter.prepare(way);
      this.#transmitter.put(packet, way);
      await this.#transmitter.flush();
    });
    this.#sending = sending.catch(() => {});
    await sending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sending;
    await this.#source?.close();
    await this.#transmitter.close();
  }
}

/** What is closed together, in the opposite order. */
class Opened implements AsyncDisposable {
  #parts: AsyncDisposable[] = [];

  add<T extends AsyncDisposable>(part: T): T {
    this.#parts.push(part);
    return part;
  }

  /** The same parts, which are no longer closed with this. */
  keep(): Opened {
    const kept = new Opened();
    kept.#parts = this.#parts.splice(0);
    return kept;
  }

  async close(): Promise<void> {
    for (const part of this.#parts.splice(0).reverse()) await part[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A link-local address is bound to with its device. */
function bindable(address: string, device: string | undefined): string {
  return address.startsWith("fe80:") && device !== undefined ? `${address}%${interfaceOf(device).name}` : address;
}

function checkEndpoint(remote: Endpoint): void {
  requireType("remote", remote, "object");
  const { address, port } = remote;
  const plain = typeof address === "string" ? address.replace(/%.*$/, "") : address;
  if (!parseIpv4(plain) && !parseIpv6(plain))
    throw refusedArgument(
      "address",
      address,
      `address is an IPv4 or IPv6 address, not ${shown(address)}: look names up with node:dns`,
    );
  whole("port", port, 1, 65_535);
}
