/** Internet-layer steps of a walk: RFC 791, RFC 8200, RFC 792, RFC 4443. */
import { icmpEnd, icmpQuotes } from "../../wire/icmp.js";
import { icmpv6End, icmpv6Quotes } from "../../wire/icmpv6.js";
import { ids } from "../headers.js";
import { END, type Walk } from "./walk.js";

/** The header that protocol number `protocol` names, after IPv4 or among the extension headers of IPv6. */
function ipProtocol(protocol: number): number {
  switch (protocol) {
    case 6:
      return ids.tcp;
    case 17:
      return ids.udp;
    case 1:
      return ids.icmp;
    case 58:
      return ids.icmpv6;
    case 4:
      return ids.ipv4;
    case 41:
      return ids.ipv6;
    case 0:
      return ids.hopByHopOptions;
    case 43:
      return ids.routing;
    case 44:
      return ids.fragment;
    case 60:
      return ids.destinationOptions;
    default:
      return END;
  }
}

function ipv4(walk: Walk): number {
  if (!walk.has(ids.ipv4, 20)) return END;
  const { data, at } = walk;
  const version = data.getUint8(at) >> 4;
  if (version !== 4) {
    walk.malformed(ids.ipv4, "version", version, "is not 4");
    return END;
  }
  const headerSize = (data.getUint8(at) & 15) * 4;
  if (headerSize < 20) {
    walk.malformed(ids.ipv4, "headerLength", headerSize / 4, "is less than 5");
    walk.take(ids.ipv4, 20);
    return END;
  }
  const totalLength = data.getUint16(at + 2);
  // 0 is what a segment too large for the field has before the network card splits it: it goes to the frame's end
  if (totalLength >= headerSize) walk.bound(ids.ipv4, totalLength, "ipv4.totalLength");
  else if (totalLength !== 0) walk.malformed(ids.ipv4, "totalLength", totalLength, "is less than the header");
  const fragment = data.getUint16(at + 6);
  const protocol = data.getUint8(at + 9);
  walk.take(ids.ipv4, headerSize);
  if ((fragment & 0x3fff) !== 0) walk.fragmented = true;
  return (fragment & 0x1fff) === 0 ? ipv4Protocol(protocol) : END;
}

/** Hop-by-hop options and the other extension headers are IPv6's alone. */
function ipv4Protocol(protocol: number): number {
  const id = ipProtocol(protocol);
  return id === ids.hopByHopOptions || id === ids.routing || id === ids.fragment || id === ids.destinationOptions
    ? END
    : id;
}

function ipv6(walk: Walk): number {
  if (!walk.has(ids.ipv6, 40)) return END;
  const { data, at } = walk;
  const version = data.getUint8(at) >> 4;
  if (version !== 6) {
    walk.malformed(ids.ipv6, "version", version, "is not 6");
    return END;
  }
  const payloadLength = data.getUint16(at + 4);
  const nextHeader = data.getUint8(at + 6);
  // 0: RFC 2675 (jumbograms), or a segment too large for the field before the network card splits it
  if (payloadLength !== 0) walk.bound(ids.ipv6, 40 + payloadLength, "ipv6.payloadLength");
  walk.take(ids.ipv6, 40);
  return ipProtocol(nextHeader);
}

/** RFC 8200 §4.3, §4.4, §4.6: next header, then the length in units of 8 octets, the first not counted. */
function extension(id: number): (walk: Walk) => number {
  return (walk) => {
    if (!walk.has(id, 8)) return END;
    const next = walk.data.getUint8(walk.at);
    walk.take(id, 8 * (walk.data.getUint8(walk.at + 1) + 1));
    return ipProtocol(next);
  };
}

function fragment(walk: Walk): number {
  if (!walk.has(ids.fragment, 8)) return END;
  const next = walk.data.getUint8(walk.at);
  const offset = walk.data.getUint16(walk.at + 2);
  walk.take(ids.fragment, 8);
  // RFC 6946: offset 0 without more fragments is a whole packet
  if ((offset & 0xfff9) !== 0) walk.fragmented = true;
  return offset >> 3 === 0 ? ipProtocol(next) : END;
}

/** RFC 792: an error quotes the packet it is about. */
function icmp(walk: Walk): number {
  if (!walk.has(ids.icmp, 8)) return END;
  const { data, at } = walk;
  const type = data.getUint8(at);
  walk.take(ids.icmp, icmpEnd(data, at) - at);
  if (!icmpQuotes(type)) return END;
  walk.quote();
  return ids.ipv4;
}

/** RFC 4443 §2.1. */
function icmpv6(walk: Walk): number {
  if (!walk.has(ids.icmpv6, 8)) return END;
  const { data, at } = walk;
  const type = data.getUint8(at);
  walk.take(ids.icmpv6, icmpv6End(data, at, walk.end, walk.wireEnd) - at);
  if (!icmpv6Quotes(type)) return END;
  walk.quote();
  return ids.ipv6;
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
};
