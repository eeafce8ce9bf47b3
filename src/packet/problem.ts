import type { HeaderKind } from "./headers.js";

/** What limits a packet's octets: how many were kept, how many there were on the wire, or a length field of a header. */
export type Limit =
  | "capture"
  | "frame"
  | "ipv4.totalLength"
  | "ipv6.payloadLength"
  | "udp.length"
  | "hopByHopOptions.jumboPayloadLength"
  | "ethernet.length"
  | "vlan.length"
  | "pppoe.length"
  | "icmp.length"
  | "icmpv6.length";

/** Something that is not as it should be in octets from outside. `at` counts octets from the start of the frame. */
export type Problem =
  /** `needed` octets were wanted at `at`, `available` were there; `limit` says what ended them. */
  | {
      readonly kind: "truncated";
      readonly layer: HeaderKind;
      readonly at: number;
      readonly needed: number;
      readonly available: number;
      readonly limit: Limit;
    }
  | {
      readonly kind: "checksum";
      readonly layer: HeaderKind;
      readonly at: number;
      readonly found: number;
      readonly computed: number;
    }
  /** A field that cannot be as it is; `value` is what a number field holds, `reason` one short phrase. */
  | {
      readonly kind: "malformed";
      readonly layer: HeaderKind;
      readonly at: number;
      readonly field: string;
      readonly value?: number;
      readonly reason: string;
    };

/** One clause about `problem`, for people. */
export function problemText(problem: Problem): string {
  switch (problem.kind) {
    case "truncated":
      return problem.limit === "capture"
        ? `${problem.layer} cut by the capture: ${problem.available} of ${problem.needed} octets`
        : `${problem.layer} needs ${problem.needed} octets, ${problem.limit === "frame" ? "the frame" : problem.limit} leaves ${problem.available}`;
    case "checksum":
      return `${problem.layer} checksum 0x${hex16(problem.found)} is wrong, 0x${hex16(problem.computed)} is right`;
    case "malformed":
      return `${problem.layer}.${problem.field} ${problem.value === undefined ? "" : `${problem.value} `}${problem.reason}`;
    default:
      return problem satisfies never;
  }
}

const hex16 = (value: number): string => value.toString(16).padStart(4, "0");
