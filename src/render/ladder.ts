/** Conversations as ladders: both ends side by side, every packet an arrow between them. */
import type { Conversation } from "../flow/conversation.js";
import { Conversations, type ConversationsOptions, type Step } from "../flow/conversations.js";
import type { EventKind, FlowEvent } from "../flow/events.js";
import { durationText, explain } from "../flow/explain.js";
import type { Packet } from "../packet/packet.js";
import { flagsText } from "./line-tcp.js";
import { count, endText, words } from "./text.js";

/** One packet. */
export interface Rung {
  /** Nanoseconds since the first packet of the conversation, and since the one before; negative where a clock ran back. */
  readonly time: number;
  readonly since: number;
  readonly from: "client" | "server";
  /** An ICMP error about the other way's packet: drawn as an arrow that does not arrive. */
  readonly isError: boolean;
  /** Flags, numbers counted from the SYNs, octets of data in brackets. */
  readonly text: string;
  /** TCP: the states of both ends afterwards. */
  readonly states: { readonly client: string; readonly server: string } | undefined;
  /** What is remarkable, one phrase each; what it means where that was asked for. */
  readonly notes: readonly string[];
}

/** One conversation, as data for whoever draws it. */
export interface Ladder {
  readonly title: string;
  readonly client: string;
  readonly server: string;
  readonly rungs: readonly Rung[];
  /** Packets that there was no room for. */
  readonly more: number;
}

export interface LadderOptions extends ConversationsOptions {
  /** Whether notes say in a sentence what every packet and event means. Default: no. */
  readonly explain?: boolean;
  /** Packets kept of each conversation. Default 1000. */
  readonly rungs?: number;
}

/** Conversations at once, unless told otherwise: a ladder holds a packet's text for each of its rungs. */
const MOST = 1000;

interface Building {
  readonly rungs: Rung[];
  more: number;
  latest: number;
}

/**
 * Draws up the conversations of one capture, packet by packet. Those longest silent go when there are more than `most`,
 * by default 1000: `conversations.evicted` counts them.
 */
export class Ladders {
  readonly conversations: Conversations;
  readonly #built = new Map<Conversation, Building>();
  readonly #explain: boolean;
  readonly #most: number;

  constructor(options: LadderOptions = {}) {
    this.#explain = options.explain ?? false;
    this.#most = options.rungs ?? 1000;
    this.conversations = new Conversations({
      ...options,
      most: options.most ?? MOST,
      evicted: (conversation) => {
        this.#built.delete(conversation);
        options.evicted?.(conversation);
      },
    });
  }

  /** Takes in the next packet; what it means to its conversation, if it belongs to one. */
  add(packet: Packet): Step | undefined {
    const step = this.conversations.follow(packet);
    if (!step) return undefined;
    let building = this.#built.get(step.conversation);
    if (!building) {
      building = { rungs: [], more: 0, latest: 0 };
      this.#built.set(step.conversation, building);
    }
    if (building.rungs.length === this.#most) building.more++;
    else building.rungs.push(rungOf(step, building.latest, this.#explain));
    building.latest = step.time;
    return step;
  }

  /** In the order in which they began. */
  *[Symbol.iterator](): Generator<Ladder, void, undefined> {
    for (const [conversation, { rungs, more }] of this.#built) {
      const { client, server } = conversation;
      yield {
        title: titleOf(conversation),
        client: endText(client.address, conversation.kind === "echo" ? undefined : client.port),
        server: endText(server.address, conversation.kind === "echo" ? undefined : server.port),
        rungs,
        more,
      };
    }
  }
}

function titleOf(conversation: Conversation): string {
  const { kind, number, vlans } = conversation;
  const where = vlans.length > 0 ? `, VLAN ${vlans.join(" in ")}` : "";
  const name = kind === "echo" ? `ping ${number}` : `${kind.toUpperCase()} conversation ${number}`;
  return `${name}${where}${kind === "tcp" ? `: ${conversation.ending}` : ""}`;
}

function rungOf(step: Step, latest: number, explained: boolean): Rung {
  const { conversation, time, from, events } = step;
  const isError = events.some(({ kind }) => kind === "icmpError");
  return {
    time,
    since: time - latest,
    // An error comes from where its packet went
    from: isError ? (from === "client" ? "server" : "client") : from,
    isError,
    text: isError ? "ICMP error" : packetText(step),
    states:
      conversation.kind === "tcp"
        ? { client: conversation.client.state ?? "", server: conversation.server.state ?? "" }
        : undefined,
    notes: explained ? explain(step) : events.map(noteOf),
  };
}

function packetText(step: Step): string {
  const { conversation, length, sequence, flags } = step;
  switch (conversation.kind) {
    case "udp":
      return count(length, "octet");
    case "echo":
      return `${step.isRequest ? "echo request" : "echo reply"} ${step.echoSequence}`;
    case "tcp": {
      let text = flagsText(flags);
      if (length > 0) text += ` seq ${sequence}–${(sequence + length - 1) >>> 0} (${length})`;
      else if (flags.syn || flags.fin || flags.rst) text += ` seq ${sequence}`;
      return flags.ack ? `${text} ack ${step.acknowledgment}` : text;
    }
    default:
      return conversation satisfies never;
  }
}

/** Kinds that are not written as their words are. */
const NAMES: Readonly<Partial<Record<EventKind, string>>> = {
  synRetried: "SYN again",
  duplicateAck: "duplicate ACK",
  selectiveAck: "selective ACK",
  delayedAckStall: "stalled by a delayed ACK",
  icmpError: "ICMP error",
  fastOpen: "Fast Open",
  keepAlive: "keep-alive",
  keepAliveAnswer: "keep-alive answer",
};

/** The event in a phrase. */
function noteOf(event: FlowEvent): string {
  const name = NAMES[event.kind] ?? words(event.kind);
  switch (event.kind) {
    case "lostSegment":
    case "acknowledgedUnseen":
      return `${name}: ${count(event.missing, "octet")}`;
    case "duplicateAck":
    case "synRetried":
      return `${name} ${event.count}`;
    case "retransmission":
      return `${name} after ${durationText(event.after)}`;
    case "windowUpdate":
      return `${name}: ${count(event.window, "octet")}`;
    case "delayedAckStall":
      return `${name}: ${durationText(event.waited)}`;
    case "icmpError":
      return `${name}: type ${event.type}, code ${event.code}`;
    default:
      return name;
  }
}
