/**
 * The kinds of differences in which the oracle follows conversations by other rules: what each looks like. Their reasons
 * are in fixtures/known-differences-flow.tsv.
 */
import { readFileSync } from "node:fs";
import type { Conversation } from "../../src/flow/conversation.js";
import type { Packet } from "../../src/packet/packet.js";

/** One packet of which the two say different things. */
export interface FlowDisagreement {
  readonly packet: Packet;
  readonly conversation: Conversation | undefined;
  /** Whether a packet of the conversation had a time before that of an earlier one. */
  readonly ranBack: boolean | undefined;
  /** Whether an octet was tried into a window of 0. */
  readonly probed: boolean | undefined;
  /** Whether octets behind the highest were acknowledged. */
  readonly beyond: boolean | undefined;
  /** Whether a RST was not to be believed. */
  readonly outOfPlace: boolean | undefined;
  readonly column: string;
  readonly ours: string;
  readonly theirs: string;
}

type Test = (difference: FlowDisagreement) => boolean;

const isFast = (flags: string): boolean => /\bfast_retransmission\b/.test(flags);

const tests: Readonly<Record<string, Test>> = {
  "datagram of impossible length": ({ packet, column, theirs }) =>
    column === "stream" &&
    theirs === "" &&
    (packet.layers.some((layer) => layer.kind === "udp" && layer.length < 8) ||
      packet.problems.some(({ kind, layer }) => kind === "truncated" && (layer === "udp" || layer === "ipv4"))),
  "clock that ran back": ({ column, ours, theirs, ranBack }) =>
    ranBack === true &&
    (column === "initial_rtt"
      ? Number(ours) > 0 && Number(ours) < Number(theirs)
      : ours === "out_of_order" && theirs === "retransmission"),
  "count below zero": ({ column, ours, theirs, beyond }) =>
    column === "flags" && beyond === true && isFast(ours) !== isFast(theirs),
  "probe that was taken": ({ column, ours, theirs, probed }) =>
    column === "flags" && probed === true && /lost_segment/.test(theirs) && !/lost_segment/.test(ours),
  "both open": ({ packet, conversation, column, ours, theirs }) =>
    column === "flags" &&
    conversation?.kind === "tcp" &&
    conversation.opened === "both" &&
    packet.layers.some((layer) => layer.kind === "tcp" && layer.flags.syn && layer.flags.ack) &&
    ours === "" &&
    theirs === "retransmission",
  "RST out of place": ({ column, ours, theirs, outOfPlace }) =>
    column === "flags" && outOfPlace === true && ours === "" && /retransmission|out_of_order|lost_segment/.test(theirs),
  "handshake in no time": ({ column, ours }) => column === "initial_rtt" && Number(ours) === 0 && ours !== "",
  "Fast Open": ({ column, conversation }) =>
    column === "initial_rtt" && conversation?.kind === "tcp" && conversation.usesFastOpen,
  "number out of range": ({ column, packet }) =>
    column === "initial_rtt" && (packet.nanoseconds >= 1e9 || packet.seconds >= 2 ** 31 || packet.seconds === 0),
  "handshake that is none": ({ column, ours, theirs }) =>
    column === "initial_rtt" && (ours === "" || Number(ours) > Number(theirs)),
};

/** The kind of oracle's rule that a difference comes from, if one does. */
export function flowKindOf(difference: FlowDisagreement): string | undefined {
  return Object.keys(tests).find((kind) => tests[kind]!(difference));
}

export const flowKinds = Object.keys(tests);

/** Kind and reason of each row of the table. */
export function readFlowReasons(): ReadonlyMap<string, string> {
  const text = readFileSync(new URL("../fixtures/known-differences-flow.tsv", import.meta.url), "utf8");
  const [, ...rows] = text.trimEnd().split("\n");
  return new Map(rows.map((row) => [row.split("\t")[0] ?? "", row.split("\t")[1] ?? ""]));
}
