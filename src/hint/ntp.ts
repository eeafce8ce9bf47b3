/** NTP: RFC 5905 §7.3. */

export interface NtpHint {
  readonly kind: "ntp";
  readonly version: number;
  readonly mode: string;
}

const MODES: readonly (string | undefined)[] = [
  undefined,
  "symmetric active",
  "symmetric passive",
  "client",
  "server",
  "broadcast",
  "control",
  "private",
];

export function ntp(octets: Uint8Array): NtpHint | undefined {
  const first = octets[0]!;
  const version = (first >> 3) & 7;
  const mode = MODES[first & 7];
  // RFC 9327 §2, RFC 1305 appendix B: control messages are shorter
  const least = (first & 7) >= 6 ? 8 : 48;
  if (mode === undefined || version === 0 || version > 4 || octets.length < least) return undefined;
  return { kind: "ntp", version, mode };
}
