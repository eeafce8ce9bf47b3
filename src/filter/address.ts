import { parseIpv6 } from "../wire/address.js";
import { and, type Condition, masked, or } from "./condition.js";
import { type Context, networkIs } from "./context.js";
import { fault, type Span } from "./fault.js";
import { loadNetwork } from "./layout.js";
import { etherType, linkTypeIs } from "./link.js";
import type { Qualifiers } from "./syntax.js";

/** A dotted number of 1 to 4 octets, and how many bits it has; undefined where one of them is no octet. */
export function parseDotted(text: string): { readonly value: number; readonly bits: number } | undefined {
  const parts = text.split(".");
  let value = 0;
  for (const part of parts) {
    if (!/^[0-9]+$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return { value, bits: parts.length * 8 };
}

/** The six octets of an Ethernet address in any of the ways it may be written. */
export function parseEthernet(text: string): readonly number[] {
  const digits = /^[0-9A-Fa-f]{12}$/.test(text) || /^[0-9A-Fa-f]{4}\./.test(text);
  const parts = digits ? text.replaceAll(".", "").match(/../g)! : text.split(/[:.-]/);
  return parts.map((part) => Number.parseInt(part, 16));
}

function shift(value: number, bits: number): number {
  return bits >= 32 ? 0 : (value << bits) >>> 0;
}

/** `host` and `net` with an IPv4 address. */
export function ipv4Address(
  context: Context,
  text: string,
  given: { readonly prefix?: number; readonly mask?: string },
  qualifiers: Qualifiers,
  span: Span,
): Condition {
  const wrong = (why: string): Error => fault(context.source, span, why);
  const { type } = qualifiers;
  const whole = given.prefix === undefined && given.mask === undefined;
  if (type === "gateway") throw noGateway(context, qualifiers);
  if (type !== undefined && type !== "host" && type !== "net")
    throw wrong(`'${text}' is an address, but '${type}' needs a number or a name`);
  if (!whole && type !== "net") throw wrong("a mask makes a network of it; write 'net' before it");
  if (whole && qualifiers.protocol === "decnet") return decnetHost(context, text, qualifiers, span);
  if (whole && qualifiers.protocol === "link")
    throw wrong("a link layer has no IP addresses; write an Ethernet address, as 02:00:00:00:00:01");
  const address = parseDotted(text);
  if (address === undefined) throw wrong(`'${text}' is no IPv4 address: each part is 0 to 255`);
  const value = shift(address.value, 32 - address.bits);
  let mask = shift(0xffffffff, 32 - address.bits);
  if (given.mask !== undefined) {
    const parsed = parseDotted(given.mask);
    if (parsed === undefined) throw wrong(`'${given.mask}' is no mask: each part is 0 to 255`);
    mask = shift(parsed.value, 32 - parsed.bits);
  } else if (given.prefix !== undefined) {
    if (given.prefix > 32) throw wrong(`an IPv4 address has 32 bits, not ${given.prefix}`);
    mask = shift(0xffffffff, 32 - given.prefix);
  }
  if ((value & ~mask) !== 0) {
    const network = [24, 16, 8, 0].map((bits) => ((value & mask) >>> bits) & 255).join(".");
    throw wrong(`'${text}' has bits behind the mask; the network it is in begins at ${network}`);
  }
  return hostIs(context, value, mask, qualifiers, span);
}

/** `host` with a number, and `net` with its first octets: `net 10` is 10.0.0.0/8. */
export function numberAddress(context: Context, given: number, qualifiers: Qualifiers, span: Span): Condition {
  if (qualifiers.protocol === "link")
    throw fault(context.source, span, "a link layer has no IP addresses; write an Ethernet address");
  if (qualifiers.protocol === "decnet") return decnetIs(context, given, qualifiers.direction, span);
  let value = given;
  let mask = 0xffffffff;
  if (qualifiers.type === "net")
    while (value !== 0 && value >>> 24 === 0) {
      value = shift(value, 8);
      mask = shift(mask, 8);
    }
  return hostIs(context, value, mask, qualifiers, span);
}

/** An IPv4 address in the header of IP, ARP or RARP. */
function hostIs(context: Context, value: number, mask: number, qualifiers: Qualifiers, span: Span): Condition {
  const { protocol } = qualifiers;
  const of = (name: "ip" | "arp" | "rarp", source: number, destination: number): Condition =>
    eitherEnd(qualifiers.direction, source, destination, (at) =>
      and(
        linkTypeIs(context, etherType[name], span),
        masked(context.stock, loadNetwork(context.stock, context.layout, at, 4), value, mask),
      ),
    );
  switch (protocol) {
    case undefined: {
      const ip = of("ip", 12, 16);
      return context.layout.labels > 0 ? ip : or(ip, of("arp", 14, 24), of("rarp", 14, 24));
    }
    case "ip":
      return of("ip", 12, 16);
    case "arp":
    case "rarp":
      return of(protocol, 14, 24);
    default:
      throw fault(
        context.source,
        qualifiers,
        `'${protocol}' has no IPv4 addresses; write 'ip', 'arp' or 'rarp', or nothing`,
      );
  }
}

function eitherEnd(
  direction: Qualifiers["direction"],
  source: number,
  destination: number,
  test: (at: number) => Condition,
): Condition {
  switch (direction) {
    case "src":
      return test(source);
    case "dst":
      return test(destination);
    case "src and dst":
      return and(test(source), test(destination));
    default:
      return or(test(source), test(destination));
  }
}

/** `host` and `net` with an IPv6 address. */
export function ipv6Address(
  context: Context,
  text: string,
  prefix: number | undefined,
  qualifiers: Qualifiers,
  span: Span,
): Condition {
  const wrong = (why: string): Error => fault(context.source, span, why);
  const { type, protocol } = qualifiers;
  const octets = parseIpv6(text);
  if (octets === undefined) throw wrong(`'${text}' is no IPv6 address`);
  if (type === "gateway") throw noGateway(context, qualifiers);
  if (type !== undefined && type !== "host" && type !== "net")
    throw wrong(`'${text}' is an address, but '${type}' needs a number or a name`);
  const bits = prefix ?? 128;
  if (bits > 128) throw wrong(`an IPv6 address has 128 bits, not ${bits}`);
  if (bits !== 128 && type !== "net") throw wrong("a mask makes a network of it; write 'net' before it");
  if (protocol !== undefined && protocol !== "ip6")
    throw fault(context.source, qualifiers, `'${protocol}' has no IPv6 addresses; write 'ip6' or nothing`);
  const words = [0, 4, 8, 12].map((at) => octets.slice(at, at + 4).reduce((sum, octet) => sum * 256 + octet, 0));
  const masks = [0, 32, 64, 96].map((at) => shift(0xffffffff, 32 - Math.min(32, Math.max(0, bits - at))));
  if (words.some((word, index) => (word & ~masks[index]!) !== 0))
    throw wrong(`'${text}' has bits behind the first ${bits}; leave them out`);
  return eitherEnd(qualifiers.direction, 8, 24, (at) =>
    and(
      linkTypeIs(context, etherType.ip6, span),
      ...words.map((word, index) =>
        masked(context.stock, loadNetwork(context.stock, context.layout, at + index * 4, 4), word, masks[index]!),
      ),
    ),
  );
}

/** libpcap itself cannot do it where it knows IPv6. */
export function noGateway(context: Context, span: Span): Error {
  return fault(
    context.source,
    span,
    "'gateway' is not supported; write 'ether host' with its Ethernet address and 'not host' with its IP address",
  );
}

function decnetHost(context: Context, text: string, qualifiers: Qualifiers, span: Span): Condition {
  const [area, node] = text.split(".").map((part) => Number.parseInt(part, 10));
  return decnetIs(context, ((area! << 10) & 0xfc00) | (node! & 0x3ff), qualifiers.direction, span);
}

/** A DECnet address, in a long or a short header, padded or not; the octets are in the order of the VAX. */
function decnetIs(context: Context, given: number, direction: Qualifiers["direction"], span: Span): Condition {
  const address = ((given & 0xff) << 8) | ((given >>> 8) & 0xff);
  const { stock, layout } = context;
  const flags = (size: 1 | 2, expected: number, mask: number): Condition =>
    masked(stock, loadNetwork(stock, layout, 2, size), expected, mask);
  const end = (short: number, long: number): Condition =>
    and(
      linkTypeIs(context, etherType.decnet, span),
      or(
        and(flags(1, 0x02, 0x07), networkIs(context, 2 + short, 2, address)),
        and(flags(2, 0x8102, 0xff07), networkIs(context, 3 + short, 2, address)),
        and(flags(1, 0x06, 0x07), networkIs(context, 2 + long, 2, address)),
        and(flags(2, 0x8106, 0xff07), networkIs(context, 3 + long, 2, address)),
      ),
    );
  const source = () => end(3, 15);
  const destination = () => end(1, 7);
  if (direction === "src") return source();
  if (direction === "dst") return destination();
  return direction === "src and dst" ? and(source(), destination()) : or(source(), destination());
}
