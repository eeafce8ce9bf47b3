/** Packets sent, and what answers them. */
import { setTimeout } from "node:timers/promises";
import { capture } from "../capture/live.js";
import type { Source } from "../capture/source.js";
import { decode } from "../packet/decode.js";
import type { Frame } from "../packet/frame.js";
import type { Layer, Packet } from "../packet/packet.js";
import { answers } from "./answers.js";
import { type Guard, guardFor } from "./guard.js";
import { checkSendOptions, outgoing, type Sendable, sendBy } from "./send.js";
import { Transmitter } from "./transmitter.js";
import { familyOf, type Outgoing, type WayOptions, wrong } from "./way.js";

export interface AskOptions extends WayOptions {
  /** Milliseconds an answer is waited for, after each attempt. Default: 1000. */
  readonly timeout?: number | undefined;
  /** How often a packet that nobody answers is sent again. Default: not at all. */
  readonly retries?: number | undefined;
  /** Packets a second, where many are sent. Default: as fast as the kernel takes them. */
  readonly rate?: number | undefined;
  /** Whether the kernel is kept quiet about the answers: see `guard`. Default: yes. */
  readonly guard?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  /** What was sent, decoded. */
  readonly sent: Packet;
  readonly packet: Packet;
  /** Milliseconds between the kernel's time of the question, as it was sent last, and of the answer. */
  readonly roundTrip: number;
  /** How often the question had been sent. */
  readonly attempts: number;
}

export interface Answers {
  /** In the order in which they came. */
  readonly answered: readonly Answer[];
  /** The questions without an answer, in the order in which they were sent. */
  readonly unanswered: readonly Packet[];
}

/**
 * Sends a packet and waits for its answer, by the rules of its protocol: a TCP segment or datagram with the ports turned
 * round, the reply to an ICMP query, ARP or neighbour solicitation, or an ICMP error that quotes it. Undefined when nobody
 * answers. Throws as `send` does, and the signal's reason.
 */
export async function ask(packet: Sendable, options: AskOptions = {}): Promise<Answer | undefined> {
  const { answered } = await askAll([packet], options);
  return answered[0];
}

/** Asks many questions at once, each answered by one packet at most. Throws as {@link ask} does. */
export async function askAll(packets: Iterable<Sendable>, options: AskOptions = {}): Promise<Answers> {
  await using asking = await Asking.open([...packets], options);
  const answered: Answer[] = [];
  for await (const answer of asking) answered.push(answer);
  return { answered, unanswered: asking.unanswered };
}

interface Question {
  readonly out: Outgoing;
  readonly sent: Packet;
  attempts: number;
  /** When the kernel saw it leave last, or when it was handed over. */
  seconds: number;
  nanoseconds: number;
  answered: boolean;
}

/** Octets of the largest link layer's header before an IP packet that is not in another one: SLL2, or two VLAN tags. */
const LINK_HEADER = 22;
/** Destinations that a filter names; more make it longer than it is worth. */
const NAMED = 32;

/**
 * Questions whose sockets are open, so that privileges may be given up before the answers are iterated. Each answer is given
 * as soon as it is there.
 */
export class Asking implements AsyncDisposable {
  readonly #options: AskOptions;
  readonly #questions: readonly Question[];
  /** By the address that answers, or that an error's quote was sent to; "" for those that anybody may answer. */
  readonly #open = new Map<string, Question[]>();
  readonly #transmitter: Transmitter;
  readonly #source: Source;
  readonly #ended = new AbortController();
  readonly #guards = new Map<string, Guard | undefined>();

  /** Opens sockets for all packets, and guards. Throws as {@link ask} does. */
  static async open(packets: readonly Sendable[], options: AskOptions): Promise<Asking> {
    const asking = new Asking(packets, options);
    if (options.guard ?? true) await asking.#guard();
    return asking;
  }

  private constructor(packets: readonly Sendable[], options: AskOptions) {
    checkSendOptions({ rate: options.rate });
    const { timeout = 1000, retries = 0 } = options;
    if (!(timeout > 0)) throw wrong("timeout", timeout, `timeout is milliseconds above 0, not ${timeout}`);
    if (!(Number.isInteger(retries) && retries >= 0))
      throw wrong("retries", retries, `retries is a whole number from 0, not ${retries}`);
    this.#options = options;
    this.#questions = packets.map((packet) => {
      const out = outgoing(packet);
      familyOf(out);
      const sent = decode(out.octets, out.linkType);
      return { out, sent, attempts: 0, seconds: 0, nanoseconds: 0, answered: false };
    });
    this.#transmitter = new Transmitter(options);
    try {
      for (const { out } of this.#questions) this.#transmitter.open(out);
      this.#source = capture({
        filter: filterFor(this.#questions.map(({ sent }) => sent)),
        latency: 1,
        promiscuous: false,
        ...(options.interface !== undefined && { interface: options.interface }),
      });
    } catch (error) {
      void this.#transmitter.close();
      throw error;
    }
  }

  async #guard(): Promise<void> {
    try {
      for (const { sent } of this.#questions) {
        const key = sourceOf(sent);
        if (key !== undefined && !this.#guards.has(key)) this.#guards.set(key, await guardFor(sent));
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  get unanswered(): Packet[] {
    return this.#questions.filter(({ answered }) => !answered).map(({ sent }) => sent);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Answer, void, undefined> {
    const { signal } = this.#options;
    const abort = (): void => {
      this.#ended.abort(signal?.reason);
      this.#source.stop();
    };
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
    let failure: unknown;
    const sending = this.#sendAll().catch((error: unknown) => {
      failure = error;
      this.#source.stop();
    });
    try {
      let left = this.#questions.length;
      if (left > 0)
        for await (const batch of this.#source.batches()) {
          for (const frame of batch) {
            const answer = this.#take(frame);
            if (!answer) continue;
            left--;
            yield answer;
          }
          if (left === 0) break;
        }
    } finally {
      this.#ended.abort();
      await sending;
      signal?.removeEventListener("abort", abort);
      await this.close();
    }
    signal?.throwIfAborted();
    if (failure !== undefined) throw failure;
  }

  async close(): Promise<void> {
    this.#ended.abort();
    await this.#source.close();
    await this.#transmitter.close();
    for (const guard of this.#guards.values()) await guard?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Sends what has no answer yet, attempt by attempt, and ends the capture behind the last one's time. */
  async #sendAll(): Promise<void> {
    const { timeout = 1000, retries = 0, rate } = this.#options;
    const { signal } = this.#ended;
    for (let attempt = 0; attempt <= retries && !signal.aborted; attempt++) {
      const questions = this.#questions.filter(({ answered }) => !answered);
      if (questions.length === 0) break;
      try {
        await sendBy(this.#transmitter, this.#asked(questions), { rate, signal });
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      await setTimeout(timeout, undefined, { signal }).catch(() => {});
    }
    this.#source.stop();
  }

  /** The questions, each noted as open at the moment it is sent. */
  *#asked(questions: readonly Question[]): Generator<Outgoing, void, undefined> {
    for (const question of questions) {
      if (question.answered) continue;
      if (question.attempts++ === 0) this.#note(question);
      const now = performance.timeOrigin + performance.now();
      question.seconds = Math.floor(now / 1000);
      question.nanoseconds = Math.round((now % 1000) * 1e6);
      yield question.out;
    }
  }

  #note(question: Question): void {
    const key = keyOf(question.sent);
    const others = this.#open.get(key);
    if (others) others.push(question);
    else this.#open.set(key, [question]);
  }

  /** The answer that a frame is, or undefined; a question of ours that leaves is noted. */
  #take(frame: Frame): Answer | undefined {
    const packet = frame.own();
    const { octets } = frame;
    for (const key of keysIn(packet.layers)) {
      const questions = this.#open.get(key);
      if (!questions) continue;
      for (const question of questions) {
        if (isSame(octets, question.out.octets)) {
          question.seconds = packet.seconds;
          question.nanoseconds = packet.nanoseconds;
          return undefined;
        }
        if (!answers(question.sent, packet)) continue;
        question.answered = true;
        questions.splice(questions.indexOf(question), 1);
        const { sent, attempts } = question;
        const roundTrip =
          (packet.seconds - question.seconds) * 1000 + (packet.nanoseconds - question.nanoseconds) / 1e6;
        return { sent, packet, attempts, roundTrip: Math.max(0, roundTrip) };
      }
    }
    return undefined;
  }
}

/** Address and port that a segment or datagram comes from. */
function sourceOf({ layers }: Packet): string | undefined {
  let address = "";
  for (const layer of layers) {
    if (layer.kind === "ipv4" || layer.kind === "ipv6") address = layer.source;
    if (layer.kind === "tcp" || layer.kind === "udp") return `${layer.kind} ${address} ${layer.sourcePort}`;
  }
  return undefined;
}

/** Whether a captured frame is one of ours, whose link layer the kernel may have written. */
function isSame(frame: Uint8Array, sent: Uint8Array): boolean {
  const offset = frame.length - sent.length;
  // What an error quotes lies further in
  if (offset < 0 || offset > LINK_HEADER) return false;
  for (let i = sent.length - 1; i >= 0; i--) if (frame[offset + i] !== sent[i]) return false;
  return true;
}

/** The address that answers; "" where that is not known before. */
function keyOf({ layers }: Packet): string {
  let key = "";
  for (const layer of layers) {
    if (layer.kind === "arp") return layer.addresses.targetProtocol;
    if (layer.kind === "ipv4" || layer.kind === "ipv6") key = layer.destination;
  }
  return isGroup(key) ? "" : key;
}

/** Whom a packet comes from or goes to, and whom the packets it quotes: questions and answers are found by them. */
function keysIn(layers: readonly Layer[]): Set<string> {
  const keys = new Set<string>([""]);
  for (const layer of layers) {
    if (layer.kind === "arp") keys.add(layer.addresses.senderProtocol).add(layer.addresses.targetProtocol);
    else if (layer.kind === "ipv4" || layer.kind === "ipv6") keys.add(layer.source).add(layer.destination);
  }
  return keys;
}

/** What may be an answer, as a filter for the kernel. */
function filterFor(questions: readonly Packet[]): string {
  const keys = [...new Set(questions.map(keyOf))];
  if (keys.length > NAMED || keys.includes("")) return "";
  return `icmp or icmp6 or arp or ${keys.map((key) => `host ${key}`).join(" or ")}`;
}

function isGroup(address: string): boolean {
  const first = Number(address.split(".", 1)[0]);
  return address.startsWith("ff") || first >= 224;
}
