import { and, type Condition, equal, not, or } from "./condition.js";
import { type Context, is, networkIs, takeRegister } from "./context.js";
import { fault, type Span } from "./fault.js";
import { networkAt } from "./layout.js";
import { etherType, linkTypeIs, sap } from "./link.js";
import { transportNumbers } from "./protocol-numbers.js";
import type { Protocol } from "./words.js";

/** Numbers of protocols over IP; IANA protocol-numbers. */
export const ipProtocol = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  igrp: 9,
  udp: 17,
  esp: 50,
  ah: 51,
  icmp6: 58,
  pim: 103,
  vrrp: 112,
  carp: 112,
  sctp: 132,
} as const;

const networkProtocol = { clnp: 0x81, esis: 0x82, isis: 0x83 } as const;

/** IS-IS packets by the type in their header; ISO 10589 §9. */
const level1 = { hello: 15, link: 18, complete: 24, partial: 26 };
const level2 = { hello: 16, link: 20, complete: 25, partial: 27 };
const pointToPointHello = 17;

const isisTypes: Readonly<Record<"l1" | "l2" | "iih" | "lsp" | "snp" | "csnp" | "psnp", readonly number[]>> = {
  l1: [level1.partial, level1.complete, level1.link, level1.hello, pointToPointHello],
  l2: [level2.partial, level2.complete, level2.link, level2.hello, pointToPointHello],
  iih: [pointToPointHello, level1.hello, level2.hello],
  lsp: [level1.link, level2.link],
  snp: [level2.partial, level1.partial, level1.complete, level2.complete],
  csnp: [level1.complete, level2.complete],
  psnp: [level1.partial, level2.partial],
};

/** A protocol's name alone: packets that carry it. */
export function protocolIs(context: Context, protocol: Protocol, span: Span): Condition {
  switch (protocol) {
    case "link":
      throw fault(context.source, span, "a link layer alone says nothing; add 'host', 'src', 'broadcast' or '[0]'");
    case "ip":
    case "ip6":
    case "arp":
    case "rarp":
    case "atalk":
    case "aarp":
    case "decnet":
    case "lat":
    case "sca":
    case "moprc":
    case "mopdl":
      return linkTypeIs(context, etherType[protocol], span);
    case "iso":
    case "stp":
    case "ipx":
    case "netbeui":
      return linkTypeIs(context, sap[protocol], span);
    case "tcp":
    case "udp":
    case "sctp":
    case "pim":
    case "ah":
    case "esp":
      return carries(context, undefined, ipProtocol[protocol], span);
    case "icmp":
    case "igmp":
    case "igrp":
    case "vrrp":
    case "carp":
      return carries(context, "ip", ipProtocol[protocol], span);
    case "icmp6":
      return carries(context, "ip6", ipProtocol.icmp6, span);
    case "clnp":
    case "esis":
    case "isis":
      return carries(context, "iso", networkProtocol[protocol], span);
    case "l1":
    case "l2":
    case "iih":
    case "lsp":
    case "snp":
    case "csnp":
    case "psnp":
      return or(...isisTypes[protocol].map((type) => carries(context, "isis", type, span)));
    default:
      return protocol satisfies never;
  }
}

/** `proto`: whether `protocol`, or IP of either version where none is named, carries `number`. */
export function carries(context: Context, protocol: Protocol | undefined, number: number, span: Span): Condition {
  switch (protocol) {
    case undefined:
      return or(carries(context, "ip", number, span), carries(context, "ip6", number, span));
    case "link":
      return linkTypeIs(context, number, span);
    case "ip":
      return and(linkTypeIs(context, etherType.ip, span), networkIs(context, 9, 1, number));
    case "ip6":
      // Of the extension headers only a fragment's is looked behind: RFC 8200 §4.5.
      return and(
        linkTypeIs(context, etherType.ip6, span),
        or(networkIs(context, 6, 1, number), and(networkIs(context, 6, 1, 44), networkIs(context, 40, 1, number))),
      );
    case "iso":
      return and(linkTypeIs(context, sap.iso, span), osiIs(context, 0, number));
    case "isis":
      return and(carries(context, "iso", networkProtocol.isis, span), osiIs(context, 4, number));
    default:
      throw fault(context.source, span, `'${protocol}' cannot be asked which protocol it carries`);
  }
}

function osiIs(context: Context, at: number, number: number): Condition {
  const { payload, osi } = context.layout;
  return is(context, payload, osi + at, 1, number);
}

/** The number of a protocol by its name, for `proto` and `protochain`. */
export function protocolNumber(context: Context, protocol: Protocol | undefined, name: string, span: Span): number {
  const known: Readonly<Record<string, number>> =
    protocol === undefined || protocol === "ip" || protocol === "ip6"
      ? transportNumbers
      : protocol === "link"
        ? linkNames
        : protocol === "iso"
          ? networkProtocol
          : {};
  if (Object.hasOwn(known, name)) return known[name]!;
  const names = Object.keys(known);
  const of = protocol === undefined ? "IP" : `'${protocol}'`;
  const hint = names.length === 0 ? "write its number" : `write its number, or a name such as '\\${names[1]}'`;
  throw fault(context.source, span, `'${name}' is no protocol that ${of} is known to carry; ${hint}`);
}

const { aarp, arp, atalk, decnet, ip, ip6, lat, mopdl, moprc, rarp, sca } = etherType;
const { iso, ipx, netbeui, stp } = sap;
const linkNames = {
  ip,
  ip6,
  arp,
  rarp,
  aarp,
  atalk,
  decnet,
  lat,
  loopback: 0x9000,
  mopdl,
  moprc,
  sca,
  iso,
  ipx,
  netbeui,
  stp,
};

/**
 * Headers of a chain that are followed, since the kernel's programs cannot loop: of IPv4 and on devices, where programs
 * have to be short, and of IPv6 in files. Packets that mean no harm have three or four.
 */
const longestChain = 8;
const longestFileChain = 112;

/**
 * `protochain`: whether any header of the chain is `number`; a chain longer than is followed rejects the packet. What is
 * behind an authentication header is looked for where libpcap looks for it, counting from the packet's start.
 */
export function chainHas(context: Context, protocol: Protocol | undefined, number: number, span: Span): Condition {
  if (protocol === undefined) return or(chainHas(context, "ip", number, span), chainHas(context, "ip6", number, span));
  if (protocol !== "ip" && protocol !== "ip6")
    throw fault(context.source, span, `'protochain' follows 'ip' and 'ip6', not '${protocol}'`);
  if (context.layout.payload.register !== undefined)
    throw fault(context.source, span, "'protochain' cannot be used behind 'geneve'");
  const { stock, layout } = context;
  const start = networkAt(layout);
  const length = takeRegister(context, span);
  const header = takeRegister(context, span);
  // They are free again for whatever comes after the chain.
  context.registers -= 2;
  const at = stock.memory(length);
  const kind = stock.memory(header);
  const kindIs = (value: number): Condition => equal(kind, stock.constant(value));
  const set = (register: number, value: typeof at): Condition => ({ kind: "set", register, value });
  const octets = (words: number, unit: number) =>
    stock.operation(
      "*",
      stock.operation("+", stock.indexed(1, at, (start + 1) >>> 0), stock.constant(words)),
      stock.constant(unit),
    );
  const longest = context.live || protocol === "ip" ? longestChain : longestFileChain;
  const following = set(header, stock.indexed(1, at, start));

  // A longer chain, as may be made to keep libpcap busy for ever, rejects the packet by a load that is out of reach.
  let chain: Condition = equal(stock.load(1, 0x7fffffff), stock.constant(0));
  for (let headers = 0; headers < longest; headers++) {
    const rest: Condition = { kind: "shared", of: chain };
    const behindAuthentication = and(kindIs(51), following, set(length, octets(2, 4)), rest);
    const behind: Condition =
      protocol === "ip"
        ? behindAuthentication
        : {
            kind: "choose",
            when: or(kindIs(0), kindIs(60), kindIs(43), kindIs(44)),
            met: and(following, set(length, stock.operation("+", at, octets(1, 8))), rest),
            otherwise: behindAuthentication,
          };
    chain = or(kindIs(number), and(not(kindIs(59)), behind));
  }
  const { payload, network } = layout;
  const first =
    protocol === "ip"
      ? [set(header, load(9)), set(length, stock.headerLength(start))]
      : [set(header, load(6)), set(length, stock.constant(40))];
  return and(linkTypeIs(context, etherType[protocol], span), ...first, chain);

  function load(offset: number) {
    return stock.load(1, (payload.at + network + offset) >>> 0);
  }
}
