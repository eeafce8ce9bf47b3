/** Packets of our own making on the wire: at once, at a rate, or on a schedule. */

import { badArgument, refusedArgument, requireSignal, requireType } from "../arguments.js";
import { requirePacket } from "../craft/fault.js";
import { isSockinspectError, SockinspectError } from "../errors.js";
import { linkTypes } from "../wire/numbers.js";
import { Pace } from "./pace.js";
import { type Sent, Transmitter } from "./transmitter.js";
import type { Outgoing, WayOptions } from "./way.js";

/**
 * What can be sent: what `craft` makes, a frame of a capture or file, or any octets with the `linkType` they begin with.
 * Octets alone begin with their IPv4 or IPv6 header.
 */
export type Sendable = Outgoing | Uint8Array;

export interface SendOptions extends WayOptions {
  /** Packets a second. Default: as fast as the kernel takes them. */
  readonly rate?: number | undefined;
  /** When packet number `index` is to go, in seconds from the start; instead of `rate`. Never earlier; at once where it is late. */
  readonly schedule?: ((index: number) => number) | undefined;
  /** How often a packet, or a list of them, is sent. Default: once. */
  readonly count?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends packets: one, a list, or what an iterable gives. Resolves, with what the kernel took, when it has taken all of them,
 * which is not when they have left the host. A packet or list is checked before anything is sent, the packets of an
 * iterable as they come: those before a mistake are sent, and its message says how many.
 *
 * IP packets go by a raw socket where that sends them as they are, else by the link layer; frames by the link layer.
 *
 * Throws `BAD_ARGUMENT`, `NO_ROUTE`, `NO_SUCH_INTERFACE`, `EXCEEDS_MTU`, `PERMISSION`, `UNSUPPORTED_PLATFORM`, `NO_ADDON` or
 * `SYSTEM`; the signal's reason when it is aborted.
 */
export async function send(
  packets: Sendable | Iterable<Sendable> | AsyncIterable<Sendable>,
  options: SendOptions = {},
): Promise<Sent> {
  checkSendOptions(options);
  const list = isSendable(packets) ? [packets] : packets;
  checkIterable(list);
  checkRepeatable(list, options.count);
  await using transmitter = new Transmitter(options);
  if (Array.isArray(list)) for (const packet of list) transmitter.open(outgoing(packet));
  try {
    return await sendBy(transmitter, list, options);
  } catch (error) {
    if (!isSockinspectError(error) || transmitter.packets === 0) throw error;
    const { code, info, message, cause } = error;
    const said = `${message} (packets sent before: ${transmitter.packets})`;
    throw new SockinspectError(code, said, info, { cause: cause ?? error });
  }
}

/**
 * What {@link send} does once its sockets are open. What came before an error is sent; `transmitter` says how much the kernel
 * took.
 */
export async function sendBy(
  transmitter: Transmitter,
  packets: Iterable<Sendable> | AsyncIterable<Sendable>,
  options: SendOptions,
): Promise<Sent> {
  const { rate, signal, count = 1 } = options;
  const schedule = options.schedule ?? (rate === undefined ? undefined : (index: number) => index / rate);
  const pace = new Pace();
  let index = 0;
  let late = 0;

  const put = async (packet: Outgoing, known?: Promise<void>): Promise<void> => {
    const way = transmitter.way(packet);
    const unknown = known ?? transmitter.prepare(way, signal);
    if (unknown) {
      unknown.catch(() => {});
      // What can go does not wait for an answer
      await transmitter.flush(signal);
      await unknown;
    }
    if (transmitter.put(packet, way)) return;
    await transmitter.flush(signal);
    await pace.turn();
    signal?.throwIfAborted();
    transmitter.put(packet, way);
  };
  /** Undefined where nothing has to be waited for. hot */
  const step = (packet: Sendable): Promise<void> | undefined => {
    const out = outgoing(packet);
    if (schedule) {
      late = schedule(index++);
      if (late > pace.elapsed) return wait(late).then(() => put(out));
    }
    const way = transmitter.way(out);
    const known = transmitter.prepare(way, signal);
    if (!known && transmitter.put(out, way)) return undefined;
    return put(out, known);
  };
  const wait = async (until: number): Promise<void> => {
    await transmitter.flush(signal);
    await pace.until(until, signal);
  };

  signal?.throwIfAborted();
  try {
    for (let round = 0; round < count; round++) {
      if (Symbol.asyncIterator in packets) for await (const packet of packets) await step(packet);
      else
        for (const packet of packets) {
          const waiting = step(packet);
          if (waiting) await waiting;
        }
    }
  } finally {
    await transmitter.flush(signal);
  }
  const { packets: taken, octets, waits } = transmitter;
  return { packets: taken, octets, seconds: pace.elapsed, waits };
}

/** Throws `BAD_ARGUMENT`. */
export function checkSendOptions(options: SendOptions): void {
  requireType("options", options, "object");
  const { rate, schedule, count, signal } = options;
  requireSignal(signal);
  if (schedule !== undefined) requireType("schedule", schedule, "function");
  if (rate !== undefined && !(typeof rate === "number" && rate > 0))
    throw badArgument("rate", rate, "packets a second, above 0");
  if (rate !== undefined && schedule)
    throw refusedArgument("schedule", schedule, "rate and schedule exclude each other");
  if (
    count !== undefined &&
    !(typeof count === "number" && count >= 1 && (Number.isInteger(count) || count === Number.POSITIVE_INFINITY))
  )
    throw badArgument("count", count, "a whole number above 0");
}

function checkIterable(packets: unknown): void {
  const { [Symbol.iterator]: iterator, [Symbol.asyncIterator]: asyncIterator } = Object(
    packets,
  ) as AsyncIterable<unknown> & Iterable<unknown>;
  if (typeof packets === "string" || (typeof iterator !== "function" && typeof asyncIterator !== "function"))
    throw badArgument("packets", packets, "a packet with octets, as craft() makes it, or an iterable of such packets");
}

/** What gives its packets only once cannot be sent again. */
function checkRepeatable(packets: Iterable<Sendable> | AsyncIterable<Sendable>, count = 1): void {
  const iterator: unknown = Symbol.asyncIterator in packets ? undefined : packets[Symbol.iterator]();
  if (count === 1 || (iterator !== undefined && iterator !== packets)) return;
  throw refusedArgument("count", count, "count repeats a packet or a list; an iterator can be gone through only once");
}

/** `packet` with what it begins with. */
export function outgoing(packet: Sendable): Outgoing {
  if (packet instanceof Uint8Array) return { octets: packet, linkType: linkTypes.raw };
  requirePacket(packet);
  return packet;
}

function isSendable(packets: unknown): packets is Sendable {
  return packets instanceof Uint8Array || (typeof packets === "object" && packets !== null && "octets" in packets);
}
