import type { Frame } from "../packet/frame.js";
import type { Packet } from "../packet/packet.js";
import type { Batch } from "./source.js";

type Result = IteratorResult<Packet, undefined>;

/**
 * The frames of `batches` as packets that last; ends early once `stopped`. Written by hand, because an async generator
 * waits three times for each packet.
 */
export class Packets implements AsyncIterableIterator<Packet> {
  readonly #batches: AsyncGenerator<Batch, void, undefined>;
  readonly #stopped: () => boolean;
  #frames: Iterator<Frame> | undefined;
  /** The latest that has to wait for a batch, or for one that waits. */
  #waiting: Promise<Result> | undefined;

  constructor(batches: AsyncGenerator<Batch, void, undefined>, stopped: () => boolean) {
    this.#batches = batches;
    this.#stopped = stopped;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** hot */
  next(): Promise<Result> {
    if (this.#waiting) return this.#inTurn(() => this.#step());
    try {
      const packet = this.#here();
      if (packet) return Promise.resolve({ done: false, value: packet });
    } catch (error) {
      return this.#inTurn(() => this.#end(error));
    }
    return this.#inTurn(() => this.#step());
  }

  return(): Promise<Result> {
    return this.#inTurn(() => this.#end());
  }

  /** The next packet of this batch. */
  #here(): Packet | undefined {
    if (!this.#frames || this.#stopped()) return undefined;
    const frame = this.#frames.next();
    return frame.done ? undefined : frame.value.own();
  }

  async #step(): Promise<Result> {
    try {
      for (;;) {
        const packet = this.#here();
        if (packet) return { done: false, value: packet };
        if (this.#stopped()) return this.#end();
        const batch = await this.#batches.next();
        if (batch.done) return { done: true, value: undefined };
        this.#frames = batch.value[Symbol.iterator]();
      }
    } catch (error) {
      return this.#end(error);
    }
  }

  /** Lets go of the source; throws `error` where there is one. */
  async #end(error?: unknown): Promise<Result> {
    this.#frames = undefined;
    await this.#batches.return();
    if (error !== undefined) throw error;
    return { done: true, value: undefined };
  }

  /** Whoever asks before an answer came is answered behind it, as by a generator. */
  #inTurn(act: () => Promise<Result>): Promise<Result> {
    const turn = this.#waiting ? this.#waiting.then(act, act) : act();
    this.#waiting = turn;
    const over = (): void => {
      if (this.#waiting === turn) this.#waiting = undefined;
    };
    turn.then(over, over);
    return turn;
  }
}
