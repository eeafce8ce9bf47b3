/** Extended echo, the same in ICMP and ICMPv6: RFC 8335. */
import { part } from "./part.js";

/** RFC 8335 §2. */
export const extendedEchoRequest = part(4, (f) => ({
  kind: "extendedEchoRequest",
  identifier: f.u16(0),
  sequenceNumber: f.u8(2),
  reserved: f.bits(3, 0, 7),
  local: f.bit(3, 7),
}));

/** RFC 8335 §3. */
export const extendedEchoReply = part(4, (f) => ({
  kind: "extendedEchoReply",
  identifier: f.u16(0),
  sequenceNumber: f.u8(2),
  state: f.bits(3, 0, 3),
  reserved: f.bits(3, 3, 2),
  active: f.bit(3, 5),
  ipv4: f.bit(3, 6),
  ipv6: f.bit(3, 7),
}));
