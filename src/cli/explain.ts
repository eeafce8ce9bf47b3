import { text } from "node:stream/consumers";
import { refusedArgument } from "../arguments.js";
import type { SockinspectError } from "../errors.js";
import { decode, frameOf } from "../packet/decode.js";
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

/** What the kernel said of packets that are nothing but octets. */
const NOTHING_SAID = { offload: "unknown" } as const;

/** Shows the packets whose octets stand in `words`, or on stdin: their lines, what they mean, and every field. */
export async function explainCommand(words: readonly string[], options: ExplainOptions): Promise<void> {
  const packets = packetsIn(words.join(" ") === "-" ? await text(process.stdin) : words.join(" "));
  const printing = new Printing({
    payload: true,
    verbose: true,
    explain: true,
    hex: true,
    time: "none",
    color: options.color,
    reassemble: false,
  });
  for (const octets of packets) {
    const linkType = options.link ? links[options.link] : likeliest(octets);
    printing.take(frameOf(octets, linkType, NOTHING_SAID));
  }
  await printing.end();
}

/**
 * The link type by which the octets make most sense: headers, right checksums and a start that is like one speak for it,
 * problems against it.
 */
function likeliest(octets: Uint8Array): number {
  const sense = (linkType: number): number => {
    const { layers, checksums, problems } = decode(octets, linkType, NOTHING_SAID);
    const headers = layers.filter(({ kind }) => kind !== "payload" && kind !== "trailer" && kind !== "cut").length;
    const good = checksums.filter(({ verdict }) => verdict === "good").length;
    const known = headers > 1 ? 1 : linkType === links.ethernet && isTyped(octets) ? 0 : -1;
    const like = linkType === links.ip ? likeIp(octets) : known;
    return headers + 4 * (good + like) - 3 * problems.length;
  };
  // Of equals, the first
  const candidates = [links.ip, links.ethernet, links.sll, links.sll2, links.null];
  return candidates.reduce((best, linkType) => (sense(linkType) > sense(best) ? linkType : best));
}

/** How much the octets are like an IP header, whatever its checksum: one for how it starts, one for its length. */
function likeIp(octets: Uint8Array): number {
  const { length } = octets;
  const [first = 0, second = 0, high = 0, low = 0] = octets;
  const size = (first & 15) * 4;
  if (first >> 4 === 4) return size < 20 || size > length ? 0 : high * 256 + low === length ? 2 : 1;
  if (first >> 4 !== 6 || length < 40) return 0;
  // Rarely with a traffic class or flow label, as hardware addresses begin
  const plain = first === 0x60 && second + high + low === 0;
  return Number(plain) + Number(40 + octets[4]! * 256 + octets[5]! === length);
}

/** IEEE 802.3 §3.2.6: a type that nobody knows may well be one, a length of nothing that is known is rather none. */
function isTyped(octets: Uint8Array): boolean {
  return octets.length >= 14 && octets[12]! >= 6;
}

/** In front of a dump's line: where it starts, as many dumps have it. */
const OFFSET = /^\s*(?:0x)?([0-9a-f]{4,8})(?::\s*|\s{2,})(?=\S)/i;

/** The octets of each packet that `text` spells in hex digits, or in dumps with offsets before and characters behind. */
function packetsIn(text: string): readonly Uint8Array<ArrayBuffer>[] {
  const lines = text.split("\n");
  const packets = lines.some((line) => offsetOf(line) === 0) ? dumpsIn(lines) : [octetsIn(text, Infinity)];
  if (packets.every(({ length }) => length === 0)) throw notHex("nothing");
  return packets.map((octets) => Uint8Array.from(octets));
}

/** Each begins at offset 0; what stands between them is no dump, but says what they are. */
function dumpsIn(lines: readonly string[]): readonly number[][] {
  const packets: number[][] = [];
  for (const line of lines) {
    const at = offsetOf(line);
    if (at === 0) packets.push([]);
    const octets = packets.at(-1);
    if (at === undefined || !octets) continue;
    if (at !== octets.length)
      throw refusedArgument(
        "hex",
        line,
        `a dump's lines follow each other: there is none at 0x${octets.length.toString(16)}, before 0x${at.toString(16)}`,
      );
    // Wide gaps stand before the characters; dumps have 16 octets a line
    octets.push(...octetsIn(line.replace(OFFSET, "").split(/\s{3,}/)[0]!, 16));
  }
  return packets;
}

function offsetOf(line: string): number | undefined {
  const at = OFFSET.exec(line)?.[1];
  return at === undefined ? undefined : Number.parseInt(at, 16);
}

/** The octets that `digits` spell, so many at most: what is behind them is not looked at. */
function octetsIn(digits: string, most: number): number[] {
  const octets: number[] = [];
  for (const word of digits.split(/[\s:]+/)) {
    if (word === "" || octets.length >= most) continue;
    const pairs = /^(?:0x)?((?:[0-9a-f]{2})+)$/i.exec(word)?.[1];
    if (pairs === undefined) throw notHex(word);
    for (let i = 0; i < pairs.length && octets.length < most; i += 2) octets.push(Number.parseInt(pairs.slice(i, i + 2), 16)); // biome-ignore format: one thought
  }
  return octets;
}

function notHex(word: string): SockinspectError<"BAD_ARGUMENT"> {
  const help = /[(/"]/.test(word) ? " (the octets of a draft are what 'sockinspect hex' prints)" : "";
  return refusedArgument("hex", word, `explain takes hex digits, two an octet, not ${word}${help}`);
}
