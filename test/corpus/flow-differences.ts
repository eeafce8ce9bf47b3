/** Conversations of one capture held against what the oracle said of them. */
import { join } from "node:path";
import { openCapture } from "../../src/capture/file.js";
import type { FileRecord } from "../../src/capture/record.js";
import type { Conversation, TcpConversation } from "../../src/flow/conversation.js";
import { Conversations, type Step } from "../../src/flow/conversations.js";
import { Frame } from "../../src/packet/frame.js";
import { wiresharkFlags } from "../flow/wireshark.js";
import { flowKindOf } from "./flow-known.js";
import { type Row, readGolden } from "./golden.js";

export interface FlowDifference {
  readonly capture: string;
  /** As the oracle numbers it, from 1. */
  readonly frame: number;
  /** "stream", "flags", "initial_rtt", or "values" where octets and values tell different things. */
  readonly column: string;
  readonly ours: string;
  readonly theirs: string;
  /** The oracle's rule that explains it, if one does. */
  readonly kind: string | undefined;
}

export interface FlowComparison {
  readonly differences: readonly FlowDifference[];
  /** Packets that the oracle flagged, or we. */
  readonly flagged: number;
}

const columns = [...new Set(Object.values(wiresharkFlags).flat())];

/** A capture of the corpus, and the dump that comes with it. */
export function compareFlows(directory: string, capture: string): Promise<FlowComparison> {
  return compareRows(join(directory, "captures", capture), capture, readGolden(directory, capture));
}

/** The capture at `path`, and what the oracle says of each of its packets. */
export async function compareRows(path: string, capture: string, dump: readonly Row[]): Promise<FlowComparison> {
  // A Custom Block is a row of its own, without a link type; README of the corpus
  const rows = dump.filter((row) => row.get("frame.encap_type")?.length);
  const differences: FlowDifference[] = [];
  let flagged = 0;
  // Its conversations do not know VLANs
  const conversations = new Conversations({ ignoreVlans: true, ignoreDevices: true });
  const values = new Conversations({ ignoreVlans: true, ignoreDevices: true });
  const ranBack = new Set<Conversation>();
  const beyond = new Set<Conversation>();
  const probed = new Set<Conversation>();
  const outOfPlace = new Set<Conversation>();
  const frame = new Frame();
  const file = await openCapture(path);
  let n = 0;
  try {
    do
      for (let item = file.next(); item; item = file.next()) {
        if (item !== "packet") continue;
        moveTo(frame, file.record);
        const packet = frame.own();
        const row = rows[n++];
        const step = conversations.follow(frame);
        const conversation = step?.conversation;
        if (step && step.time < step.conversation.duration) ranBack.add(step.conversation);
        if (step?.events.some(({ rule }) => BEYOND.has(rule))) beyond.add(step.conversation);
        if (step?.events.some(({ kind }) => kind === "zeroWindowProbe")) probed.add(step.conversation);
        if (step?.events.some(({ kind }) => kind === "resetOutOfPlace")) outOfPlace.add(step.conversation);
        const add = (column: string, ours: string, theirs: string): void => {
          if (ours === theirs) return;
          const known = {
            ranBack: conversation && ranBack.has(conversation),
            beyond: conversation && beyond.has(conversation),
            probed: conversation && probed.has(conversation),
            outOfPlace: conversation && outOfPlace.has(conversation),
          };
          const kind = flowKindOf({ packet, conversation, column, ours, theirs, ...known });
          differences.push({ capture, frame: Number(row?.get("frame.number")?.[0] ?? n), column, ours, theirs, kind });
        };
        add("values", textOf(step), textOf(values.follow(packet)));
        // Its profile follows no tunnels
        if (!row?.get("tcp.srcport")?.length && !row?.get("udp.srcport")?.length) continue;
        add("stream", streamOf(step), theirStream(row));
        if (conversation?.kind !== "tcp") continue;
        const ours = flagsOf(step);
        const theirs = columns.filter((name) => row.get(`tcp.analysis.${name}`)?.length).join(" ");
        if (ours || theirs) flagged++;
        add("flags", ours, theirs);
        // Shown only where it has something else to show
        const rtt = row.get("tcp.analysis.initial_rtt")?.[0];
        if (rtt !== undefined) add("initial_rtt", initialRtt(conversation), rtt);
      }
    while (await file.more());
  } finally {
    await file[Symbol.asyncDispose]();
  }
  return { differences, flagged };
}

const BEYOND: ReadonlySet<string> = new Set(["acknowledges beyond next", "acknowledges unseen data of a SYN"]);

function moveTo(frame: Frame, record: FileRecord): void {
  frame.about = record;
  frame.linkType = record.linkType;
  frame.move(record.data, record.at, record.end, record.length);
}

/** What followed from a packet: the same from octets and from values. */
function textOf(step: Step | undefined): string {
  if (!step) return "nothing";
  const { conversation, packet, time, from, length, sequence, acknowledgment, events } = step;
  return JSON.stringify({ conversation, packet, time, from, length, sequence, acknowledgment, events });
}

function streamOf(step: Step | undefined): string {
  return step && step.conversation.kind !== "echo" ? `${step.conversation.kind} ${step.conversation.number}` : "";
}

function theirStream(row: Row): string {
  const [tcp] = row.get("tcp.stream") ?? [];
  const [udp] = row.get("udp.stream") ?? [];
  return tcp !== undefined ? `tcp ${tcp}` : udp !== undefined ? `udp ${udp}` : "";
}

function flagsOf(step: Step | undefined): string {
  const names = new Set(step?.events.flatMap(({ rule }) => wiresharkFlags[rule]));
  return columns.filter((name) => names.has(name)).join(" ");
}

function initialRtt({ initialRoundTrip }: TcpConversation): string {
  return Number.isNaN(initialRoundTrip) ? "" : (initialRoundTrip / 1e9).toFixed(9);
}
