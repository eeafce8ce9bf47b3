/** Conversations as ladders: both ends side by side, every packet an arrow between them. */
import { requireType, whole } from "../arguments.js";
import type { Conversation } from "../flow/conversation.js";
import { Conversations, type ConversationsOptions, type Step } from "../flow/conversations.js";
import type { EventKind, FlowEvent } from "../flow/events.js";
import { blocksText, durationText, explain } from "../flow/explain.js";
import type { Packet } from "../packet/packet.js";
import { icmpCodeName, icmpv6CodeName } from "../wire/icmp-names.js";
import { sideText } from "./conversation.js";
import { flagsText } from "./line-tcp.js";
import { count, printable, words } from "./text.js";

/** One side of a ladder. */
export type End = "client" | "server";

/** The TCP states of both ends, RFC 9293 §3.3.2; empty where there is none. */
export interface States {
  readonly client: string;
  readonly server: string;
  /** Whether the kernel was asked for them at that moment. Else they are what the packets say. */
  readonly sampled: boolean;
}

/** Beside a state that the kernel was asked for. */
export const SAMPLED = "•";

/** What every rung has. */
interface Moment {
  /** Nanoseconds since the first rung, and since the one before; negative where a clock ran back. */
  readonly time: number;
  readonly since: number;
  /** The name of its conversation, where a ladder has several. */
  readonly of?: string;
  /** Of its conversation, afterwards. */
  readonly states: States | undefined;
  /** What is remarkable, one phrase each; what it means where that was asked for. */
  readonly notes: readonly string[];
}

/**
 * How far a packet came: all the way; not to the other end; not yet, as something on the way holds it back; or it is one
 * that was held back, or a copy, and arrives.
 */
export type Way = "whole" | "lost" | "held" | "late";

/** One packet: an arrow between both ends. */
export interface PacketRung extends Moment {
  readonly kind: "packet";
  readonly from: End;
  readonly way: Way;
  /** An ICMP error about the other way's packet: drawn as an arrow with a cross for its head. */
  readonly isError: boolean;
  /** Flags, numbers counted from the SYNs, octets of data in brackets. */
  readonly text: string;
}

/** A call of the program at one end: `bind(127.0.0.1:5000)`; it begins and returns, or both where nothing was between. */
export interface CallRung extends Moment {
  readonly kind: "call";
  readonly by: End;
  readonly text: string;
  readonly failed: boolean;
}

/** What somebody says about what comes next. */
export interface CaptionRung extends Moment {
  readonly kind: "caption";
  readonly text: string;
}

export type Rung = PacketRung | CallRung | CaptionRung;

/** What happens between two ends, as data for whoever draws it. */
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
    requireType("options", options, "object");
    const { explain = false, rungs = 1000 } = options;
    this.#explain = explain;
    this.#most = whole("rungs", rungs, 1);
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
      yield {
        title: titleOf(conversation, this.conversations.hasDevices),
        client: sideText(conversation, "client"),
        server: sideText(conversation, "server"),
        rungs,
        more,
      };
    }
  }
}

function titleOf(conversation: Conversation, hasDevices: boolean): string {
  const { kind, number, device, vlans } = conversation;
  const on = hasDevices && device !== undefined ? ` on ${printable(device)}` : "";
  const where = vlans.length > 0 ? `, VLAN ${vlans.join(" in ")}` : "";
  const name = kind === "echo" ? `ping ${number}` : `${kind.toUpperCase()} conversation ${number}`;
  return `${name}${on}${where}${kind === "tcp" ? `: ${conversation.ending}` : ""}`;
}

/** The packet that was just followed. `since`: the time of the rung before. */
export function rungOf(step: Step, latest: number, explained: boolean): PacketRung {
  const { conversation, time, from, events } = step;
  const error = events.find((event) => event.kind === "icmpError");
  const isError = error !== undefined;
  return {
    kind: "packet",
    time,
    since: time - latest,
    // An error comes from where its packet went
    from: isError ? (from === "client" ? "server" : "client") : from,
    way: "whole",
    isError,
    text: error ? errorText(error) : packetText(step),
    states:
      conversation.kind === "tcp"
        ? { client: conversation.client.state ?? "", server: conversation.server.state ?? "", sampled: false }
        : undefined,
    notes: explained ? explain(step) : events.filter((event) => event !== error).map(noteOf),
  };
}

/** What of its states is news: a margin says it where it changes. */
export class Margins {
  readonly #known = new Map<string, { client: string; server: string }>();

  /** What is known of a conversation. */
  state(of = ""): { readonly client: string; readonly server: string } {
    return this.#known.get(of) ?? NOTHING;
  }

  /** Empty where nothing has changed. A call tells the state of its own end again, as the kernel was asked for it. */
  news(rung: Rung): { readonly client: string; readonly server: string } {
    const { states } = rung;
    if (!states) return NOTHING;
    const before = this.state(rung.of);
    this.#known.set(rung.of ?? "", { client: states.client || before.client, server: states.server || before.server });
    const asked = (end: End): boolean => states.sampled && rung.kind === "call" && rung.by === end;
    const news = (end: End): string => (states[end] !== before[end] || asked(end) ? states[end] : "");
    return { client: news("client"), server: news("server") };
  }
}

const NOTHING = { client: "", server: "" };

/** "ICMP port unreachable" */
export function errorText({ protocol, type, code }: Extract<FlowEvent, { kind: "icmpError" }>): string {
  const name = protocol === "icmp" ? icmpCodeName(type, code) : icmpv6CodeName(type, code);
  return `${protocol === "icmp" ? "ICMP" : "ICMPv6"} ${name ?? `error: type ${type}, code ${code}`}`;
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
      // RFC 9293 §3.4: a SYN comes before the data of its segment
      const last = (sequence + (flags.syn ? length : length - 1)) >>> 0;
      if (length > 0) text += ` seq ${sequence}–${last} (${length})`;
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
  fastOpen: "Fast Open",
  fastOpenAccepted: "Fast Open accepted",
  keepAlive: "keep-alive",
  keepAliveAnswer: "keep-alive answer",
};

/** The event's name as people say it. */
export function eventName({ kind }: FlowEvent): string {
  return NAMES[kind] ?? words(kind);
}

/** The event in a phrase. */
function noteOf(event: FlowEvent): string {
  const name = eventName(event);
  switch (event.kind) {
    case "lostSegment":
    case "acknowledgedUnseen":
      return `${name}: ${count(event.missing, "octet")}`;
    case "duplicateAck":
    case "synRetried":
      return `${name} ${event.count}`;
    case "selectiveAck":
      return `${name}: ${blocksText(event.blocks)}`;
    case "retransmission":
      return Number.isNaN(event.after) ? name : `${name} after ${durationText(event.after)}`;
    case "windowUpdate":
      return `${name}: ${count(event.window, "octet")}`;
    case "delayedAckStall":
      return `${name}: ${durationText(event.waited)}`;
    case "icmpError":
      return errorText(event);
    default:
      return name;
  }
}
