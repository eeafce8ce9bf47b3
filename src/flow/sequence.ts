/** Sequence numbers counted from where each side of a connection began, as people read them. */
import type { Tcp } from "../wire/tcp.js";

/** More connections than this are not remembered at once: the oldest are forgotten, and count anew. */
const MOST = 65_536;

/** The sequence number of one side that counts as 0; -1 while unknown. */
interface Origin {
  number: number;
}

/** One way of a connection, to be kept by whoever can tell its packets faster than by their addresses. */
export class Way {
  /** The connection was too long ago: ask for the way anew. */
  forgotten = false;
  readonly #own: Origin;
  readonly #other: Origin;

  constructor(own: Origin, other: Origin) {
    this.#own = own;
    this.#other = other;
  }

  /** Takes in a segment; {@link sequence} and {@link acknowledgment} then count from where its connection began. hot */
  follow({ flags: { syn, ack }, sequenceNumber, acknowledgmentNumber }: Tcp): void {
    const own = this.#own;
    const other = this.#other;
    // A SYN of its own starts a connection anew: the port is used again
    if (syn && !ack && own.number !== sequenceNumber) own.number = other.number = -1;
    // Where the SYN was not seen, the first octet seen is number 1, as if the SYN had been 0
    if (syn || own.number < 0) own.number = (syn ? sequenceNumber : sequenceNumber - 1) >>> 0;
    if (ack && other.number < 0) other.number = (acknowledgmentNumber - 1) >>> 0;
  }

  sequence(sequenceNumber: number): number {
    return (sequenceNumber - this.#own.number) >>> 0;
  }

  acknowledgment(acknowledgmentNumber: number): number {
    return (acknowledgmentNumber - this.#other.number) >>> 0;
  }
}

/** Both ways of a connection: from the end whose text comes first, and to it. */
type Ways = readonly [Way, Way];

/** Remembers the initial sequence numbers of connections. */
export class SequenceOrigins {
  /** By both ends; the oldest come first. */
  readonly #connections = new Map<string, Ways>();

  /** From one address and port to another. */
  way(source: string, sourcePort: number, destination: string, destinationPort: number): Way {
    const from = `${source} ${sourcePort}`;
    const to = `${destination} ${destinationPort}`;
    const back = from > to;
    const ends = back ? `${to} ${from}` : `${from} ${to}`;
    const ways = this.#connections.get(ends) ?? this.#begin(ends);
    return ways[back ? 1 : 0];
  }

  #begin(ends: string): Ways {
    if (this.#connections.size >= MOST) this.#forgetOldest();
    const [first, second] = [{ number: -1 }, { number: -1 }];
    const ways: Ways = [new Way(first, second), new Way(second, first)];
    this.#connections.set(ends, ways);
    return ways;
  }

  #forgetOldest(): void {
    for (const [ends, ways] of this.#connections) {
      for (const way of ways) way.forgotten = true;
      this.#connections.delete(ends);
      return;
    }
  }
}
