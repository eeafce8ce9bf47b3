/** What an application says in a packet, as far as one line tells it. */
import { firstOctet } from "../packet/borrowed.js";
import type { Layer, Payload } from "../packet/packet.js";
import type { Tcp } from "../wire/tcp.js";
import type { Udp } from "../wire/udp.js";
import { type DhcpHint, dhcp } from "./dhcp.js";
import { type DnsHint, dns } from "./dns.js";
import { type HttpHint, http, mayBeginHttp } from "./http.js";
import { type NtpHint, ntp } from "./ntp.js";
import { type QuicHint, quic } from "./quic.js";
import { TLS_HANDSHAKE, type TlsHint, tls } from "./tls.js";

/**
 * What one packet's application says. Texts are printable ASCII, other octets escaped as in RFC 1035 §5.1 (`\200`), but for
 * the "…" of a start line that is not all there.
 */
export type Hint = DnsHint | HttpHint | TlsHint | QuicHint | DhcpHint | NtpHint;

/** RFC 9000 §14.1: the datagrams in which QUIC negotiates its version are at least so long. */
const LEAST_QUIC = 1200;

/**
 * What the payload of TCP or UDP in `layers` says, by its port and its octets, or undefined where nothing is known of it.
 * A hint and no more: of one packet alone, from the first octet of its payload on.
 */
export function hint(layers: readonly Layer[]): Hint | undefined {
  let last = layers.length - 1;
  if (layers[last]?.kind === "trailer") last--;
  const payload = layers[last];
  const transport = layers[last - 1];
  if (payload?.kind !== "payload" || (transport?.kind !== "tcp" && transport?.kind !== "udp")) return undefined;
  const found = hintOf(transport, payload);
  // What an ICMP error quotes is not said now
  return found && layers.some(({ kind }) => kind === "icmp" || kind === "icmpv6") ? undefined : found;
}

/** What a payload of TCP or UDP says. hot */
export function hintOf(transport: Tcp | Udp, payload: Payload): Hint | undefined {
  const { sourcePort, destinationPort } = transport;
  const port = wellKnown(sourcePort) ? sourcePort : destinationPort;
  if (transport.kind === "udp" && !wellKnown(port) && payload.length < LEAST_QUIC) return undefined;
  // Most payloads of TCP begin with nothing that is known
  if (transport.kind === "tcp" && port !== 53 && !mayBegin(firstOctet(payload))) return undefined;
  const { octets } = payload;
  return transport.kind === "tcp" ? overTcp(octets, port) : overUdp(octets, port);
}

function mayBegin(first: number): boolean {
  return first === TLS_HANDSHAKE || mayBeginHttp(first);
}

function overTcp(octets: Uint8Array, port: number): Hint | undefined {
  // RFC 1035 §4.2.2: two octets of length in front
  if (port === 53) return dns(octets, 2);
  return tls(octets) ?? http(octets);
}

function overUdp(octets: Uint8Array, port: number): Hint | undefined {
  switch (port) {
    case 53:
    // Multicast DNS, LLMNR
    case 5353:
    case 5355:
      return dns(octets, 0);
    case 67:
    case 68:
      return dhcp(octets);
    case 123:
      return ntp(octets);
    default:
      return quic(octets, port === 443);
  }
}

function wellKnown(port: number): boolean {
  switch (port) {
    case 53:
    case 67:
    case 68:
    case 123:
    case 443:
    case 5353:
    case 5355:
      return true;
    default:
      return false;
  }
}
