import { text } from "node:stream/consumers";
import { SockinspectError } from "../errors.js";
import { decode } from "../packet/decode.js";
import { Frame } from "../packet/frame.js";
import { linkTypes } from "../wire/numbers.js";
import type { ColourChoice } from "./colours.js";
import { Printing } from "./show.js";

export interface ExplainOptions {
  readonly link?: keyof typeof links;
  readonly color: ColourChoice;
}

const links = {
  ethernet: linkTypes.ethernet,
  ip: linkTypes.raw,
  sll: linkTypes.sll,
  sll2: linkTypes.sll2,
  null: linkTypes.null,
  loop: linkTypes.loop,
} as const;

/** Shows the packet whose octets stand in `words`, or on stdin: its line, what it means, and every field. */
export async function explainCommand(words: readonly string[], options: ExplainOptions): Promise<void> {
  const octets = octetsOf(words.join(" ") === "-" ? await text(process.stdin) : words.join(" "));
  const frame = new Frame();
  frame.linkType = options.link ? links[options.link] : likeliest(octets);
  frame.move(new DataView(octets.buffer), 0, octets.length, octets.length);
  const printing = new Printing({
    payload: true,
    verbose: true,
    explain: true,
    hex: true,
    time: "none",
    color: options.color,
    reassemble: false,
  });
  printing.take(frame);
  await printing.end();
}

/** The link type by which the octets make most sense: headers and right checksums speak for one, problems against it. */
function likeliest(octets: Uint8Array): number {
  const sense = (linkType: number): number => {
    const { layers, checksums, problems } = decode(octets, linkType);
    const headers = layers.filter(({ kind }) => kind !== "payload" && kind !== "trailer" && kind !== "cut").length;
    const good = checksums.filter(({ verdict }) => verdict === "good").length;
    return headers + 4 * good - 3 * problems.length;
  };
  // Of equals, the first
  const candidates = [links.ip, links.ethernet, links.sll, links.sll2, links.null];
  return candidates.reduce((best, linkType) => (sense(linkType) > sense(best) ? linkType : best));
}

/** In front of a dump's line: where it starts, as many dumps have it. */
const OFFSET = /^\s*(?:0x)?([0-9a-f]{4,8})(?::\s*|\s{2,})/i;

/** The octets that `text` spells in hex digits, or in a dump with offsets before and characters behind. */
function octetsOf(text: string): Uint8Array {
  const octets: number[] = [];
  for (const line of text.split("\n")) {
    const [offset, at] = OFFSET.exec(line) ?? [];
    const isDump = at !== undefined && Number.parseInt(at, 16) === octets.length && line.trim() !== at;
    // Wide gaps stand before the characters; dumps have 16 octets a line
    const digits = isDump ? line.slice(offset!.length).split(/\s{3,}/)[0]! : line;
    let left = isDump ? 16 : Number.POSITIVE_INFINITY;
    for (const word of digits.split(/[\s:]+/)) {
      if (word === "" || left === 0) continue;
      const pairs = /^(?:0x)?((?:[0-9a-f]{2})+)$/i.exec(word)?.[1];
      if (pairs === undefined) throw notHex(word);
      for (let i = 0; i < pairs.length && left > 0; i += 2, left--) octets.push(Number.parseInt(pairs.slice(i, i + 2), 16)); // biome-ignore format: one thought
    }
  }
  if (octets.length === 0) throw notHex("nothing");
  return Uint8Array.from(octets);
}

function notHex(word: string): SockinspectError<"BAD_ARGUMENT"> {
  const help = /[(/"]/.test(word) ? " (the octets of a draft are what 'sockinspect hex' prints)" : "";
  return new SockinspectError("BAD_ARGUMENT", `explain takes hex digits, two an octet, not ${word}${help}`, {
    argument: "hex",
    value: word,
  });
}
