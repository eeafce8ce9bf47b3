/** Follows conversations: TCP, UDP and ICMP echo, over IPv4 and IPv6. */
import { badArgument } from "../errors.js";
import type { Packet } from "../packet/packet.js";
import { type Tcp, tcpFlags } from "../wire/tcp.js";
import { type Conversation, EchoConversation, TcpConversation, UdpConversation } from "./conversation.js";
import type { FlowEvent } from "./events.js";
import { followTcp, isAnew } from "./follow-tcp.js";
import { Reassembly } from "./reassembly.js";
import { Segment, SYN } from "./segment.js";
import { Side, TcpSide } from "./side.js";
import { KeyTable } from "./table.js";

export interface ConversationsOptions {
  /** Conversations remembered at once; when there are more, those longest silent go. Default 65 536. */
  readonly most?: number;
  /** Told of each conversation that goes. */
  readonly evicted?: (conversation: Conversation) => void;
  /** Octets of data kept for each side until they are taken, so that `stream()` can be read. Default 0: none. */
  readonly keep?: number;
  /**
   * Whether packets that differ in nothing but their VLAN tags belong together: where a mirror port tags only one
   * direction, or each with its own. Default: no, as different networks may use the same addresses.
   */
  readonly ignoreVlans?: boolean;
  /**
   * Whether the packets went through a `FragmentReassembly`: a first fragment is then left to the packet that completes
   * its datagram. Default: no; of a datagram in fragments, the first is followed.
   */
  readonly reassembled?: boolean;
}

/** What a packet means to its conversation. A cursor: it stands for one packet until the next is followed. */
export class Step {
  conversation!: Conversation;
  /** Counts the packets that were followed or belong to no conversation, from 1. */
  packet = 0;
  /** Nanoseconds since the conversation's first packet. */
  time = 0;
  /** Who sent it; of an ICMP error, whose packet it is about. */
  from: "client" | "server" = "client";
  /** What is remarkable about it: a new array for each packet that has something. */
  events: readonly FlowEvent[] = NO_EVENTS;
  readonly #segment: Segment;

  constructor(segment: Segment) {
    this.#segment = segment;
  }

  /** Octets of data on the wire. */
  get length(): number {
    return this.#segment.length;
  }

  /** TCP's flags; all off where there are none. */
  get flags(): Tcp["flags"] {
    return tcpFlags[this.conversation.kind === "tcp" && this.#segment.errorType < 0 ? this.#segment.flags : 0]!;
  }

  /** ICMP echo: whether it asks, and its sequence number. */
  get isRequest(): boolean {
    return this.#segment.isRequest;
  }
  get echoSequence(): number {
    return this.#segment.echoSequence;
  }

  /** TCP: counted from the sender's SYN. */
  get sequence(): number {
    return relative(this.#segment.sequence, this.conversation, this.from === "client");
  }

  /** TCP: counted from the other side's SYN. */
  get acknowledgment(): number {
    return relative(this.#segment.acknowledgment, this.conversation, this.from !== "client");
  }
}

function relative(sequence: number, { kind, client, server }: Conversation, ofClient: boolean): number {
  return kind === "tcp" ? (sequence - ((ofClient ? client : server) as TcpSide).initial) >>> 0 : 0;
}

const NO_EVENTS: readonly FlowEvent[] = Object.freeze([]);

/** Conversations of the packets of one capture, in order. Throws `BAD_ARGUMENT` for options that make no sense. */
export class Conversations {
  /** Packets given so far, and those of them that belong to no conversation (ARP, fragments behind the first, …). */
  packets = 0;
  apart = 0;
  /** Conversations that were forgotten because there were too many. */
  evicted = 0;
  readonly #table: KeyTable<Conversation>;
  readonly #segment = new Segment();
  readonly #step = new Step(this.#segment);
  readonly #keep: number;
  readonly #ignoreVlans: boolean;
  readonly #reassembled: boolean;
  #numbers = { tcp: 0, udp: 0, echo: 0 };
  #events: FlowEvent[] = [];

  constructor(options: ConversationsOptions = {}) {
    const { most = 65_536, keep = 0 } = options;
    positive("most", most, 1);
    positive("keep", keep, 0);
    this.#keep = keep;
    this.#ignoreVlans = options.ignoreVlans ?? false;
    this.#reassembled = options.reassembled ?? false;
    this.#table = new KeyTable(most, (conversation) => {
      this.evicted++;
      conversation.client.data?.end();
      conversation.server.data?.end();
      options.evicted?.(conversation);
    });
  }

  /** Takes in the next packet; undefined where it belongs to no conversation. hot */
  follow(packet: Packet): Step | undefined {
    const segment = this.#segment;
    this.packets++;
    if (!segment.read(packet) || (this.#reassembled && segment.isFragment)) {
      this.apart++;
      return undefined;
    }
    if (this.#ignoreVlans) segment.key.clear();
    const step = this.#step;
    step.packet = this.packets;
    if (this.#events.length > 0) this.#events = [];
    step.events = this.#events;
    const conversation = this.#find(packet);
    step.conversation = conversation;
    step.time = conversation.timeOf(packet);
    if (step.time > conversation.duration) conversation.duration = step.time;
    const fromClient = conversation.client.isLow === segment.key.fromLow;
    if (segment.errorType >= 0) this.#error(conversation);
    else if (conversation.kind === "tcp") followTcp(conversation, segment, fromClient, step, this.#events);
    else {
      const sender = fromClient ? conversation.client : conversation.server;
      sender.packets++;
      sender.octets += segment.length;
      if (conversation.kind === "udp") sender.data?.datagram(segment);
      else this.#echo(conversation, step.time);
    }
    // A SYN may show that the other side is the client
    step.from = conversation.client.isLow === segment.key.fromLow ? "client" : "server";
    return step;
  }

  /** Nothing more will come: ends every stream that still waits. */
  end(): void {
    for (const { client, server } of this.#table.values()) {
      client.data?.end();
      server.data?.end();
    }
  }

  /** Those that are remembered, in the order in which they began. */
  [Symbol.iterator](): Iterator<Conversation> {
    return [...this.#table.values()]
      .sort((a, b) => a.seconds - b.seconds || a.nanoseconds - b.nanoseconds || a.number - b.number)
      [Symbol.iterator]();
  }

  get size(): number {
    return this.#table.size;
  }

  #find(packet: Packet): Conversation {
    const { key } = this.#segment;
    const known = this.#table.get(key);
    if (known && !(known.kind === "tcp" && (this.#segment.flags & SYN) !== 0 && isAnew(known, this.#segment)))
      return known;
    const made = this.#make(packet);
    this.#table.set(key, made);
    if (known && !this.#segment.isBroken)
      this.#events.push({ kind: "portReused", rule: "other number in a SYN", previous: known.number });
    return made;
  }

  #make(packet: Packet): Conversation {
    const segment = this.#segment;
    const { key } = segment;
    const { tcp, udp, echo } = this.#numbers;
    const clientIsLow = isClient(segment) === key.fromLow;
    const vlans = key.vlans;
    if (key.protocol === 6) {
      const [client, server] = [new TcpSide(key, clientIsLow), new TcpSide(key, !clientIsLow)];
      this.#numbers.tcp++;
      return this.#keeping(new TcpConversation(tcp, vlans, client, server, packet));
    }
    const [client, server] = [new Side(key, clientIsLow), new Side(key, !clientIsLow)];
    if (key.protocol === 17) {
      this.#numbers.udp++;
      return this.#keeping(new UdpConversation(udp, vlans, client, server, packet));
    }
    this.#numbers.echo++;
    return new EchoConversation(echo, vlans, client, server, packet);
  }

  #keeping<C extends Conversation>(conversation: C): C {
    if (this.#keep > 0)
      for (const side of [conversation.client, conversation.server]) side.data = new Reassembly(this.#keep);
    return conversation;
  }

  #error(conversation: Conversation): void {
    const { errorType: type, errorCode: code, key } = this.#segment;
    conversation.errors++;
    const isUnreachable = type === (key.isIpv6 ? 1 : 3) && code !== (key.isIpv6 ? 2 : 4);
    if (isUnreachable && conversation.kind === "tcp" && conversation.client.state === "SYN-SENT")
      conversation.isRefused = true;
    const protocol = key.isIpv6 ? "icmpv6" : "icmp";
    this.#events.push({ kind: "icmpError", rule: "quotes a packet", protocol, type, code });
  }

  #echo(conversation: EchoConversation, time: number): void {
    const { isRequest, echoSequence } = this.#segment;
    if (isRequest) conversation.ask(echoSequence, time);
    else if (!conversation.answer(echoSequence, time))
      this.#events.push({ kind: "replyRepeated", rule: "answers a request again" });
  }
}

/** Whether the sender of the first packet of a conversation is its client. */
function isClient(segment: Segment): boolean {
  const { key, flags } = segment;
  switch (key.protocol) {
    case 6:
      if (segment.errorType >= 0) return key.sourcePort >= key.destinationPort;
      if ((flags & 2) !== 0) return (flags & 16) === 0;
      return key.sourcePort >= key.destinationPort;
    case 17:
      return true;
    default:
      return segment.isRequest;
  }
}

function positive(argument: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw badArgument(argument, value, `a whole number from ${least} on`);
}
