import { and, type Condition, equal, masked, never, not, or, related } from "./condition.js";
import { type Context, is, load } from "./context.js";
import { fault, type Span } from "./fault.js";

/** Types of Ethernet payloads; IEEE 802 numbers at IANA. */
export const etherType = {
  ip: 0x0800,
  arp: 0x0806,
  rarp: 0x8035,
  ip6: 0x86dd,
  atalk: 0x809b,
  aarp: 0x80f3,
  mopdl: 0x6001,
  moprc: 0x6002,
  decnet: 0x6003,
  lat: 0x6004,
  sca: 0x6007,
  vlan: 0x8100,
  serviceVlan: 0x88a8,
  doubleVlan: 0x9100,
  mpls: 0x8847,
  pppoed: 0x8863,
  pppoes: 0x8864,
  bridgedEthernet: 0x6558,
  ipx: 0x8137,
} as const;

/** IEEE 802.2 service access points. */
export const sap = { ip: 0x06, stp: 0x42, ipx: 0xe0, netbeui: 0xf0, iso: 0xfe } as const;

/** The longest payload IEEE 802.3 has; a larger number in its place is a type. */
const longestPayload = 1500;

/** What Linux gives for the type of frames with an 802.2 header, and of those with Novell's without one. */
const cookedLlc = 4;
const cookedNovell = 1;

/** Whether the link-layer header says that what follows is `type`: an Ethernet type, or an 802.2 access point. */
export function linkTypeIs(context: Context, type: number, span: Span): Condition {
  const { layout } = context;
  if (layout.labels > 0) return labelledIs(context, type, span);
  switch (layout.link) {
    case "ethernet":
      return ethernetIs(context, type);
    case "null":
    case "loop":
      return loopbackIs(context, type);
    case "raw":
      if (type === etherType.ip) return versionIs(context, 4);
      return type === etherType.ip6 ? versionIs(context, 6) : never;
    case "ipv4":
      return { kind: "constant", value: type === etherType.ip };
    case "ipv6":
      return { kind: "constant", value: type === etherType.ip6 };
    case "cooked":
      return cookedIs(context, type);
    case "ppp":
      return is(context, layout.type!, 0, 2, pppTypes.get(type) ?? type);
    case "cooked2":
      return is(context, layout.type!, 0, 2, type);
    case "other":
      throw fault(context.source, span, "packets of this link type cannot be asked for what they carry");
    default:
      return layout.link satisfies never;
  }
}

/** The numbers PPP has for them; PPP numbers at IANA. */
const pppTypes: ReadonlyMap<number, number> = new Map([
  [etherType.ip, 0x0021],
  [etherType.ip6, 0x0057],
  [etherType.decnet, 0x0027],
  [etherType.atalk, 0x0029],
  [0x0600, 0x0025],
  [sap.iso, 0x0023],
  [sap.stp, 0x0031],
  [sap.ipx, 0x002b],
]);

export const pppMpls = 0x0281;

function versionIs(context: Context, version: number): Condition {
  return masked(context.stock, load(context, context.layout.header, 0, 1), version << 4, 0xf0);
}

/** An MPLS label does not tell what it is on, so look for the bottom of the stack and the version of IP; RFC 3032 §2. */
function labelledIs(context: Context, type: number, span: Span): Condition {
  const { stock, layout } = context;
  const version = type === etherType.ip ? 0x40 : 0x60;
  if (type !== etherType.ip && type !== etherType.ip6)
    throw fault(context.source, span, "behind 'mpls' only 'ip' and 'ip6' can be told apart");
  return and(
    masked(stock, load(context, layout.payload, layout.network - 2, 1), 1, 1),
    masked(stock, load(context, layout.payload, layout.network, 1), version, 0xf0),
  );
}

/** LINKTYPE_NULL has the AF_ number in the octet order of the machine that wrote it, LINKTYPE_LOOP in network order. */
function loopbackIs(context: Context, type: number): Condition {
  const { header, link, swapped } = context.layout;
  const little = link === "null" && !swapped;
  const family = (number: number): Condition => is(context, header, 0, 4, little ? number * 0x1000000 : number);
  if (type === etherType.ip) return family(2);
  // AF_INET6 is 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS.
  return type === etherType.ip6 ? or(family(24), family(28), family(30)) : never;
}

function isLength(context: Context): Condition {
  const { stock, layout } = context;
  return related(load(context, layout.type!, 0, 2), "<=", stock.constant(longestPayload));
}

/** A frame with an 802.2 header, by what the link-layer header says. */
function hasLlc(context: Context): Condition {
  const { link, type } = context.layout;
  return link === "ethernet" ? isLength(context) : is(context, type!, 0, 2, cookedLlc);
}

function snapIs(context: Context, organization: number, type: number): Condition {
  const { payload } = context.layout;
  const low = (((organization & 0xffff) << 16) | type) >>> 0;
  const high = (0xaaaa0300 | (organization >> 16)) >>> 0;
  return and(is(context, payload, 4, 4, low), is(context, payload, 0, 4, high));
}

function appletalkIs(context: Context, type: number): Condition {
  const organization = type === etherType.atalk ? 0x080007 : 0;
  return or(is(context, context.layout.type!, 0, 2, type), and(hasLlc(context), snapIs(context, organization, type)));
}

function ethernetIs(context: Context, type: number): Condition {
  const { payload, type: place } = context.layout;
  switch (type) {
    case sap.iso:
    case sap.ip:
    case sap.netbeui:
      return and(hasLlc(context), is(context, payload, 0, 2, (type << 8) | type));
    case sap.ipx:
      return or(
        is(context, place!, 0, 2, etherType.ipx),
        and(
          hasLlc(context),
          or(
            snapIs(context, 0, etherType.ipx),
            is(context, payload, 0, 1, sap.ipx),
            is(context, payload, 0, 2, 0xffff),
          ),
        ),
      );
    case etherType.atalk:
    case etherType.aarp:
      return appletalkIs(context, type);
    default:
      if (type > longestPayload) return is(context, place!, 0, 2, type);
      return and(hasLlc(context), is(context, place!, 2, 1, type));
  }
}

function cookedIs(context: Context, type: number): Condition {
  const { payload, type: place } = context.layout;
  switch (type) {
    case sap.iso:
    case sap.ip:
    case sap.netbeui:
      return and(hasLlc(context), is(context, payload, 0, 2, (type << 8) | type));
    case sap.ipx:
      return or(
        is(context, place!, 0, 2, etherType.ipx),
        is(context, place!, 0, 2, cookedNovell),
        and(hasLlc(context), or(is(context, payload, 0, 1, sap.ipx), snapIs(context, 0, etherType.ipx))),
      );
    case etherType.atalk:
    case etherType.aarp:
      return appletalkIs(context, type);
    default:
      if (type > longestPayload) return is(context, place!, 0, 2, type);
      return and(hasLlc(context), is(context, payload, 0, 1, type));
  }
}

const supervisory: Readonly<Record<string, number>> = { rr: 0x01, rnr: 0x05, rej: 0x09 };
const unnumbered: Readonly<Record<string, number>> = {
  ui: 0x03,
  ua: 0x63,
  disc: 0x43,
  dm: 0x0f,
  sabme: 0x6f,
  test: 0xe3,
  xid: 0xaf,
  frmr: 0x87,
};

/** `llc`, and `llc` with a kind of frame; IEEE 802.2. */
export function llc(context: Context, type: string | undefined, span: Span): Condition {
  const { layout, stock } = context;
  if (layout.link !== "ethernet" && !(context.live && layout.link === "cooked"))
    throw fault(context.source, span, "'llc' is only to be found on Ethernet");
  // Novell's frames without an 802.2 header begin with 0xffff.
  const present = and(hasLlc(context), not(is(context, layout.payload, 0, 2, 0xffff)));
  if (type === undefined) return present;
  const control = load(context, layout.payload, 2, 1);
  const word = type.toLowerCase();
  if (word === "i") return and(present, masked(stock, control, 0, 1));
  if (word === "s") return and(present, masked(stock, control, 1, 3));
  if (word === "u") return and(present, masked(stock, control, 3, 3));
  if (Object.hasOwn(supervisory, word)) return and(present, masked(stock, control, supervisory[word]!, 0x0f));
  if (Object.hasOwn(unnumbered, word)) return and(present, masked(stock, control, unnumbered[word]!, 0xef));
  throw fault(
    context.source,
    span,
    `'${type}' is no kind of 802.2 frame; there are i, s, u, ${Object.keys({ ...supervisory, ...unnumbered }).join(", ")}`,
  );
}

/** Inside Geneve: that the frame has an Ethernet header at all. */
function hasEthernetHeader(context: Context): Condition | undefined {
  const { layout, stock } = context;
  if (!layout.geneve) return undefined;
  return not(equal(stock.memory(layout.header.register!), stock.memory(layout.payload.register!)));
}

/** Whether the six octets at `at` of the Ethernet header are `address`. */
function stationIs(context: Context, at: number, address: readonly number[]): Condition {
  const { header } = context.layout;
  const number = (from: number, to: number): number =>
    address.slice(from, to).reduce((sum, octet) => sum * 256 + octet, 0);
  return and(is(context, header, at + 2, 4, number(2, 6)), is(context, header, at, 2, number(0, 2)));
}

/** The Ethernet address a frame is from or to. */
export function ethernetAddress(
  context: Context,
  address: readonly number[],
  direction: "src" | "dst" | "src or dst" | "src and dst",
): Condition {
  const present = hasEthernetHeader(context);
  const source = () => stationIs(context, 6, address);
  const destination = () => stationIs(context, 0, address);
  let condition: Condition;
  if (direction === "src") condition = source();
  else if (direction === "dst") condition = destination();
  else condition = direction === "src and dst" ? and(source(), destination()) : or(source(), destination());
  return present === undefined ? condition : and(present, condition);
}

/** Whether the lowest bit of the destination's first octet is set; IEEE 802 §8.2. */
export function ethernetMulticast(context: Context): Condition {
  const present = hasEthernetHeader(context);
  const group = not(masked(context.stock, load(context, context.layout.header, 0, 1), 0, 1));
  return present === undefined ? group : and(present, group);
}
