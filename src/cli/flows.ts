/** A table of conversations. */
import type { Conversation } from "../flow/conversation.js";
import { Conversations } from "../flow/conversations.js";
import { durationText } from "../flow/explain.js";
import type { Frame } from "../packet/frame.js";
import { nameOf, sideText } from "../render/conversation.js";
import type { Paint } from "../render/paint.js";
import { count, printable, printableJson } from "../render/text.js";
import type { LiveOptions } from "./capture.js";
import { paintFor } from "./colours.js";
import { pourFrom } from "./from.js";
import { Output } from "./output.js";
import type { Sink } from "./sink.js";
import { terminal } from "./terminal.js";

export interface FlowsCommandOptions extends LiveOptions {
  readonly json?: boolean;
  readonly sort?: Order;
  readonly most: number;
}

export type Order = "start" | "latest" | "duration" | "packets" | "octets";

export async function flowsCommand(file: string, words: string[], options: FlowsCommandOptions): Promise<void> {
  const isStream = file === "live" || file === "-";
  await pourFrom(file, words, options, () =>
    options.json ? new Objects(options) : new Table(options, isStream && process.stdout.isTTY),
  );
}

/** Conversations as JSON: those that have to be forgotten at once, the others in the end. */
class Objects implements Sink {
  readonly #output = new Output();
  readonly #conversations: Conversations;
  readonly #order: Order;

  constructor({ most, sort = "start" }: FlowsCommandOptions) {
    this.#order = sort;
    this.#conversations = new Conversations({
      most,
      reassembled: true,
      evicted: (conversation) => this.#print(conversation),
    });
  }

  /** hot */
  take(frame: Frame): boolean {
    this.#conversations.follow(frame);
    return this.#output.full;
  }

  ready(): Promise<boolean> {
    return this.#output.flush();
  }

  async end(): Promise<void> {
    for (const conversation of sorted(this.#conversations, this.#order)) {
      this.#print(conversation);
      if (this.#output.full && !(await this.#output.flush())) return;
    }
    await this.#output.flush();
  }

  #print(conversation: Conversation): void {
    this.#output.print(printableJson(JSON.stringify(conversation)));
  }
}

/** Milliseconds. */
const REFRESH = 1000;

class Table implements Sink {
  readonly #conversations: Conversations;
  readonly #output = new Output();
  readonly #order: Order;
  #left: readonly string[] = [];
  readonly #paint: Paint;
  #timer: NodeJS.Timeout | undefined;
  #drawing: Promise<boolean> | undefined;

  constructor({ most, sort, color }: FlowsCommandOptions, refreshes: boolean) {
    // What a screen has no room for shall be what nothing happens in
    this.#order = sort ?? (refreshes ? "latest" : "start");
    this.#paint = paintFor(process.stdout, color);
    this.#conversations = new Conversations({ most, reassembled: true });
    if (!refreshes) return;
    process.stdout.write("\x1b[?1049h"); // the other screen, so that the terminal's own is as it was afterwards
    process.once("exit", leaveScreen);
    this.#timer = setInterval(() => {
      this.#drawing ??= this.#draw().finally(() => {
        this.#drawing = undefined;
      });
      this.#drawing.catch(() => {}); // a terminal that is gone ends the process by SIGHUP
    }, REFRESH);
  }

  /** hot */
  take(frame: Frame): boolean {
    this.#conversations.follow(frame);
    return false;
  }

  async end(): Promise<void> {
    if (this.#timer) {
      clearInterval(this.#timer);
      await this.#drawing;
      process.off("exit", leaveScreen);
      leaveScreen();
    }
    const { lines, left } = this.#lines(Number.POSITIVE_INFINITY);
    this.#left = left;
    for (const line of lines) this.#output.print(line);
    await this.#output.flush();
  }

  get remarks(): readonly string[] {
    const { apart, evicted, size } = this.#conversations;
    const parts = [count(size, "conversation")];
    if (apart > 0) parts.push(`${count(apart, "packet")} of none`);
    if (evicted > 0) parts.push(`${evicted} forgotten, those longest silent (--most keeps more, --json prints all)`);
    const left = this.#left.join(", ").toLowerCase();
    return [parts.join(", "), ...(left === "" ? [] : [`no room for ${left}: a wider terminal or --json shows more`])];
  }

  async #draw(): Promise<boolean> {
    const { rows } = terminal();
    // The header, what is left out, and the line that the cursor ends in
    const { lines } = this.#lines(rows - 3);
    const more = this.#conversations.size - (rows - 3);
    const last = more > 0 ? [this.#paint("quiet", `and ${more} more`)] : [];
    this.#output.print(`\x1b[H${[...lines, ...last].map((line) => `${line}\x1b[K`).join("\n")}\x1b[J`);
    return this.#output.flush();
  }

  #lines(most: number): { lines: readonly string[]; left: readonly string[] } {
    const chosen = sorted(this.#conversations, this.#order).slice(0, most);
    const width = process.stdout.isTTY ? terminal().columns : Number.POSITIVE_INFINITY;
    return table(chosen, width, this.#paint);
  }
}

function leaveScreen(): void {
  process.stdout.write("\x1b[?1049l");
}

function sorted(conversations: Conversations, order: Order): readonly Conversation[] {
  const all = [...conversations];
  const by = measures[order];
  return by ? all.sort((a, b) => by(b) - by(a)) : all;
}

const octetsOf = ({ client, server }: Conversation): number => client.octets + server.octets;
const packetsOf = ({ client, server }: Conversation): number => client.packets + server.packets;

/** The most comes first. */
const measures: Readonly<Record<Order, ((conversation: Conversation) => number) | undefined>> = {
  start: undefined,
  latest: ({ seconds, nanoseconds, duration }) => seconds + (nanoseconds + duration) / 1e9,
  duration: ({ duration }) => duration,
  packets: packetsOf,
  octets: octetsOf,
};

interface Column {
  readonly title: string;
  readonly text: (conversation: Conversation) => string;
  readonly isNumber?: boolean;
  /** Left out where it says the same of all, and not only where it says nothing. */
  readonly tellsApart?: boolean;
  /** Where room is short, that with the highest number goes first; those without stay. */
  readonly rank?: number;
}

const COLUMNS: readonly Column[] = [
  { title: "NAME", text: nameOf },
  { title: "CLIENT", text: (conversation) => sideText(conversation, "client") },
  { title: "SERVER", text: (conversation) => sideText(conversation, "server"), rank: 1 },
  { title: "DEVICE", text: ({ device = "" }) => printable(device), rank: 4, tellsApart: true },
  { title: "VLAN", text: ({ vlans }) => vlans.join(" in "), rank: 4 },
  { title: "STATE", text: stateText, rank: 2 },
  { title: "PACKETS", text: (conversation) => String(packetsOf(conversation)), isNumber: true, rank: 7 },
  { title: "SENT", text: ({ client }) => String(client.octets), isNumber: true, rank: 3 },
  { title: "RECEIVED", text: ({ server }) => String(server.octets), isNumber: true, rank: 3 },
  { title: "DURATION", text: durationOf, isNumber: true, rank: 6 },
  { title: "ROUND TRIP", text: roundTripText, isNumber: true, rank: 8 },
  { title: "TROUBLE", text: troubleText, rank: 5 },
];

const HIGHEST = Math.max(...COLUMNS.map(({ rank = 0 }) => rank));

function stateText(conversation: Conversation): string {
  switch (conversation.kind) {
    case "tcp":
      return conversation.ending;
    case "udp":
      return "";
    case "echo":
      return `${conversation.answered} of ${conversation.requests} answered`;
    default:
      return conversation satisfies never;
  }
}

function durationOf({ seconds, duration }: Conversation): string {
  return Number.isNaN(seconds) ? "" : durationText(duration);
}

function roundTripText(conversation: Conversation): string {
  if (conversation.kind === "udp") return "";
  const time =
    conversation.kind === "tcp"
      ? conversation.initialRoundTrip
      : conversation.roundTrips.samples > 0
        ? conversation.roundTrips.smoothed
        : Number.NaN;
  return Number.isNaN(time) ? "" : durationText(time);
}

function troubleText(conversation: Conversation): string {
  const { errors } = conversation;
  const troubles: [number, string, string][] = [[errors, "ICMP error", ""]];
  if (conversation.kind === "echo") {
    const { replies, answered, duplicates } = conversation;
    troubles.push([duplicates, "duplicate", ""], [replies - answered - duplicates, "answer", " to what was not seen"]);
  }
  if (conversation.kind === "tcp") {
    const { client, server } = conversation;
    troubles.push(
      [client.synRetries + server.synRetries, "SYN", " again"],
      [client.retransmissions + server.retransmissions, "segment", " again"],
      [client.outOfOrder + server.outOfOrder, "segment", " out of order"],
      [client.missed + server.missed, "octet", " unseen"],
      [client.zeroWindows + server.zeroWindows, "zero window", ""],
    );
  }
  return troubles
    .filter(([n]) => n > 0)
    .map(([n, thing, how]) => count(n, thing) + how)
    .join(", ");
}

/** Lines of at most `width` columns, and the titles that there was no room for. */
function table(
  conversations: readonly Conversation[],
  width: number,
  paint: Paint,
): { lines: readonly string[]; left: readonly string[] } {
  let columns = COLUMNS.map((column) => {
    const cells = conversations.map(column.text);
    const size = cells.reduce((most, cell) => Math.max(most, cell.length), column.title.length);
    return { ...column, cells, size };
  }).filter(
    ({ cells, title, tellsApart }) => title === "NAME" || cells.some((cell) => cell !== (tellsApart ? cells[0] : "")),
  );
  const left: string[] = [];
  const total = (): number => columns.reduce((sum, { size }) => sum + size + 2, -2);
  for (let rank = HIGHEST; rank > 0 && total() > width; rank--) {
    left.push(...columns.filter((column) => column.rank === rank).map(({ title }) => title));
    columns = columns.filter((column) => column.rank !== rank);
  }
  // What is cut shows that it is, and is named all the same
  const cut = total() > width ? columns.at(-1) : undefined;
  if (cut) left.push(`all of ${cut.title}`);
  const row = (cellOf: (column: (typeof columns)[number]) => string): string => {
    const text = columns
      .map((column) => (column.isNumber ? cellOf(column).padStart(column.size) : cellOf(column).padEnd(column.size)))
      .join("  ")
      .trimEnd();
    return text.length > width ? `${text.slice(0, width - 1)}…` : text;
  };
  const lines = conversations.map((conversation, i) => {
    const text = row(({ cells }) => cells[i]!);
    return hasFailed(conversation) ? paint("problem", text) : text;
  });
  const titles = row(({ title }) => title);
  return { lines: [paint("title", titles), ...lines], left };
}

function hasFailed(conversation: Conversation): boolean {
  return conversation.kind === "tcp" && ["refused", "reset", "timed out"].includes(conversation.ending);
}
