import { whole } from "../arguments.js";
import { binding, type NativeDatagramBatch } from "./binding.js";
import type { SocketAddress } from "./socket.js";

/** The addon's limit. */
const MOST = 1024;

/** Datagrams that are received by one system call, and sent by one. */
export class DatagramBatch {
  /** How many there is room for. */
  readonly size: number;
  /** @internal */
  readonly native: NativeDatagramBatch;
  readonly #octets: Uint8Array;
  readonly #lengths: Uint32Array;
  readonly #stride = binding().DatagramBatch.stride;

  /** Throws `BAD_ARGUMENT`, `UNSUPPORTED_PLATFORM` or `NO_ADDON`. */
  constructor(size = 64) {
    this.size = whole("size", size, 1, MOST);
    this.native = new (binding().DatagramBatch)(size);
    this.#octets = this.native.octets;
    this.#lengths = this.native.lengths;
  }

  /** Octets of datagram number `at`: a view, good until the batch receives again. */
  octets(at: number): Uint8Array {
    return this.#octets.subarray(at * this.#stride, at * this.#stride + this.length(at));
  }

  /** How many octets datagram number `at` has. hot */
  length(at: number): number {
    return this.#lengths[at] ?? 0;
  }

  /** How many octets the datagrams from number `from` to before number `to` have together. hot */
  total(from: number, to: number): number {
    let sum = 0;
    for (let at = from; at < to; at++) sum += this.#lengths[at]!;
    return sum;
  }

  /** Where datagram number `at` came from. */
  remote(at: number): SocketAddress {
    return this.native.remote(at)!; // every UDP datagram has an address
  }
}
