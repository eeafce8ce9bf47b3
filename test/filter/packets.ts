/** The octets of a packet written as hex. */
export function view(hex: string): DataView {
  return new DataView(Uint8Array.from(hex.match(/[0-9a-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16)).buffer);
}

/** 02:00:00:00:00:01 > 02:00:00:00:00:02: IP 192.0.2.1.40000 > 198.51.100.2.80: Flags [S], seq 1, win 64240, length 0 */
export const tcpSyn =
  "020000000002 020000000001 0800 45000028000140004006a4b1c0000201c6336402 9c400050000000010000000050 02faf00000 0000";

/** 02:00:00:00:00:01 > 02:00:00:00:00:02: IP 192.0.2.1.40000 > 198.51.100.2.53: UDP, length 4 */
export const udpDatagram =
  "020000000002 020000000001 0800 45000020000140004011a4aec0000201c6336402 9c400035000c0000deadbeef";
