/** QUIC long headers: RFC 8999 §5.1, RFC 9000 §17.2, RFC 9369 §3.2. */

export interface QuicHint {
  readonly kind: "quic";
  readonly version: string;
  readonly packet: string;
}

const PACKETS = ["Initial", "0-RTT", "Handshake", "Retry"] as const;

/** The long header at the start of `octets`, or undefined where there is none of a version that is known. */
export function quic(octets: Uint8Array, wellKnownPort: boolean): QuicHint | undefined {
  if (octets.length < 7 || octets[0]! < 0x80) return undefined;
  const version = new DataView(octets.buffer, octets.byteOffset, octets.length).getUint32(1);
  // RFC 9000 §17.2: up to 20 octets each
  const source = 6 + octets[5]!;
  if (octets[5]! > 20 || source >= octets.length || octets[source]! > 20) return undefined;
  const packet = (octets[0]! >> 4) & 3;
  switch (version) {
    case 0:
      // A list of versions is behind both connection ids
      return wellKnownPort && (octets.length - source - 1 - octets[source]!) % 4 === 0
        ? { kind: "quic", version: "none", packet: "Version Negotiation" }
        : undefined;
    case 1:
      return fixed(octets) ? { kind: "quic", version: "1", packet: PACKETS[packet]! } : undefined;
    case 0x6b33_43cf:
      return fixed(octets) ? { kind: "quic", version: "2", packet: PACKETS[(packet + 3) & 3]! } : undefined;
    default:
      // The drafts of RFC 9000
      return version >>> 8 === 0xff_0000 && fixed(octets)
        ? { kind: "quic", version: `draft ${version & 255}`, packet: PACKETS[packet]! }
        : undefined;
  }
}

/** RFC 9000 §17.2: the second bit is set. */
function fixed(octets: Uint8Array): boolean {
  return (octets[0]! & 0x40) !== 0;
}
