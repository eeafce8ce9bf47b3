/** Sequence numbers counted from where each side of a connection began, as people read them. */
import type { Tcp } from "../wire/tcp.js";

/** More connections than this are not remembered at once: the oldest are forgotten, and count anew. */
const MOST = 65_536;

interface Origins {
  /** Sequence number that counts as 0 of the side with the smaller key, and of the other; -1 while unknown. */
  low: number;
  high: number;
}

/** Remembers the initial sequence numbers of connections. */
export class SequenceOrigins {
  readonly #connections = new Map<string, Origins>();
  #latest: Origins = { low: -1, high: -1 };
  #fromLow = true;

  /** Takes in a segment; {@link sequence} and {@link acknowledgment} then count from its connection's origins. */
  follow(source: string, destination: string, tcp: Tcp): void {
    const from = `${source} ${tcp.sourcePort}`;
    const to = `${destination} ${tcp.destinationPort}`;
    this.#fromLow = from < to;
    const key = this.#fromLow ? `${from} ${to}` : `${to} ${from}`;
    let origins = this.#connections.get(key);
    const { syn, ack } = tcp.flags;
    // A SYN of its own starts a connection anew: the port is used again
    if (!origins || (syn && !ack && this.#own(origins) !== tcp.sequenceNumber)) {
      origins = { low: -1, high: -1 };
      if (this.#connections.size >= MOST) this.#forgetOldest();
      this.#connections.set(key, origins);
    }
    this.#latest = origins;
    // Where the SYN was not seen, the first octet seen is number 1, as if the SYN had been 0
    if (syn || this.#own(origins) < 0) this.#set(this.#fromLow, syn ? tcp.sequenceNumber : tcp.sequenceNumber - 1);
    if (ack && this.#other(origins) < 0) this.#set(!this.#fromLow, tcp.acknowledgmentNumber - 1);
  }

  sequence(tcp: Tcp): number {
    return (tcp.sequenceNumber - this.#own(this.#latest)) >>> 0;
  }

  acknowledgment(tcp: Tcp): number {
    return (tcp.acknowledgmentNumber - this.#other(this.#latest)) >>> 0;
  }

  #own(origins: Origins): number {
    return this.#fromLow ? origins.low : origins.high;
  }

  #other(origins: Origins): number {
    return this.#fromLow ? origins.high : origins.low;
  }

  #set(low: boolean, origin: number): void {
    if (low) this.#latest.low = origin >>> 0;
    else this.#latest.high = origin >>> 0;
  }

  #forgetOldest(): void {
    for (const key of this.#connections.keys()) {
      this.#connections.delete(key);
      return;
    }
  }
}
