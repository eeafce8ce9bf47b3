import { ipv4Address, ipv6Address, noGateway, numberAddress, parseEthernet } from "./address.js";
import { always, and, type Condition, equal, masked, never, not, or, related } from "./condition.js";
import { type Context, is, load } from "./context.js";
import { fault, type Span } from "./fault.js";
import { loadNetwork } from "./layout.js";
import { ethernetAddress, ethernetMulticast, etherType, linkTypeIs, llc } from "./link.js";
import { namedInProgram } from "./named-program.js";
import { portIs } from "./port.js";
import { ancillary } from "./program.js";
import { carries, chainHas, protocolIs, protocolNumber } from "./protocol.js";
import { withinReach } from "./reach.js";
import { byteIs, relationHolds } from "./relation.js";
import type { Expression, Named, Operand, Qualifiers } from "./syntax.js";
import { geneve, mpls, pppoed, pppoes, vlan } from "./tunnel.js";
import type { Protocol } from "./words.js";

/** `sll_pkttype` of a packet that this host sends; linux/if_packet.h. */
const outgoing = 4;

/**
 * What an expression asks of packets with the headers that `context` describes. `certain`: the whole filter fails where
 * this does. Throws `BAD_FILTER`.
 */
export function translate(context: Context, expression: Expression, certain = true): Condition {
  switch (expression.kind) {
    case "chain": {
      // What stands before the last 'or' may fail without the filter failing.
      const lastOr = expression.rest.findLastIndex(({ operator }) => operator === "or");
      let condition = translate(context, expression.first, certain && lastOr < 0);
      for (const [index, { operator, expression: operand }] of expression.rest.entries()) {
        const right = translate(context, operand, certain && index > lastOr);
        condition = operator === "and" ? and(condition, right) : or(condition, right);
      }
      return condition;
    }
    case "not": {
      context.most = !context.most;
      const of = translate(context, expression.of, false);
      context.most = !context.most;
      return not(of);
    }
    case "named":
      return context.stage === "prefilter"
        ? namedInProgram(context, expression, certain)
        : namedIs(context, expression);
    default: {
      const condition = asked(context, expression);
      if (context.stage === "rest" && certain) return always;
      return context.stage === "prefilter" && !certain ? withinReach(context, condition) : condition;
    }
  }
}

function namedIs({ stock }: Context, named: Named): Condition {
  return equal(stock.named(named), stock.constant(1));
}

/** What pcap-filter(7) has words for. */
function asked(context: Context, expression: Exclude<Expression, { kind: "chain" | "not" | "named" }>): Condition {
  switch (expression.kind) {
    case "address":
      return addressed(context, expression.qualifiers, expression.operand, expression);
    case "protocol":
      return protocolIs(context, expression.protocol, expression);
    case "relation":
      return relationHolds(context, expression.operator, expression.left, expression.right);
    case "broadcast":
      return broadcast(context, expression.protocol, expression);
    case "multicast":
      return multicast(context, expression.protocol, expression);
    case "less":
    case "greater":
      return lengthIs(context, expression.kind, expression.value);
    case "byte":
      return byteIs(context, expression.index, expression.operator, expression.value);
    case "inbound":
      return not(isOutgoing(context, expression));
    case "outbound":
      return isOutgoing(context, expression);
    case "ifindex":
      return interfaceIs(context, expression.value, expression);
    case "ifname":
      return interfaceNamed(context, expression.name, expression);
    case "vlan":
      return vlan(context, expression.value, expression);
    case "mpls":
      return mpls(context, expression.value, expression);
    case "pppoed":
      return pppoed(context, expression);
    case "pppoes":
      return pppoes(context, expression.value, expression);
    case "geneve":
      return geneve(context, expression.value, expression);
    case "llc":
      return llc(context, expression.type, expression);
    default:
      return expression satisfies never;
  }
}

function addressed(context: Context, qualifiers: Qualifiers, operand: Operand, span: Span): Condition {
  switch (operand.kind) {
    case "ipv4":
      return ipv4Address(context, operand.text, operand, qualifiers, span);
    case "ipv6":
      return ipv6Address(context, operand.text, operand.prefix, qualifiers, span);
    case "ethernet":
      return station(context, operand.text, qualifiers, span);
    case "arcnet":
      throw fault(context.source, span, "ARCnet addresses are not supported");
    case "number":
    case "name":
      return namedOrNumbered(context, qualifiers, operand, span);
    default:
      return operand satisfies never;
  }
}

function namedOrNumbered(
  context: Context,
  qualifiers: Qualifiers,
  operand: Operand & { kind: "number" | "name" },
  span: Span,
): Condition {
  const { type, protocol } = qualifiers;
  switch (type) {
    case "port":
    case "portrange":
      return portIs(context, operand.kind === "number" ? operand.value : operand.text, qualifiers, span);
    case "proto":
    case "protochain": {
      const number = operand.kind === "number" ? operand.value : protocolNumber(context, protocol, operand.text, span);
      return type === "proto" ? carries(context, protocol, number, span) : chainHas(context, protocol, number, span);
    }
    case "gateway":
      throw noGateway(context, qualifiers);
    case "net":
      if (operand.kind === "name")
        throw fault(context.source, span, `no network is called '${operand.text}'; write it as 192.0.2.0/24`);
      return numberAddress(context, operand.value, qualifiers, span);
    case "host":
    case undefined:
      if (operand.kind === "number") return numberAddress(context, operand.value, qualifiers, span);
      return hostNamed(context, operand.text, qualifiers, span);
    default:
      return type satisfies never;
  }
}

function hostNamed(context: Context, name: string, qualifiers: Qualifiers, span: Span): Condition {
  const { protocol } = qualifiers;
  if (protocol === "link")
    throw fault(context.source, span, `'${name}' is no Ethernet address; names of stations are not looked up`);
  if (protocol === "decnet")
    throw fault(context.source, span, `'${name}' is no DECnet address, as 10.15; names are not looked up`);
  const addresses = context.addresses.get(name);
  if (addresses === undefined)
    throw fault(context.source, span, `'${name}' is a name; write its address, or compile with a resolver`);
  const fit = addresses.filter((address) =>
    address.includes(":") ? protocol !== "ip" && protocol !== "arp" && protocol !== "rarp" : protocol !== "ip6",
  );
  if (fit.length === 0) throw fault(context.source, span, `the host '${name}' has no address of this kind`);
  return or(
    ...fit.map((address) =>
      address.includes(":")
        ? ipv6Address(context, address, undefined, qualifiers, span)
        : ipv4Address(context, address, {}, qualifiers, span),
    ),
  );
}

/** `ether host` and its like. */
function station(context: Context, text: string, qualifiers: Qualifiers, span: Span): Condition {
  const { type, protocol, direction } = qualifiers;
  if (protocol !== "link" || (type !== undefined && type !== "host"))
    throw fault(
      context.source,
      span,
      `'${text}' is an Ethernet address; write 'ether host', 'ether src' or 'ether dst' before it`,
    );
  if (!hasStations(context, span, "Ethernet addresses")) return never;
  return ethernetAddress(context, parseEthernet(text), direction ?? "src or dst");
}

/** Whether frames have Ethernet addresses; where they have none on some of the devices listened to, nothing matches. */
function hasStations(context: Context, span: Span, what: string): boolean {
  if (context.layout.link === "ethernet") return true;
  if (context.mixed) return false;
  throw fault(context.source, span, `${what} are only to be found on Ethernet`);
}

function broadcast(context: Context, protocol: Protocol | undefined, span: Span): Condition {
  if (protocol === undefined || protocol === "link") {
    if (!hasStations(context, span, "broadcasts")) return never;
    return ethernetAddress(context, [255, 255, 255, 255, 255, 255], "dst");
  }
  if (protocol !== "ip") throw fault(context.source, span, `'${protocol}' has no broadcasts; write 'ip' or 'ether'`);
  const { stock, layout } = context;
  const hosts = ~(context.netmask ?? 0) >>> 0;
  const address = loadNetwork(stock, layout, 16, 4);
  return and(
    linkTypeIs(context, etherType.ip, span),
    or(masked(stock, address, 0, hosts), masked(stock, address, hosts, hosts)),
  );
}

function multicast(context: Context, protocol: Protocol | undefined, span: Span): Condition {
  const { stock, layout } = context;
  if (protocol === undefined || protocol === "link") {
    if (!hasStations(context, span, "multicasts of a link layer")) return never;
    return ethernetMulticast(context);
  }
  if (protocol === "ip")
    // RFC 1112 §4, and libpcap takes what is reserved above it for multicast, too.
    return and(
      linkTypeIs(context, etherType.ip, span),
      related(loadNetwork(stock, layout, 16, 1), ">=", stock.constant(224)),
    );
  if (protocol === "ip6")
    // RFC 4291 §2.7: ff00::/8.
    return and(
      linkTypeIs(context, etherType.ip6, span),
      masked(stock, loadNetwork(stock, layout, 24, 1), 255, 0xffffffff),
    );
  throw fault(context.source, span, `'${protocol}' has no multicasts; write 'ip', 'ip6' or 'ether'`);
}

function lengthIs(context: Context, kind: "less" | "greater", value: number): Condition {
  const { stock } = context;
  return related(stock.length(), kind === "greater" ? ">=" : "<=", stock.constant(value));
}

function isOutgoing(context: Context, span: Span): Condition {
  const { stock, layout } = context;
  if (context.live) return equal(stock.load(2, ancillary.packetType), stock.constant(outgoing));
  const { header, link } = layout;
  if (link === "cooked") return is(context, header, 0, 2, outgoing);
  if (link === "cooked2") return is(context, header, 10, 1, outgoing);
  throw fault(context.source, span, "files of this link type do not tell the direction of a packet");
}

function interfaceIs(context: Context, index: number, span: Span): Condition {
  const { stock, layout } = context;
  if (context.live) return equal(stock.load(4, ancillary.interfaceIndex), stock.constant(index));
  if (layout.link === "cooked2") return equal(load(context, layout.header, 4, 4), stock.constant(index));
  throw fault(context.source, span, "files of this link type do not tell the interface of a packet");
}

function interfaceNamed(context: Context, name: string, span: Span): Condition {
  const index = context.interfaceOf?.(name);
  if (context.interfaceOf === undefined)
    throw fault(context.source, span, "the names of interfaces are not known here; write 'ifindex' and a number");
  if (index === undefined) throw fault(context.source, span, `there is no interface '${name}'`);
  return interfaceIs(context, index, span);
}
