/** What may be remarkable about a packet, in the light of those before it. */

/** Octets of data; times in nanoseconds; packets by their number, from 1. */
export type FlowEvent =
  /** Data that was sent before. `after`: since the latest octet that was new. */
  | { readonly kind: "retransmission"; readonly rule: RuleName; readonly length: number; readonly after: number }
  | { readonly kind: "fastRetransmission"; readonly rule: RuleName; readonly length: number }
  | { readonly kind: "spuriousRetransmission"; readonly rule: RuleName; readonly length: number }
  /** Data that was sent before, again so soon that nobody can have missed it: sent twice, or copied on the way. */
  | { readonly kind: "repetition"; readonly rule: RuleName; readonly length: number }
  | { readonly kind: "synRetried"; readonly rule: RuleName; readonly count: number; readonly after: number }
  | { readonly kind: "outOfOrder"; readonly rule: RuleName; readonly length: number }
  /** Octets before this packet's that were not seen. */
  | { readonly kind: "lostSegment"; readonly rule: RuleName; readonly missing: number }
  /** An acknowledgment of octets that were not seen. */
  | { readonly kind: "acknowledgedUnseen"; readonly rule: RuleName; readonly missing: number }
  /** An acknowledgment of octets that were not seen one after the other; what of them was never seen has been told. */
  | { readonly kind: "acknowledgedOutOfTurn"; readonly rule: RuleName }
  /** The `count`-th repetition of the acknowledgment in packet `of`. */
  | { readonly kind: "duplicateAck"; readonly rule: RuleName; readonly count: number; readonly of: number }
  /** Octets that arrived behind a gap; where they are, counted from the other side's SYN, `right` behind the last. */
  | {
      readonly kind: "selectiveAck";
      readonly rule: RuleName;
      readonly length: number;
      readonly blocks: readonly { readonly left: number; readonly right: number }[];
    }
  | { readonly kind: "keepAlive"; readonly rule: RuleName }
  | { readonly kind: "keepAliveAnswer"; readonly rule: RuleName }
  | { readonly kind: "zeroWindow"; readonly rule: RuleName }
  | { readonly kind: "zeroWindowProbe"; readonly rule: RuleName }
  | { readonly kind: "zeroWindowProbeAnswer"; readonly rule: RuleName }
  /** Scaled, in octets. */
  | { readonly kind: "windowUpdate"; readonly rule: RuleName; readonly window: number }
  | { readonly kind: "windowFull"; readonly rule: RuleName }
  /** The conversation that used the same addresses and ports before. */
  | { readonly kind: "portReused"; readonly rule: RuleName; readonly previous: number }
  /** Data, or a cookie or the wish for one, in a SYN. */
  | { readonly kind: "fastOpen"; readonly rule: RuleName; readonly length: number }
  /** The data of a SYN is acknowledged before the handshake ends. */
  | { readonly kind: "fastOpenAccepted"; readonly rule: RuleName; readonly length: number }
  | { readonly kind: "refused"; readonly rule: RuleName }
  | { readonly kind: "reset"; readonly rule: RuleName }
  /** A RST that the other side has no reason to believe. */
  | { readonly kind: "resetOutOfPlace"; readonly rule: RuleName }
  /** Of a connection that was before on the same ports, which one side still has. */
  | { readonly kind: "olderConnection"; readonly rule: RuleName }
  /** An ICMP error about a packet of this conversation. */
  | {
      readonly kind: "icmpError";
      readonly rule: RuleName;
      readonly protocol: "icmp" | "icmpv6";
      readonly type: number;
      readonly code: number;
    }
  /** An echo reply whose request was answered before. */
  | { readonly kind: "replyRepeated"; readonly rule: RuleName }
  | { readonly kind: "dataAfterClose"; readonly rule: RuleName; readonly length: number }
  | { readonly kind: "delayedAckStall"; readonly rule: RuleName; readonly waited: number };

export type EventKind = FlowEvent["kind"];

/**
 * What each rule looks at. "Next" is behind the highest octet that the sender sent before; "soon" is within a round trip of
 * the handshake, or 3 ms where there was none, after the octet before next; "the run" are the octets that were seen one
 * after the other: a segment that begins where it ends takes it up to next.
 */
export const rules = {
  "sent before": "below next, no part of a gap, and not soon or up to next",
  "sent before, again soon": "below next, no part of a gap, soon, and not up to next",
  "fills a gap late": "below next, in a gap, not soon",
  "fills a gap up to next": "below next, in a gap, soon, and up to next: no data came before it, but an acknowledgment",
  "fills a gap soon": "below next, in a gap, soon, and not up to next",
  "acknowledged before": "data, all of which the other side had acknowledged",
  "answers duplicate acknowledgments":
    "below next, where the other side acknowledged at least twice again within the last 20 ms",
  "same SYN again": "a SYN with the number of an earlier one, with the same data or none",
  "same SYN, other data":
    "a SYN with the number of an earlier one, with more data or less; the data are looked at, too",
  "same SYN after a refusal": "a SYN with the number of one that a RST answered",
  "begins behind next": "starts above next",
  "acknowledges beyond the run":
    "acknowledges octets behind the run, where that ends below next; it then goes on at next",
  "acknowledges beyond next":
    "acknowledges octets behind next, where the run ends there; once until the other side acknowledges something else",
  "acknowledges unseen data of a SYN": "a SYN-ACK that acknowledges more than the SYN and its data, likewise once",
  "acknowledges more unseen": "acknowledges octets that were not seen, where none of these says so",
  "repeats an acknowledgment": "no data, same next, acknowledgment and window as the side's segment before",
  "SACK blocks": "blocks behind its acknowledgment",
  "one octet below next": "no data or one octet, one below next, no SYN, FIN or RST, the other side's window not 0",
  "answers a keep-alive": "repeats acknowledgment and window after a keep-alive",
  "window of 0": "a window of 0 without SYN, FIN or RST",
  "one octet into a window of 0": "one octet at next while the other side's window is 0",
  "one octet below next, window of 0":
    "no data or one octet, one below next, while the other side's window is 0: as Linux probes",
  "answers a probe": "repeats acknowledgment and the window of 0 after one octet at next",
  "answers a probe below next": "repeats acknowledgment and the window of 0 after a probe one below next",
  "only the window differs":
    "no data, same next and acknowledgment as before, another window; before the first segment, all are 0",
  "fills the window": "data up to the last octet that the other side's window takes",
  "other number in a SYN": "a SYN with another number than the one before between the same ports",
  "other number in a SYN-ACK": "a SYN-ACK with another number than the one before between the same ports",
  "SYN with a cookie": "a SYN with a Fast Open cookie (RFC 7413)",
  "SYN without a cookie": "a SYN with data, or one that asks for a Fast Open cookie",
  "acknowledges the data of a SYN": "a SYN-ACK that acknowledges more than the SYN",
  "RST answers a SYN": "RST while the other side waits for an answer to its SYN",
  RST: "RST otherwise",
  "RST out of place": "RST with a number that neither the other side waits for nor is next",
  "acknowledges what was before the SYN":
    "acknowledges nothing of a SYN that waits for an answer, but what was before its number",
  "RST for an older connection": "RST behind a SYN that waits for an answer, with a number before that of the SYN",
  "quotes a packet": "an ICMP error quotes a packet of this conversation",
  "answers a request again": "an echo reply with the number of a request that was answered, of the latest 32",
  "data after FIN": "data behind the FIN of the same side",
  "data after RST": "data of either side after a RST, but for one out of place",
  "small segments wait for an acknowledgment":
    "a segment smaller than the largest, held back until an acknowledgment that came 30 ms or more after the segment before",
} as const;

export type RuleName = keyof typeof rules;
