/** Packets with other addresses, and with checksums that are right. */
import { refusedArgument } from "../arguments.js";
import type { Frame } from "../packet/frame.js";
import { headerOf, headers, ids } from "../packet/headers.js";
import { checksumField, checksumOverAll, rightChecksum, verdictOf } from "../packet/verify.js";
import { run } from "../packet/walk/run.js";
import { Walk } from "../packet/walk/walk.js";
import type { Outgoing } from "../send/way.js";
import { canonicalIpv6, parseIpv4, parseMac } from "../wire/address.js";
import { fold } from "../wire/checksum.js";

interface Rule {
  /** As it was given. */
  readonly text: string;
  readonly to: string;
  /** Packets that it has changed. */
  packets: number;
}

/** What `--rewrite OLD=NEW` options say together. */
export class Rewriting {
  /** By the old address, written as headers show it. */
  readonly #rules = new Map<string, Rule>();

  /** Throws `BAD_ARGUMENT`. */
  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const [from, to, ...more] = text.split("=").map(addressOf);
      if (!from || !to || from.kind !== to.kind || more.length > 0)
        throw refusedArgument(
          "--rewrite",
          text,
          `--rewrite takes OLD=NEW, two IPv4, IPv6 or hardware addresses, such as 10.0.0.1=192.0.2.1, not ${text}`,
        );
      this.#rules.set(from.text, { text, to: to.text, packets: 0 });
    }
  }

  /** The rules that have changed no packet. */
  get unused(): readonly string[] {
    return [...this.#rules.values()].filter(({ packets }) => packets === 0).map(({ text }) => text);
  }

  /** The packet of a frame with its addresses changed; undefined where none is one of the old. */
  packet(frame: Frame): Outgoing | undefined {
    const { walk } = frame;
    const used = new Set<Rule>();
    const change = (text: string): string => {
      const rule = this.#rules.get(text);
      if (rule) used.add(rule);
      return rule?.to ?? text;
    };
    let octets: Uint8Array | undefined;
    for (let i = 0; i < walk.count; i++) {
      const header = headerOf(headers[walk.ids[i]!]!.kind);
      const value = header.decode(walk.data, walk.starts[i]!, walk.ends[i]!);
      const changed = replaced(value, change) as typeof value;
      if (changed === value) continue;
      octets ??= frame.octets.slice();
      const written = new Uint8Array(header.size(changed));
      header.encode(changed, new DataView(written.buffer), 0);
      octets.set(written.subarray(0, walk.ends[i]! - walk.starts[i]!), walk.starts[i]! - walk.frameStart);
    }
    for (const rule of used) rule.packets++;
    return octets && corrected(frame, octets);
  }
}

/** The packet of a frame with the checksums that were left to the network card. */
export function completed(frame: Frame): Outgoing {
  return corrected(frame, frame.octets.slice());
}

const now = new Walk();

/**
 * `octets` are those of the frame with other addresses. Checksums over what is all there are computed. Where a part is missing,
 * as in a fragment, or is only quoted, they are changed by what the addresses change, and stay as right as they were.
 */
function corrected(frame: Frame, octets: Uint8Array): Outgoing {
  const { walk, linkType, offload } = frame;
  const data = new DataView(octets.buffer);
  run(now, data, 0, octets.length, frame.length, linkType);
  const isCut = walk.problems.some(({ kind }) => kind === "truncated");
  // Those outside cover those inside
  for (let i = walk.count - 1; i >= 0; i--) {
    const field = checksumField(walk, i);
    const at = now.starts[i]! + field;
    const verdict = verdictOf(walk, i, offload);
    if (field < 0 || at + 2 > now.ends[i]! || verdict === "absent") continue;
    const isThere = walk.ids[i] === ids.ipv4 || !isCut;
    const right = isThere && i < walk.quoted && verdict !== "cannot tell" ? rightChecksum(now, i) : Number.NaN;
    if (walk.ids[i] === ids.sctp) {
      if (!Number.isNaN(right)) data.setUint32(at, right);
    } else data.setUint16(at, Number.isNaN(right) ? adjusted(data.getUint16(at), walk, i) : right);
  }
  return { octets, linkType };
}

/** RFC 1624 §3, equation 3: what the checksum `old` of layer `i` is after what has changed from `before` to now. */
function adjusted(old: number, before: Walk, i: number): number {
  const was = checksumOverAll(before, i);
  const is = checksumOverAll(now, i);
  if (was === is || Number.isNaN(was)) return old;
  const checksum = ~fold((~old & 0xffff) + was + (~is & 0xffff)) & 0xffff;
  // RFC 768: a computed zero is sent as all ones
  return checksum === 0 && before.ids[i] === ids.udp ? 0xffff : checksum;
}

/** An address of one of the kinds that headers have, in the words of theirs. */
function addressOf(text: string): { readonly kind: string; readonly text: string } | undefined {
  if (parseIpv4(text)) return { kind: "IPv4", text };
  const ipv6 = canonicalIpv6(text);
  if (ipv6 !== undefined) return { kind: "IPv6", text: ipv6 };
  return parseMac(text) ? { kind: "hardware", text: text.toLowerCase() } : undefined;
}

/** A value with every text in it changed; the same value where none is. */
function replaced(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  const entries = Object.entries(value).map(([name, each]) => [name, each, replaced(each, change)] as const);
  if (entries.every(([, each, other]) => each === other)) return value;
  if (Array.isArray(value)) return entries.map(([, , other]) => other);
  return Object.fromEntries(entries.map(([name, , other]) => [name, other]));
}
