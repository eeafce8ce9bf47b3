/** Datagrams as hosts send them, whole and in fragments, without a link-layer header. */
import { frameOf as alone } from "../../src/packet/decode.js";
import type { Frame } from "../../src/packet/frame.js";
import type { About } from "../../src/packet/packet.js";
import { addUp, checksumOf } from "../../src/wire/checksum.js";
import { linkTypes } from "../../src/wire/numbers.js";

const ADDRESS6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/** A UDP datagram from port 5000 to 6000 over IPv4, 192.0.2.1 to 192.0.2.2. */
export function datagram4(content: Uint8Array, identification = 0x1234): Uint8Array {
  const octets = new Uint8Array(28 + content.length);
  const data = new DataView(octets.buffer);
  octets.set([0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
  data.setUint16(2, octets.length);
  data.setUint16(4, identification);
  data.setUint16(10, checksumOf(addUp(data, 0, 20)));
  writeUdp(octets, 20, content, addUp(data, 12, 20));
  return octets;
}

/** The same over IPv6, 2001:db8::1 to 2001:db8::2; `extension` (next header 60 in front of it) stands before the UDP header. */
export function datagram6(content: Uint8Array, extension: readonly number[] = []): Uint8Array {
  const octets = new Uint8Array(48 + extension.length + content.length);
  const data = new DataView(octets.buffer);
  const next = extension.length > 0 ? 60 : 17;
  octets.set([0x60, 0, 0, 0, 0, 0, next, 64, ...ADDRESS6, 1, ...ADDRESS6, 2, ...extension]);
  data.setUint16(4, octets.length - 40);
  writeUdp(octets, 40 + extension.length, content, addUp(data, 8, 40));
  return octets;
}

function writeUdp(octets: Uint8Array, at: number, content: Uint8Array, addresses: number): void {
  const data = new DataView(octets.buffer);
  data.setUint16(at, 5000);
  data.setUint16(at + 2, 6000);
  data.setUint16(at + 4, 8 + content.length);
  octets.set(content, at + 8);
  const checksum = checksumOf(addUp(data, at, octets.length, addresses + 17 + 8 + content.length));
  data.setUint16(at + 6, checksum || 0xffff);
}

/** The fragment of `whole` with the octets of data from `at` to `end`. */
export function fragment4(whole: Uint8Array, at: number, end: number, more = end < whole.length - 20): Uint8Array {
  const octets = new Uint8Array([...whole.subarray(0, 20), ...whole.subarray(20 + at, 20 + end)]);
  const data = new DataView(octets.buffer);
  data.setUint16(2, octets.length);
  data.setUint16(6, at / 8 + (more ? 0x2000 : 0));
  data.setUint16(10, 0);
  data.setUint16(10, checksumOf(addUp(data, 0, 20)));
  return octets;
}

/** The same over IPv6; `lead` octets of what follows the IPv6 header are in each fragment. */
export function fragment6(whole: Uint8Array, at: number, end: number, lead = 0): Uint8Array {
  const start = 40 + lead;
  const header = whole.slice(0, start);
  const next = lead > 0 ? 40 : 6;
  const more = end < whole.length - start;
  const own = [header[next]!, 0, at >> 8, at & 0xf8, 0xa0, 0, 0, 7];
  own[3]! |= more ? 1 : 0;
  header[next] = 44;
  const octets = new Uint8Array([...header, ...own, ...whole.subarray(start + at, start + end)]);
  new DataView(octets.buffer).setUint16(4, octets.length - 40);
  return octets;
}

/** Ends of fragments of `size` octets of a datagram with `length` octets of data. */
export function cuts(length: number, size: number): [number, number][] {
  return Array.from({ length: Math.ceil(length / size) }, (_, i) => [i * size, Math.min(length, (i + 1) * size)]);
}

export function frameOf(octets: Uint8Array, about: About = {}, linkType: number = linkTypes.raw): Frame {
  return alone(octets, linkType, about);
}

/** `length` octets, each unlike its neighbours. */
export function content(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255);
}
