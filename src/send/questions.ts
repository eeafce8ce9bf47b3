/** Questions that wait for their answers, and which of them a captured packet answers. */
import type { Frame } from "../packet/frame.js";
import type { Layer, Packet } from "../packet/packet.js";
import { FragmentReassembly } from "../packet/reassembly.js";
import { DEEPEST } from "../packet/walk/walk.js";
import { answers } from "./answers.js";
import type { Outgoing } from "./way.js";

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

export interface Question {
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

/** Those that are open. */
export class Questions {
  /** By the address that answers, or that an error's quote was sent to; "" for those that anybody may answer. */
  readonly #open = new Map<string, Question[]>();
  readonly #fragments = new FragmentReassembly();

  add(question: Question): void {
    const key = keyOf(question);
    const others = this.#open.get(key);
    if (others) others.push(question);
    else this.#open.set(key, [question]);
  }

  forget(question: Question): void {
    const key = keyOf(question);
    const questions = this.#open.get(key);
    const at = questions?.indexOf(question) ?? -1;
    if (at >= 0) questions!.splice(at, 1);
    if (questions?.length === 0) this.#open.delete(key);
  }

  /** Takes a captured packet in: a question that leaves, what answers one, or something else. */
  take(frame: Frame): void {
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
        this.forget(question);
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
function keyOf({ sent, toMany }: Pick<Question, "sent" | "toMany">): string {
  let key = "";
  for (const layer of sent.layers) {
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

/** What may answer such questions, as a filter for the kernel. */
export function filterFor(questions: readonly Pick<Question, "sent" | "toMany">[]): string {
  const keys = [...new Set(questions.map(keyOf))];
  if (keys.length > NAMED || keys.includes("")) return "";
  return ["icmp", "icmp6", "arp", ...keys.map((key) => `host ${key}`)].join(" or ");
}
