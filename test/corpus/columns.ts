/** Fields of the oracle in the words of this project: what each of them is in a decoded packet. */
import { headerOf } from "../../src/packet/headers.js";
import type { HeaderLayer, Layer, Packet, Verdict } from "../../src/packet/packet.js";
import type { Problem } from "../../src/packet/problem.js";
import { ndOptions } from "../../src/wire/nd-options.js";

/** A number, or a text that has to be the same in lower case. */
export type Entry = number | string;

/** What the layers of a packet say of one field, in packet order; undefined where that cannot be compared. */
export type Column = (packet: Packet) => readonly Entry[] | undefined;

type Kind = HeaderLayer["kind"];
type Fields = Readonly<Record<string, unknown>>;

/** Headers that the oracle's profile dissects; at the first other one it stops. */
const DISSECTED: ReadonlySet<string> = new Set<Kind>([
  "ethernet",
  "vlan",
  "sll",
  "sll2",
  "null",
  "loop",
  "arp",
  "ipv4",
  "ipv6",
  "hopByHopOptions",
  "destinationOptions",
  "routing",
  "fragment",
  "authentication",
  "icmp",
  "icmpv6",
  "tcp",
  "udp",
]);

/** A header as far as it is there, with its place among the layers. */
interface Seen {
  readonly kind: string;
  readonly fields: Fields;
  readonly index: number;
  readonly before: Layer | undefined;
}

const seenOf = new WeakMap<Packet, readonly Seen[]>();

/** The headers that the oracle sees too. */
function seen(packet: Packet): readonly Seen[] {
  const known = seenOf.get(packet);
  if (known) return known;
  const found: Seen[] = [];
  for (const [index, layer] of packet.layers.entries()) {
    const kind = layer.kind === "cut" ? layer.header : layer.kind;
    if (!DISSECTED.has(kind)) break;
    const fields = layer.kind === "cut" ? layer.fields : (layer as unknown as Fields);
    found.push({ kind, fields, index, before: packet.layers[index - 1] });
  }
  seenOf.set(packet, found);
  return found;
}

function entryOf(value: unknown): Entry {
  return typeof value === "boolean" ? Number(value) : typeof value === "number" ? value : String(value);
}

/** The field of every layer of one of `kinds`, where it is there; more than one value as a list. */
function field(kinds: Kind | readonly Kind[], read: string | ((fields: never, seen: Seen) => unknown)): Column {
  const wanted: ReadonlySet<string> = new Set([kinds].flat());
  return (packet) =>
    seen(packet)
      .filter(({ kind }) => wanted.has(kind))
      .flatMap((each) => {
        const value = typeof read === "string" ? each.fields[read] : read(each.fields as never, each);
        return value === undefined ? [] : Array.isArray(value) ? value.map(entryOf) : [entryOf(value)];
      });
}

/** The type or length field, by which of the two it is; 0 in Ethernet is shown as a type. */
const typed = (value: number | undefined) =>
  value !== undefined && (value >= 1536 || value === 0) ? value : undefined;
const lengthed = (value: number | undefined) =>
  value !== undefined && value <= 1500 && value !== 0 ? value : undefined;

const STATUS: Readonly<Record<Verdict, number>> = {
  bad: 0,
  good: 1,
  "cannot tell": 2,
  absent: 3,
  "not computed yet": 0,
  "verified by the kernel": 1,
};

/** No UDP checksum, over IPv6. */
const ILLEGAL = 4;

/** At a UDP length that cannot be the oracle stops; 0 it takes over IPv6 only. */
const stopped = ({ kind, fields, before }: Seen): boolean => {
  const length = fields["length"] as number | undefined;
  return kind === "udp" && length !== undefined && length < 8 && !(length === 0 && before?.kind !== "ipv4");
};

/** What was found of each checksum of `kind`; one of a header that was cut cannot be told. */
function status(kind: Kind): Column {
  return (packet) =>
    seen(packet)
      .filter((each) => each.kind === kind && each.fields["checksum"] !== undefined && !stopped(each))
      .map(({ index }): Verdict => packet.checksums.find(({ layer }) => layer === index)?.verdict ?? "cannot tell")
      .map((verdict) =>
        verdict === "absent" && !packet.layers.some((layer) => layer.kind === "ipv4") ? ILLEGAL : STATUS[verdict],
      );
}

interface Option {
  readonly kind: string;
  readonly code?: number;
  readonly [name: string]: unknown;
}

/** Entries of a field of the options of `kinds`. */
function option(kinds: Kind | readonly Kind[], read: (option: Option) => unknown): Column {
  return field(kinds, (fields: { readonly options?: readonly Option[] }) =>
    fields.options?.flatMap((each) => {
      const value = read(each);
      return value === undefined ? [] : [value].flat();
    }),
  );
}

function message(kind: "icmp" | "icmpv6", read: (message: Option, fields: Fields) => unknown): Column {
  return field(kind, (fields: Fields) => {
    const value = fields["message"] as (Option & { readonly of?: string; readonly fields?: Fields }) | undefined;
    if (!value) return undefined;
    return read(value.kind === "incomplete" ? { ...value.fields, kind: value.of ?? "" } : value, fields);
  });
}

const only = (kind: string, name: string) => (message: Option) => (message.kind === kind ? message[name] : undefined);

const isExtendedEcho = ({ kind }: Option): boolean => kind.startsWith("extendedEcho");

const isServiceTag = ({ before }: Seen): boolean =>
  before?.kind === "ethernet" || before?.kind === "vlan" ? before.type === 0x88a8 : false;

function tag(service: boolean, name: string): Column {
  return field("vlan", (fields: Fields, each) => (isServiceTag(each) === service ? fields[name] : undefined));
}

const tcpFlags = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr", "ae"] as const;

function flagBits(fields: Fields): number | undefined {
  const flags = fields["flags"] as Readonly<Record<string, boolean>> | undefined;
  if (!flags) return undefined;
  const low = tcpFlags.reduce((bits, name, i) => bits | (flags[name] ? 1 << i : 0), 0);
  return low | ((fields["reserved"] as number) << 9);
}

/** ARP addresses as the oracle shows them: written as Ethernet and IPv4 do, or in hex; none where not all are there. */
function address(name: string, written: boolean): Column {
  const column = field("arp", (fields: Fields) => {
    const text = (fields["addresses"] as Readonly<Record<string, string>> | undefined)?.[name];
    return text && /[:.]/.test(text) === written ? text : undefined;
  });
  return (packet) =>
    packet.problems.some(({ kind, layer }) => kind === "truncated" && layer === "arp") ? [] : column(packet);
}

/** The versions of IP headers, those that cannot be included. */
function version(kinds: readonly Kind[]): Column {
  return (packet) => [
    ...(field(kinds, "version")(packet) ?? []),
    ...packet.problems.flatMap((problem) =>
      problem.kind === "malformed" && problem.field === "version" && kinds.includes(problem.layer)
        ? [problem.value!]
        : [],
    ),
  ];
}

/** Numbers of Wireshark for LINKTYPE_ numbers: wiretap/wtap.h. */
const encapsulations: Readonly<Record<number, number>> = {
  0: 15,
  1: 1,
  12: 7,
  14: 7,
  101: 7,
  108: 174,
  113: 25,
  228: 129,
  229: 130,
  276: 210,
};

/** The options of each layer of one of `kinds`, each with its octets as they are written. */
function options(
  kinds: Kind | readonly Kind[],
  packet: Packet,
): readonly (readonly (readonly [Uint8Array, Option])[])[] {
  const wanted: readonly string[] = [kinds].flat();
  return seen(packet)
    .filter(({ kind, index }) => wanted.includes(kind) && packet.layers[index]?.kind === kind)
    .map(({ kind, fields }) => {
      const rest = headerOf(kind as Kind).fields.find(({ type }) => type === "rest");
      const value = fields[rest?.name ?? ""];
      const list = (Array.isArray(value) ? value : ((value as Fields)["options"] ?? [])) as readonly Option[];
      const codec = kind === "icmpv6" || rest?.type !== "rest" ? ndOptions : rest.codec;
      return list.map((each) => {
        const octets = new Uint8Array(codec.size([each] as never));
        codec.encode([each] as never, new DataView(octets.buffer), 0);
        return [octets, each] as const;
      });
    });
}

function eachOption(kinds: Kind | readonly Kind[], read: (octets: Uint8Array, option: Option) => unknown): Column {
  return (packet) =>
    options(kinds, packet)
      .flat()
      .flatMap(([octets, each]) => {
        const entry = read(octets, each);
        return entry === undefined ? [] : [entry].flat().map(entryOf);
      });
}

/** All option octets of each header that has some, in hex. */
function rawOptions(kind: Kind): Column {
  return (packet) =>
    options(kind, packet)
      .map((list) => list.map(([octets]) => Buffer.from(octets).toString("hex")).join(""))
      .filter((text) => text !== "");
}

/** TCP's end of list is shown once for each zero there. */
const codes = (octets: Uint8Array, { kind }: Option) => {
  if (kind !== "end") return octets[0];
  const other = octets.findIndex((octet) => octet !== 0);
  return Array.from(other < 0 ? octets : octets.subarray(0, other));
};

/** Addresses of a route option that were passed, or are still to be: `pointer` tells, in octets from 1. */
const route = (passed: boolean) => (option: Option) => {
  const list = option["addresses"] as readonly string[] | undefined;
  if (!list || !/^(recordRoute|(loose|strict)SourceRoute)$/.test(option.kind)) return undefined;
  const next = ((option["pointer"] as number) - 4) / 4;
  // The last of a source route is its destination, and shown as that
  return passed ? list.slice(0, next) : option.kind === "recordRoute" ? undefined : list.slice(next, -1);
};

const extensionOptions = ["hopByHopOptions", "destinationOptions"] as const;

const routingBody = (kind: string, name: string) => (fields: Fields) => {
  const body = fields["body"] as Option | undefined;
  return body?.kind === kind ? body[name] : undefined;
};

/** Where the oracle says what the columns `short` and `malformed` tell: by marks, or by notes of its own. */
export const marks: Readonly<Record<string, readonly string[]>> = {
  short: ["_ws.short"],
  malformed: [
    "_ws.malformed",
    "eth.len.past_end",
    "vlan.len.past_end",
    "ip.bogus_ip_version",
    "ip.bogus_header_length",
    "ip.bogus_ip_length",
    "ip.opt.len.invalid",
    "ip.subopt_too_long",
    "ipv6.bogus_ipv6_version",
    "ipv6.plen_exceeds_framing",
    "ipv6.invalid_header",
    "ipv6.opt.invalid_len",
    "ipv6.routing.invalid_length",
    "ipv6.routing.invalid_segleft",
    "tcp.bogus_header_length",
    "tcp.short_segment",
    "tcp.option.len.invalid",
    "udp.length.bad",
    "udp.length.bad_zero",
    "udp.checksum.zero",
  ],
};

/** Problems of the headers that the oracle dissects. */
function problems(packet: Packet): readonly Problem[] {
  const kinds = new Set(seen(packet).map(({ kind }) => kind));
  // A header of another version of IP is no layer, but what carries it is
  return packet.problems.filter(({ layer }) => kinds.has(layer) || (layer.startsWith("ip") && !isHidden(packet)));
}

const isHidden = (packet: Packet): boolean =>
  seen(packet).length < packet.layers.filter(({ kind }) => kind !== "payload" && kind !== "trailer").length;

const isShort = (problem: Problem): boolean => problem.kind === "truncated" && problem.limit === "capture";

export const columns: Readonly<Record<string, Column>> = {
  /** A header was cut by the capture. */
  short: (packet) => (problems(packet).some(isShort) ? ["short"] : []),
  /** A header was cut by a length field, or a field cannot be as it is. */
  malformed: (packet) =>
    problems(packet).some((problem) => problem.kind !== "checksum" && !isShort(problem)) ? ["malformed"] : [],

  "frame.time_epoch": ({ seconds, nanoseconds }) =>
    Number.isNaN(seconds) ? [] : [`${seconds}.${String(nanoseconds).padStart(9, "0")}`],
  "frame.len": ({ length }) => [length],
  "frame.cap_len": ({ capturedLength }) => [capturedLength],
  "frame.encap_type": ({ linkType }) => {
    const number = encapsulations[linkType];
    return number === undefined ? undefined : [number];
  },

  "eth.dst": field("ethernet", "destination"),
  "eth.src": field("ethernet", "source"),
  "eth.type": field("ethernet", ({ type }: { type?: number }) => typed(type)),
  "eth.len": field("ethernet", ({ type }: { type?: number }) => lengthed(type)),
  "vlan.id": tag(false, "id"),
  "vlan.priority": tag(false, "priority"),
  "vlan.dei": tag(false, "dropEligible"),
  "vlan.etype": field("vlan", ({ type }: { type?: number }, each) =>
    isServiceTag(each) || type === 0 ? undefined : typed(type),
  ),
  "vlan.len": field("vlan", ({ type }: { type?: number }) => (type === 0 ? 0 : lengthed(type))),
  "ieee8021ad.id": tag(true, "id"),
  "ieee8021ad.priority": tag(true, "priority"),
  "ieee8021ad.dei": tag(true, "dropEligible"),

  "sll.pkttype": field(["sll", "sll2"], "packetType"),
  "sll.hatype": field(["sll", "sll2"], "hardwareType"),
  "sll.halen": field(["sll", "sll2"], "addressLength"),
  "sll.etype": field(["sll", "sll2"], ({ protocol }: { protocol?: number }) =>
    protocol !== undefined && protocol > 1536 ? protocol : undefined,
  ),
  "sll.ifindex": field("sll2", "interfaceIndex"),
  "sll.src.eth": field(
    ["sll", "sll2"],
    ({ addressLength, address: text }: { addressLength?: number; address?: string }) =>
      addressLength === 6 ? text?.slice(0, 12).replace(/..(?=.)/g, "$&:") : undefined,
  ),
  "null.family": field(["null", "loop"], "family"),

  "arp.hw.type": field("arp", "hardwareType"),
  "arp.proto.type": field("arp", "protocolType"),
  "arp.hw.size": field("arp", "hardwareSize"),
  "arp.proto.size": field("arp", "protocolSize"),
  "arp.opcode": field("arp", "operation"),
  "arp.src.hw_mac": address("senderHardware", true),
  "arp.src.proto_ipv4": address("senderProtocol", true),
  "arp.dst.hw_mac": address("targetHardware", true),
  "arp.dst.proto_ipv4": address("targetProtocol", true),
  "arp.src.hw": address("senderHardware", false),
  "arp.src.proto": address("senderProtocol", false),
  "arp.dst.hw": address("targetHardware", false),
  "arp.dst.proto": address("targetProtocol", false),

  "ip.version": version(["ipv4", "ipv6"]),
  "ip.hdr_len": field("ipv4", ({ headerLength }: { headerLength?: number }) => headerLength && headerLength * 4),
  "ip.dsfield": field("ipv4", ({ dscp, ecn }: { dscp?: number; ecn?: number }) =>
    dscp !== undefined && ecn !== undefined ? dscp * 4 + ecn : undefined,
  ),
  "ip.dsfield.dscp": field("ipv4", "dscp"),
  "ip.dsfield.ecn": field("ipv4", "ecn"),
  "ip.len": field("ipv4", "totalLength"),
  "ip.id": field("ipv4", "identification"),
  "ip.flags": field("ipv4", ({ reserved, dontFragment, moreFragments }: Fields) =>
    reserved === undefined ? undefined : Number(reserved) * 4 + Number(dontFragment) * 2 + Number(moreFragments),
  ),
  "ip.flags.rb": field("ipv4", "reserved"),
  "ip.flags.df": field("ipv4", "dontFragment"),
  "ip.flags.mf": field("ipv4", "moreFragments"),
  "ip.frag_offset": field("ipv4", "fragmentOffset"),
  "ip.ttl": field("ipv4", "ttl"),
  "ip.proto": field("ipv4", "protocol"),
  "ip.checksum": field("ipv4", "checksum"),
  "ip.checksum.status": status("ipv4"),
  "ip.src": field("ipv4", "source"),
  "ip.dst": field("ipv4", "destination"),

  "ip.opt.type": eachOption("ipv4", (octets, { kind }) => (kind === "unknown" ? undefined : octets[0])),
  "ip.opt.len": eachOption("ipv4", (octets, { kind }) =>
    /^(unknown|end|noOperation)$/.test(kind) ? undefined : octets[1],
  ),
  "ip.opt.ptr": option("ipv4", ({ pointer }) => pointer),
  "ip.opt.time_stamp": option("ipv4", ({ stamps }) =>
    (stamps as readonly (number | { time: number })[] | undefined)?.map((each) =>
      typeof each === "number" ? each : each.time,
    ),
  ),
  "ip.opt.ra": option("ipv4", only("routerAlert", "value")),
  "ip.rec_rt": option("ipv4", route(true)),
  "ip.src_rt": option("ipv4", route(false)),

  "ipv6.version": version(["ipv6"]),
  "ipv6.tclass.dscp": field("ipv6", "dscp"),
  "ipv6.tclass.ecn": field("ipv6", "ecn"),
  "ipv6.tclass": field("ipv6", ({ dscp, ecn }: { dscp?: number; ecn?: number }) =>
    dscp !== undefined && ecn !== undefined ? dscp * 4 + ecn : undefined,
  ),
  "ipv6.flow": field("ipv6", "flowLabel"),
  "ipv6.plen": field("ipv6", "payloadLength"),
  "ipv6.nxt": field("ipv6", "nextHeader"),
  "ipv6.hlim": field("ipv6", "hopLimit"),
  "ipv6.src": field("ipv6", "source"),
  "ipv6.dst": field("ipv6", "destination"),
  "ipv6.hopopts.nxt": field("hopByHopOptions", "nextHeader"),
  "ipv6.hopopts.len": field("hopByHopOptions", "length"),
  "ipv6.hopopts.len_oct": field("hopByHopOptions", ({ length }: { length?: number }) =>
    length === undefined ? undefined : 8 * length + 8,
  ),
  "ipv6.dstopts.nxt": field("destinationOptions", "nextHeader"),
  "ipv6.dstopts.len": field("destinationOptions", "length"),
  "ipv6.dstopts.len_oct": field("destinationOptions", ({ length }: { length?: number }) =>
    length === undefined ? undefined : 8 * length + 8,
  ),
  "ipv6.routing.nxt": field("routing", "nextHeader"),
  "ipv6.routing.len": field("routing", "length"),
  "ipv6.routing.len_oct": field("routing", ({ length }: { length?: number }) =>
    length === undefined ? undefined : 8 * length + 8,
  ),
  "ipv6.routing.type": field("routing", "type"),
  "ipv6.routing.segleft": field("routing", "segmentsLeft"),
  "ipv6.fraghdr.nxt": field("fragment", "nextHeader"),
  "ipv6.fraghdr.reserved_octet": field("fragment", "reserved"),
  "ipv6.fraghdr.offset": field("fragment", "fragmentOffset"),
  "ipv6.fraghdr.reserved_bits": field("fragment", "reservedBits"),
  "ipv6.fraghdr.more": field("fragment", "moreFragments"),
  "ipv6.fraghdr.ident": field("fragment", "identification"),
  "ipv6.routing.src.addr": field("routing", routingBody("sourceRoute", "addresses")),
  "ipv6.routing.srh.addr": field(
    "routing",
    (fields: Fields) =>
      (routingBody("segments", "segments")(fields) as { addresses?: string[] } | undefined)?.addresses,
  ),
  "ipv6.routing.mipv6.home_address": field("routing", routingBody("home", "homeAddress")),
  "ipv6.opt.type": eachOption(extensionOptions, (octets) => octets[0]),
  "ipv6.opt.length": eachOption(extensionOptions, (octets) => octets[1]),
  "ipv6.opt.jumbo": option(["hopByHopOptions", "destinationOptions"], only("jumboPayload", "length")),
  "ipv6.opt.router_alert": option(["hopByHopOptions", "destinationOptions"], only("routerAlert", "value")),

  "ah.next_header": field("authentication", "nextHeader"),
  "ah.length": field("authentication", "length"),
  "ah.spi": field("authentication", "spi"),
  "ah.sequence": field("authentication", "sequenceNumber"),

  "icmp.type": field("icmp", "type"),
  "icmp.code": field("icmp", "code"),
  "icmp.checksum": field("icmp", "checksum"),
  "icmp.checksum.status": status("icmp"),
  "icmp.ident": message("icmp", ({ identifier }) => identifier),
  "icmp.seq": message("icmp", (body) => (isExtendedEcho(body) ? undefined : body["sequenceNumber"])),
  "icmp.mtu": message("icmp", (body, { code }) => (code === 4 ? only("unreachable", "nextHopMtu")(body) : undefined)),
  "icmp.redir_gw": message("icmp", only("redirect", "gateway")),
  "icmp.pointer": message("icmp", only("parameterProblem", "pointer")),
  "icmp.length": message("icmp", ({ length }) => length || undefined),

  "icmpv6.type": field("icmpv6", "type"),
  "icmpv6.code": field("icmpv6", "code"),
  "icmpv6.checksum": field("icmpv6", "checksum"),
  "icmpv6.checksum.status": status("icmpv6"),
  "icmpv6.echo.identifier": message("icmpv6", (body) =>
    isExtendedEcho(body) || body.kind === "echo" ? body["identifier"] : undefined,
  ),
  "icmpv6.echo.sequence_number": message("icmpv6", only("echo", "sequenceNumber")),
  "icmpv6.mtu": message("icmpv6", only("packetTooBig", "mtu")),
  "icmpv6.nd.ns.target_address": message("icmpv6", only("neighborSolicitation", "target")),
  "icmpv6.nd.na.target_address": message("icmpv6", only("neighborAdvertisement", "target")),
  "icmpv6.nd.ra.cur_hop_limit": message("icmpv6", only("routerAdvertisement", "currentHopLimit")),

  "icmpv6.opt.type": eachOption("icmpv6", (octets) => octets[0]),
  "icmpv6.opt.length": eachOption("icmpv6", (octets) => octets[1]),
  "icmpv6.opt.linkaddr": eachOption("icmpv6", (_, each) =>
    each.kind.endsWith("LinkLayerAddress") ? each["address"] : undefined,
  ),
  "icmpv6.opt.prefix": eachOption("icmpv6", (_, each) =>
    each.kind === "prefixInformation" ? each["prefix"] : undefined,
  ),

  "tcp.srcport": field("tcp", "sourcePort"),
  "tcp.dstport": field("tcp", "destinationPort"),
  "tcp.seq_raw": field("tcp", "sequenceNumber"),
  "tcp.ack_raw": field("tcp", "acknowledgmentNumber"),
  "tcp.hdr_len": field("tcp", ({ dataOffset }: { dataOffset?: number }) => dataOffset && dataOffset * 4),
  "tcp.flags": field("tcp", flagBits),
  "tcp.flags.res": field("tcp", ({ reserved }: { reserved?: number }) => reserved && 1),
  "tcp.window_size_value": field("tcp", "window"),
  "tcp.checksum": field("tcp", "checksum"),
  "tcp.checksum.status": status("tcp"),
  "tcp.urgent_pointer": field("tcp", "urgentPointer"),
  "tcp.options": rawOptions("tcp"),
  "tcp.option_kind": eachOption("tcp", codes),
  "tcp.option_len": eachOption("tcp", (octets, { kind }) => (kind === "end" ? undefined : octets[1])),
  "tcp.options.sack.count": option("tcp", ({ blocks }) => (blocks as unknown[] | undefined)?.length),
  "tcp.options.tfo.request": option("tcp", ({ cookie, id, octets }) =>
    cookie === "" || (id === 0xf989 && octets === "") ? 1 : undefined,
  ),
  "tcp.options.tfo.cookie": option("tcp", ({ kind, cookie, id, octets }) =>
    kind === "fastOpen" ? cookie || undefined : id === 0xf989 ? octets || undefined : undefined,
  ),
  "tcp.options.mss_val": option("tcp", only("maximumSegmentSize", "size")),
  "tcp.options.wscale.shift": option("tcp", only("windowScale", "shift")),
  "tcp.options.timestamp.tsval": option("tcp", only("timestamps", "value")),
  "tcp.options.timestamp.tsecr": option("tcp", only("timestamps", "echoReply")),
  "tcp.options.sack_le": option("tcp", ({ blocks }) =>
    (blocks as { left: number }[] | undefined)?.map(({ left }) => left),
  ),
  "tcp.options.sack_re": option("tcp", ({ blocks }) =>
    (blocks as { right: number }[] | undefined)?.map(({ right }) => right),
  ),
  "tcp.options.md5.digest": option("tcp", only("md5", "digest")),
  "tcp.options.mptcp.subtype": option("tcp", ({ kind, subtype }) => (kind.startsWith("mp") ? subtype : undefined)),
  "tcp.options.user_to_granularity": option("tcp", only("userTimeout", "inMinutes")),
  "tcp.options.user_to_val": option("tcp", only("userTimeout", "timeout")),
  "tcp.options.experimental.exid": option("tcp", ({ kind, id }) => (kind.startsWith("experiment") ? id : undefined)),

  "udp.srcport": field("udp", "sourcePort"),
  "udp.dstport": field("udp", "destinationPort"),
  "udp.length": field("udp", "length"),
  "udp.checksum": field("udp", ({ checksum }: Fields, each) => (stopped(each) ? undefined : checksum)),
  "udp.checksum.status": status("udp"),
};
