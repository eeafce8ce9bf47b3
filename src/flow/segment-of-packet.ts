import { type Layer, type LayerOf, type Packet, wholeLayers } from "../packet/packet.js";
import type { Problem } from "../packet/problem.js";
import { parseIpv4, parseIpv6 } from "../wire/address.js";
import { icmpQuotes } from "../wire/icmp.js";
import { icmpv6Quotes } from "../wire/icmpv6.js";
import type { Tcp, TcpOption } from "../wire/tcp.js";
import { tcp as header, tcpFlags } from "../wire/tcp.js";
import type { Segment } from "./segment.js";

type Network = LayerOf<"ipv4"> | LayerOf<"ipv6">;
type Icmp = LayerOf<"icmp"> | LayerOf<"icmpv6">;

const NOTHING = new Uint8Array(0);

/** Moves `segment` to a packet of values, or to the datagram it completes; false where it belongs to no conversation. */
export function readPacket(segment: Segment, packet: Packet): boolean {
  const layers = wholeLayers(packet);
  let network: Network | undefined;
  let quotedNetwork: Network | undefined;
  let error: Icmp | undefined;
  segment.key.clear();
  for (const layer of layers) {
    switch (layer.kind) {
      case "vlan":
        segment.key.tag(layer.id);
        break;
      case "ipv4":
      case "ipv6":
        if (error) quotedNetwork = layer;
        else network = layer;
        if (layer.kind === "ipv4" && layer.moreFragments) segment.isFragment = true;
        break;
      case "fragment":
        if (layer.moreFragments) segment.isFragment = true;
        break;
      case "icmp":
      case "icmpv6":
        if (layer.kind === "icmp" ? icmpQuotes(layer.type) : icmpv6Quotes(layer.type)) {
          error = layer;
          break;
        }
        return network !== undefined && !error && readEcho(segment, network, layer, layers);
      case "udp":
      case "tcp":
        if (error) return readQuoted(segment, quotedNetwork, error, layers, layer.kind, layer);
        if (!network) return false;
        segment.key.ports(layer.sourcePort, layer.destinationPort);
        readAddresses(segment, network, layers, layer.kind === "tcp" ? 6 : 17);
        readPayload(segment, layers);
        if (layer.kind === "tcp") readTcp(segment, layer, (packet.reassembled ?? packet).problems);
        return true;
      case "cut":
        if (!error || (layer.header !== "tcp" && layer.header !== "udp")) return false;
        return readQuoted(segment, quotedNetwork, error, layers, layer.header, layer.fields);
      default:
        break;
    }
  }
  return false;
}

/** The fields of a quoted header may be cut. */
function readQuoted(
  segment: Segment,
  network: Network | undefined,
  error: Icmp,
  layers: readonly Layer[],
  kind: "tcp" | "udp",
  fields: { readonly sourcePort?: unknown; readonly destinationPort?: unknown; readonly sequenceNumber?: unknown },
): boolean {
  const { sourcePort, destinationPort, sequenceNumber } = fields;
  if (!network || typeof sourcePort !== "number" || typeof destinationPort !== "number") return false;
  segment.key.ports(sourcePort, destinationPort);
  readAddresses(segment, network, layers, kind === "tcp" ? 6 : 17);
  segment.quotesSequence = typeof sequenceNumber === "number";
  if (typeof sequenceNumber === "number") segment.sequence = sequenceNumber | 0;
  segment.errorType = error.type;
  segment.errorCode = error.code;
  return true;
}

function readAddresses({ key }: Segment, network: Network, layers: readonly Layer[], protocol: number): void {
  const source = wordsOf(network.kind, sourceOf(network, layers));
  const destination = wordsOf(network.kind, destinationOf(network, layers));
  if (network.kind === "ipv4") key.ipv4(protocol, source[0]!, destination[0]!);
  else {
    key.source.set(source);
    key.destination.set(destination);
    key.ipv6(protocol);
  }
}

/** As `packet/route.ts` has it of octets: where a route leads, and whose home address a packet is from. */
function destinationOf(network: Network, layers: readonly Layer[]): string {
  if (network.kind === "ipv4") {
    const route = network.options.find(({ kind }) => kind === "looseSourceRoute" || kind === "strictSourceRoute");
    const isOpen =
      route && "addresses" in route && "pointer" in route && route.pointer <= 3 + 4 * route.addresses.length;
    return (isOpen && route.addresses.at(-1)) || network.destination;
  }
  let { destination } = network;
  for (const layer of inside(network, layers)) {
    if (layer.kind !== "routing" || layer.segmentsLeft === 0) continue;
    const { body } = layer;
    const last =
      body.kind === "sourceRoute"
        ? body.addresses.at(-1)
        : body.kind === "home"
          ? body.homeAddress
          : body.kind === "segments"
            ? body.segments.addresses[0]
            : undefined;
    destination = last ?? network.destination;
  }
  return destination;
}

function sourceOf(network: Network, layers: readonly Layer[]): string {
  let { source } = network;
  if (network.kind === "ipv6")
    for (const layer of inside(network, layers))
      if (layer.kind === "destinationOptions")
        for (const option of layer.options) if (option.kind === "homeAddress") source = option.address;
  return source;
}

/** The extension headers behind `network`. */
function inside(network: Network, layers: readonly Layer[]): readonly Layer[] {
  const rest = layers.slice(layers.indexOf(network) + 1);
  const end = rest.findIndex(({ kind }) => !EXTENSIONS.has(kind));
  return end < 0 ? rest : rest.slice(0, end);
}

const EXTENSIONS: ReadonlySet<string> = new Set([
  "hopByHopOptions",
  "routing",
  "fragment",
  "destinationOptions",
  "authentication",
]);

/** Addresses repeat: the latest are kept as words. */
const MOST_ADDRESSES = 1024;
const addresses = new Map<string, Int32Array>();

function wordsOf(kind: Network["kind"], text: string): Int32Array {
  let words = addresses.get(text);
  if (!words) {
    const octets = (kind === "ipv4" ? parseIpv4(text) : parseIpv6(text)) ?? [0, 0, 0, 0];
    const data = new DataView(Uint8Array.from(octets).buffer);
    words = Int32Array.from({ length: octets.length / 4 }, (_, i) => data.getInt32(4 * i));
    if (addresses.size === MOST_ADDRESSES) addresses.clear();
    addresses.set(text, words);
  }
  return words;
}

function readPayload(segment: Segment, layers: readonly Layer[]): void {
  const payload = layers.findLast((layer) => layer.kind === "payload");
  segment.carry(payload?.octets ?? NOTHING, payload?.length ?? 0);
}

function readEcho(segment: Segment, network: Network, layer: Icmp, layers: readonly Layer[]): boolean {
  const { message } = layer;
  if (message.kind !== "echo") return false;
  segment.isRequest = layer.type === 8 || layer.type === 128;
  segment.echoSequence = message.sequenceNumber;
  segment.key.ports(message.identifier, message.identifier);
  readAddresses(segment, network, layers, layer.kind === "icmp" ? 1 : 58);
  segment.key.echo(segment.isRequest);
  readPayload(segment, layers);
  return true;
}

const flagNames = Object.keys(tcpFlags[0]!) as (keyof Tcp["flags"])[];

function readTcp(segment: Segment, tcp: Tcp, problems: readonly Problem[]): void {
  segment.isBroken =
    tcp.dataOffset < 5 ||
    problems.some((problem) => problem.kind === "truncated" && problem.layer === "tcp" && problem.limit !== "capture");
  // Where options are missing, what a packet calls payload begins with them
  if (problems.length > 0)
    segment.length = Math.max(0, segment.length - Math.max(0, 4 * tcp.dataOffset - header.size(tcp)));
  segment.sequence = tcp.sequenceNumber | 0;
  segment.acknowledgment = tcp.acknowledgmentNumber | 0;
  segment.flags = flagNames.reduce((bits, name, i) => bits | (tcp.flags[name] ? 1 << i : 0), 0);
  segment.window = tcp.window;
  segment.clearOptions();
  for (const option of tcp.options) readOption(segment, option);
}

function readOption(segment: Segment, option: TcpOption): void {
  switch (option.kind) {
    case "maximumSegmentSize":
      segment.maximumSegmentSize = option.size;
      return;
    case "windowScale":
      segment.windowScale = option.shift;
      return;
    case "sackPermitted":
      segment.sackPermitted = true;
      return;
    case "sack":
      for (const { left, right } of option.blocks) segment.block(left | 0, right | 0);
      return;
    case "timestamps":
      segment.hasTimestamps = true;
      segment.timestamp = option.value | 0;
      segment.timestampEcho = option.echoReply | 0;
      return;
    case "fastOpen":
      segment.fastOpen = option.cookie.length / 2;
      return;
    case "experiment2":
      if (option.id === 0xf989) segment.fastOpen = option.octets.length / 2;
      return;
    default:
      return;
  }
}
