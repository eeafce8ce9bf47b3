/** Packets sent, and what answers them. */
import { setMaxListeners } from "node:events";
import { badArgument, requireType } from "../arguments.js";
import { capture } from "../capture/live.js";
import type { Source } from "../capture/source.js";
import { isSockinspectError, SockinspectError } from "../errors.js";
import { decode } from "../packet/decode.js";
import type { Packet } from "../packet/packet.js";
import { goesToMany } from "./answers.js";
import { Guards } from "./guard.js";
import { Pace } from "./pace.js";
import { type Answer, filterFor, type Question, Questions } from "./questions.js";
import { checkSendOptions, outgoing, type Sendable } from "./send.js";
import { Transmitter } from "./transmitter.js";
import { checkWaiting, within } from "./waits.js";
import type { Way, WayOptions } from "./way.js";

export interface AskOptions extends WayOptions {
  /** Milliseconds an answer is waited for, after each attempt, and before it a neighbour's hardware address. Default: 1000. */
  readonly timeout?: number | undefined;
  /** How often a packet that nobody answers is sent again. Default: not at all. */
  readonly retries?: number | undefined;
  /** Packets a second, where many are sent. Default: as fast as the kernel takes them. */
  readonly rate?: number | undefined;
  /** Whether the kernel is kept quiet about the answers: see `guard`. Default: yes. */
  readonly guard?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
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
 * answers, be it the host or the neighbour on the way to it. Throws as `send` does, and the signal's reason.
 */
export async function ask(packet: Sendable, options: AskOptions = {}): Promise<Answer | undefined> {
  const { answered } = await askAll([packet], options);
  return answered[0];
}

/**
 * Asks many questions at once, each answered by one packet at most, and each packet answers one of them: the same question
 * asked twice is answered twice where two packets come. Throws as {@link ask} does.
 */
export async function askAll(packets: Iterable<Sendable>, options: AskOptions = {}): Promise<Answers> {
  if (typeof packets !== "object" || typeof packets?.[Symbol.iterator] !== "function")
    throw badArgument("packets", packets, "a list of packets, as craft() makes them");
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

/** Sockets that questions are sent by and answers come from, open for as many as are asked, so that privileges may be given up before. */
export class Asker implements AsyncDisposable {
  readonly #options: AskOptions;
  readonly #decoded = new WeakMap<object, Packet>();
  readonly #questions = new Questions();
  readonly #transmitter: Transmitter;
  readonly #source: Source;
  readonly #ended = new AbortController();
  readonly #guards = new Guards();
  /** One packet after the other. */
  #sending: Promise<unknown> = Promise.resolve();

  /** Opens what questions such as `examples` need, and guards for them. Throws as {@link ask} does. */
  static async open(examples: readonly Sendable[], options: AskOptions): Promise<Asker> {
    const asker = new Asker(examples, options);
    try {
      if (options.guard ?? true) for (const example of examples) await asker.#guards.add(asker.decoded(example));
    } catch (error) {
      await asker.close();
      throw error;
    }
    void asker.#listen();
    return asker;
  }

  private constructor(examples: readonly Sendable[], options: AskOptions) {
    requireType("options", options, "object");
    const { timeout = 1000, retries = 0, rate, signal } = options;
    checkSendOptions({ rate, signal });
    checkWaiting(timeout, retries);
    signal?.throwIfAborted();
    // Each question listens for the end
    setMaxListeners(0, this.#ended.signal);
    this.#options = options;
    this.#transmitter = new Transmitter(options);
    try {
      const questions = examples.map((example) => {
        const way = this.#transmitter.open(outgoing(example));
        return { sent: this.decoded(example), toMany: this.#goesToMany(example, way) };
      });
      this.#source = capture({
        filter: filterFor(questions),
        latency: 1,
        promiscuous: false,
        ...(options.interface !== undefined && { interface: options.interface }),
      });
    } catch (error) {
      void this.#transmitter.close();
      throw error;
    }
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
    const way = this.#transmitter.way(out);
    const sent = this.decoded(packet);
    const toMany = this.#goesToMany(packet, way);
    let answered: (answer: Answer) => void = () => {};
    const answer = new Promise<Answer>((resolve) => {
      answered = resolve;
    });
    const question: Question = { out, sent, toMany, attempts: 0, seen: 0, seconds: 0, nanoseconds: 0, answered };
    this.#questions.add(question);
    try {
      for (let attempt = 0; attempt <= retries; attempt++) {
        signal.throwIfAborted();
        if (!(await this.#reaches(way, timeout))) continue;
        await this.#send(question, way);
        const found = await within(answer, timeout, signal);
        if (found) return found;
      }
      return undefined;
    } finally {
      this.#questions.forget(question);
    }
  }

  async close(): Promise<void> {
    this.#ended.abort(new SockinspectError("CLOSED", "the sockets that answers come from were closed", {}));
    await this.#sending.catch(() => {});
    await this.#source.close();
    await this.#transmitter.close();
    await this.#guards.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #goesToMany(packet: Sendable, way: Way): boolean {
    const route = way.via === "raw" ? way.route : way.next?.route;
    return route?.type === "broadcast" || goesToMany(this.decoded(packet));
  }

  /** Whether the neighbour on the way is there, or needs not be asked for; it goes on being asked when the time is over. */
  async #reaches(way: Way, timeout: number): Promise<boolean> {
    const { signal } = this.#ended;
    const preparing = this.#transmitter.prepare(way, signal);
    if (!preparing) return true;
    const known = preparing.then(() => true);
    known.catch(() => {});
    try {
      return (await within(known, timeout, signal)) ?? false;
    } catch (error) {
      if (isSockinspectError(error, "NO_ROUTE")) return false;
      throw error;
    }
  }

  #send(question: Question, way: Way): Promise<void> {
    const { signal } = this.#ended;
    const sending = this.#sending.then(async () => {
      signal.throwIfAborted();
      const { out } = question;
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
      for await (const batch of this.#source.batches()) for (const frame of batch) this.#questions.take(frame);
    } catch (error) {
      this.#ended.abort(error);
    }
  }
}
