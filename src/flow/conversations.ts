/** Follows conversations: TCP, UDP and ICMP echo, over IPv4 and IPv6. */
import { whole } from "../arguments.js";
import type { Packet } from "../packet/packet.js";
import { type Tcp, tcpFlags } from "../wire/tcp.js";
import { type Conversation, EchoConversation, TcpConversation, UdpConversation } from "./conversation.js";
import type { FlowEvent } from "./events.js";
import { followTcp, isAnew } from "./follow-tcp.js";
import { protocolAt } from "./key.js";
import { CONVERSATION, conversationMarks, conversationNumbers, conversationWords, HIGH, LOW } from "./layout.js";
import { predict } from "./prediction.js";
import { Reassembly } from "./reassembly.js";
import { ACK, Segment, SYN } from "./segment.js";
import type { Side, TcpSide } from "./side.js";
import { placeOf, Table } from "./table.js";

const { seconds, nanoseconds, duration } = conversationNumbers;
const { marks } = conversationWords;
const { clientIsLow } = conversationMarks;

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
   * Whether packets that differ in nothing but the device they were seen on belong together. Default: no, as each device of
   * a bridge or router sees the same packet; but for those whose directions go by two devices.
   */
  readonly ignoreDevices?: boolean;
  /**
   * Whether the packets went through a `FragmentReassembly`: a first fragment is then left to the packet that completes
   * its datagram. Default: no; of a datagram in fragments, the first is followed.
   */
  readonly reassembled?: boolean;
}

/** What a packet means to its conversation. A cursor: it stands for one packet until the next is followed. */
export class Step {
  /** Counts the packets that were followed or belong to no conversation, from 1. */
  packet = 0;
  /** Nanoseconds since the conversation's first packet. */
  time = 0;
  /** Who sent it; of an ICMP error, whose packet it is about. */
  from: "client" | "server" = "client";
  /** What is remarkable about it: a new array for each packet that has something. */
  events: readonly FlowEvent[] = NO_EVENTS;
  /** The conversation's place in the table. @internal */
  slot = 0;
  readonly #segment: Segment;
  readonly #conversationAt: (slot: number) => Conversation;

  constructor(segment: Segment, conversationAt: (slot: number) => Conversation) {
    this.#segment = segment;
    this.#conversationAt = conversationAt;
  }

  get conversation(): Conversation {
    return this.#conversationAt(this.slot);
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
  readonly #table: Table;
  /** Views of the table's records, made when somebody asks for one. */
  readonly #made = new Map<number, Conversation>();
  /** Views that are moved from packet to packet. */
  readonly #tcp = new TcpConversation();
  readonly #udp = new UdpConversation();
  readonly #segment = new Segment();
  readonly #step = new Step(this.#segment, (slot) => this.#at(slot));
  readonly #keep: number;
  readonly #ignoreVlans: boolean;
  readonly #ignoreDevices: boolean;
  /** Names of devices by their numbers, and the other way round; the number of the latest. */
  readonly #devices: (string | undefined)[] = [undefined];
  readonly #numbersOfDevices = new Map<string | undefined, number>([[undefined, 0]]);
  #device = 0;
  readonly #reassembled: boolean;
  readonly #numbers = { tcp: 0, udp: 0, echo: 0 };
  #events: FlowEvent[] = [];

  constructor(options: ConversationsOptions = {}) {
    const { most = 65_536, keep = 0 } = options;
    whole("most", most, 1);
    this.#keep = whole("keep", keep, 0);
    this.#ignoreVlans = options.ignoreVlans ?? false;
    this.#ignoreDevices = options.ignoreDevices ?? false;
    this.#reassembled = options.reassembled ?? false;
    this.#table = new Table(most, (slot) => {
      this.evicted++;
      this.#forget(slot, options.evicted);
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
    if (!this.#ignoreDevices) segment.key.on(this.#numberOf(packet.device));
    const step = this.#step;
    step.packet = this.packets;
    if (this.#events.length > 0) this.#events = [];
    step.events = this.#events;
    const slot = this.#find(packet);
    step.slot = slot;
    const page = this.#table.page(slot);
    const record = placeOf(slot);
    const { numbers, words } = page;
    const at = record + CONVERSATION;
    step.time = (packet.seconds - numbers[at + seconds]!) * 1e9 + (packet.nanoseconds - numbers[at + nanoseconds]!);
    if (step.time > numbers[at + duration]!) numbers[at + duration] = step.time;
    if (!predict(segment, page, record, step)) this.#takeIn(slot);
    // A SYN may have shown that the other side is the client
    step.from = ((words[2 * at + marks]! & clientIsLow) !== 0) === segment.key.fromLow ? "client" : "server";
    return step;
  }

  /** Nothing more will come: ends every stream that still waits. */
  end(): void {
    for (let slot = 0; slot < this.#table.size; slot++) endStreams(this.#cursor(slot));
  }

  /** Those that are remembered, in the order in which they began. */
  [Symbol.iterator](): Iterator<Conversation> {
    return Array.from({ length: this.#table.size }, (_, slot) => this.#at(slot))
      .sort((a, b) => a.seconds - b.seconds || a.nanoseconds - b.nanoseconds || a.number - b.number)
      [Symbol.iterator]();
  }

  get size(): number {
    return this.#table.size;
  }

  /** Whether packets came from more than one device, so that it matters which. */
  get hasDevices(): boolean {
    return this.#devices.length > 2;
  }

  #takeIn(slot: number): void {
    const segment = this.#segment;
    const { time } = this.#step;
    const conversation = this.#cursor(slot);
    const sender = this.#senderIn(conversation);
    const fromClient = sender === conversation.client;
    if (segment.errorType >= 0) this.#error(conversation);
    else if (conversation.kind === "tcp") followTcp(conversation, segment, fromClient, this.#step, this.#events);
    else {
      sender.packets++;
      sender.octets += segment.length;
      if (conversation.kind === "udp") sender.data?.datagram(segment);
      else this.#echo(conversation, time);
    }
  }

  /** hot */
  #find(packet: Packet): number {
    const segment = this.#segment;
    let known = this.#table.find(segment.key);
    if (known < 0) known = this.#table.findBeside(segment.key, this.#joins);
    if (known < 0) return this.#begin(packet);
    if (segment.key.protocol !== 6 || (segment.flags & SYN) === 0) return known;
    const tcp = this.#tcp;
    tcp.move(this.#table.page(known), placeOf(known));
    if (!isAnew(tcp, segment)) return known;
    const previous = tcp.number;
    const slot = this.#begin(packet, previous);
    if (!segment.isBroken) this.#events.push({ kind: "portReused", rule: "other number in a SYN", previous });
    return slot;
  }

  /** hot */
  #numberOf(device: string | undefined): number {
    if (device !== this.#devices[this.#device]) {
      if (!this.#numbersOfDevices.has(device)) this.#numbersOfDevices.set(device, this.#devices.push(device) - 1);
      this.#device = this.#numbersOfDevices.get(device)!;
    }
    return this.#device;
  }

  /** Whether the segment goes the way in which nothing was seen on the device of the conversation at `slot`. */
  readonly #joins = (slot: number): boolean => {
    const sender = this.#senderIn(this.#cursor(slot));
    if (sender.packets === 0) sender.device = this.#device;
    return this.#segment.errorType >= 0 || (sender.device === this.#device && this.#device > 0);
  };

  /** `previous`: the number of the one before between the same ends; -1 where there was none. */
  #begin(packet: Packet, previous = -1): number {
    const segment = this.#segment;
    const { key } = segment;
    const beside = this.#table.findBeside(key, (slot) => this.#isSame(this.#cursor(slot), previous));
    // Before the table makes room, perhaps of that one
    const known = beside < 0 ? undefined : this.#cursor(beside).number;
    const slot = this.#table.add(key);
    const conversation = key.protocol === 6 || key.protocol === 17 ? this.#cursor(slot) : this.#at(slot);
    const number = known ?? this.#numbers[conversation.kind]++;
    conversation.begin(number, isClient(segment) === key.fromLow, packet);
    if (this.#keep > 0 && conversation.kind !== "echo")
      for (const side of [conversation.client, conversation.server]) side.data = new Reassembly(this.#keep);
    return slot;
  }

  /** The conversation at `slot`, for this packet. hot */
  #cursor(slot: number): Conversation {
    const page = this.#table.page(slot);
    const at = placeOf(slot);
    const protocol = protocolAt(page.words, 2 * at);
    if (protocol !== 6 && protocol !== 17) return this.#at(slot);
    const conversation = protocol === 6 ? this.#tcp : this.#udp;
    conversation.move(page, at);
    return conversation;
  }

  /** The same object for as long as it is remembered. */
  #at(slot: number): Conversation {
    const known = this.#made.get(slot);
    if (known) return known;
    const page = this.#table.page(slot);
    const at = placeOf(slot);
    const made = conversationOf(protocolAt(page.words, 2 * at));
    made.devices = this.#devices;
    made.move(page, at);
    this.#made.set(slot, made);
    return made;
  }

  /** Whether the segment belongs to the conversation, but that it is on another device. */
  #isSame(conversation: Conversation, previous: number): boolean {
    const { flags, sequence, errorType } = this.#segment;
    if (conversation.number <= previous) return false;
    const isSyn = conversation.kind === "tcp" && errorType < 0 && (flags & (SYN | ACK)) === SYN;
    return !isSyn || (this.#senderIn(conversation) as TcpSide).initial === sequence;
  }

  /** Whose the segment is. */
  #senderIn(conversation: Conversation): Side {
    return conversation.clientIsLow === this.#segment.key.fromLow ? conversation.client : conversation.server;
  }

  #forget(slot: number, evicted: ConversationsOptions["evicted"]): void {
    endStreams(this.#cursor(slot));
    const conversation = evicted ? this.#at(slot) : this.#made.get(slot);
    this.#made.delete(slot);
    conversation?.leave();
    const page = this.#table.page(slot);
    for (const side of [LOW, HIGH]) page.extras.delete(placeOf(slot) + side);
    if (conversation) evicted?.(conversation);
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

function conversationOf(protocol: number): Conversation {
  if (protocol === 6) return new TcpConversation();
  return protocol === 17 ? new UdpConversation() : new EchoConversation();
}

function endStreams({ client, server }: Conversation): void {
  client.data?.end();
  server.data?.end();
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
