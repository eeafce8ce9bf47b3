/** The sockets that packets leave by, filled and emptied in batches. */
import { explained, openSendingSocket, type PacketSocket } from "../socket/packet.js";
import { RawSocket } from "../socket/raw.js";
import { isFull, Readiness, roomAfter } from "../socket/waiting.js";
import { Neighbors } from "./neighbors.js";
import { type Outgoing, type Way, type WayOptions, Ways } from "./way.js";

/** Packets and octets of a batch: measured, more gains nothing. */
const PACKETS = 256;
const OCTETS = 256 * 1024;
const NO_HEADER = new Uint8Array(0);

/** What the kernel took. */
export interface Sent {
  readonly packets: number;
  /** With the link layer's header where packets went by the link layer. */
  readonly octets: number;
  /** From the first packet to the last. */
  readonly seconds: number;
  /** How often the kernel had no room and was waited for. */
  readonly waits: number;
}

/** Packets that wait to leave by one socket, back to back. */
interface Batch {
  readonly destination: number;
  /** Sends the packets from the `first` on; how many were taken. */
  send(octets: Uint8Array, lengths: Uint32Array, count: number, first: number): number;
  readonly writable: Readiness;
}

/**
 * Sends packets in the order they are {@link put}. Sockets open when the first packet needs them: {@link open} opens them
 * before, for whoever gives up privileges.
 */
export class Transmitter implements AsyncDisposable {
  readonly #ways: Ways;
  readonly #neighbors = new Neighbors();
  readonly #options: WayOptions;
  readonly #passesOver: (error: unknown) => boolean;
  readonly #raw: Partial<Record<4 | 6, RawSocket>> = {};
  #link: PacketSocket | undefined;
  #linkWritable: Readiness | undefined;
  readonly #batches = new Map<string, Batch>();
  readonly #batchOf = new Map<Way, Batch>();

  readonly #octets = new Uint8Array(OCTETS);
  readonly #lengths = new Uint32Array(PACKETS);
  readonly #destinations = new Uint8Array(PACKETS * 16);
  #current: Batch | undefined;
  /** Of the packet that was put last. */
  #way: Way | undefined;
  #batch: Batch | undefined;
  #header: Uint8Array = NO_HEADER;
  #count = 0;
  #size = 0;

  packets = 0;
  octets = 0;
  waits = 0;

  /** `passesOver` tells whether to go on without a packet that the kernel has refused with `error`. */
  constructor(options: WayOptions, passesOver: (error: unknown) => boolean = () => false) {
    this.#options = options;
    this.#passesOver = passesOver;
    this.#ways = new Ways(options);
  }

  /** Opens what `packet` needs. Throws as {@link Ways.of} does, and `PERMISSION`. */
  open(packet: Outgoing): Way {
    const way = this.#ways.of(packet);
    if (way.via === "raw") this.#openRaw(way.family);
    else {
      this.#openLink();
      if (way.next && !this.#neighbors.headerFor(way.device, way.next)) this.#neighbors.open();
    }
    return way;
  }

  /** Opens every socket, for packets that are not known before. */
  openAll(): void {
    if (this.#options.via !== "link") for (const family of [4, 6] as const) this.#openRaw(family);
    if (this.#options.via === "raw") return;
    this.#openLink();
    this.#neighbors.open();
  }

  /** The way of `packet`. Throws as {@link Ways.of} does. hot */
  way(packet: Outgoing): Way {
    return this.#ways.of(packet);
  }

  /** Finds out what has to be known before packets of this way can be {@link put}; undefined where all is known. hot */
  prepare(way: Way, signal?: AbortSignal): Promise<void> | undefined {
    if (way === this.#way || way.via === "raw" || !way.next || this.#neighbors.headerFor(way.device, way.next))
      return undefined;
    this.#openLink();
    return this.#neighbors.resolve(way.device, way.next, this.#link!, signal);
  }

  /** Takes a packet into the batch; false where that has to be sent first. hot */
  put({ octets }: Outgoing, way: Way): boolean {
    if (way !== this.#way) {
      this.#batch = this.#batchFor(way);
      this.#header = (way.via === "link" && way.next && this.#neighbors.headerFor(way.device, way.next)) || NO_HEADER;
      this.#way = way;
    }
    const batch = this.#batch!;
    const header = this.#header;
    const size = octets.length + header.length;
    if (this.#count > 0 && (batch !== this.#current || this.#count === PACKETS || this.#size + size > OCTETS))
      return false;
    this.#current = batch;
    const into = this.#octets;
    let at = this.#size;
    for (let i = 0; i < header.length; i++) into[at++] = header[i]!;
    into.set(octets, at);
    if (batch.destination > 0) {
      const from = batch.destination === 4 ? 16 : 24;
      const to = this.#count * batch.destination;
      for (let i = 0; i < batch.destination; i++) this.#destinations[to + i] = octets[from + i]!;
    }
    this.#lengths[this.#count++] = size;
    this.#size += size;
    return true;
  }

  /** Sends the batch; resolves when the kernel has taken all of it. Throws `SYSTEM`, or the signal's reason. */
  async flush(signal?: AbortSignal): Promise<void> {
    const batch = this.#current;
    let first = 0;
    let at = 0;
    let refused = 0;
    try {
      while (batch && first < this.#count) {
        try {
          const taken = batch.send(
            this.#octets.subarray(at, this.#size),
            this.#lengths.subarray(first, this.#count),
            this.#count - first,
            first,
          );
          for (const end = first + taken; first < end; first++) at += this.#lengths[first]!;
          this.packets += taken;
        } catch (error) {
          if (isFull(error)) {
            this.waits++;
            await roomAfter(error, batch.writable, signal);
            continue;
          }
          const length = this.#lengths[first]!;
          if (!this.#passesOver(error)) throw explained(`cannot send a packet of ${length} octets`, error);
          refused += length;
          at += length;
          first++;
        }
      }
    } finally {
      this.octets += at - refused;
      this.#count = 0;
      this.#size = 0;
    }
  }

  async close(): Promise<void> {
    await this.#neighbors.close();
    this.#link?.close();
    this.#linkWritable?.close();
    this.#link = undefined;
    for (const socket of Object.values(this.#raw)) await socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #batchFor(way: Way): Batch {
    const known = this.#batchOf.get(way);
    if (known) return known;
    const key = way.via === "raw" ? `${way.family} ${way.scope}` : `link ${way.device.index}`;
    const same = this.#batches.get(key);
    const batch =
      same ?? (way.via === "raw" ? this.#rawBatch(way.family, way.scope) : this.#linkBatch(way.device.index));
    this.#batches.set(key, batch);
    this.#batchOf.set(way, batch);
    return batch;
  }

  #rawBatch(family: 4 | 6, scope: number): Batch {
    const socket = this.#openRaw(family);
    const destination = family === 4 ? 4 : 16;
    return {
      destination,
      writable: socket.writable,
      send: (octets, lengths, count, first) =>
        socket.native.sendBatch(
          octets,
          lengths,
          count,
          this.#destinations.subarray(first * destination, (first + count) * destination),
          scope,
        ),
    };
  }

  #linkBatch(index: number): Batch {
    const socket = this.#openLink();
    return {
      destination: 0,
      writable: this.#linkWritable!,
      send: (octets, lengths, count) => socket.sendBatch(octets, lengths, count, index),
    };
  }

  #openRaw(family: 4 | 6): RawSocket {
    this.#raw[family] ??= new RawSocket({ family, interface: this.#options.interface });
    return this.#raw[family];
  }

  #openLink(): PacketSocket {
    if (!this.#link) {
      const socket = openSendingSocket();
      this.#link = socket;
      this.#linkWritable = new Readiness((callback) => socket.wait(callback));
    }
    return this.#link;
  }
}
