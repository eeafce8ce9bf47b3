/** Packets sent, and what answers them. */
import { setMaxListeners } from "node:events";
import { capture } from "../capture/live.js";
import type { Source } from "../capture/source.js";
import { SockinspectError } from "../errors.js";
import { decode } from "../packet/decode.js";
import type { Frame } from "../packet/frame.js";
import type { Layer, Packet } from "../packet/packet.js";
import { answers } from "./answers.js";
import { type Guard, guardFor } from "./guard.js";
import { Pace } from "./pace.js";
import { checkSendOptions, outgoing, type Sendable } from "./send.js";
import { Transmitter } from "./transmitter.js";
import { type Outgoing, type WayOptions, wrong } from "./way.js";

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

/** What came back; its octets are as they were captured, link layer included. */
export interface Answer extends Outgoing {
  readonly packet: Packet;
  /** What was sent, decoded. */
  readonly sent: Packet;
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
  const questions = [...packets];
  await using asker = await Asker.open(questions, options);
  const { rate } = options;
  const pace = new Pace();
  const answered: Answer[] = [];
  const unanswered: (Packet | undefined)[] = questions.map(() => undefined);
  const asking: Promise<void>[] = [];
  let failed = false;
  for (const [i, question] of questions.entries()) {
    if (rate !== undefined) await pace.until(i / rate, options.signal);
    if (failed) break;
    const asked = asker.ask(question).then((answer) => {
      if (answer) answered.push(answer);
      else unanswered[i] = asker.decoded(question);
    });
    asked.catch(() => {
      failed = true;
    });
    asking.push(asked);
  }
  await Promise.all(asking);
  return { answered, unanswered: unanswered.filter((packet) => packet !== undefined) };
}

interface Question {
  readonly out: Outgoing;
  readonly sent: Packet;
  attempts: number;
  /** When the kernel saw it leave last, or when it was handed over. */
  seconds: number;
  nanoseconds: number;
  answered(answer: Answer): void;
}

/** Octets of the largest link layer's header before an IP packet that is not in another one: SLL2, or two VLAN tags. */
const LINK_HEADER = 22;
/** Destinations that a filter names; more make it longer than it is worth. */
const NAMED = 32;

/** Sockets that questions are sent by and answers come from, open for as many as are asked, so that privileges may be given up before. */
export class Asker implements AsyncDisposable {
  readonly #options: AskOptions;
  readonly #decoded = new WeakMap<object, Packet>();
  /** By the address that answers, or that an error's quote was sent to; "" for those that anybody may answer. */
  readonly #open = new Map<string, Question[]>();
  readonly #transmitter: Transmitter;
  readonly #source: Source;
  readonly #ended = new AbortController();
  readonly #guards = new Map<string, Guard | undefined>();
  /** One packet after the other. */
  #sending: Promise<unknown> = Promise.resolve();

  /** Opens what questions such as `examples` need, and guards for them. Throws as {@link ask} does. */
  static async open(examples: readonly Sendable[], options: AskOptions): Promise<Asker> {
    const asker = new Asker(examples, options);
    try {
      if (options.guard ?? true) for (const example of examples) await asker.#guard(asker.decoded(example));
    } catch (error) {
      await asker.close();
      throw error;
    }
    void asker.#listen();
    return asker;
  }

  private constructor(examples: readonly Sendable[], options: AskOptions) {
    checkSendOptions({ rate: options.rate });
    const { timeout = 1000, retries = 0 } = options;
    if (!(timeout > 0)) throw wrong("timeout", timeout, `timeout is milliseconds above 0, not ${timeout}`);
    if (!(Number.isInteger(retries) && retries >= 0))
      throw wrong("retries", retries, `retries is a whole number from 0, not ${retries}`);
    options.signal?.throwIfAborted();
    // Each question listens for the end
    setMaxListeners(0, this.#ended.signal);
    this.#options = options;
    this.#transmitter = new Transmitter(options);
    try {
      for (const example of examples) this.#transmitter.open(outgoing(example));
      this.#source = capture({
        filter: filterFor(examples.map((example) => this.decoded(example))),
        latency: 1,
        promiscuous: false,
        ...(options.interface !== undefined && { interface: options.interface }),
      });
    } catch (error) {
      void this.#transmitter.close();
      throw error;
    }
    const { signal } = options;
    if (!signal) return;
    const abort = (): void => this.#ended.abort(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    this.#ended.signal.addEventListener("abort", () => signal.removeEventListener("abort", abort), { once: true });
  }

  /** `packet` as it is read. */
  decoded(packet: Sendable): Packet {
    const known = this.#decoded.get(packet);
    if (known) return known;
    const { octets, linkType } = outgoing(packet);
    const decoded = decode(octets, linkType);
    this.#decoded.set(packet, decoded);
    return decoded;
  }

  /** The answer to `packet`, undefined when none comes in time. Throws as {@link ask} does, and `CLOSED`. */
  async ask(packet: Sendable): Promise<Answer | undefined> {
    const { timeout = 1000, retries = 0 } = this.#options;
    const { signal } = this.#ended;
    const out = outgoing(packet);
    const sent = this.decoded(packet);
    let answered: (answer: Answer) => void = () => {};
    const answer = new Promise<Answer>((resolve) => {
      answered = resolve;
    });
    const question: Question = { out, sent, attempts: 0, seconds: 0, nanoseconds: 0, answered };
    const key = keyOf(sent);
    const others = this.#open.get(key);
    if (others) others.push(question);
    else this.#open.set(key, [question]);
    try {
      while (question.attempts <= retries) {
        signal.throwIfAborted();
        await this.#send(question);
        const found = await within(answer, timeout, signal);
        if (found) return found;
      }
      return undefined;
    } finally {
      const questions = this.#open.get(key);
      questions?.splice(questions.indexOf(question), 1);
      if (questions?.length === 0) this.#open.delete(key);
    }
  }

  async close(): Promise<void> {
    this.#ended.abort(new SockinspectError("CLOSED", "the sockets that answers come from were closed", {}));
    await this.#sending.catch(() => {});
    await this.#source.close();
    await this.#transmitter.close();
    for (const guard of this.#guards.values()) await guard?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #guard(sent: Packet): Promise<void> {
    const key = sourceOf(sent);
    if (key !== undefined && !this.#guards.has(key)) this.#guards.set(key, await guardFor(sent));
  }

  #send(question: Question): Promise<void> {
    const { signal } = this.#ended;
    const sending = this.#sending.then(async () => {
      signal.throwIfAborted();
      const { out } = question;
      const way = this.#transmitter.way(out);
      await this.#transmitter.prepare(way, signal);
      const now = performance.timeOrigin + performance.now();
      question.seconds = Math.floor(now / 1000);
      question.nanoseconds = Math.round((now % 1000) * 1e6);
      question.attempts++;
      this.#transmitter.put(out, way);
      await this.#transmitter.flush(signal);
    });
    this.#sending = sending.catch(() => {});
    return sending;
  }

  /** Hands answers to questions until the end. */
  async #listen(): Promise<void> {
    try {
      for await (const batch of this.#source.batches()) for (const frame of batch) this.#take(frame);
    } catch (error) {
      this.#ended.abort(error);
    }
  }

  #take(frame: Frame): void {
    if (this.#open.size === 0) return;
    const packet = frame.own();
    const { octets } = frame;
    for (const key of keysIn(packet.layers)) {
      for (const question of this.#open.get(key) ?? []) {
        if (isSame(octets, question.out.octets)) {
          question.seconds = packet.seconds;
          question.nanoseconds = packet.nanoseconds;
          return;
        }
        if (question.attempts === 0 || !answers(question.sent, packet)) continue;
        const { sent, attempts } = question;
        const elapsed = (packet.seconds - question.seconds) * 1000 + (packet.nanoseconds - question.nanoseconds) / 1e6;
        question.answered({
          octets: octets.slice(),
          linkType: frame.linkType,
          packet,
          sent,
          attempts,
          roundTrip: Math.max(0, elapsed),
        });
        return;
      }
    }
  }
}

/** What `answer` gives within so many milliseconds; undefined after that. Throws the signal's reason. */
async function within<T>(answer: Promise<T>, milliseconds: number, signal: AbortSignal): Promise<T | undefined> {
  signal.throwIfAborted();
  let release = (): void => {};
  const end = new Promise<undefined>((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), Math.min(milliseconds, LONGEST));
    const abort = (): void => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    release = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    };
  });
  try {
    return await Promise.race([answer, end]);
  } finally {
    release();
  }
}

/** Milliseconds that a timer takes at most. */
const LONGEST = 2 ** 31 - 1;

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
