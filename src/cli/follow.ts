/** What both sides of conversations say. */
import { refusedArgument } from "../arguments.js";
import type { Conversation } from "../flow/conversation.js";
import { Conversations } from "../flow/conversations.js";
import type { Frame } from "../packet/frame.js";
import { nameOf } from "../render/conversation.js";
import { count } from "../render/text.js";
import type { LiveOptions } from "./capture.js";
import { paintFor } from "./colours.js";
import { pourFrom } from "./from.js";
import { ENDS, KEEP, type Listener } from "./listener.js";
import type { Sink } from "./sink.js";
import { Octets, Text } from "./spoken.js";
import { StreamFiles } from "./stream-files.js";

export interface FollowCommandOptions extends LiveOptions {
  readonly hex?: boolean;
  readonly raw?: string;
  readonly conversation?: string;
}

/** Conversations at once, with up to two open files each. */
const MOST = 400;

export async function followCommand(file: string, words: string[], options: FollowCommandOptions): Promise<void> {
  const { conversation, raw } = options;
  if (conversation !== undefined && !/^(tcp|udp)-\d+$/.test(conversation))
    throw refusedArgument(
      "--conversation",
      conversation,
      `--conversation takes a name such as tcp-0, not ${JSON.stringify(conversation)} ('sockinspect flows' tells them)`,
    );
  await pourFrom(file, words, options, () => {
    return new Following(file, options, raw === undefined ? spoken(options, file) : new StreamFiles(raw));
  });
}

function spoken({ hex, color }: FollowCommandOptions, file: string): Listener {
  const paint = paintFor(process.stdout, color);
  return hex ? new Octets(paint) : new Text(paint, file === "live" || file === "-");
}

class Following implements Sink {
  readonly #conversations: Conversations;
  readonly #listener: Listener;
  readonly #file: string;
  readonly #only: string | undefined;
  /** Whether {@link #only} was there. */
  #came = false;
  #missing = 0;
  #heard = 0;

  constructor(file: string, { conversation }: FollowCommandOptions, listener: Listener) {
    this.#file = file;
    this.#listener = listener;
    this.#only = conversation;
    const evicted = (one: Conversation): void => this.#end(one);
    // What several devices see was said once
    const ignoreDevices = true;
    this.#conversations = new Conversations({ most: MOST, keep: KEEP, reassembled: true, ignoreDevices, evicted });
  }

  take(frame: Frame): boolean {
    const step = this.#conversations.follow(frame);
    if (step) {
      if (this.#only !== undefined) this.#came ||= nameOf(step.conversation) === this.#only;
      this.#pass(step.conversation);
    }
    return this.#listener.output.full || this.#listener.failure !== undefined;
  }

  async ready(): Promise<boolean> {
    const { failure } = this.#listener;
    if (failure !== undefined) throw failure;
    this.#listener.pause?.();
    return this.#listener.output.flush();
  }

  async end(): Promise<void> {
    this.#conversations.end();
    for (const conversation of this.#conversations) this.#end(conversation);
    await this.ready();
    if (this.#only !== undefined && !this.#came && this.#file !== "live")
      throw refusedArgument(
        "--conversation",
        this.#only,
        `--conversation: there is no ${this.#only} among what was read ('sockinspect flows' tells what there is, with the same filter)`,
      );
  }

  get remarks(): readonly string[] {
    const { evicted } = this.#conversations;
    const remarks = [...this.#listener.remarks];
    if (this.#only !== undefined && !this.#came) remarks.push(`no conversation ${this.#only} came`);
    else if (this.#heard === 0) remarks.push("nothing was said");
    if (this.#missing > 0) remarks.push(`${count(this.#missing, "octet")} missing`);
    if (evicted > 0)
      remarks.push(`${count(evicted, "conversation")} let go, those longest silent: ${MOST} are followed at once`);
    return remarks;
  }

  #pass(conversation: Conversation): void {
    if (conversation.kind === "echo") return;
    // An acknowledgment tells what is missing of the other side
    for (const from of ENDS) {
      const pieces = conversation[from].data?.take() ?? [];
      if (pieces.length === 0 || (this.#only !== undefined && nameOf(conversation) !== this.#only)) continue;
      for (const piece of pieces) {
        if (piece.kind === "gap") this.#missing += piece.length;
        else this.#heard += piece.octets.length;
      }
      this.#listener.hear(conversation, from, pieces);
    }
  }

  #end(conversation: Conversation): void {
    this.#pass(conversation);
    this.#listener.over?.(conversation);
  }
}
