/** Whether one packet answers another, by the rules of their protocols. Pure. */
import { badArgument } from "../arguments.js";
import type { Layer, LayerOf, Packet } from "../packet/packet.js";
import { icmpQuotes } from "../wire/icmp.js";
import { icmpv6Quotes } from "../wire/icmpv6.js";

type Internet = LayerOf<"ipv4"> | LayerOf<"ipv6">;

/** The innermost IP header of a packet that is no quote, and what it carries. */
interface Message {
  readonly ip: Internet;
  readonly upper: Layer | undefined;
  /** The place of `upper` in the packet's layers. */
  readonly at: number;
}

/** ICMP queries and the type of their answers: RFC 792, RFC 950, RFC 8335. */
const icmpAnswers: Readonly<Record<number, number>> = { 8: 0, 10: 9, 13: 14, 15: 16, 17: 18, 42: 43 };
/** RFC 4443 §4, RFC 4861, RFC 4620, RFC 3122, RFC 8335. */
const icmpv6Answers: Readonly<Record<number, number>> = { 128: 129, 133: 134, 135: 136, 139: 140, 141: 142, 160: 161 };

/** IP headers, and those that may lie between one and what it carries. */
const carriers = new Set([
  "ipv4",
  "ipv6",
  "hopByHopOptions",
  "destinationOptions",
  "routing",
  "fragment",
  "authentication",
  "gre",
]);
const links = new Set([
  "ethernet",
  "vlan",
  "sll",
  "sll2",
  "nullLoopback",
  "loop",
  "llc",
  "snap",
  "pppoe",
  "ppp",
  "mpls",
]);

export interface AnswersOptions {
  /**
   * Whether `sent` goes to many hosts, each of which answers from its own address. Default: what its addresses say, which do
   * not tell the broadcast address of a network from others.
   */
  readonly toMany?: boolean | undefined;
}

/**
 * Whether `candidate` answers `sent`: the segment that TCP sends back, a datagram with the ports turned round, the reply to an
 * ICMP query, to ARP or a neighbour solicitation, or an ICMP error that quotes it. A datagram that came in fragments is
 * `candidate` once it is put together.
 */
export function answers(sent: Packet, candidate: Packet, options: AnswersOptions = {}): boolean {
  for (const packet of [sent, candidate])
    if (!Array.isArray(packet?.layers)) throw badArgument("packet", packet, "a packet with its layers");
  const arp = sent.layers.find((layer) => layer.kind === "arp");
  if (arp) return candidate.layers.some((layer) => layer.kind === "arp" && answersArp(arp, layer));
  const question = messageOf(sent.layers, 0);
  const answer = messageOf(candidate.layers, 0);
  if (!question || !answer) return false;
  if (quotes(answer, candidate.layers, question)) return true;
  if (question.ip.kind !== answer.ip.kind || !turnedRound(question.ip, answer.ip, options.toMany ?? goesToMany(sent)))
    return false;
  return answersUpper(sent, question, candidate, answer);
}

/** RFC 826: the reply comes from the address that was asked for, to the one that asked. */
function answersArp(asked: LayerOf<"arp">, reply: LayerOf<"arp">): boolean {
  return (
    reply.operation === asked.operation + 1 &&
    asked.operation % 2 === 1 &&
    reply.addresses.senderProtocol === asked.addresses.targetProtocol &&
    reply.addresses.targetHardware === asked.addresses.senderHardware
  );
}

function messageOf(layers: readonly Layer[], from: number): Message | undefined {
  let ip: Internet | undefined;
  for (let i = from; i < layers.length; i++) {
    const layer = layers[i]!;
    if (layer.kind === "ipv4" || layer.kind === "ipv6") ip = layer;
    else if (!carriers.has(layer.kind) && !links.has(layer.kind)) return ip && { ip, upper: layer, at: i };
  }
  return ip && { ip, upper: undefined, at: layers.length };
}

function turnedRound(question: Internet, answer: Internet, toMany: boolean): boolean {
  // Whoever has no address yet, as DHCP's clients, is answered at one it will have, or at everybody's
  const back = answer.destination === question.source || question.source === "0.0.0.0" || question.source === "::";
  return back && (answer.source === question.destination || toMany);
}

/** Whether the addresses of a packet are of multicast or broadcast, which is answered from addresses of their own. */
export function goesToMany({ layers }: Packet): boolean {
  const first = layers[0];
  if (first?.kind === "ethernet" && (Number.parseInt(first.destination.slice(0, 2), 16) & 1) === 1) return true;
  const destination = messageOf(layers, 0)?.ip.destination ?? "";
  if (destination.includes(":")) return destination.startsWith("ff");
  const octet = Number(destination.split(".", 1)[0]);
  return (octet >= 224 && octet <= 239) || destination === "255.255.255.255";
}

function answersUpper(sent: Packet, question: Message, candidate: Packet, answer: Message): boolean {
  const asked = question.upper;
  const replied = answer.upper;
  if (asked?.kind === "tcp")
    return (
      replied?.kind === "tcp" &&
      portsTurned(asked, replied) &&
      answersSegment(asked, dataLength(sent, question), replied, dataLength(candidate, answer))
    );
  if (asked?.kind === "udp") return replied?.kind === "udp" && portsTurned(asked, replied);
  if (asked?.kind === "sctp") return replied?.kind === "sctp" && portsTurned(asked, replied);
  if (asked?.kind === "icmp")
    return (
      replied?.kind === "icmp" &&
      icmpAnswers[asked.type] === replied.type &&
      sameIdentity(asked.message, replied.message)
    );
  if (asked?.kind === "icmpv6")
    return (
      replied?.kind === "icmpv6" &&
      icmpv6Answers[asked.type] === replied.type &&
      sameIdentity(asked.message, replied.message)
    );
  return protocolOf(question) === protocolOf(answer);
}

interface Ports {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

function portsTurned(asked: Ports, replied: Ports): boolean {
  return replied.sourcePort === asked.destinationPort && replied.destinationPort === asked.sourcePort;
}

/** What queries and replies have in common: who asked, and the number or target of the question. */
function sameIdentity(asked: object, replied: object): boolean {
  return ["identifier", "sequenceNumber", "target", "nonce"].every((name) => {
    const value = (asked as Record<string, unknown>)[name];
    return value === undefined || value === (replied as Record<string, unknown>)[name];
  });
}

/** RFC 9293 §3.10: what a segment of ours that takes `length` octets of data may bring back. */
function answersSegment(
  asked: LayerOf<"tcp">,
  length: number,
  replied: LayerOf<"tcp">,
  repliedLength: number,
): boolean {
  const { flags } = replied;
  const after = (asked.sequenceNumber + length + (asked.flags.syn ? 1 : 0) + (asked.flags.fin ? 1 : 0)) >>> 0;
  // §3.5.2: a reset takes its number from our acknowledgment, or acknowledges what it does not want
  if (flags.rst)
    return asked.flags.ack
      ? replied.sequenceNumber === asked.acknowledgmentNumber || flags.ack
      : flags.ack && replied.acknowledgmentNumber === after;
  if (asked.flags.rst) return false;
  if (asked.flags.syn && !asked.flags.ack) {
    // Both sides open at once; or all of SYN and data is acknowledged, or SYN alone (RFC 7413)
    if (flags.syn) return !flags.ack || between(asked.sequenceNumber, replied.acknowledgmentNumber, after);
    // RFC 5961 §4: a connection that is there already answers a SYN with an acknowledgment of its own
    return flags.ack && repliedLength === 0 && !flags.fin;
  }
  if (!flags.ack) return false;
  if (flags.syn) return replied.acknowledgmentNumber === after && asked.flags.syn;
  return after === asked.sequenceNumber || between(asked.sequenceNumber, replied.acknowledgmentNumber, after);
}

/** Whether `number` lies behind `first` and not behind `last`, modulo 2^32. */
function between(first: number, number: number, last: number): boolean {
  const distance = (number - first) >>> 0;
  return distance > 0 && distance <= (last - first) >>> 0;
}

function dataLength(packet: Packet, message: Message): number {
  const next = packet.layers[message.at + 1];
  return next?.kind === "payload" ? next.length : 0;
}

function protocolOf({ ip, upper }: Message): unknown {
  return upper && upper.kind !== "payload" ? upper.kind : ip.kind === "ipv4" ? ip.protocol : ip.nextHeader;
}

/** Whether `answer` is an ICMP error about `question`: RFC 792, RFC 4443 §2.4. */
function quotes(answer: Message, layers: readonly Layer[], question: Message): boolean {
  const { upper } = answer;
  if (upper?.kind === "icmp" ? !icmpQuotes(upper.type) : upper?.kind !== "icmpv6" || !icmpv6Quotes(upper.type))
    return false;
  const quoted = messageOf(layers, answer.at + 1);
  if (!quoted || quoted.ip.kind !== question.ip.kind) return false;
  if (quoted.ip.source !== question.ip.source || quoted.ip.destination !== question.ip.destination) return false;
  // RFC 6864 §4: nobody on the way may change it
  if (
    quoted.ip.kind === "ipv4" &&
    question.ip.kind === "ipv4" &&
    quoted.ip.identification !== question.ip.identification
  )
    return false;
  return sameStart(question.upper, quoted.upper);
}

/** Whether the first octets behind the IP header, as many as every error quotes, are the same. */
function sameStart(asked: Layer | undefined, quoted: Layer | undefined): boolean {
  if (!asked || !quoted) return true;
  const kind = quoted.kind === "cut" ? quoted.header : quoted.kind;
  if (kind !== asked.kind) return false;
  const whole = asked as unknown as Record<string, unknown>;
  const part = (quoted.kind === "cut" ? quoted.fields : quoted) as Record<string, unknown>;
  if (
    !["sourcePort", "destinationPort", "sequenceNumber", "type"].every(
      (name) => part[name] === undefined || part[name] === whole[name],
    )
  )
    return false;
  return typeof whole["message"] !== "object" || typeof part["message"] !== "object"
    ? true
    : sameIdentity(whole["message"] as object, part["message"] as object);
}
