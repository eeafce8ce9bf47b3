/** Every header there is, and the numbers by which a walk knows them. */
import { arp } from "../wire/arp.js";
import { ethernet } from "../wire/ethernet.js";
import type { Header } from "../wire/header.js";
import { icmp } from "../wire/icmp.js";
import { icmpv6 } from "../wire/icmpv6.js";
import { ipv4 } from "../wire/ipv4.js";
import { ipv6 } from "../wire/ipv6.js";
import { destinationOptions, fragment, hopByHopOptions, routing } from "../wire/ipv6-extensions.js";
import { sll } from "../wire/sll.js";
import { sll2 } from "../wire/sll2.js";
import { tcp } from "../wire/tcp.js";
import { udp } from "../wire/udp.js";
import { vlan } from "../wire/vlan.js";

export const headers = [
  ethernet,
  vlan,
  sll,
  sll2,
  arp,
  ipv4,
  ipv6,
  hopByHopOptions,
  destinationOptions,
  routing,
  fragment,
  icmp,
  icmpv6,
  tcp,
  udp,
] as const;

export type HeaderKind = (typeof headers)[number]["kind"];

/** The place of each header in {@link headers}. */
export const ids = Object.fromEntries(headers.map((header, id) => [header.kind, id])) as Record<HeaderKind, number>;

/** The header of `kind`, for whoever reads field tables. */
export function headerOf(kind: HeaderKind): Header<{ readonly kind: string }> {
  // Each header takes its own value type; the readers of field tables treat all alike.
  return headers[ids[kind]] as unknown as Header<{ readonly kind: string }>;
}
