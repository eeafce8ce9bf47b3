/** The walk of nearly every packet, in one go. */
import { ids } from "../headers.js";
import type { Walk } from "./walk.js";

const ETHERNET = 14;
const IPV4 = 20;
const IPV6 = 40;

/**
 * Walks a frame of Ethernet, IPv4 without options or IPv6, and TCP or UDP, of which all octets are there and no length is
 * wrong; `walk` was started. Returns false, with nothing taken, for any other: the steps find the same, one by one. Measured
 * at half their time. hot
 */
export function straight(walk: Walk, data: DataView, at: number, end: number): boolean {
  if (end - at < ETHERNET + IPV4) return false;
  const network = at + ETHERNET;
  let transport: number;
  let ipEnd: number;
  let protocol: number;
  // The type, the version and the header length
  const start = data.getUint32(at + 12);
  if (start >>> 8 === 0x080045) {
    if ((data.getUint16(network + 6) & 0x3fff) !== 0) return false; // a fragment
    transport = network + IPV4;
    ipEnd = network + data.getUint16(network + 2);
    protocol = data.getUint8(network + 9);
  } else if (start >>> 12 === 0x86dd6) {
    if (end - at < ETHERNET + IPV6) return false;
    transport = network + IPV6;
    ipEnd = transport + data.getUint16(network + 4);
    protocol = data.getUint8(network + 6);
  } else return false;
  if (ipEnd > end) return false;
  let id: number;
  let payload: number;
  let wireEnd = ipEnd;
  if (protocol === 6) {
    if (ipEnd - transport < 20) return false;
    const size = (data.getUint8(transport + 12) >> 4) * 4;
    payload = transport + size;
    if (size < 20 || payload > ipEnd) return false;
    id = ids.tcp;
    walk.limit = transport - network === IPV4 ? "ipv4.totalLength" : "ipv6.payloadLength";
  } else if (protocol === 17) {
    if (ipEnd - transport < 8) return false;
    const lengthAndChecksum = data.getUint32(transport + 4);
    const length = lengthAndChecksum >>> 16;
    wireEnd = transport + length;
    if (length < 8 || wireEnd > ipEnd) return false;
    // RFC 8200 §8.1: none over IPv6 is a problem
    if ((lengthAndChecksum & 0xffff) === 0 && transport - network === IPV6) return false;
    payload = transport + 8;
    id = ids.udp;
    walk.limit = "udp.length";
  } else return false;
  const { ids: kinds, starts, ends, wireEnds, verdicts } = walk;
  kinds[0] = ids.ethernet;
  kinds[1] = transport - network === IPV4 ? ids.ipv4 : ids.ipv6;
  kinds[2] = id;
  starts[0] = at;
  starts[1] = ends[0] = network;
  starts[2] = ends[1] = transport;
  ends[2] = payload;
  wireEnds[0] = walk.wireEnd;
  wireEnds[1] = ipEnd;
  wireEnds[2] = wireEnd;
  verdicts[0] = verdicts[1] = verdicts[2] = 0;
  walk.count = 3;
  walk.at = payload;
  walk.end = walk.wireEnd = wireEnd;
  return true;
}
