/** Every header there is, and the numbers by which a walk knows them. */
import { arp } from "../wire/arp.js";
import { dccp } from "../wire/dccp.js";
import { esp } from "../wire/esp.js";
import { ethernet } from "../wire/ethernet.js";
import { gre } from "../wire/gre.js";
import type { Header } from "../wire/header.js";
import { icmp } from "../wire/icmp.js";
import { icmpv6 } from "../wire/icmpv6.js";
import { igmp } from "../wire/igmp.js";
import { ipv4 } from "../wire/ipv4.js";
import { ipv6 } from "../wire/ipv6.js";
import { authentication, destinationOptions, fragment, hopByHopOptions, routing } from "../wire/ipv6-extensions.js";
import { llc, snap } from "../wire/llc.js";
import { loop, nullLoopback } from "../wire/loopback.js";
import { mobility } from "../wire/mobility.js";
import { mpls } from "../wire/mpls.js";
import { ppp, pppoe } from "../wire/ppp.js";
import { sctp } from "../wire/sctp.js";
import { sll } from "../wire/sll.js";
import { sll2 } from "../wire/sll2.js";
import { tcp } from "../wire/tcp.js";
import { udp } from "../wire/udp.js";
import { udpLite } from "../wire/udp-lite.js";
import { vlan } from "../wire/vlan.js";

export const headers = [
  ethernet,
  vlan,
  sll,
  sll2,
  nullLoopback,
  loop,
  llc,
  snap,
  pppoe,
  ppp,
  mpls,
  arp,
  ipv4,
  ipv6,
  hopByHopOptions,
  destinationOptions,
  routing,
  fragment,
  authentication,
  mobility,
  esp,
  gre,
  icmp,
  icmpv6,
  igmp,
  tcp,
  udp,
  udpLite,
  sctp,
  dccp,
] as const;

export type HeaderKind = (typeof headers)[number]["kind"];

/** The place of each header in {@link headers}: below 31, as a bit each tells which of them a packet has. */
export const ids = Object.fromEntries(headers.map((header, id) => [header.kind, id])) as Record<HeaderKind, number>;

/** The header of `kind`, for whoever reads field tables. */
export function headerOf(kind: HeaderKind): Header<{ readonly kind: string }> {
  // Each header takes its own value type; the readers of field tables treat all alike.
  return headers[ids[kind]] as unknown as Header<{ readonly kind: string }>;
}
