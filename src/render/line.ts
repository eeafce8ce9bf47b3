/** A packet in one line. */
import { SequenceOrigins, type Way as SequenceWay } from "../flow/sequence.js";
import { hint } from "../hint/hint.js";
import { headerOf } from "../packet/headers.js";
import { type Cut, type Layer, type LayerOf, type Packet, wholeLayers } from "../packet/packet.js";
import { problemText } from "../packet/problem.js";
import { etherTypes, ipProtocols, linkTypeNames } from "../wire/numbers.js";
import type { Tcp } from "../wire/tcp.js";
import { type Clock, clock, type TimeFormat } from "./clock.js";
import { briefly, numberText } from "./field.js";
import { hintText } from "./hint.js";
import { icmpLine } from "./line-icmp.js";
import { flagsText, optionsText } from "./line-tcp.js";
import { type Paint, plain } from "./paint.js";
import { count, hex, printable } from "./text.js";

export interface LineOptions {
  readonly time?: TimeFormat;
  readonly paint?: Paint;
}

/** One packet, by itself: its time of day, sequence numbers as they are on the wire. */
export function line(packet: Packet, options: LineOptions = {}): string {
  return new Liner(options, undefined, asItIs).line(packet);
}

/** A function for the packets of one capture, in order: it counts time from earlier ones and sequence numbers from each connection's start. */
export function lines(options: LineOptions = {}): (packet: Packet) => string {
  const liner = new Liner(options, new SequenceOrigins(), asItIs);
  return (packet) => liner.line(packet);
}

/**
 * What {@link lines} gives, as the octets of UTF-8, each one character: strings that are put together and written (as
 * latin1) in a fraction of the time that arrows and dashes of two octets each would take.
 */
export function utf8Lines(options: LineOptions = {}): (packet: Packet) => string {
  const liner = new Liner(options, new SequenceOrigins(), utf8);
  return (packet) => liner.line(packet);
}

/** Two IPv4 addresses with five-digit ports: longer ones stick out rather than push everything aside. */
const WIDEST_ENDPOINTS = 42;

/** Directions of conversations whose endpoints are kept as text. */
const WAYS = 4096;

interface Way {
  readonly source: string;
  readonly destination: string;
  /** -1 where there are no ports. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly column: number;
  readonly text: string;
  sequence: SequenceWay | undefined;
}

type DeviceColumns = Readonly<Record<"in" | "out" | "other" | "unknown", string>>;

type Network = LayerOf<"ipv4"> | LayerOf<"ipv6">;

class Liner {
  readonly #paint: Paint;
  readonly #clock: Clock;
  readonly #origins: SequenceOrigins | undefined;
  /** What is done to text that may have characters beyond ASCII. */
  readonly #encode: (text: string) => string;
  readonly #dash: string;
  readonly #deviceColumns = new Map<string, DeviceColumns>();
  readonly #ways: (Way | undefined)[] = new Array(WAYS).fill(undefined);
  /** Columns grow with what they had to hold, so that lines of one capture stand under each other. */
  #deviceWidth = 2;
  #endpointsWidth = 0;

  constructor(options: LineOptions, origins: SequenceOrigins | undefined, encode: (text: string) => string) {
    this.#paint = options.paint ?? plain;
    this.#clock = clock(options.time ?? "absolute");
    this.#origins = origins;
    this.#encode = encode;
    this.#dash = encode("–");
  }

  line(packet: Packet): string {
    const time = this.#clock(packet.seconds, packet.nanoseconds);
    let text = time === "" ? "" : `${this.#paint("time", time)} `;
    if (packet.device !== undefined) text += this.#device(packet.device, packet.direction);
    const layers = wholeLayers(packet);
    text += this.#layers(packet, layers);
    const said = hint(layers);
    if (said) text += ` ${this.#paint("quiet", this.#encode(hintText(said)))}`;
    for (let whole = packet.reassembled; whole; whole = whole.reassembled)
      text += ` ${this.#paint("quiet", `(reassembled from ${count(whole.fragments, "fragment")})`)}`;
    for (let part: Packet | undefined = packet; part; part = part.reassembled)
      for (const problem of part.problems)
        text += ` ${this.#paint("problem", this.#encode(`✗ ${problemText(problem)}`))}`;
    return text;
  }

  /** The same few devices and directions come again and again: the column is made once for each. */
  #device(device: string, direction: Packet["direction"]): string {
    const columns = this.#deviceColumns;
    let column = columns.get(device)?.[direction ?? "unknown"];
    if (column === undefined) {
      const name = printable(device);
      if (name.length > this.#deviceWidth) {
        this.#deviceWidth = name.length;
        columns.clear();
      }
      const padded = name.padEnd(this.#deviceWidth);
      const ways = { in: " in ", out: " out", other: " –  ", unknown: "" };
      const made = Object.fromEntries(
        Object.entries(ways).map(([way, text]) => [way, `${this.#paint("device", this.#encode(padded + text))} `]),
      ) as DeviceColumns;
      columns.set(device, made);
      column = made[direction ?? "unknown"];
    }
    return column;
  }

  /** The layers from outside in: what carries the next one comes first, in brackets where it has addresses of its own. */
  #layers(packet: Packet, layers: readonly Layer[]): string {
    let text = "";
    let network: Network | undefined;
    let fragment = "";
    let said = false;
    for (let i = 0; i < layers.length; i++) {
      const layer = layers[i]!;
      switch (layer.kind) {
        case "vlan":
          text += `${this.#paint("quiet", `vlan ${layer.id}`)} `;
          break;
        case "ipv4":
        case "ipv6":
          if (network) text += `${this.#paint("quiet", this.#encode(`[${network.source} → ${network.destination}]`))} `;
          network = layer;
          if (layer.kind === "ipv4") fragment = fragmentText(layer) || fragment;
          break;
        case "fragment":
          fragment = fragmentText(layer) || fragment;
          break;
        case "tcp":
          text += this.#tcp(network, layer, layers, packet.gso);
          said = true;
          break;
        case "udp":
          text += `${this.#way(network, layer.sourcePort, layer.destinationPort).text}${this.#protocol("UDP")}${this.#carried(layers)}`;
          said = true;
          break;
        case "icmp":
        case "icmpv6":
          return `${text}${this.#addresses(network)}${this.#encode(icmpLine(layers, i, this.#paint))}${this.#behind(fragment)}`;
        case "arp":
          return `${text}${this.#arp(layer)}`;
        case "cut":
          return `${text}${this.#addresses(network)}${this.#protocol(layer.header.toUpperCase())}${this.#encode(cutText(layer))}${this.#behind(fragment)}`;
        default:
          break;
      }
    }
    return text + (said ? this.#behind(fragment) : this.#unknown(packet, layers, network, fragment));
  }

  /** That there is more of what the line tells. */
  #behind(fragment: string): string {
    return fragment === "" ? "" : ` ${this.#paint("quiet", fragment)}`;
  }

  #addresses(network: Network | undefined): string {
    return network ? this.#way(network, -1, -1).text : "";
  }

  /** Both ends with an arrow between them, padded to a column. Conversations repeat theirs: the latest are kept. */
  #way(network: Network | undefined, sourcePort: number, destinationPort: number): Way {
    const source = network?.source ?? "";
    const destination = network?.destination ?? "";
    const hosts = lastUnit(source) * 7 + lastUnit(destination);
    const slot = (sourcePort * 31 + destinationPort * 17 + hosts) & (WAYS - 1);
    const kept = this.#ways[slot];
    if (
      kept !== undefined &&
      kept.sourcePort === sourcePort &&
      kept.destinationPort === destinationPort &&
      kept.source === source &&
      kept.destination === destination &&
      kept.column === this.#endpointsWidth
    )
      return kept;
    const text = this.#encode(
      network ? this.#wayText(network, sourcePort, destinationPort) : `${sourcePort} → ${destinationPort} `,
    );
    const column = this.#endpointsWidth;
    const way: Way = { source, destination, sourcePort, destinationPort, column, text, sequence: undefined };
    this.#ways[slot] = way;
    return way;
  }

  #wayText({ kind, source, destination }: Network, sourcePort: number, destinationPort: number): string {
    const from = endpoint(kind, source, sourcePort);
    const to = endpoint(kind, destination, destinationPort);
    const width = from.join("").length + to.join("").length;
    if (width > this.#endpointsWidth) this.#endpointsWidth = Math.min(width, WIDEST_ENDPOINTS);
    const padding = " ".repeat(Math.max(0, this.#endpointsWidth - width));
    const [left, right] = [from, to].map(
      ([address, colon, port]) => this.#paint("address", address) + colon + (port && this.#paint("port", port)),
    );
    return `${left} → ${right}${padding}  `;
  }

  #protocol(name: string): string {
    return `${this.#paint("protocol", name)} `;
  }

  #tcp(network: Network | undefined, tcp: Tcp, layers: readonly Layer[], gso: boolean): string {
    const paint = this.#paint;
    const length = payloadLength(layers);
    const { flags } = tcp;
    const way = this.#way(network, tcp.sourcePort, tcp.destinationPort);
    let sequence = tcp.sequenceNumber;
    let acknowledgment = tcp.acknowledgmentNumber;
    if (this.#origins && network) {
      if (!way.sequence || way.sequence.forgotten)
        way.sequence = this.#origins.way(way.source, way.sourcePort, way.destination, way.destinationPort);
      way.sequence.follow(tcp);
      sequence = way.sequence.sequence(sequence);
      acknowledgment = way.sequence.acknowledgment(acknowledgment);
    }
    let text = `${way.text}${this.#protocol("TCP")}${paint("flags", flagsText(flags))}`;
    if (length > 0) text += ` seq ${paint("number", `${sequence}${this.#dash}${(sequence + length - 1) >>> 0}`)}`;
    else if (flags.syn || flags.fin || flags.rst) text += ` seq ${paint("number", String(sequence))}`;
    if (flags.ack) text += ` ack ${paint("number", String(acknowledgment))}`;
    text += ` win ${tcp.window}`;
    if (flags.urg) text += ` urgent to ${tcp.urgentPointer}`;
    if (length > 0) text += ` ${paint("payload", count(length, "byte"))}`;
    if (gso) text += ` ${paint("quiet", "(split later by the network card)")}`;
    const options = tcp.dataOffset > 5 ? optionsText(tcp.options) : "";
    return options === "" ? text : `${text} ${paint("option", `<${this.#encode(options)}>`)}`;
  }

  #carried(layers: readonly Layer[]): string {
    return this.#paint("payload", count(payloadLength(layers), "byte"));
  }

  #arp(arp: LayerOf<"arp">): string {
    const { senderHardware, senderProtocol, targetHardware, targetProtocol } = arp.addresses;
    const address = (text: string): string => this.#paint("address", text);
    const name = this.#protocol("ARP");
    switch (arp.operation) {
      case 1:
        return senderProtocol === targetProtocol
          ? `${name}${address(senderProtocol)} is at ${address(senderHardware)} (announced)`
          : `${name}who has ${address(targetProtocol)}? tell ${address(senderProtocol)}`;
      case 2:
        return `${name}${address(senderProtocol)} is at ${address(senderHardware)}`;
      default: {
        const operation = headerOf("arp").fields.find((field) => field.name === "operation");
        const what = numberText(arp.operation, operation && "as" in operation ? operation.as : undefined, 2);
        return `${name}${what} from ${address(senderHardware)} for ${address(targetHardware)}`;
      }
    }
  }

  /** What no header of ours describes: its number and name, and how much of it there is. */
  #unknown(packet: Packet, layers: readonly Layer[], network: Network | undefined, fragment: string): string {
    const size = this.#paint("payload", count(payloadLength(layers), "byte"));
    if (network)
      return `${this.#addresses(network)}${this.#carriedBy(network, layers)}${fragment && `${fragment} `}${size}`;
    const link = layers.findLast((layer) => layer.kind === "vlan" || layer.kind === "ethernet");
    const outer = layers.find((layer) => layer.kind === "ethernet");
    if (!link)
      return `${nameIn(linkTypeNames, packet.linkType) ?? `link type ${packet.linkType}`} ${count(packet.length, "byte")}`;
    const type = link.type > 1500 ? (nameIn(etherTypes, link.type) ?? hex(link.type, 4)) : "IEEE 802.3";
    const way = outer ? `${this.#paint("address", outer.source)} → ${this.#paint("address", outer.destination)} ` : "";
    return `${this.#encode(way)}${this.#protocol(type)}${size}`;
  }

  #carriedBy(network: Network, layers: readonly Layer[]): string {
    const fragment = layers.findLast((layer) => layer.kind === "fragment");
    const protocol = network.kind === "ipv4" ? network.protocol : (fragment?.nextHeader ?? network.nextHeader);
    return this.#protocol(nameIn(ipProtocols, protocol) ?? `IP protocol ${protocol}`);
  }
}

/** Which part of which datagram; empty where a header says that it is all of it. */
function fragmentText(header: LayerOf<"ipv4"> | LayerOf<"fragment">): string {
  const { moreFragments, fragmentOffset } = header;
  if (!moreFragments && fragmentOffset === 0) return "";
  const identification = hex(header.identification, header.kind === "ipv4" ? 4 : 8);
  return `fragment ${identification} at ${fragmentOffset * 8}${moreFragments ? " (more follow)" : " (last)"}`;
}

/** Address, colon and port; RFC 5952 §6 wants an IPv6 address before a port in brackets. */
function endpoint(kind: Network["kind"], address: string, port: number): [string, string, string] {
  if (port < 0) return [address, "", ""];
  return [kind === "ipv6" ? `[${address}]` : address, ":", String(port)];
}

function asItIs(text: string): string {
  return text;
}

const encoder = new TextEncoder();

/** The octets of `text` in UTF-8, each one character. */
function utf8(text: string): string {
  for (let i = 0; i < text.length; i++)
    if (text.charCodeAt(i) > 0x7f) return String.fromCharCode(...encoder.encode(text));
  return text;
}

/** The part of an address in which neighbours differ. */
function lastUnit(text: string): number {
  return text.charCodeAt(text.length - 1);
}

function nameIn(names: Readonly<Record<number, string>>, value: number): string | undefined {
  return names[value];
}

/** Octets of payload on the wire. */
function payloadLength(layers: readonly Layer[]): number {
  const last = layers[layers.length - 1];
  const payload = last?.kind === "trailer" ? layers[layers.length - 2] : last;
  return payload?.kind === "payload" ? payload.length : 0;
}

function cutText(cut: Cut): string {
  return `cut ${briefly(cut.fields)}`.trim();
}
