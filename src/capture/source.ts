import type { Frame } from "../packet/frame.js";
import type { Packet } from "../packet/packet.js";

/** Frames that lie together in memory. They and their views are good until {@link release}. */
export interface Batch extends Iterable<Frame> {
  /** Gives the octets back. Whoever asks for the next batch does it for the one before. */
  release(): void;
}

/**
 * Running totals. Nothing is lost silently: `received` = `captured` + `unmatched` + `dropped` + what is still in the buffer.
 */
export interface Statistics {
  /** Packets handed to the consumer. */
  readonly captured: number;
  /** Packets that passed the filter as far as the kernel can ask it, those that were dropped included. */
  readonly received: number;
  /** Packets that then failed what the kernel cannot ask: named fields in options, tunnels and the like. */
  readonly unmatched: number;
  /** Packets that the kernel had no room for. */
  readonly dropped: number;
  /** How often the ring was full and stood still. */
  readonly freezes: number;
}

/** Where packets come from: a live capture or a file. */
export interface Source extends AsyncIterable<Packet>, AsyncDisposable {
  /** Frames of views, batch by batch; the way to millions of packets a second. A batch is released when the next is asked for. */
  batches(): AsyncIterable<Batch>;
  statistics(): Statistics;
  /** Takes in nothing more; the iteration ends after what was received until now. */
  stop(): void;
  /** Ends at once. Views throw `RELEASED` from now on. */
  close(): Promise<void>;
}
