/** Packets sent, and what answers them. */
import { setMaxListeners } from "node:events";
import { badArgument, requireType } from "../arguments.js";
import { capture } from "../capture/live.js";
import type { Source } from "../capture/source.js";
import { isSockinspectError, SockinspectError } from "../errors.js";
import { decode } from "../packet/decode.js";
import type { Frame } from "../packet/frame.js";
import type { Layer, Packet } from "../packet/packet.js";
import { FragmentReassembly } from "../packet/reassembly.js";
import { DEEPEST } from "../packet/walk/walk.js";
import { answers, goesToMany } from "./answers.js";
import { type Guard, guardFor } from "./guard.js";
import { LONGEST, Pace } from "./pace.js";
import { checkSendOptions, outgoing, type Sendable } from "./send.js";
import { Transmitter } from "./transmitter.js";
import { checkWaiting, type Outgoing, type Way, type WayOptions } from "./way.js";

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

/**
 * What came back; its octets are as they were captured, link layer included. Of an answer in fragments it is the datagram they
 * are put together to, from its IP header on.
 */
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

interface Question {
  readonly out: Outgoing;
  readonly sent: Packet;
  readonly toMany: boolean;
  attempts: number;
  /** How often it was seen to leave. */
  seen: number;
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
  readonly #fragments = new FragmentReassembly();
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
      const keys = examples.map((example) => {
        const way = this.#transmitter.open(outgoing(example));
        return keyOf(this.decoded(example), this.#goesToMany(example, way));
      });
      this.#source = capture({
        filter: filterFor(keys),
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
    const key = keyOf(sent, toMany);
    const others = this.#open.get(key);
    if (others) others.push(question);
    else this.#open.set(key, [question]);
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
      this.#forget(key, question);
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

  #goesToMany(packet: Sendable, way: Way): boolean {
    const route = way.via === "raw" ? way.route : way.next?.route;
    return route?.type === "broadcast" || goesToMany(this.decoded(packet));
  }

  #forget(key: string, question: Question): void {
    const questions = this.#open.get(key);
    const at = questions?.indexOf(question) ?? -1;
    if (at >= 0) questions!.splice(at, 1);
    if (questions?.length === 0) this.#open.delete(key);
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
      for await (const batch of this.#source.batches()) for (const frame of batch) this.#take(frame);
    } catch (error) {
      this.#ended.abort(error);
    }
  }

  #take(frame: Frame): void {
    if (this.#open.size === 0) return;
    const packet = frame.own();
    if (this.#isQuestion(frame, packet)) return;
    this.#fragments.follow(frame);
    const whole = wholeOf(frame);
    if (whole) this.#match(whole, whole === frame ? packet : whole.own());
  }

  /** Whether it is one of the questions, which is seen to leave. */
  #isQuestion({ octets }: Frame, { layers, seconds, nanoseconds }: Packet): boolean {
    let isOne = false;
    for (const key of keysIn(layers)) {
      for (const question of this.#open.get(key) ?? []) {
        if (!isSame(octets, question.out.octets)) continue;
        isOne = true;
        if (question.seen === question.attempts) continue;
        Object.assign(question, { seen: question.seen + 1, seconds, nanoseconds });
        return true;
      }
    }
    return isOne;
  }

  /** Gives a packet to the question that it answers. */
  #match({ octets, linkType }: Frame, packet: Packet): void {
    for (const key of keysIn(packet.layers)) {
      for (const question of this.#open.get(key) ?? []) {
        const { sent, toMany, attempts } = question;
        if (attempts === 0 || !answers(sent, packet, { toMany })) continue;
        const elapsed = (packet.seconds - question.seconds) * 1000 + (packet.nanoseconds - question.nanoseconds) / 1e6;
        this.#forget(key, question);
        question.answered({
          octets: octets.slice(),
          linkType,
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

/** Address and port that a segment or datagram comes from. */
function sourceOf({ layers }: Packet): string | undefined {
  let address = "";
  for (const layer of layers) {
    if (layer.kind === "ipv4" || layer.kind === "ipv6") address = layer.source;
    if (layer.kind === "tcp" || layer.kind === "udp") return `${layer.kind} ${address} ${layer.sourcePort}`;
  }
  return undefined;
}

/** The frame itself, or the datagram that it completes; undefined where it is a fragment and others are missing. */
function wholeOf(frame: Frame): Frame | undefined {
  const { walk, reassembled } = frame;
  // What an error quotes is on no way
  if (walk.fragmented === DEEPEST || walk.fragmented > walk.quoted) return frame;
  return reassembled && wholeOf(reassembled);
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
function keyOf({ layers }: Packet, toMany: boolean): string {
  let key = "";
  for (const layer of layers) {
    if (layer.kind === "arp") return layer.addresses.targetProtocol;
    if (layer.kind === "ipv4" || layer.kind === "ipv6") key = layer.destination;
  }
  return toMany ? "" : key;
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
function filterFor(answering: readonly string[]): string {
  const keys = [...new Set(answering)];
  if (keys.length > NAMED || keys.includes("")) return "";
  return ["icmp", "icmp6", "arp", ...keys.map((key) => `host ${key}`)].join(" or ");
}
