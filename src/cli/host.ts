/** Hosts that are named on the command line. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { refusedArgument } from "../arguments.js";
import type { Craftable } from "../craft/craft.js";
import { SockinspectError } from "../errors.js";
import { canonicalIpv6 } from "../wire/address.js";
import { type Icmp, icmp } from "../wire/icmp.js";
import { icmpCodeName, icmpTypes, icmpv6CodeName, icmpv6Types } from "../wire/icmp-names.js";
import { type Icmpv6, icmpv6 } from "../wire/icmpv6.js";
import { ipv4 } from "../wire/ipv4.js";
import { ipv6 } from "../wire/ipv6.js";

export interface HostOptions {
  /** Only addresses of this kind. */
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
}

export interface Host {
  readonly name: string;
  readonly address: string;
  readonly family: 4 | 6;
}

/** The address of a host, by the system's resolver. Throws `NO_ROUTE` where it has none, `BAD_ARGUMENT` for an address of the other kind. */
export async function hostOf(name: string, options: HostOptions): Promise<Host> {
  const wanted = options.ipv4 ? 4 : options.ipv6 ? 6 : 0;
  const given = isIP(name);
  if (given !== 0 && wanted !== 0 && given !== wanted)
    throw refusedArgument(
      `-${wanted}`,
      name,
      `${name} is an IPv${given} address, and -${wanted} asks for IPv${wanted}`,
    );
  try {
    const { address, family } = await lookup(name, { family: wanted });
    return { name, address: family === 6 ? canonical(address) : address, family: family === 6 ? 6 : 4 };
  } catch (cause) {
    const kind = wanted === 0 ? "" : `IPv${wanted} `;
    throw new SockinspectError(
      "NO_ROUTE",
      `cannot find ${name}: the system's resolver knows no ${kind}address of it`,
      { destination: name },
      { cause },
    );
  }
}

/** RFC 5952: as it stands in packets that are read. */
function canonical(address: string): string {
  const [plain, ...zone] = address.split("%");
  return [canonicalIpv6(plain) ?? plain, ...zone].join("%");
}

/** The IP header of packets to `host`. */
export function headerTo({ address, family }: Host, hops: number | undefined) {
  const destination = address.replace(/%.*$/, "");
  return family === 4
    ? ipv4({ destination, ...(hops !== undefined && { ttl: hops }) })
    : ipv6({ destination, ...(hops !== undefined && { hopLimit: hops }) });
}

/** An echo request to `host`, for `craft`. */
export function echoTo(
  host: Host,
  hops: number | undefined,
  message: { readonly identifier: number; readonly sequenceNumber: number },
  data: Uint8Array,
): readonly Craftable[] {
  const echo = { kind: "echo" as const, ...message };
  const request = host.family === 4 ? icmp({ type: 8, message: echo }) : icmpv6({ type: 128, message: echo });
  return [headerTo(host, hops), request, data];
}

/** The device behind % of a link-local address, where none is named otherwise. */
export function deviceOf({ address }: Host, named: string | undefined): string | undefined {
  return named ?? /%(.+)$/.exec(address)?.[1];
}

/** What an ICMP error says, in the words of its RFC. */
export function errorText(error: Icmp | Icmpv6): string {
  const types: Readonly<Record<number, string>> = error.kind === "icmp" ? icmpTypes : icmpv6Types;
  const code = (error.kind === "icmp" ? icmpCodeName : icmpv6CodeName)(error.type, error.code);
  const type = types[error.type] ?? `ICMP type ${error.type}`;
  return code === undefined ? type : `${type}, ${code}`;
}
