/** What a field is where nobody gave it and nothing computes it; zero, off or empty if it is not here either. */
import type { HeaderKind } from "../packet/headers.js";

export const defaults: { readonly [K in HeaderKind]?: Readonly<Record<string, unknown>> } = {
  sll: { hardwareType: 1, addressLength: 6 },
  sll2: { hardwareType: 1, addressLength: 6 },
  llc: { control: 3 },
  pppoe: { version: 1, type: 1 },
  mpls: { ttl: 64 },
  arp: { hardwareType: 1, protocolType: 0x0800, hardwareSize: 6, protocolSize: 4, operation: 1 },
  ipv4: { version: 4, ttl: 64, destination: "127.0.0.1" },
  ipv6: { version: 6, hopLimit: 64, destination: "::1" },
  // RFC 4340 §5.1: a request has 48 bits of sequence number, and a service code
  dccp: { extended: true, sequence: { kind: "extended", content: "00000000" } },
  // RFC 3376 §4.1: a general query
  igmp: { type: 17, maximumResponseCode: 100 },
  // Sent as given, they would be an answer to nothing
  tcp: { flags: { syn: true }, window: 65_535 },
};
