import { refusedArgument } from "../arguments.js";
import type { Packet } from "../packet/packet.js";
import { deviceAt, vlansAt } from "./key.js";
import {
  CONVERSATION,
  conversationMarks,
  conversationNumbers,
  conversationWords,
  HIGH,
  LOW,
  RECORD,
} from "./layout.js";
import type { Reassembly } from "./reassembly.js";
import { bits, choice, lay, numbers, Page, View, words } from "./record.js";
import { ROUND_TRIPS, type RoundTrips, roundTripsAt, Side, sample, TcpSide } from "./side.js";

const { synTime, handshakeTime, ...baseNumbers } = conversationNumbers;
const { marks, errors, opened, closer } = conversationWords;
const { clientIsLow, ...tcpMarks } = conversationMarks;

/** What every conversation has: a view of its record. */
abstract class Base<S extends Side> extends View {
  abstract readonly kind: "tcp" | "udp" | "echo";
  /**
   * Counts the conversations of a kind from 0; for TCP and UDP what Wireshark calls the stream index. The same on each device
   * that sees its packets.
   */
  declare readonly number: number;
  /** When its first packet was seen: seconds since 1970 UTC, and the rest. */
  declare readonly seconds: number;
  declare readonly nanoseconds: number;
  /** From then to its latest packet, nanoseconds. */
  declare duration: number;
  /** ICMP errors about its packets. */
  declare errors: number;
  /** Whether the client comes first in the key. @internal */
  declare clientIsLow: boolean;
  /** Names by the numbers of devices. @internal */
  devices: readonly (string | undefined)[] = [];
  readonly #low: S;
  readonly #high: S;

  constructor(low: S, high: S) {
    super();
    this.#low = low;
    this.#high = high;
  }

  /** Of an empty record. @internal */
  begin(number: number, clientIsLow: boolean, { seconds, nanoseconds }: Packet): void {
    const { numbers, at } = this;
    numbers[at + baseNumbers.number] = number;
    numbers[at + baseNumbers.seconds] = seconds;
    numbers[at + baseNumbers.nanoseconds] = nanoseconds;
    this.clientIsLow = clientIsLow;
  }

  /** Who asked: see {@link TcpConversation.opened} for TCP; else who sent first. */
  get client(): S {
    return this.clientIsLow ? this.#low : this.#high;
  }

  get server(): S {
    return this.clientIsLow ? this.#high : this.#low;
  }

  /** The device on which it was seen first; undefined where packets do not tell, or it does not matter. */
  get device(): string | undefined {
    return this.devices[deviceAt(this.words, 2 * (this.at - CONVERSATION))];
  }

  /** Tags of the first packet, outermost first. */
  get vlans(): readonly number[] {
    return vlansAt(this.words, 2 * (this.at - CONVERSATION));
  }

  /** To the record at `at`. hot @internal */
  override move(page: Page, at: number): void {
    super.move(page, at + CONVERSATION);
    this.#low.move(page, at + LOW);
    this.#high.move(page, at + HIGH);
  }

  /** Takes its record with it, which another conversation is to have. @internal */
  leave(): void {
    const { page, at } = this;
    const from = at - CONVERSATION;
    const own = new Page(RECORD);
    own.numbers.set(page.numbers.subarray(from, from + RECORD));
    for (const side of [LOW, HIGH]) {
      const extras = page.extras.get(from + side);
      if (extras) own.extras.set(side, extras);
    }
    this.move(own, 0);
  }

  /**
   * What `side` sent, put together. Throws `BAD_ARGUMENT` where the conversations were not told to keep data.
   */
  stream(side: "client" | "server"): Reassembly {
    const { data } = this[side];
    if (!data)
      throw refusedArgument(
        "keep",
        0,
        `this ${this.kind} conversation keeps no data to read: pass keep to Conversations, in octets a side`,
      );
    return data;
  }

  /** Facts of its kind, for JSON. */
  protected abstract get facts(): object;

  override toJSON(): unknown {
    const { kind, number, device, vlans, client, server, seconds, nanoseconds, duration, errors, facts } = this;
    return {
      kind,
      number,
      device,
      ...(vlans.length > 0 && { vlans }),
      ...(!Number.isNaN(seconds) && { seconds, nanoseconds, duration }),
      errors,
      ...facts,
      client,
      server,
    };
  }
}

lay(Base, { ...numbers(baseNumbers), ...words({ errors }), ...bits(marks, { clientIsLow }) });

/** UDP between two ports. */
export class UdpConversation extends Base<Side> {
  readonly kind = "udp";

  constructor() {
    super(new Side(true), new Side(false));
  }

  protected override get facts(): object {
    return {};
  }
}

/** Echo requests of a conversation that are remembered, the latest. */
const MOST_REQUESTS = 32;

/** ICMP echo requests and replies with one identifier. */
export class EchoConversation extends Base<Side> {
  readonly kind = "echo";
  requests = 0;
  replies = 0;
  /** Requests that were answered, and replies to them after the first. Other replies are to requests that were not seen. */
  answered = 0;
  duplicates = 0;
  readonly #roundTrips = new Float64Array(ROUND_TRIPS);
  /** Nanoseconds that the latest reply took; NaN where its request was not seen, or was answered before. */
  answeredAfter = Number.NaN;
  /** When the latest requests were sent, by their numbers; undefined once they are answered. The oldest come first. */
  readonly #asked = new Map<number, number | undefined>();

  constructor() {
    super(new Side(true), new Side(false));
  }

  get roundTrips(): RoundTrips {
    return roundTripsAt(this.#roundTrips, 0);
  }

  /** @internal */
  ask(sequence: number, time: number): void {
    this.requests++;
    this.#asked.delete(sequence);
    if (this.#asked.size === MOST_REQUESTS)
      for (const oldest of this.#asked.keys()) {
        this.#asked.delete(oldest);
        break;
      }
    this.#asked.set(sequence, time);
  }

  /** Whether it is the first reply to its request, as far as is known. @internal */
  answer(sequence: number, time: number): boolean {
    this.replies++;
    this.answeredAfter = Number.NaN;
    if (!this.#asked.has(sequence)) return true;
    const asked = this.#asked.get(sequence);
    if (asked === undefined) {
      this.duplicates++;
      return false;
    }
    this.answered++;
    this.#asked.set(sequence, undefined);
    this.answeredAfter = time - asked;
    if (!Number.isNaN(this.answeredAfter)) sample(this.#roundTrips, 0, this.answeredAfter);
    return true;
  }

  protected override get facts(): object {
    const { requests, replies, answered, duplicates, roundTrips } = this;
    return {
      requests,
      replies,
      answered,
      duplicates,
      ...(roundTrips.samples > 0 && { roundTrips }),
    };
  }
}

/** How a connection ended, or that it did not. */
export type Ending =
  /** Nothing ends it so far. */
  | "open"
  /** Both sides sent FIN and both were acknowledged. */
  | "closed"
  /** One side sent FIN so far. */
  | "half closed"
  | "reset"
  /** RST instead of an answer to SYN, or an ICMP error. */
  | "refused"
  /** Only SYNs, or retransmissions, without an answer. */
  | "timed out";

export class TcpConversation extends Base<TcpSide> {
  readonly kind = "tcp";
  /** Who sent the SYN; "both" for a simultaneous open. Undefined where none was seen: the lower port is then taken for the server's. */
  declare opened: "client" | "server" | "both" | undefined;
  /** Who sent the first FIN or the RST that ended it. */
  declare closer: "client" | "server" | undefined;
  declare isReset: boolean;
  declare isRefused: boolean;
  declare usesFastOpen: boolean;
  /** When the SYN was last seen, and the ACK that ends the handshake, from the start; NaN where they were not. */
  declare synTime: number;
  declare handshakeTime: number;

  constructor() {
    super(new TcpSide(true), new TcpSide(false));
  }

  /** @internal */
  override begin(number: number, clientIsLow: boolean, packet: Packet): void {
    super.begin(number, clientIsLow, packet);
    this.client.begin();
    this.server.begin();
    this.synTime = this.handshakeTime = Number.NaN;
  }

  /** Nanoseconds from the SYN to the ACK that completes the handshake, or to the RST that refuses it; NaN where neither was seen. */
  get initialRoundTrip(): number {
    return this.handshakeTime - this.synTime;
  }

  get ending(): Ending {
    if (this.isRefused) return "refused";
    if (this.isReset) return "reset";
    const { client, server } = this;
    if (client.finReceived && server.finReceived) return "closed";
    if (client.unanswered >= GIVEN_UP || server.unanswered >= GIVEN_UP) return "timed out";
    return client.sentFin || server.sentFin ? "half closed" : "open";
  }

  /** Octets of data a second that arrived at the other side, over the life of the conversation; both directions. */
  get goodput(): number {
    return this.duration > 0 ? (this.client.delivered + this.server.delivered) / (this.duration / 1e9) : 0;
  }

  protected override get facts(): object {
    const { opened, closer, ending, usesFastOpen, initialRoundTrip, goodput } = this;
    return {
      opened,
      closer,
      ending,
      usesFastOpen,
      ...(!Number.isNaN(initialRoundTrip) && { initialRoundTrip }),
      goodput,
    };
  }
}

lay(TcpConversation, {
  ...numbers({ synTime, handshakeTime }),
  ...bits(marks, tcpMarks),
  opened: choice(opened, [undefined, "client", "server", "both"]),
  closer: choice(closer, [undefined, "client", "server"]),
});

/** Retransmissions without an answer after which the connection is taken to have timed out. */
const GIVEN_UP = 3;

export type Conversation = TcpConversation | UdpConversation | EchoConversation;
