/** Internet-layer steps of a walk: RFC 791, RFC 8200, RFC 792, RFC 4443. */
import { greEnd } from "../../wire/gre.js";
import { icmpEnd, icmpQuotes } from "../../wire/icmp.js";
import { icmpv6End, icmpv6Quotes } from "../../wire/icmpv6.js";
import { igmpEnd } from "../../wire/igmp.js";
import { ids } from "../headers.js";
import { etherType, ipProtocol, ipv4Protocol } from "./next.js";
import { DEEPEST, END, type Walk } from "./walk.js";

function ipv4(walk: Walk): number {
  if (!isVersion(walk, ids.ipv4, 4) || !walk.has(ids.ipv4, 20)) return END;
  const { data, at } = walk;
  const headerSize = (data.getUint8(at) & 15) * 4;
  if (headerSize < 20) {
    walk.malformed(ids.ipv4, "headerLength", headerSize / 4, "is less than 5");
    walk.take(ids.ipv4, 20);
    return END;
  }
  const totalLength = data.getUint16(at + 2);
  walk.unbounded = totalLength === 0;
  // 0 is what a segment too large for the field has before the network card splits it: it goes to the frame's end
  if (totalLength >= headerSize) walk.bound(ids.ipv4, totalLength, "ipv4.totalLength");
  else if (totalLength !== 0) {
    walk.malformed(ids.ipv4, "totalLength", totalLength, "is less than the header");
    walk.take(ids.ipv4, headerSize);
    return END;
  }
  const fragment = data.getUint16(at + 6);
  const protocol = data.getUint8(at + 9);
  walk.take(ids.ipv4, headerSize);
  if ((fragment & 0x3fff) !== 0) walk.fragment();
  return (fragment & 0x1fff) === 0 ? ipv4Protocol(protocol) : END;
}

/** Octets of another version are no header at all, but payload. */
function isVersion(walk: Walk, id: number, wanted: number): boolean {
  if (walk.at === walk.end) return true;
  const version = walk.data.getUint8(walk.at) >> 4;
  if (version === wanted) return true;
  walk.malformed(id, "version", version, `is not ${wanted}`);
  return false;
}

function ipv6(walk: Walk): number {
  if (!isVersion(walk, ids.ipv6, 6) || !walk.has(ids.ipv6, 40)) return END;
  const { data, at } = walk;
  const payloadLength = data.getUint16(at + 4);
  const nextHeader = data.getUint8(at + 6);
  walk.unbounded = payloadLength === 0;
  // 0: RFC 2675 (jumbograms), or a segment too large for the field before the network card splits it
  if (payloadLength !== 0) walk.bound(ids.ipv6, 40 + payloadLength, "ipv6.payloadLength");
  walk.take(ids.ipv6, 40);
  return ipProtocol(nextHeader);
}

/** RFC 8200 §4.3, §4.4, §4.6: next header, then the length in units of 8 octets, the first not counted. */
function extension(id: number): (walk: Walk) => number {
  return (walk) => {
    if (!walk.has(id, 8)) return END;
    const { data, at } = walk;
    const next = data.getUint8(at);
    const size = 8 * (data.getUint8(at + 1) + 1);
    if (id === ids.hopByHopOptions) boundJumbo(walk, size);
    walk.take(id, size);
    return ipProtocol(next);
  };
}

/** RFC 2675 §2: with a payload length of 0, the length is in an option of the hop-by-hop header that follows at once. */
function boundJumbo(walk: Walk, size: number): void {
  const { data, at } = walk;
  const before = walk.count - 1;
  if (walk.ids[before] !== ids.ipv6 || data.getUint16(walk.starts[before]! + 4) !== 0) return;
  const end = Math.min(at + size, walk.end);
  for (let i = at + 2; i + 2 <= end; ) {
    const type = data.getUint8(i);
    const length = data.getUint8(i + 1);
    if (type === 194 && length === 4 && i + 6 <= end) {
      const jumbo = data.getUint32(i + 2);
      // It may not end the packet before the option that says so
      if (jumbo < size) walk.malformed(ids.hopByHopOptions, "jumboPayloadLength", jumbo, "is less than its header");
      else walk.bound(ids.hopByHopOptions, jumbo, "hopByHopOptions.jumboPayloadLength");
      return;
    }
    i += type === 0 ? 1 : 2 + length;
  }
}

/** RFC 4302 §2.2: the length is in 32-bit words, the first two not counted. */
function authentication(walk: Walk): number {
  if (!walk.has(ids.authentication, 12)) return END;
  const { data, at } = walk;
  const next = data.getUint8(at);
  const size = 4 * (data.getUint8(at + 1) + 2);
  if (size < 12) {
    walk.malformed(ids.authentication, "length", data.getUint8(at + 1), "is less than 1");
    walk.take(ids.authentication, 12);
    return END;
  }
  walk.take(ids.authentication, size);
  return ipProtocol(next);
}

/** RFC 4303: what follows is encrypted. */
function esp(walk: Walk): number {
  if (walk.has(ids.esp, 8)) walk.take(ids.esp, 8);
  return END;
}

function gre(walk: Walk): number {
  if (!walk.has(ids.gre, 4)) return END;
  const { data, at } = walk;
  walk.take(ids.gre, greEnd(data, at, walk.end) - at);
  const protocol = data.getUint16(at + 2);
  if ((data.getUint8(at + 1) & 7) === 0) return etherType(protocol);
  // RFC 2637 §4.1: PPP frames, whose protocol may be cut to one octet or stand behind address and control
  return protocol === 0x880b && walk.at < walk.end && (walk.data.getUint8(walk.at) & 1) === 0 ? ids.ppp : END;
}

function fragment(walk: Walk): number {
  if (!walk.has(ids.fragment, 8)) return END;
  const next = walk.data.getUint8(walk.at);
  const offset = walk.data.getUint16(walk.at + 2);
  walk.take(ids.fragment, 8);
  // RFC 6946: offset 0 without more fragments is a whole packet
  if ((offset & 0xfff9) !== 0) walk.fragment();
  return offset >> 3 === 0 ? ipProtocol(next) : END;
}

/** RFC 792: an error quotes the packet it is about. */
function icmp(walk: Walk): number {
  if (!walk.has(ids.icmp, 4)) return END;
  const { data, at } = walk;
  const type = data.getUint8(at);
  walk.take(ids.icmp, icmpEnd(data, at, walk.end) - at);
  if (!icmpQuotes(type)) return END;
  if (walk.at === walk.wireEnd && walk.clipped === DEEPEST) walk.malformed(ids.icmp, "type", type, "quotes no packet");
  if (walk.at === walk.end) return END;
  walk.quote();
  // RFC 4884 §4.1: in 32-bit words, extensions behind it
  const quoted = type === 3 || type === 11 || type === 12 ? data.getUint8(at + 5) * 4 : 0;
  if (quoted > 0) walk.bound(ids.icmp, quoted, "icmp.length");
  return ids.ipv4;
}

/** RFC 4443 §2.1. */
function icmpv6(walk: Walk): number {
  if (!walk.has(ids.icmpv6, 4)) return END;
  const { data, at } = walk;
  const type = data.getUint8(at);
  walk.take(ids.icmpv6, icmpv6End(data, at, walk.end, walk.wireEnd) - at);
  if (!icmpv6Quotes(type)) return END;
  if (walk.at === walk.wireEnd && walk.clipped === DEEPEST && type !== 137)
    walk.malformed(ids.icmpv6, "type", type, "quotes no packet");
  if (walk.at === walk.end) return END;
  walk.quote();
  // RFC 4884 §4.2: in units of 8 octets, extensions behind it
  const quoted = type === 1 || type === 3 ? data.getUint8(at + 4) * 8 : 0;
  if (quoted > 0) walk.bound(ids.icmpv6, quoted, "icmpv6.length");
  return ids.ipv6;
}

function igmp(walk: Walk): number {
  if (!walk.has(ids.igmp, 4)) return END;
  walk.take(ids.igmp, igmpEnd(walk.data, walk.at, walk.end, walk.wireEnd) - walk.at);
  return END;
}

export const internetSteps = {
  ipv4,
  ipv6,
  hopByHopOptions: extension(ids.hopByHopOptions),
  destinationOptions: extension(ids.destinationOptions),
  routing: extension(ids.routing),
  fragment,
  icmp,
  icmpv6,
  igmp,
  authentication,
  mobility: extension(ids.mobility),
  esp,
  gre,
};
