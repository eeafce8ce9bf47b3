/** A packet in one line. */
import { SequenceOrigins } from "../flow/sequence.js";
import { type Hint, hint, hintOf } from "../hint/hint.js";
import { Frame } from "../packet/frame.js";
import { headerOf } from "../packet/headers.js";
import { type Cut, type Layer, type LayerOf, type Packet, wholeLayers } from "../packet/packet.js";
import { problemText } from "../packet/problem.js";
import { etherTypes, ipProtocols, linkTypeNames } from "../wire/numbers.js";
import type { Tcp } from "../wire/tcp.js";
import type { Udp } from "../wire/udp.js";
import { type Clock, clock, type TimeFormat } from "./clock.js";
import { briefly, formatOf, numberText } from "./field.js";
import { hintText } from "./hint.js";
import { Ends, type Network } from "./line-ends.js";
import { icmpLine } from "./line-icmp.js";
import { igmpLine } from "./line-multicast.js";
import { flagsText, hasOptions, writeOptions } from "./line-tcp.js";
import { type Paint, plain, type Role } from "./paint.js";
import { Pen, Piece } from "./pen.js";
import { count, hex, printable } from "./text.js";

export interface LineOptions {
  readonly time?: TimeFormat;
  readonly paint?: Paint;
}

/** One packet, by itself: its time of day, sequence numbers as they are on the wire. */
export function line(packet: Packet, options: LineOptions = {}): string {
  const pen = new Pen();
  new Liner(options, undefined).write(pen, packet);
  return pen.take();
}

/** A function for the packets of one capture, in order: it counts time from earlier ones and sequence numbers from each connection's start. */
export function lines(options: LineOptions = {}): (packet: Packet) => string {
  const pen = new Pen();
  const write = lineWriter(options);
  return (packet) => {
    write(pen, packet);
    return pen.take();
  };
}

/** What {@link lines} gives, written as octets: in half the time, where they go to a file or a terminal anyway. */
export function lineWriter(options: LineOptions = {}): (pen: Pen, packet: Packet) => void {
  const liner = new Liner(options, new SequenceOrigins());
  return (pen, packet) => liner.write(pen, packet);
}

type DeviceColumns = Readonly<Record<"in" | "out" | "other" | "unknown", Piece>>;

/** What stands around what differs from line to line: paint, and the words that never change. */
interface Marks {
  readonly open: Piece;
  readonly close: Piece;
}

class Liner {
  readonly #paint: Paint;
  readonly #time: Marks;
  readonly #octetCount: Marks;
  readonly #oneOctet: Piece;
  readonly #sequence: Marks;
  readonly #acknowledgment: Marks;
  readonly #optionList: Marks;
  readonly #flags = new Map<Tcp["flags"], Piece>();
  readonly #clock: Clock;
  readonly #hasTime: boolean;
  readonly #origins: SequenceOrigins | undefined;
  readonly #deviceColumns = new Map<string, DeviceColumns>();
  #lastDevice: string | undefined;
  #lastColumns: DeviceColumns | undefined;
  readonly #ends: Ends;
  /** Grows with what it had to hold, as {@link Ends} do. */
  #deviceWidth = 2;

  constructor({ paint = plain, time = "absolute" }: LineOptions, origins: SequenceOrigins | undefined) {
    this.#paint = paint;
    this.#ends = new Ends(paint);
    this.#time = marks(paint("time", "\0"), "", " ");
    this.#octetCount = marks(paint("payload", "\0 bytes"));
    this.#oneOctet = new Piece(paint("payload", "1 byte"));
    this.#sequence = marks(paint("number", "\0"), " seq ");
    this.#acknowledgment = marks(paint("number", "\0"), " ack ");
    this.#optionList = marks(paint("option", "<\0>"), " ");
    this.#clock = clock(time);
    this.#hasTime = time !== "none";
    this.#origins = origins;
  }

  /** hot */
  write(pen: Pen, packet: Packet): void {
    if (this.#hasTime) {
      pen.copy(this.#time.open);
      this.#clock(pen, packet.seconds, packet.nanoseconds);
      pen.copy(this.#time.close);
    }
    if (packet.device !== undefined) pen.copy(this.#device(packet.device, packet.direction));
    const said = packet instanceof Frame && packet.walk.plain ? this.#plain(pen, packet) : this.#any(pen, packet);
    if (said) this.#also(pen, "quiet", hintText(said));
    for (let whole = packet.reassembled; whole; whole = whole.reassembled)
      this.#also(pen, "quiet", `(reassembled from ${count(whole.fragments, "fragment")})`);
    for (let part: Packet | undefined = packet; part; part = part.reassembled) {
      const { problems } = part;
      // Measured: to find out by an iterator that there are none takes a tenth of the line
      for (let n = 0; n < problems.length; n++) this.#also(pen, "problem", `✗ ${problemText(problems[n]!)}`);
    }
  }

  /** One more remark behind what is there. */
  #also(pen: Pen, role: Role, text: string): void {
    pen.text(` ${this.#paint(role, text)}`);
  }

  #octets(pen: Pen, length: number): void {
    if (length === 1) return pen.copy(this.#oneOctet);
    pen.copy(this.#octetCount.open);
    pen.number(length);
    pen.copy(this.#octetCount.close);
  }

  /** The same few devices and directions come again and again: the column is made once for each. */
  #device(device: string, direction: Packet["direction"]): Piece {
    if (device !== this.#lastDevice) {
      this.#lastDevice = device;
      this.#lastColumns = this.#deviceColumns.get(device);
    }
    const columns = this.#deviceColumns;
    let column = this.#lastColumns?.[direction ?? "unknown"];
    if (column === undefined) {
      const name = printable(device);
      if (name.length > this.#deviceWidth) {
        this.#deviceWidth = name.length;
        columns.clear();
      }
      const padded = name.padEnd(this.#deviceWidth);
      const ways = { in: " in ", out: " out", other: " –  ", unknown: "" };
      const made = Object.fromEntries(
        Object.entries(ways).map(([way, text]) => [way, new Piece(`${this.#paint("device", padded + text)} `)]),
      ) as DeviceColumns;
      columns.set(device, made);
      this.#lastColumns = made;
      column = made[direction ?? "unknown"];
    }
    return column;
  }

  /** Nearly every packet; measured at half the time that its layers would take one by one. hot */
  #plain(pen: Pen, frame: Frame): Hint | undefined {
    const network = frame.ipv4 ?? frame.ipv6!;
    const { tcp, payload } = frame;
    const length = payload?.length ?? 0;
    if (tcp) {
      this.#tcp(pen, network, tcp, length, frame.gso);
      return payload && hintOf(tcp, payload);
    }
    const udp = frame.udp!;
    this.#udp(pen, network, udp, length);
    return payload && hintOf(udp, payload);
  }

  #any(pen: Pen, packet: Packet): Hint | undefined {
    const layers = wholeLayers(packet);
    this.#layers(pen, packet, layers);
    return hint(layers);
  }

  /** The layers from outside in: what carries the next one comes first, in brackets where it has addresses of its own. */
  #layers(pen: Pen, packet: Packet, layers: readonly Layer[]): void {
    let network: Network | undefined;
    let fragment = "";
    let said = false;
    for (let i = 0; i < layers.length; i++) {
      const layer = layers[i]!;
      switch (layer.kind) {
        case "vlan":
          pen.text(`${this.#paint("quiet", `vlan ${layer.id}`)} `);
          break;
        case "ipv4":
        case "ipv6":
          if (network) pen.text(`${this.#paint("quiet", `[${network.source} → ${network.destination}]`)} `);
          network = layer;
          if (layer.kind === "ipv4") fragment = fragmentText(layer) || fragment;
          break;
        case "fragment":
          fragment = fragmentText(layer) || fragment;
          break;
        case "tcp":
          this.#tcp(pen, network, layer, payloadLength(layers), packet.gso);
          said = true;
          break;
        case "udp":
          this.#udp(pen, network, layer, payloadLength(layers));
          said = true;
          break;
        case "icmp":
        case "icmpv6":
          this.#addresses(pen, network);
          pen.text(icmpLine(layers, i, this.#paint));
          return this.#behind(pen, fragment);
        case "igmp":
          this.#addresses(pen, network);
          pen.text(igmpLine(layer, this.#paint));
          return this.#behind(pen, fragment);
        case "arp":
          return pen.text(this.#arp(layer));
        case "cut":
          this.#addresses(pen, network);
          this.#protocol(pen, layer.header.toUpperCase());
          pen.text(cutText(layer));
          return this.#behind(pen, fragment);
        default:
          break;
      }
    }
    if (said) this.#behind(pen, fragment);
    else this.#unknown(pen, packet, layers, network, fragment);
  }

  /** That there is more of what the line tells. */
  #behind(pen: Pen, fragment: string): void {
    if (fragment !== "") this.#also(pen, "quiet", fragment);
  }

  #addresses(pen: Pen, network: Network | undefined): void {
    if (network) pen.copy(this.#ends.way(network, -1, -1, "").text);
  }

  #protocol(pen: Pen, name: string): void {
    pen.text(`${this.#paint("protocol", name)} `);
  }

  #udp(pen: Pen, network: Network | undefined, udp: Udp, length: number): void {
    pen.copy(this.#ends.way(network, udp.sourcePort, udp.destinationPort, "UDP").text);
    this.#octets(pen, length);
  }

  #tcp(pen: Pen, network: Network | undefined, tcp: Tcp, length: number, gso: boolean): void {
    const { flags } = tcp;
    const way = this.#ends.way(network, tcp.sourcePort, tcp.destinationPort, "TCP");
    let sequence = tcp.sequenceNumber;
    let acknowledgment = tcp.acknowledgmentNumber;
    if (this.#origins && network) {
      if (!way.sequence || way.sequence.forgotten)
        way.sequence = this.#origins.way(way.source, way.sourcePort, way.destination, way.destinationPort);
      way.sequence.follow(tcp);
      sequence = way.sequence.sequence(sequence);
      acknowledgment = way.sequence.acknowledgment(acknowledgment);
    }
    pen.copy(way.text);
    pen.copy(this.#flagsPiece(flags));
    if (length > 0) {
      pen.copy(this.#sequence.open);
      pen.number(sequence);
      pen.copy(DASH);
      // RFC 9293 §3.4: a SYN comes before the data of its segment
      pen.number((flags.syn ? sequence + length : sequence + length - 1) >>> 0);
      pen.copy(this.#sequence.close);
    } else if (flags.syn || flags.fin || flags.rst) {
      pen.copy(this.#sequence.open);
      pen.number(sequence);
      pen.copy(this.#sequence.close);
    }
    if (flags.ack) {
      pen.copy(this.#acknowledgment.open);
      pen.number(acknowledgment);
      pen.copy(this.#acknowledgment.close);
    }
    pen.copy(WINDOW);
    pen.number(tcp.window);
    if (flags.urg) pen.text(` urgent to ${tcp.urgentPointer}`);
    if (length > 0) {
      pen.copy(SPACE);
      this.#octets(pen, length);
    }
    if (gso) this.#also(pen, "quiet", "(split later by the network card)");
    if (tcp.dataOffset > 5) this.#options(pen, tcp.options);
  }

  #flagsPiece(flags: Tcp["flags"]): Piece {
    const kept = this.#flags.get(flags);
    if (kept !== undefined) return kept;
    const piece = new Piece(this.#paint("flags", flagsText(flags)));
    // Decoded flags are one of 512 shared sets; a caller's own objects are not kept
    if (Object.isFrozen(flags) && this.#flags.size < 512) this.#flags.set(flags, piece);
    return piece;
  }

  #options(pen: Pen, options: Tcp["options"]): void {
    if (!hasOptions(options)) return;
    pen.copy(this.#optionList.open);
    writeOptions(pen, options);
    pen.copy(this.#optionList.close);
  }

  #arp(arp: LayerOf<"arp">): string {
    const { senderHardware, senderProtocol, targetHardware, targetProtocol } = arp.addresses;
    const address = (text: string): string => this.#paint("address", text);
    const name = `${this.#paint("protocol", "ARP")} `;
    switch (arp.operation) {
      case 1:
        return senderProtocol === targetProtocol
          ? `${name}${address(senderProtocol)} is at ${address(senderHardware)} (announced)`
          : `${name}who has ${address(targetProtocol)}? tell ${address(senderProtocol)}`;
      case 2:
        return `${name}${address(senderProtocol)} is at ${address(senderHardware)}`;
      default: {
        const operation = headerOf("arp").fields.find((field) => field.name === "operation");
        const what = numberText(arp.operation, formatOf(operation), 2);
        return `${name}${what} from ${address(senderHardware)} for ${address(targetHardware)}`;
      }
    }
  }

  /** What no header of ours describes: its number and name, and how much of it there is. */
  #unknown(pen: Pen, packet: Packet, layers: readonly Layer[], network: Network | undefined, fragment: string): void {
    if (network) {
      this.#addresses(pen, network);
      this.#carriedBy(pen, network, layers);
      if (fragment !== "") pen.text(`${fragment} `);
      return this.#octets(pen, payloadLength(layers));
    }
    const link = layers.findLast((layer) => layer.kind === "vlan" || layer.kind === "ethernet");
    const outer = layers.find((layer) => layer.kind === "ethernet");
    if (!link) {
      const name = nameIn(linkTypeNames, packet.linkType) ?? `link type ${packet.linkType}`;
      return pen.text(`${name} ${count(packet.length, "byte")}`);
    }
    if (outer) pen.text(`${this.#paint("address", outer.source)} → ${this.#paint("address", outer.destination)} `);
    this.#protocol(pen, link.type > 1500 ? (nameIn(etherTypes, link.type) ?? hex(link.type, 4)) : "IEEE 802.3");
    this.#octets(pen, payloadLength(layers));
  }

  #carriedBy(pen: Pen, network: Network, layers: readonly Layer[]): void {
    const fragment = layers.findLast((layer) => layer.kind === "fragment");
    const protocol = network.kind === "ipv4" ? network.protocol : (fragment?.nextHeader ?? network.nextHeader);
    this.#protocol(pen, nameIn(ipProtocols, protocol) ?? `IP protocol ${protocol}`);
  }
}

const DASH = new Piece("–");
const WINDOW = new Piece(" win ");
const SPACE = new Piece(" ");

/** What is in front of and behind the NUL in `text`, with more around it. */
function marks(text: string, before = "", after = ""): Marks {
  const [open = "", close = ""] = text.split("\0");
  return { open: new Piece(before + open), close: new Piece(close + after) };
}

/** Which part of which datagram; empty where a header says that it is all of it. */
function fragmentText(header: LayerOf<"ipv4"> | LayerOf<"fragment">): string {
  const { moreFragments, fragmentOffset } = header;
  if (!moreFragments && fragmentOffset === 0) return "";
  const identification = hex(header.identification, header.kind === "ipv4" ? 4 : 8);
  return `fragment ${identification} at ${fragmentOffset * 8}${moreFragments ? " (more follow)" : " (last)"}`;
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
