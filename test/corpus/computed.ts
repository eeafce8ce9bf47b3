/** Which fields of a decoded packet follow from the rest of it, and are right: those that may be dropped. */
import type { Craftable } from "../../src/craft/craft.js";
import type { Frame } from "../../src/packet/frame.js";
import { headers, ids } from "../../src/packet/headers.js";
import type { HeaderLayer, Layer } from "../../src/packet/packet.js";
import { END } from "../../src/packet/walk/walk.js";

type Kind = HeaderLayer["kind"];

/** Lengths of the header itself: the decoder found its end by them. */
const headerLengths: Partial<Record<Kind, readonly string[]>> = {
  ipv4: ["headerLength"],
  tcp: ["dataOffset"],
  dccp: ["dataOffset", "extended"],
  hopByHopOptions: ["length"],
  destinationOptions: ["length"],
  routing: ["length"],
  mobility: ["length"],
  authentication: ["length"],
  arp: ["hardwareSize", "protocolSize"],
  gre: ["version", "checksumPresent", "routingPresent", "keyPresent", "sequenceNumberPresent", "acknowledgmentPresent"],
};

/** Lengths of all behind some octet of the header. */
const contentLengths: Partial<Record<Kind, readonly [field: string, from: number]>> = {
  ipv4: ["totalLength", 0],
  ipv6: ["payloadLength", 40],
  udp: ["length", 0],
  pppoe: ["length", 6],
};

/** Fields that name the header behind them, and the numbers to name one that are not the only one, with what they mean more. */
const names: Partial<Record<Kind, readonly string[]>> = {
  ethernet: ["type"],
  vlan: ["type"],
  sll: ["protocol"],
  sll2: ["protocol"],
  null: ["family"],
  loop: ["family"],
  llc: ["destination", "source", "control"],
  snap: ["organization", "protocol"],
  pppoe: ["code", "version", "type"],
  ppp: ["protocol"],
  mpls: ["bottom"],
  ipv4: ["protocol"],
  ipv6: ["nextHeader"],
  hopByHopOptions: ["nextHeader"],
  destinationOptions: ["nextHeader"],
  routing: ["nextHeader"],
  fragment: ["nextHeader"],
  authentication: ["nextHeader"],
  mobility: ["nextHeader"],
  gre: ["protocol"],
};

/**
 * Numbers that name a header which has another one, too: RARP and service tags, MPLS multicast, IPIP, IPv6 of other BSDs,
 * bridges' SNAP; which of them it is does not follow from the packet.
 */
const oneOfSeveral: ReadonlySet<unknown> = new Set([0x8035, 0x88a8, 0x9100, 0x9200, 0x8848, 94, 28, 30, 0xf8]);

/** A length stands before LLC; and hop-by-hop options behind IPv6 only (RFC 8200 §4.1), elsewhere their number is wrong. */
function mayFollow(kind: Kind, next: string): boolean {
  return next !== "llc" && (next !== "hopByHopOptions" || kind === "ipv6");
}

/** How many fields were dropped, by name: whoever counts none has tested nothing. */
export const dropped = new Map<string, number>();

export function without(frame: Frame): readonly Craftable[] {
  const { walk } = frame;
  const { layers, checksums, problems } = frame.own();
  const contentEnd = walk.cut === END ? walk.end : walk.frameEnd;
  const sound = problems.length === 0 && frame.capturedLength === frame.length;
  return layers.map((layer, i) => {
    if (i >= walk.count) return layer;
    const value: Record<string, unknown> = { ...(layer as Layer & Record<string, unknown>) };
    const kind = headers[walk.ids[i]!]!.kind;
    const drop = (name: string): void => {
      if (value[name] === undefined) return;
      delete value[name];
      dropped.set(`${kind}.${name}`, (dropped.get(`${kind}.${name}`) ?? 0) + 1);
    };
    const next = i + 1 < walk.count ? layers[i + 1] : undefined;
    if (next)
      for (const name of names[kind] ?? [])
        if (!oneOfSeveral.has(value[name]) && mayFollow(kind, next.kind)) drop(name);
    if (next?.kind === "llc" && sound && walk.wireEnds[i] === contentEnd) drop("type");
    // What is wrong with a quoted header is no problem of the packet, so it cannot be known to be right
    if (i !== walk.clipped && i < walk.quoted && sound) for (const name of headerLengths[kind] ?? []) drop(name);
    const [length, from = 0] = contentLengths[kind] ?? [];
    if (length !== undefined && sound && value[length] === contentEnd - walk.starts[i]! - from) drop(length);
    if (checksums.some((checksum) => checksum.layer === i && checksum.verdict === "good")) {
      drop("checksum");
      const optional = value["optional"] as Readonly<Record<string, unknown>> | undefined;
      if (walk.ids[i] === ids.gre && optional) {
        value["optional"] = { ...optional, checksum: undefined };
        value["checksumPresent"] = true;
      }
    }
    return value as unknown as Craftable;
  });
}
