import { always, and, type Condition, equal, masked, never, or } from "./condition.js";
import { type Context, load, takeRegister } from "./context.js";
import { fault, type Span } from "./fault.js";
import { loadNetwork, loadTransport, networkAt, transportBase } from "./layout.js";
import { etherType, linkTypeIs, pppMpls } from "./link.js";
import { portsOver4, portsOver6 } from "./port.js";
import { ancillary } from "./program.js";
import type { Value } from "./value.js";

function requireAtMost(context: Context, value: number, most: number, what: string, span: Span): void {
  if (value > most) throw fault(context.source, span, `${value} is no ${what}: the largest is ${most}`);
}

/** `vlan`: a tag of IEEE 802.1Q, with this identifier. What follows is asked of what is behind the tag. */
export function vlan(context: Context, identifier: number | undefined, span: Span): Condition {
  const { stock, layout } = context;
  if (layout.labels > 0) throw fault(context.source, span, "there is no VLAN behind 'mpls'");
  if (identifier !== undefined) requireAtMost(context, identifier, 0xfff, "VLAN identifier", span);
  if (layout.link !== "ethernet") {
    if (context.mixed) return never;
    throw fault(context.source, span, "VLANs are only to be found on Ethernet");
  }
  if (context.tagStripped && layout.vlans === 0 && layout.outermost) {
    context.layout = { ...layout, vlans: 1 };
    const tag = stock.load(2, ancillary.vlanTag);
    return identifier === undefined ? always : masked(stock, tag, identifier, 0xfff);
  }
  const { vlan: customer, serviceVlan, doubleVlan } = etherType;
  const tagged = or(...[customer, serviceVlan, doubleVlan].map((type) => linkTypeIs(context, type, span)));
  const matches =
    identifier === undefined ? tagged : and(tagged, masked(stock, loadNetwork(stock, layout, 0, 2), identifier, 0xfff));
  context.layout = {
    ...layout,
    vlans: layout.vlans + 1,
    type: { ...layout.type!, at: layout.type!.at + 4 },
    payload: { ...layout.payload, at: layout.payload.at + 4 },
  };
  return matches;
}

/** `mpls`: a label, this one; once more, the next one of the stack. RFC 3032 §2.1. */
export function mpls(context: Context, label: number | undefined, span: Span): Condition {
  const { stock, layout } = context;
  let present: Condition;
  if (layout.labels > 0)
    // The bottom-of-stack bit of the label before is not set.
    present = masked(stock, load(context, layout.payload, layout.network - 2, 1), 0, 1);
  else if (layout.link === "ethernet" || (context.live && layout.link === "cooked"))
    present = linkTypeIs(context, etherType.mpls, span);
  else if (layout.link === "ppp") present = linkTypeIs(context, pppMpls, span);
  else throw fault(context.source, span, "MPLS labels are only to be found on Ethernet and PPP");
  if (label !== undefined) {
    requireAtMost(context, label, 0xfffff, "MPLS label", span);
    present = and(present, masked(stock, loadNetwork(stock, layout, 0, 4), (label << 12) >>> 0, 0xfffff000));
  }
  context.layout = { ...layout, network: layout.network + 4, osi: layout.osi + 4, labels: layout.labels + 1 };
  return present;
}

/** `pppoes`: a PPP session over Ethernet, this one; RFC 2516 §4. */
export function pppoes(context: Context, session: number | undefined, span: Span): Condition {
  const { stock, layout } = context;
  let present = linkTypeIs(context, etherType.pppoes, span);
  if (session !== undefined) {
    requireAtMost(context, session, 0xffff, "PPPoE session", span);
    present = and(present, masked(stock, loadNetwork(stock, layout, 0, 4), session, 0xffff));
  }
  const header = { ...layout.payload, at: (layout.payload.at + layout.network + 6) >>> 0 };
  context.layout = {
    ...layout,
    link: "ppp",
    header,
    type: header,
    payload: { ...header, at: (header.at + 2) >>> 0 },
    network: 0,
    osi: 0,
    outermost: false,
    geneve: false,
  };
  return present;
}

const genevePort = { first: 6081, last: 6081, transport: "udp" } as const;

/** `geneve`: a packet in UDP to port 6081, of this virtual network; RFC 8926 §3.4. */
export function geneve(context: Context, network: number | undefined, span: Span): Condition {
  const { stock, layout } = context;
  if (network !== undefined) requireAtMost(context, network, 0xffffff, "Geneve network identifier", span);
  const type = takeRegister(context, span);
  const header = takeRegister(context, span);
  const payload = takeRegister(context, span);
  const set = (register: number, value: Value): Condition => ({ kind: "set", register, value });
  const plus = (value: Value, number: number): Value => stock.operation("+", value, stock.constant(number >>> 0));
  /** Version 0, the network asked for, and where the Geneve header begins, which is kept in `payload` for now. */
  const begins = (field: (at: number, size: 1 | 4) => Value, at: Value): Condition =>
    and(
      masked(stock, field(8, 1), 0, 0xc0),
      network === undefined ? always : masked(stock, field(12, 4), (network << 8) >>> 0, 0xffffff00),
      set(payload, at),
    );
  const udpOver4 = and(
    portsOver4(context, genevePort, true, "udp", "dst", span),
    begins(
      (at, size) => loadTransport(stock, layout, at, size),
      plus(transportBase(stock, layout), networkAt(layout) + 8),
    ),
  );
  const base: Value = layout.payload.register === undefined ? stock.constant(0) : stock.memory(layout.payload.register);
  const udpOver6 = and(
    portsOver6(context, genevePort, true, "udp", "dst", span),
    begins((at, size) => loadNetwork(stock, layout, 40 + at, size), plus(base, networkAt(layout) + 48)),
  );
  const start = stock.memory(payload);
  const inner = stock.memory(header);
  const options = stock.operation("&", stock.indexed(1, start, 0), stock.constant(0x3f));
  const words = stock.operation("*", options, stock.constant(4));
  const move = and(set(type, plus(start, 2)), set(header, stock.operation("+", plus(words, 8), start)), {
    kind: "choose",
    when: equal(stock.indexed(2, start, 2), stock.constant(etherType.bridgedEthernet)),
    met: and(set(type, plus(inner, 12)), set(payload, plus(inner, 14))),
    // Without an Ethernet header inside, the type in the Geneve header is the payload's.
    otherwise: set(payload, inner),
  });
  context.layout = {
    ...layout,
    link: "ethernet",
    header: { at: 0, register: header },
    type: { at: 0, register: type },
    payload: { at: 0, register: payload },
    network: 0,
    outermost: false,
    geneve: true,
  };
  return and(or(udpOver4, udpOver6), move);
}

/** `pppoed`: the discovery of a PPP session over Ethernet; RFC 2516 §5. */
export function pppoed(context: Context, span: Span): Condition {
  return linkTypeIs(context, etherType.pppoed, span);
}
