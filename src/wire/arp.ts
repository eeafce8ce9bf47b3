/** ARP: RFC 826; RARP: RFC 903. */

import { ipv4Text, macText, parseIpv4, parseMac } from "./address.js";
import type { Rest } from "./field.js";
import { header, type Infer } from "./header.js";
import { hexText, parseHex } from "./hex.js";
import { etherTypes, hardwareTypes } from "./numbers.js";
import { strangerIn } from "./part.js";

/**
 * The four addresses, each of the size that the header gives its kind. Ethernet and IPv4 ones are written as such, any
 * other in hex; those that were cut off are shorter or empty.
 */
export interface ArpAddresses {
  readonly senderHardware: string;
  readonly senderProtocol: string;
  readonly targetHardware: string;
  readonly targetProtocol: string;
}

const NAMES = ["senderHardware", "senderProtocol", "targetHardware", "targetProtocol"] as const;

const arpAddresses: Rest<ArpAddresses> = {
  content: { fields: NAMES.map((name) => ({ name, at: 0, size: 0, type: "octets" })) },
  decode(data, at, end) {
    const isEthernet = isEthernetLike(data.getUint16(at - 8));
    const isIpv4 = data.getUint16(at - 6) === 0x0800;
    const hardwareSize = data.getUint8(at - 4);
    const protocolSize = data.getUint8(at - 3);
    const protocolAt = at + hardwareSize;
    const targetAt = protocolAt + protocolSize;
    const hardware = (from: number): string =>
      isEthernet && hardwareSize === 6 && from + 6 <= end
        ? macText(data, from)
        : hexText(data, Math.min(from, end), Math.min(from + hardwareSize, end));
    const protocol = (from: number): string =>
      isIpv4 && protocolSize === 4 && from + 4 <= end
        ? ipv4Text(data, from)
        : hexText(data, Math.min(from, end), Math.min(from + protocolSize, end));
    return {
      senderHardware: hardware(at),
      senderProtocol: protocol(protocolAt),
      targetHardware: hardware(targetAt),
      targetProtocol: protocol(targetAt + hardwareSize),
    };
  },
  smallest: (data, at) => 2 * (data.getUint8(at - 4) + data.getUint8(at - 3)),
  encode(value, data, at) {
    let i = at;
    for (const name of NAMES) for (const octet of octetsOf(value[name])!) data.setUint8(i++, octet);
  },
  size: (value) => NAMES.reduce((sum, name) => sum + octetsOf(value[name])!.length, 0),
  fill(value = {}) {
    if (typeof value !== "object" || value === null) return value;
    const [hardware, protocol] = ["00:00:00:00:00:00", "0.0.0.0"];
    return { senderHardware: hardware, senderProtocol: protocol, targetHardware: hardware, targetProtocol: protocol, ...value }; // biome-ignore format: one thought
  },
  misfit(value) {
    if (typeof value !== "object" || value === null) return `takes ${NAMES.join(", ")}`;
    const stranger = strangerIn(value, NAMES);
    if (stranger !== undefined) return stranger;
    const wrong = NAMES.find((name) => octetsOf((value as Record<string, unknown>)[name]) === undefined);
    return wrong && `${wrong} takes a hardware or IPv4 address, or octets in hex`;
  },
};

/** IEEE 802 networks (type 6) write their addresses as Ethernet does. */
function isEthernetLike(hardwareType: number): boolean {
  return hardwareType === 1 || hardwareType === 6;
}

function octetsOf(address: unknown): readonly number[] | Uint8Array | undefined {
  return parseMac(address) ?? parseIpv4(address) ?? parseHex(address);
}

/** IANA, ARP parameters. */
const operations = {
  1: "request",
  2: "reply",
  3: "reverse request",
  4: "reverse reply",
  5: "dynamic reverse request",
  6: "dynamic reverse reply",
  7: "dynamic reverse error",
  8: "inverse request",
  9: "inverse reply",
} as const;

export const arp = header({
  title: "Address Resolution Protocol",
  minimumLength: 8,
  layout: (f) => ({
    kind: "arp",
    hardwareType: f.u16(0, hardwareTypes),
    protocolType: f.u16(2, etherTypes),
    /** Octets of each hardware address, and of each protocol address. */
    hardwareSize: f.u8(4),
    protocolSize: f.u8(5),
    operation: f.u16(6, operations),
    addresses: f.rest(8, arpAddresses),
  }),
});

export interface Arp extends Infer<typeof arp> {}
