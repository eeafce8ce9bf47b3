/** DHCP messages over IPv4: RFC 2131 §2, RFC 2132 §9.6. */
import { ipv4Text } from "../wire/address.js";

export interface DhcpHint {
  readonly kind: "dhcp";
  /** As RFC 2131 names it; "BOOTP request" or "BOOTP reply" where the message has no type. */
  readonly type: string;
  /** The address that is offered or confirmed. */
  readonly address?: string;
}

const types: Readonly<Record<number, string>> = {
  1: "DISCOVER",
  2: "OFFER",
  3: "REQUEST",
  4: "DECLINE",
  5: "ACK",
  6: "NAK",
  7: "RELEASE",
  8: "INFORM",
  9: "FORCERENEW",
  10: "LEASEQUERY",
  11: "LEASEUNASSIGNED",
  12: "LEASEUNKNOWN",
  13: "LEASEACTIVE",
};

const OPTIONS = 240;

export function dhcp(octets: Uint8Array): DhcpHint | undefined {
  const operation = octets[0]!;
  if (octets.length < OPTIONS || operation < 1 || operation > 2) return undefined;
  const data = new DataView(octets.buffer, octets.byteOffset, octets.length);
  if (data.getUint32(236) !== 0x6382_5363) return undefined;
  const type = messageType(octets);
  if (type === -1) return { kind: "dhcp", type: operation === 1 ? "BOOTP request" : "BOOTP reply" };
  const address = type === 2 || type === 5 ? ipv4Text(data, 16) : "0.0.0.0";
  return { kind: "dhcp", type: types[type] ?? `type ${type}`, ...(address !== "0.0.0.0" && { address }) };
}

/** Option 53; -1 where it is not there. */
function messageType(octets: Uint8Array): number {
  for (let i = OPTIONS; i + 2 < octets.length; ) {
    const code = octets[i]!;
    if (code === 255) break;
    if (code === 53 && octets[i + 1] === 1) return octets[i + 2]!;
    i += code === 0 ? 1 : 2 + octets[i + 1]!;
  }
  return -1;
}
