/** Drafts of packets of every combination of headers, from seeds. */
import { type AnyDraft, type Craftable, craft } from "../../src/craft/craft.js";
import type { Crafted } from "../../src/craft/crafted.js";
import { following } from "../../src/craft/following.js";
import { fuzz } from "../../src/craft/fuzz.js";
import { type HeaderKind, headers } from "../../src/packet/headers.js";
import { END } from "../../src/packet/walk/walk.js";

const STARTS = ["ethernet", "ethernet", "ethernet", "sll", "sll2", "null", "loop", "ipv4", "ipv6"] as const;

/** What may follow each header. */
const next = new Map(
  headers.map(({ kind }) => [
    kind,
    headers.filter((_, id) => following[kind].number(id) !== END).map((each) => each.kind),
  ]),
);

/** Headers behind which only octets come. */
const DEEPEST = 7;

export interface Draft {
  readonly seed: number;
  readonly kinds: readonly string[];
  readonly packet: Crafted;
}

/** The packet of a seed: headers that follow each other in any way they can, with values of any size, and a payload. */
export function draftOf(seed: number): Draft {
  let state = seed;
  const below = (limit: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x6d2b_79f5) >>> 0;
    return (Math.imul(state ^ (state >>> 12), 0x297a_2d39) >>> 8) % limit;
  };
  const kinds: HeaderKind[] = [STARTS[below(STARTS.length)]!];
  for (;;) {
    const { length } = kinds;
    const all = next.get(kinds[length - 1]!)!.filter((kind) => isUseful(kinds, kind));
    if (all.length === 0 || (length >= DEEPEST && below(2) === 0) || length > 12) break;
    kinds.push(all[below(all.length)]!);
  }
  const pieces: Craftable[] = kinds.map((kind, i) => {
    const types = i === kinds.length - 1 ? MESSAGES[kind] : ERRORS[kind];
    return readable(fuzz({ kind, ...(types && { type: types[below(types.length)] }) } as AnyDraft, seed + i));
  });
  // What has no payload of its own would take it for one of its fields
  const last = kinds[kinds.length - 1]!;
  const isWhole = last === "arp" || last === "igmp" || last === "mobility" || hasNoData(pieces.at(-1));
  const least = last === "mpls" || last === "pppoe" ? 2 : 0;
  const size = isWhole ? 0 : least + below(40);
  const payload = Uint8Array.from({ length: size }, () => below(256));
  // What follows a label says itself whether it is IP
  if (last === "mpls") payload[0]! |= 0xf0;
  // A number of PPP that nobody has
  if (last === "pppoe") payload.fill(0xff, 0, 2);
  // A chunk without content: what SCTP carries are chunks
  if (last === "sctp") pieces.push(COOKIE_ACK);
  else if (size > 0) pieces.push(payload);
  return { seed, kinds, packet: craft(...pieces) };
}

/** TShark 4.0 reads two octets behind the end of this option of CCSDS 714.0-B-2, where it has no bits. */
function readable(drawn: AnyDraft): AnyDraft {
  // Dynamic ports: by others TShark takes the payload for what is usual there
  const draft = "destinationPort" in drawn ? ({ ...drawn, sourcePort: dynamic(drawn.sourcePort), destinationPort: dynamic(drawn.destinationPort) } as AnyDraft) : drawn; // biome-ignore format: one thought
  if (draft.kind !== "tcp") return draft;
  return { ...draft, options: draft.options?.filter(({ kind }) => kind !== "selectiveNegativeAcknowledgment") };
}

/** Types of messages that quote no packet, and of those that do, but for redirects: TShark 4.0 does not see all they quote. */
const MESSAGES: { readonly [K in HeaderKind]?: readonly number[] } = {
  icmp: [0, 8, 10, 13, 14, 15, 16, 17, 18],
  icmpv6: [128, 129, 130, 131, 132, 133, 134, 135, 136, 143],
};
const ERRORS: { readonly [K in HeaderKind]?: readonly number[] } = { icmp: [3, 4, 11, 12], icmpv6: [1, 2, 3, 4] };

/** What follows such a message is its options. */
function hasNoData(piece: Craftable | undefined): boolean {
  return typeof piece === "object" && "kind" in piece && piece.kind === "icmpv6" && piece.type! >= 130;
}

function dynamic(port = 0): number {
  return 49_152 + (port & 0x3fff);
}

const COOKIE_ACK = Uint8Array.of(11, 0, 0, 4);

/** Whether another dissector follows as far as ours: quotes are cut, and repetitions are stopped at some depth. */
function isUseful(before: readonly HeaderKind[], kind: HeaderKind): boolean {
  const repeated = before.filter((each) => each === kind).length;
  return repeated < (kind === "vlan" || kind === "mpls" ? 3 : kind === "ipv4" || kind === "ipv6" ? 3 : 1);
}
