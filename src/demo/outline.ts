/**
 * Packets in a word or two, to compare what came with what was expected.
 *
 * Of a packet there is its sender and a set of words: "SYN", "SYN ACK", "FIN", "RST", "ACK" for one with nothing else,
 * "data" and "5 octets" where it has some, "lost", "held" and "late" by what the link did, the name of an ICMP error, and
 * what is remarkable: "retransmission", "zero window". An expectation is the sender and some of these words: `client: FIN`,
 * `server: data, retransmission`. `…` behind it stands for one or more such packets.
 *
 * Acknowledgments without anything else may come at any time, as the kernel delays and joins them, and so may what is sent
 * again, on a machine that has other things to do and by tail loss probes: where none is expected, they are passed over.
 */
export interface Outline {
  readonly from: "client" | "server";
  readonly words: readonly string[];
}

function outlineText({ from, words }: Outline): string {
  return `${from}: ${words.join(", ")}`;
}

interface Expectation {
  readonly text: string;
  readonly from: string;
  readonly words: readonly string[];
  readonly repeats: boolean;
}

function parse(text: string): Expectation {
  const match = /^(client|server): (.+?)( …)?$/.exec(text);
  if (!match) throw new Error(`no expectation: ${text}`);
  const [, from = "", words = "", repeats] = match;
  return { text, from, words: words.split(", "), repeats: repeats !== undefined };
}

/** Whether a packet is what `expectation` says. */
export function matches(outline: Outline, expectation: string): boolean {
  return meets(outline, parse(expectation));
}

function meets(outline: Outline, { from, words }: Expectation): boolean {
  return outline.from === from && words.every((word) => outline.words.includes(word));
}

/** What is expected next, and not there yet; undefined where everything is there. `wrong`: something else came. */
export interface Difference {
  readonly wrong: boolean;
  readonly text: string;
}

/** Holds what came against what was expected. */
export function compare(seen: readonly Outline[], expected: readonly string[]): Difference | undefined {
  const expectations = expected.map(parse);
  let at = 0;
  let again: Expectation | undefined;
  for (const [i, outline] of seen.entries()) {
    const next = expectations[at];
    if (next && meets(outline, next)) {
      again = next.repeats ? next : undefined;
      at++;
    } else if (!(again && meets(outline, again)) && !outline.words.some((word) => PASSED_OVER.has(word))) {
      const instead = next ? `"${next.text}"` : "nothing more";
      return { wrong: true, text: `packet ${i + 1} is "${outlineText(outline)}", but ${instead} was expected` };
    }
  }
  const missing = expectations[at];
  return missing && { wrong: false, text: `"${missing.text}" was expected, but did not come` };
}

const PASSED_OVER: ReadonlySet<string> = new Set([
  "ACK",
  "retransmission",
  "spurious retransmission",
  "repetition",
  "SYN again",
]);
