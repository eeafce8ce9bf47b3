/** sockinspect send and ask: packets that drafts on the command line make. */
import { parseDraft } from "../craft/draft.js";
import { frameOf } from "../packet/decode.js";
import { count } from "../render/text.js";
import { Asker } from "../send/ask.js";
import { craftFor } from "../send/here.js";
import type { Answer } from "../send/questions.js";
import { checkSendOptions, type SendOptions, sendBy } from "../send/send.js";
import { type Sent, Transmitter } from "../send/transmitter.js";
import type { Outgoing, Way } from "../send/way.js";
import type { ColourChoice } from "./colours.js";
import { abortOnInterrupt } from "./interrupt.js";
import { chooseUser, giveUpPrivileges } from "./privileges.js";
import { Printing } from "./show.js";
import { teller } from "./tell.js";

interface CommonOptions {
  readonly via?: "raw" | "link";
  readonly interface?: string;
  readonly user?: string;
  readonly color: ColourChoice;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly hex?: boolean;
}

export interface SendCommandOptions extends CommonOptions {
  readonly count?: number;
  readonly flood?: boolean;
  readonly rate?: number;
  readonly quiet?: boolean;
}

export interface AskCommandOptions extends CommonOptions {
  /** Seconds. */
  readonly timeout: number;
  readonly retries: number;
  readonly guard: boolean;
}

export async function sendCommand(drafts: readonly string[], options: SendCommandOptions): Promise<void> {
  const user = chooseUser(options.user);
  const craft = craftFor(options.interface);
  const packets = drafts.map((draft) => craft(...parseDraft(draft)));
  const count = options.flood ? Number.POSITIVE_INFINITY : options.count;
  const ended = new AbortController();
  const sendOptions: SendOptions = { ...options, count, signal: ended.signal };
  checkSendOptions(sendOptions);
  await using transmitter = new Transmitter(sendOptions);
  const ways = packets.map((packet) => transmitter.open(packet));
  giveUpPrivileges(user);
  if (!options.quiet) await show(packets, options);
  abortOnInterrupt(ended);
  const start = performance.now();
  try {
    await sendBy(transmitter, packets, sendOptions);
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  } finally {
    teller(options.color)(`${sentText(transmitter, performance.now() - start)}${wayText(ways)}`);
  }
}

export async function askCommand(drafts: readonly string[], options: AskCommandOptions): Promise<void> {
  const user = chooseUser(options.user);
  const craft = craftFor(options.interface);
  const packets = drafts.map((draft) => craft(...parseDraft(draft)));
  const { via, retries, guard } = options;
  await using asker = await Asker.open(packets, {
    via,
    retries,
    guard,
    interface: options.interface,
    timeout: options.timeout * 1000,
  });
  giveUpPrivileges(user);
  const tell = teller(options.color);
  // In the order asked, all at once
  const answers = packets.map((packet) => asker.ask(packet));
  for (const answer of answers) answer.catch(() => {});
  let unanswered = 0;
  for (const [i, packet] of packets.entries()) {
    const answer = await answers[i]!;
    await show([packet], options);
    if (answer) {
      await show([answer], options);
      const again = answer.attempts > 1 ? `, asked ${answer.attempts} times` : "";
      tell(`answered within ${answer.roundTrip.toFixed(3)} ms${again}`);
    } else {
      unanswered++;
      tell(`no answer within ${options.timeout} s${retries > 0 ? `, asked ${retries + 1} times` : ""}`);
    }
  }
  if (unanswered > 0) process.exitCode = 1;
}

/** Packets as `sockinspect capture` shows them, of those that were captured also what the kernel said of them. */
async function show(packets: readonly (Outgoing & Partial<Answer>)[], options: CommonOptions): Promise<void> {
  const printing = new Printing({ ...options, payload: true, time: "none", reassemble: false });
  for (const { octets, linkType, packet } of packets)
    printing.take(frameOf(octets, linkType, packet ?? { seconds: Number.NaN }));
  await printing.end();
}

/** What the kernel took. */
export function sentText({ packets, octets, waits }: Omit<Sent, "seconds">, milliseconds: number): string {
  const seconds = milliseconds / 1000;
  const rate = packets > 1 && seconds > 0 ? `, ${Math.round(packets / seconds)} packets/s` : "";
  const waited = waits > 0 ? `, waited ${count(waits, "time")} for room` : "";
  return `${count(packets, "packet")}, ${count(octets, "octet")} sent in ${seconds.toFixed(3)} s${rate}${waited}`;
}

function wayText(ways: readonly Way[]): string {
  const texts = ways.map((way) =>
    way.via === "raw" ? `by a raw socket over ${way.route.device.name}` : `by the link layer of ${way.device.name}`,
  );
  const different = [...new Set(texts)];
  return different.length === 1 ? `, ${different[0]}` : "";
}
