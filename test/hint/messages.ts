/** Messages of applications, and packets that carry them. */
import type { Layer } from "../../src/packet/packet.js";

export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

const u16 = (value: number): number[] => [value >> 8, value & 255];

/** Labels and the end of a name: RFC 1035 §3.1. */
export function nameOf(...labels: string[]): number[] {
  return [...labels.flatMap((label) => [label.length, ...ascii(label)]), 0];
}

export interface Answer {
  readonly name: readonly number[];
  readonly type: number;
  readonly data: readonly number[];
}

/** A DNS message with one question for `name`, where there is one. */
export function dnsMessage(
  flags: number,
  name: readonly number[],
  type: number,
  answers: readonly Answer[] = [],
): Uint8Array {
  const question = name.length > 0 ? [...name, ...u16(type), 0, 1] : [];
  const records = answers.flatMap((answer) => [
    ...answer.name,
    ...u16(answer.type),
    0,
    1,
    ...[0, 0, 0, 60],
    ...u16(answer.data.length),
    ...answer.data,
  ]);
  const counts = [0, name.length > 0 ? 1 : 0, ...u16(answers.length), 0, 0, 0, 0];
  return new Uint8Array([0x1a, 0x2b, ...u16(flags), ...counts, ...question, ...records]);
}

const extension = (type: number, content: readonly number[]): number[] => [
  ...u16(type),
  ...u16(content.length),
  ...content,
];

export const serverName = (name: string): number[] =>
  extension(0, [...u16(name.length + 3), 0, ...u16(name.length), ...ascii(name)]);

export const supportedVersions = (...versions: number[]): number[] =>
  extension(43, [versions.length * 2, ...versions.flatMap(u16)]);

/** A record with a ClientHello; without `extensions` there is not even their length. */
export function clientHello(legacyVersion: number, extensions?: readonly number[]): Uint8Array {
  const body = [
    ...u16(legacyVersion),
    ...new Array<number>(32).fill(7),
    ...[4, 1, 2, 3, 4],
    ...[0, 2, 0x13, 0x01],
    ...[1, 0],
    ...(extensions ? [...u16(extensions.length), ...extensions] : []),
  ];
  const handshake = [1, 0, ...u16(body.length), ...body];
  return new Uint8Array([22, 3, 1, ...u16(handshake.length), ...handshake]);
}

/** The DHCP message with `options` behind its magic number. */
export function dhcpMessage(operation: number, address: readonly number[], options: readonly number[]): Uint8Array {
  const octets = new Uint8Array(240 + options.length);
  octets.set([operation, 1, 6, 0]);
  octets.set(address, 16);
  octets.set([0x63, 0x82, 0x53, 0x63, ...options], 236);
  return octets;
}

/** The layers that `hint` looks at, as far as it does. */
export function layersOf(kind: "tcp" | "udp", ports: readonly [number, number], octets: Uint8Array): Layer[] {
  const transport = { kind, sourcePort: ports[0], destinationPort: ports[1] };
  // Only what is read of a header is here
  return [transport as unknown as Layer, { kind: "payload", length: octets.length, octets }];
}
