/** Conversations as ladders on standard output, once all their packets are there. */
import type { Frame } from "../packet/frame.js";
import { Ladders } from "../render/ladder.js";
import { ladderMermaid } from "../render/ladder-mermaid.js";
import { ladderSvgPieces } from "../render/ladder-svg.js";
import { ladderText } from "../render/ladder-text.js";
import { count } from "../render/text.js";
import { paintFor } from "./colours.js";
import { Output } from "./output.js";
import { Printing, Reassembling, type ShowOptions } from "./show.js";
import type { Sink } from "./sink.js";
import { terminal } from "./terminal.js";

export interface LadderCommandOptions extends ShowOptions {
  readonly ladder?: boolean;
  readonly format?: "text" | "mermaid" | "svg";
}

/** With the thousand packets kept of each, this is what stays in memory. */
const MOST = 1000;

/** What shows packets the way the options ask for. */
export function showing(options: LadderCommandOptions): readonly Sink[] {
  const shows = options.ladder ? new Drawing(options) : new Printing(options);
  return options.reassemble ? [new Reassembling(), shows] : [shows];
}

class Drawing implements Sink {
  readonly #ladders: Ladders;
  readonly #options: LadderCommandOptions;

  constructor(options: LadderCommandOptions) {
    this.#options = options;
    this.#ladders = new Ladders({ most: MOST, explain: options.explain === true, reassembled: options.reassemble });
  }

  /** hot */
  take(frame: Frame): boolean {
    this.#ladders.add(frame);
    return false;
  }

  async end(): Promise<void> {
    const output = new Output();
    for (const piece of this.#pieces()) {
      output.print(piece);
      if (output.full && !(await output.flush())) return;
    }
    await output.flush();
  }

  get remarks(): readonly string[] {
    const { apart, evicted } = this.#ladders.conversations;
    const remarks: string[] = [];
    if (apart > 0) remarks.push(`${count(apart, "packet")} of no conversation, not drawn`);
    if (evicted > 0)
      remarks.push(`${count(evicted, "conversation")} not drawn: no more than ${MOST} are kept (a filter helps)`);
    return remarks;
  }

  *#pieces(): Generator<string, void, undefined> {
    const { color, format } = this.#options;
    const paint = paintFor(process.stdout, color);
    const width = terminal().columns;
    if (format === "svg") {
      const ladders = [...this.#ladders];
      if (ladders.length > 0) for (const piece of ladderSvgPieces(ladders)) yield piece.trimEnd();
      return;
    }
    let isFirst = true;
    for (const ladder of this.#ladders) {
      if (!isFirst) yield "";
      isFirst = false;
      // A block of Markdown, as where these diagrams are drawn
      if (format === "mermaid") yield `\`\`\`mermaid\n${ladderMermaid(ladder)}\`\`\``;
      else yield ladderText(ladder, { width, paint }).join("\n");
    }
  }
}
