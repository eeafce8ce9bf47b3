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
  /** Whether the conversation had two SYN-ACKs that differ. */
  readonly isAnsweredTwice: boolean;
  readonly column: string;
  readonly ours: string;
  readonly theirs: string;
}

type Test = (difference: FlowDisagreement) => boolean;

const without = (flags: string, name: string): string =>
  flags
    .split(" ")
    .filter((flag) => flag !== name && flag !== "")
    .join(" ");

const tests: Readonly<Record<string, Test>> = {
  "source route": ({ packet }) =>
    packet.layers.some((layer) => layer.kind === "ipv4" && layer.options.some(({ kind }) => /SourceRoute$/.test(kind))),
  "datagram of impossible length": ({ packet, column, theirs }) =>
    column === "stream" &&
    theirs === "" &&
    (packet.layers.some((layer) => layer.kind === "udp" && layer.length < 8) ||
      packet.problems.some(({ kind, layer }) => kind === "truncated" && (layer === "udp" || layer === "ipv4"))),
  "header that was cut": ({ packet, column }) =>
    column === "flags" && packet.problems.some(({ kind, layer }) => kind === "truncated" && layer === "tcp"),
  "two answers to one SYN": ({ isAnsweredTwice, column }) => isAnsweredTwice && column === "flags",
  "acknowledgment of what was flagged": ({ column, ours, theirs }) =>
    column === "flags" && without(ours, "ack_lost_segment") === without(theirs, "ack_lost_segment"),
  "sent before in other pieces": ({ column, ours, theirs }) =>
    column === "flags" && ours === "retransmission" && theirs === "out_of_order",
  "never sent before": ({ column, ours, theirs }) =>
    column === "flags" && ours === "out_of_order" && theirs === "retransmission",
  "one octet below next": ({ column, ours, theirs }) =>
    column === "flags" && ours === "retransmission" && theirs === "",
  "nothing acknowledged before": ({ column, ours, theirs }) =>
    column === "flags" && ours === "" && theirs === "window_update",
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
