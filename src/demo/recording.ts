/** What happens in a demo: calls, packets and states, on one clock. */
import type { Conversation } from "../flow/conversation.js";
import { Conversations, type Step as FlowStep } from "../flow/conversations.js";
import { durationText } from "../flow/explain.js";
import type { Passage } from "../link/direction.js";
import type { Frame } from "../packet/frame.js";
import { layer, type Packet } from "../packet/packet.js";
import {
  type End,
  errorText,
  eventName,
  type Ladder,
  Margins,
  type PacketRung,
  type Rung,
  rungOf,
  type States,
  type Way,
} from "../render/ladder.js";
import { flagsText } from "../render/line-tcp.js";
import type { Call, CallName } from "../socket/calls.js";
import { endText } from "../wire/address.js";
import { returnedText, said, startedText } from "./call-text.js";
import type { SharedClock } from "./clock.js";
import type { Outline } from "./outline.js";

/** Something that goes into the ladder; `time`: nanoseconds since the start. */
type Entry =
  | {
      readonly kind: "rung";
      readonly time: number;
      readonly rung: Rung;
      readonly conversation: Conversation | undefined;
    }
  | {
      readonly kind: "call";
      readonly time: number;
      readonly by: End;
      readonly call: Call;
      readonly states: Sample | undefined;
    }
  | {
      readonly kind: "return";
      readonly time: number;
      readonly by: End;
      readonly call: Call;
      readonly states: Sample | undefined;
      /** The call did not wait. */
      readonly isQuick?: boolean;
    };

/** The states of a conversation, as the kernel said them. */
export interface Sample {
  /** The client's port. */
  readonly port: number;
  readonly states: States;
}

/** What a ladder is of. */
interface Scene {
  readonly title: string;
  readonly client: string;
  readonly server: string;
  readonly isOne: boolean;
}

/** A packet that was seen. */
export interface Seen extends Outline {
  readonly packet: Packet;
  readonly conversation: Conversation | undefined;
}

export class Recording {
  readonly packets: Seen[] = [];
  /** The client's port of the connection that a socket has, by the socket's number. */
  readonly ports = new Map<number, number>();
  readonly #clock: SharedClock;
  readonly #conversations = new Conversations();
  readonly #entries: Entry[] = [];
  readonly #passing = new Map<string, { rung: PacketRung; conversation: Conversation | undefined }>();
  #latest: Conversation | undefined;

  constructor(clock: SharedClock) {
    this.#clock = clock;
  }

  caption(text: string): void {
    const time = this.#clock.now();
    this.#entries.push({
      kind: "rung",
      time,
      rung: { kind: "caption", time, since: 0, states: undefined, notes: [], text },
      conversation: undefined,
    });
  }

  /** Something that a program does, as it puts it itself. */
  did(by: End, text: string): void {
    const time = this.#clock.now();
    const rung: Rung = { kind: "call", by, time, since: 0, text, failed: false, states: undefined, notes: [] };
    this.#entries.push({ kind: "rung", time, rung, conversation: undefined });
  }

  /** A call began or returned; the kernel was asked for states thereafter. */
  call(by: End, call: Call, states: Sample | undefined): void {
    const kept = keep(call);
    if (call.end === undefined)
      this.#entries.push({ kind: "call", time: this.#clock.ofCall(call.start), by, call: kept, states });
    else this.#entries.push({ kind: "return", time: this.#clock.ofCall(call.end), by, call: kept, states });
  }

  /** A packet as it goes by; of a link, with what becomes of it. */
  packet(frame: Frame, passage?: Passage): void {
    const packet = frame.own();
    const step = this.#conversations.follow(packet);
    const time = this.#clock.ofPacket(packet);
    const conversation = step?.conversation ?? this.#latest;
    this.#latest = conversation;
    const way = wayOf(passage);
    const fragment = fragmentText(packet);
    const rung = step ? rungOf(step, 0, false) : NO_RUNG;
    const outline = {
      from: rung.from,
      words: [...(step ? wordsOf(step) : ["fragment"]), ...(way === "whole" ? [] : [way])],
    };
    const notes = [...noteOf(passage), ...routerNote(packet, step), ...rung.notes];
    const text = fragment ?? rung.text;
    this.#entries.push({ kind: "rung", time, conversation, rung: { ...rung, text, way, notes } });
    this.packets.push({ ...outline, packet, conversation });
    if (passage) this.#passing.set(`${passage.from} ${passage.number}`, { rung, conversation });
  }

  /** One that the link held back, or a copy, arrives. */
  late({ from, number }: Passage): void {
    const was = this.#passing.get(`${from} ${number}`);
    if (!was) return;
    const { rung, conversation } = was;
    const time = this.#clock.now();
    this.#entries.push({
      kind: "rung",
      time,
      conversation,
      rung: { ...rung, way: "late", states: undefined, notes: [] },
    });
  }

  /** What came, by the names of conversations: "A" began first. */
  get outlines(): ReadonlyMap<string, readonly Outline[]> {
    const names = this.#names();
    const found = new Map<string, Outline[]>([...names.values()].map((name) => [name, []]));
    for (const { conversation, from, words } of this.packets)
      if (conversation) found.get(names.get(conversation)!)?.push({ from, words });
    return found;
  }

  /** Everything so far. `isOne`: there is no other conversation to come, and none has to be named. */
  ladder({ title, client, server, isOne }: Scene): Ladder {
    const names = this.#names();
    const rungs = this.#rungs(isOne ? new Map() : names, names);
    const [only] = isOne ? names.keys() : [];
    const end = only ? `client ${endText(only.client.address, only.client.port)}` : client;
    return { title, client: end, server, rungs, more: 0 };
  }

  #rungs(labels: ReadonlyMap<Conversation, string>, names: ReadonlyMap<Conversation, string>): readonly Rung[] {
    const ports = new Map([...names.keys()].map((conversation) => [conversation.client.port, conversation]));
    const entries = joined([...this.#entries].sort((a, b) => a.time - b.time));
    const start = entries.find((entry) => entry.kind !== "rung" || entry.rung.kind !== "caption")?.time ?? 0;
    const margins = new Margins();
    const rungs: Rung[] = [];
    for (const entry of entries) {
      const time = entry.time - start;
      const conversation =
        entry.kind === "rung"
          ? entry.conversation
          : ports.get(entry.states?.port ?? this.ports.get(entry.call.socket) ?? -1);
      const name = conversation && labels.get(conversation);
      const moment = { time, since: time - (rungs.at(-1)?.time ?? time), ...(name !== undefined && { of: name }) };
      const labelled = (text: string): string => (name === undefined ? text : `${name}: ${text}`);
      if (entry.kind === "rung") {
        const rung = { ...entry.rung, ...moment, text: labelled(entry.rung.text) };
        margins.news(rung);
        rungs.push(rung);
        continue;
      }
      const { by, call, states } = entry;
      const text =
        entry.kind === "return" ? returnedText(call) : call.end === undefined ? startedText(call) : said(call);
      const failed = call.error !== undefined && call.error !== "ABORTED";
      const known = margins.state(name);
      // That a call which does not wait has returned is no news, unless it failed or the kernel's state is
      const isNews = failed || (states !== undefined && states.states[by] !== known[by]);
      const isQuick = entry.kind === "return" ? entry.isQuick === true : QUICK.has(call.name);
      if (entry.kind === "return" && isQuick && !isNews) continue;
      const told = isQuick && !isNews ? undefined : states?.states;
      const rung: Rung = { kind: "call", by, ...moment, text: labelled(text), failed, states: told, notes: [] };
      margins.news(rung);
      rungs.push(rung);
    }
    return rungs;
  }

  #names(): ReadonlyMap<Conversation, string> {
    const conversations = [...new Set(this.packets.map(({ conversation }) => conversation))];
    return new Map(
      conversations
        .filter((conversation) => conversation !== undefined)
        .map((conversation, i) => [conversation, String.fromCharCode(65 + i)]),
    );
  }
}

/** Calls that do what they do at once, unless something else is done meanwhile. */
const QUICK: ReadonlySet<CallName> = new Set([
  ...["socket", "setsockopt", "bind", "listen", "send", "sendto", "shutdown", "close"],
] as CallName[]);

/** What is said of a call where it begins: all of it, if it returned before anything else happened, or did not wait. */
function joined(entries: readonly Entry[]): Entry[] {
  const found: Entry[] = [];
  const begun = new Map<number, number>();
  for (const entry of entries) {
    const at = entry.kind === "return" ? begun.get(entry.call.number) : undefined;
    const before = at === undefined ? undefined : found[at];
    if (entry.kind === "call") begun.set(entry.call.number, found.length);
    if (at === undefined || before?.kind !== "call" || entry.kind !== "return") found.push(entry);
    else if (at === found.length - 1) found[at] = { ...before, call: entry.call, states: entry.states };
    else {
      const isQuick =
        QUICK.has(entry.call.name) &&
        found.slice(at + 1).every((each) => each.kind === "rung" && each.rung.kind === "packet");
      if (isQuick) found[at] = { ...before, call: entry.call };
      found.push({ ...entry, isQuick });
    }
  }
  return found;
}

/** The octets are the program's, which may change them. */
function keep(call: Call): Call {
  return call.octets ? { ...call, octets: call.octets.slice(0, 64) } : call;
}

function wayOf(passage: Passage | undefined): Way {
  return passage === undefined || passage.step === "through" ? "whole" : passage.step;
}

function noteOf(passage: Passage | undefined): readonly string[] {
  if (!passage) return [];
  const { step, fate } = passage;
  const notes: string[] = [];
  if (step === "lost") notes.push("the link drops it");
  if (fate.behind > 0)
    notes.push(`the link lets ${fate.behind === 1 ? "one packet" : `${fate.behind} packets`} overtake it`);
  else if (step === "held") notes.push(`the link holds it back for ${durationText(fate.delay * 1e6)}`);
  if (fate.copies > 0) notes.push("the link copies it");
  if (fate.bits.length > 0) notes.push("the link corrupts it");
  return notes;
}

/** Who sent an ICMP error, where it was not whom the packet was for, and how large packets may be. */
function routerNote({ layers }: Packet, step: FlowStep | undefined): readonly string[] {
  const [, network, message] = layers;
  if (network?.kind !== "ipv4" || message?.kind !== "icmp" || message.message.kind !== "unreachable") return [];
  const { nextHopMtu } = message.message;
  const limit = nextHopMtu > 0 ? [`packets of at most ${nextHopMtu} octets, please`] : [];
  const isRouter = network.source !== step?.conversation.server.address;
  return isRouter ? [`from the router ${network.source}`, ...limit] : limit;
}

function wordsOf(step: FlowStep): string[] {
  const { conversation, flags, length, events } = step;
  const error = events.find((event) => event.kind === "icmpError");
  if (error) return [errorText(error)];
  const words = length > 0 ? ["data", `${length} octets`] : [];
  if (conversation.kind === "udp" && length === 0) words.push("0 octets");
  if (conversation.kind === "tcp") {
    const control = flagsText({ ...flags, psh: false, ack: flags.ack && flags.syn, urg: false });
    if (flags.syn || flags.fin || flags.rst) words.push(control);
    else if (length === 0) words.push("ACK");
  }
  // A fast or needless one is one, too
  if (events.some(({ kind }) => kind === "fastRetransmission" || kind === "spuriousRetransmission"))
    words.push("retransmission");
  return [...words, ...events.map(eventName)];
}

/** Which octets of its datagram a fragment has: "fragment 1480–2959"; undefined where it is none. */
function fragmentText(packet: Packet): string | undefined {
  const header = layer(packet, "ipv4");
  if (!header || (!header.moreFragments && header.fragmentOffset === 0)) return undefined;
  const at = header.fragmentOffset * 8;
  const end = at + header.totalLength - header.headerLength * 4;
  return `fragment ${at}–${end - 1}${at === 0 ? " (UDP header)" : ""}`;
}

/** Of a fragment without the ports, which belongs to the datagram before it. */
const NO_RUNG: PacketRung = {
  kind: "packet",
  from: "client",
  way: "whole",
  isError: false,
  text: "",
  time: 0,
  since: 0,
  states: undefined,
  notes: [],
};
