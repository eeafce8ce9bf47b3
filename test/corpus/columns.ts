/** Fields of the oracle in the words of this project: what each of them is in a decoded packet. */
import { ipv6Text } from "../../src/wire/address.js";
import {
  address,
  type Column,
  codes,
  eachOption,
  encapsulations,
  extensionOptions,
  type Fields,
  field,
  flagBits,
  isExtendedEcho,
  isServiceTag,
  isShort,
  lengthed,
  message,
  only,
  option,
  problems,
  rawOptions,
  route,
  routingBody,
  status,
  stopped,
  tag,
  typed,
  version,
} from "./reading.js";

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
  // On a GRE device (ARPHRD_IPGRE) the oracle calls it otherwise
  "sll.etype": field(["sll", "sll2"], ({ protocol, hardwareType }: { protocol?: number; hardwareType?: number }) =>
    protocol !== undefined && protocol > 1536 && hardwareType !== 778 ? protocol : undefined,
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
    each.kind === "prefixInformation"
      ? each["prefix"]
      : each.kind === "routeInformation"
        ? ipv6Of(String(each["prefix"]))
        : undefined,
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

/** An address of whose octets, in hex, only the first are given. */
function ipv6Of(prefix: string): string {
  return ipv6Text(new DataView(Uint8Array.from(Buffer.from(prefix.padEnd(32, "0"), "hex")).buffer), 0);
}
