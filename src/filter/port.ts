import { and, type Condition, equal, or, related } from "./condition.js";
import { type Context, networkIs } from "./context.js";
import { fault, type Span } from "./fault.js";
import { loadNetwork, loadTransport } from "./layout.js";
import { etherType, linkTypeIs } from "./link.js";
import { ipProtocol } from "./protocol.js";
import { services } from "./services.js";
import type { Direction, Qualifiers } from "./syntax.js";
import type { Value } from "./value.js";

type Transport = "tcp" | "udp" | "sctp";

/** A port, or the first and last of a range, and the protocol that its name belongs to. */
interface Ports {
  readonly first: number;
  readonly last: number;
  readonly transport: Transport | undefined;
}

/** `port` and `portrange`. */
export function portIs(context: Context, operand: string | number, qualifiers: Qualifiers, span: Span): Condition {
  const { protocol, type } = qualifiers;
  if (protocol !== undefined && protocol !== "tcp" && protocol !== "udp" && protocol !== "sctp")
    throw fault(context.source, qualifiers, `'${protocol}' has no ports; write 'tcp', 'udp' or 'sctp', or nothing`);
  const ports =
    typeof operand === "number"
      ? { first: operand, last: operand, transport: undefined }
      : type === "portrange"
        ? rangeNamed(context, operand, span)
        : portNamed(context, operand, span);
  for (const port of [ports.first, ports.last])
    if (port > 65535) throw fault(context.source, span, `${port} is no port: the last one is 65535`);
  if (protocol !== undefined && ports.transport !== undefined && ports.transport !== protocol)
    throw fault(context.source, span, `'${operand}' is a port of ${ports.transport}, not of ${protocol}`);
  const transport = protocol ?? ports.transport;
  const exact = type !== "portrange";
  return or(
    portsOver6(context, ports, exact, transport, qualifiers.direction, span),
    portsOver4(context, ports, exact, transport, qualifiers.direction, span),
  );
}

function portNamed(context: Context, name: string, span: Span): Ports {
  if (/^[0-9]+$/.test(name)) return { first: Number(name), last: Number(name), transport: undefined };
  if (Object.hasOwn(services, name)) {
    const [tcp, udp] = services[name]!;
    // A name with two numbers means the one of TCP, as in libpcap.
    const port = (tcp ?? udp)!;
    const transport = tcp === udp ? undefined : tcp !== undefined ? "tcp" : "udp";
    return { first: port, last: port, transport };
  }
  throw fault(context.source, span, `no service is called '${name}'; write the number of its port`);
}

function rangeNamed(context: Context, text: string, span: Span): Ports {
  const numbers = /^([0-9]+)-([0-9]+)/.exec(text);
  if (numbers) return { ...ordered(Number(numbers[1]), Number(numbers[2])), transport: undefined };
  const dash = text.indexOf("-");
  if (dash < 0) throw fault(context.source, span, `'${text}' is no range of ports; write it as 6000-6008`);
  const first = portNamed(context, text.slice(0, dash), span);
  const last = portNamed(context, text.slice(dash + 1), span);
  const transport = first.transport === last.transport ? first.transport : undefined;
  return { ...ordered(first.first, last.first), transport };
}

function ordered(one: number, other: number): { first: number; last: number } {
  return { first: Math.min(one, other), last: Math.max(one, other) };
}

function within(context: Context, left: Value, ports: Ports, exact: boolean): Condition {
  const { stock } = context;
  if (exact) return equal(left, stock.constant(ports.first));
  return and(related(left, ">=", stock.constant(ports.first)), related(left, "<=", stock.constant(ports.last)));
}

function eitherPort(direction: Direction | undefined, test: (at: number) => Condition): Condition {
  if (direction === "src") return test(0);
  if (direction === "dst") return test(2);
  return direction === "src and dst" ? and(test(0), test(2)) : or(test(0), test(2));
}

const transports: readonly Transport[] = ["sctp", "tcp", "udp"];

/** Not a later fragment, which has no transport header: RFC 791 §3.1. */
export function isFirstFragment(context: Context): Condition {
  const { stock, layout } = context;
  const offset = stock.operation("&", loadNetwork(stock, layout, 6, 2), stock.constant(0x1fff));
  return equal(offset, stock.constant(0));
}

/** Ports over IPv4. */
export function portsOver4(
  context: Context,
  ports: Ports,
  exact: boolean,
  transport: Transport | undefined,
  direction: Direction | undefined,
  span: Span,
): Condition {
  const of = (name: Transport): Condition =>
    and(
      networkIs(context, 9, 1, ipProtocol[name]),
      isFirstFragment(context),
      eitherPort(direction, (at) => within(context, loadTransport(context.stock, context.layout, at, 2), ports, exact)),
    );
  const any = transport === undefined ? or(...transports.map(of)) : of(transport);
  return and(linkTypeIs(context, etherType.ip, span), any);
}

/** Ports over IPv6, where no extension header is between. */
export function portsOver6(
  context: Context,
  ports: Ports,
  exact: boolean,
  transport: Transport | undefined,
  direction: Direction | undefined,
  span: Span,
): Condition {
  const of = (name: Transport): Condition =>
    and(
      networkIs(context, 6, 1, ipProtocol[name]),
      eitherPort(direction, (at) =>
        within(context, loadNetwork(context.stock, context.layout, 40 + at, 2), ports, exact),
      ),
    );
  const any = transport === undefined ? or(...transports.map(of)) : of(transport);
  return and(linkTypeIs(context, etherType.ip6, span), any);
}
