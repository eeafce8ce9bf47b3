/** Who talks with whom: protocol, addresses, ports, VLAN and device, the same for both directions. */

import { ipv4Text, ipv6Text } from "../wire/address.js";

/** 32-bit words of a key: device, IP version and protocol, VLAN, ports, both addresses. */
export const WORDS = 11;

/** Where the device stands in the first word, and the highest that has room there. */
const DEVICE = 12;
const MOST_DEVICES = 0x7ffff;

const NO_VLANS: readonly number[] = Object.freeze([]);

/** A key, made anew for each packet. */
export class Key {
  readonly words = new Int32Array(WORDS);
  /** Whether the packet went from the end that comes first in {@link words} to the other. */
  fromLow = true;
  /** The addresses of an IPv6 packet, written before {@link ipv6} is called. */
  readonly source = new Int32Array(4);
  readonly destination = new Int32Array(4);
  sourcePort = 0;
  destinationPort = 0;

  clear(): void {
    this.words[1] = -1;
  }

  /** Two tags make one number: outer, then inner. */
  tag(id: number): void {
    const { words } = this;
    words[1] = words[1]! < 0 ? id : (words[1]! << 12) | 0x1000000 | id;
  }

  /** Seen on the device with this number, 0 where that is not known; told behind the ends. hot */
  on(device: number): void {
    this.words[0]! |= Math.min(device, MOST_DEVICES) << DEVICE;
  }

  ports(source: number, destination: number): void {
    this.sourcePort = source;
    this.destinationPort = destination;
  }

  ipv4(protocol: number, source: number, destination: number): void {
    const { words } = this;
    const order =
      source === destination ? this.sourcePort - this.destinationPort : (source >>> 0) - (destination >>> 0);
    this.fromLow = order <= 0;
    words[3] = this.fromLow ? source : destination;
    words[7] = this.fromLow ? destination : source;
    words[4] = words[5] = words[6] = words[8] = words[9] = words[10] = 0;
    this.#finish(protocol | 0x400);
  }

  ipv6(protocol: number): void {
    const { words, source, destination } = this;
    let order = 0;
    for (let i = 0; i < 4 && order === 0; i++) order = (source[i]! >>> 0) - (destination[i]! >>> 0);
    this.fromLow = (order || this.sourcePort - this.destinationPort) <= 0;
    words.set(this.fromLow ? source : destination, 3);
    words.set(this.fromLow ? destination : source, 7);
    this.#finish(protocol | 0x600);
  }

  /** An echo from an address to itself: what asks goes one way, what answers the other. */
  echo(isRequest: boolean): void {
    const { words } = this;
    for (let i = 3; i < 7; i++) if (words[i] !== words[i + 4]) return;
    this.fromLow = isRequest;
  }

  get protocol(): number {
    return protocolAt(this.words, 0);
  }

  get isIpv6(): boolean {
    return isIpv6At(this.words, 0);
  }

  /** hot */
  hash(): number {
    return hashOf(this.words, 0);
  }

  /** Whether it is the key at `at` of `others`. hot */
  isAt(others: Int32Array, at: number): boolean {
    return others[at] === this.words[0] && this.#hasEndsOf(others, at);
  }

  /** Whether it differs in nothing but the device. */
  isBeside(others: Int32Array, at: number): boolean {
    const difference = others[at]! ^ this.words[0]!;
    return difference !== 0 && (difference >> DEVICE) << DEVICE === difference && this.#hasEndsOf(others, at);
  }

  #hasEndsOf(others: Int32Array, at: number): boolean {
    const { words } = this;
    if (
      others[at + 1] !== words[1] ||
      others[at + 2] !== words[2] ||
      others[at + 3] !== words[3] ||
      others[at + 7] !== words[7]
    )
      return false;
    if (!this.isIpv6) return true;
    for (let i = 4; i < WORDS; i++) if (others[at + i] !== words[i]) return false;
    return true;
  }

  #finish(first: number): void {
    this.words[0] = first;
    this.words[2] = this.fromLow
      ? (this.sourcePort << 16) | this.destinationPort
      : (this.destinationPort << 16) | this.sourcePort;
  }
}

/** A number that spreads the keys at `at` of `words` evenly; the same for those that differ in nothing but the device. */
export function hashOf(words: Int32Array, at: number): number {
  const first = words[at]! & (2 ** DEVICE - 1);
  let hash = mixed(
    mixed(mixed(mixed(mixed(0, first), words[at + 1]!), words[at + 2]!), words[at + 3]!),
    words[at + 7]!,
  );
  if (isIpv6At(words, at)) for (let i = at + 4; i < at + WORDS; i++) hash = mixed(hash, words[i]!);
  return hash ^ (hash >>> 13);
}

export function protocolAt(words: Int32Array, at: number): number {
  return words[at]! & 0xff;
}

/** The number of the device; 0 where that is not known. */
export function deviceAt(words: Int32Array, at: number): number {
  return words[at]! >> DEVICE;
}

/** VLAN ids, outermost first. */
export function vlansAt(words: Int32Array, at: number): readonly number[] {
  const tags = words[at + 1]!;
  if (tags < 0) return NO_VLANS;
  return (tags & 0x1000000) === 0 ? [tags] : [(tags >> 12) & 0xfff, tags & 0xfff];
}

/** Of the end that comes first, or of the other. */
export function portAt(words: Int32Array, at: number, isLow: boolean): number {
  return isLow ? words[at + 2]! >>> 16 : words[at + 2]! & 0xffff;
}

export function addressAt(words: Int32Array, at: number, isLow: boolean): string {
  const first = at + (isLow ? 3 : 7);
  const data = new DataView(new ArrayBuffer(16));
  for (let i = 0; i < 4; i++) data.setInt32(4 * i, words[first + i]!);
  return isIpv6At(words, at) ? ipv6Text(data, 0) : ipv4Text(data, 0);
}

/** Addresses of IPv4 have one word: the other words are 0. */
function isIpv6At(words: Int32Array, at: number): boolean {
  return ((words[at]! >> 8) & 15) === 6;
}

function mixed(hash: number, word: number): number {
  return Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 15);
}
