/** Transport-layer steps of a walk: RFC 9293, RFC 768. */
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
  // RFC 2675 §4: 0 in a jumbogram; a first fragment holds less than the datagram
  if (length >= 8) {
    if (!walk.fragmented) walk.bound(ids.udp, length, "udp.length");
  } else if (length !== 0) walk.malformed(ids.udp, "length", length, "is less than 8");
  walk.take(ids.udp, 8);
  return END;
}

export const transportSteps = { tcp, udp };
