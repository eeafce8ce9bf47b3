/** Transport-layer steps of a walk: RFC 9293, RFC 768, RFC 3828, RFC 9260, RFC 4340. */
import { ids } from "../headers.js";
import { END, type Walk } from "./walk.js";

function tcp(walk: Walk): number {
  if (!walk.has(ids.tcp, 20)) return END;
  const size = (walk.data.getUint8(walk.at + 12) >> 4) * 4;
  if (size < 20) walk.malformed(ids.tcp, "dataOffset", size / 4, "is less than 5");
  walk.take(ids.tcp, Math.max(size, 20));
  return END;
}

function udp(walk: Walk): number {
  if (!walk.has(ids.udp, 8)) return END;
  const length = walk.data.getUint16(walk.at + 4);
  if (length >= 8) {
    // A first fragment holds less than the datagram
    if (walk.count < walk.fragmented) walk.bound(ids.udp, length, "udp.length");
  } else if (length !== 0 || !walk.unbounded) walk.malformed(ids.udp, "length", length, "is less than 8");
  // RFC 8200 §8.1
  if (walk.data.getUint16(walk.at + 6) === 0 && walk.network() === ids.ipv6)
    walk.malformed(ids.udp, "checksum", 0, "is zero, which over IPv6 only tunnels may send");
  walk.take(ids.udp, 8);
  return END;
}

function udpLite(walk: Walk): number {
  if (!walk.has(ids.udpLite, 8)) return END;
  const coverage = walk.data.getUint16(walk.at + 4);
  if (coverage > 0 && coverage < 8) walk.malformed(ids.udpLite, "checksumCoverage", coverage, "is less than 8");
  walk.take(ids.udpLite, 8);
  return END;
}

function sctp(walk: Walk): number {
  if (walk.has(ids.sctp, 12)) walk.take(ids.sctp, 12);
  return END;
}

function dccp(walk: Walk): number {
  if (!walk.has(ids.dccp, 12)) return END;
  const { data, at } = walk;
  const extended = (data.getUint8(at + 8) & 1) !== 0;
  const least = extended ? 16 : 12;
  const size = data.getUint8(at + 4) * 4;
  if (size < least) walk.malformed(ids.dccp, "dataOffset", size / 4, `is less than ${least / 4}`);
  walk.take(ids.dccp, Math.max(size, least));
  return END;
}

export const transportSteps = { tcp, udp, udpLite, sctp, dccp };
