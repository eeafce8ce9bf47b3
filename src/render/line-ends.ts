/** Who sends to whom, in a column. */
import type { Way as SequenceWay } from "../flow/sequence.js";
import type { LayerOf } from "../packet/packet.js";
import type { Paint } from "./paint.js";
import { Piece } from "./pen.js";

export type Network = LayerOf<"ipv4"> | LayerOf<"ipv6">;

/** Two IPv4 addresses with five-digit ports: longer ones stick out rather than push everything aside. */
const WIDEST_ENDPOINTS = 42;

/** Directions of conversations whose endpoints are kept as text. */
const WAYS = 16_384;

export interface Way {
  readonly source: string;
  readonly destination: string;
  /** -1 where there are no ports. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** What they speak, behind the column; "" is nothing. */
  readonly protocol: string;
  readonly column: number;
  readonly text: Piece;
  sequence: SequenceWay | undefined;
}

/** Both ends of packets. The column grows with what it had to hold, so that lines of one capture stand under each other. */
export class Ends {
  readonly #paint: Paint;
  readonly #ways: (Way | undefined)[] = new Array(WAYS).fill(undefined);
  #width = 0;

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** Both ends with an arrow between them, padded to a column. Conversations repeat theirs: the latest are kept. */
  way(network: Network | undefined, sourcePort: number, destinationPort: number, protocol: string): Way {
    const source = network?.source ?? "";
    const destination = network?.destination ?? "";
    const hosts = lastUnit(source) * 7 + lastUnit(destination);
    const slot = Math.imul(((sourcePort << 16) | (destinationPort & 0xffff)) ^ (hosts << 8), 0x9e3779b1) >>> 18;
    const kept = this.#ways[slot];
    if (
      kept !== undefined &&
      kept.sourcePort === sourcePort &&
      kept.destinationPort === destinationPort &&
      kept.source === source &&
      kept.destination === destination &&
      kept.protocol === protocol &&
      kept.column === this.#width
    )
      return kept;
    const ends = network ? this.#text(network, sourcePort, destinationPort) : `${sourcePort} → ${destinationPort} `;
    const text = new Piece(protocol === "" ? ends : `${ends}${this.#paint("protocol", protocol)} `);
    const column = this.#width;
    const sequence = undefined;
    const way: Way = { source, destination, sourcePort, destinationPort, protocol, column, text, sequence };
    this.#ways[slot] = way;
    return way;
  }

  #text({ kind, source, destination }: Network, sourcePort: number, destinationPort: number): string {
    const from = endpoint(kind, source, sourcePort);
    const to = endpoint(kind, destination, destinationPort);
    const width = from.join("").length + to.join("").length;
    if (width > this.#width) this.#width = Math.min(width, WIDEST_ENDPOINTS);
    const padding = " ".repeat(Math.max(0, this.#width - width));
    const [left, right] = [from, to].map(
      ([address, colon, port]) => this.#paint("address", address) + colon + (port && this.#paint("port", port)),
    );
    return `${left} → ${right}${padding}  `;
  }
}

/** Address, colon and port; RFC 5952 §6 wants an IPv6 address before a port in brackets. */
function endpoint(kind: Network["kind"], address: string, port: number): [string, string, string] {
  if (port < 0) return [address, "", ""];
  return [kind === "ipv6" ? `[${address}]` : address, ":", String(port)];
}

/** The part of an address in which neighbours differ. */
function lastUnit(text: string): number {
  return text.charCodeAt(text.length - 1);
}
