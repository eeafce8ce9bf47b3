/** A packet in one line. */
import { SequenceOrigins } from "../flow/sequence.js";
import { hint } from "../hint/hint.js";
import { headerOf } from "../packet/headers.js";
import { type Cut, type Layer, type LayerOf, type Packet, wholeLayers } from "../packet/packet.js";
import { problemText } from "../packet/problem.js";
import { etherTypes, ipProtocols, linkTypeNames } from "../wire/numbers.js";
import type { Tcp } from "../wire/tcp.js";
import { type Clock, clock, type TimeFormat } from "./clock.js";
import { briefly, numberText } from "./field.js";
import { hintText } from "./hint.js";
import { Ends, type Network } from "./line-ends.js";
import { icmpLine } from "./line-icmp.js";
import { flagsText, hasOptions, writeOptions } from "./line-tcp.js";
import { type Paint, plain, type Role, roles } from "./paint.js";
import { Pen, pieceOf } from "./pen.js";
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

type DeviceColumns = Readonly<Record<"in" | "out" | "other" | "unknown", Uint8Array>>;

/** What paint puts around a text of some role. */
interface Marks {
  readonly open: Uint8Array;
  readonly close: Uint8Array;
}

class Liner {
  readonly #paint: Paint;
  readonly #marks: Readonly<Record<Role, Marks>>;
  readonly #clock: Clock;
  readonly #hasTime: boolean;
  readonly #origins: SequenceOrigins | undefined;
  readonly #deviceColumns = new Map<string, DeviceColumns>();
  readonly #ends: Ends;
  /** Grows with what it had to hold, as {@link Ends} do. */
  #deviceWidth = 2;

  constructor({ paint = plain, time = "absolute" }: LineOptions, origins: SequenceOrigins | undefined) {
    this.#paint = paint;
    this.#ends = new Ends(paint);
    this.#marks = Object.fromEntries(roles.map((role) => [role, marksOf(paint, role)])) as Record<Role, Marks>;
    this.#clock = clock(time);
    this.#hasTime = time !== "none";
    this.#origins = origins;
  }

  /** hot */
  write(pen: Pen, packet: Packet): void {
    if (this.#hasTime) {
      const { open, close } = this.#marks.time;
      pen.copy(open);
      this.#clock(pen, packet.seconds, packet.nanoseconds);
      pen.copy(close);
      pen.text(" ");
    }
    if (packet.device !== undefined) pen.copy(this.#device(packet.device, packet.direction));
    const layers = wholeLayers(packet);
    this.#layers(pen, packet, layers);
    const said = hint(layers);
    if (said) this.#also(pen, "quiet", hintText(said));
    for (let whole = packet.reassembled; whole; whole = whole.reassembled)
      this.#also(pen, "quiet", `(reassembled from ${count(whole.fragments, "fragment")})`);
    for (let part: Packet | undefined = packet; part; part = part.reassembled)
      for (const problem of part.problems) this.#also(pen, "problem", `✗ ${problemText(problem)}`);
  }

  #text(pen: Pen, role: Role, text: string): void {
    const { open, close } = this.#marks[role];
    pen.copy(open);
    pen.text(text);
    pen.copy(close);
  }

  #number(pen: Pen, role: Role, value: number): void {
    const { open, close } = this.#marks[role];
    pen.copy(open);
    pen.number(value);
    pen.copy(close);
  }

  /** One more remark behind what is there. */
  #also(pen: Pen, role: Role, text: string): void {
    pen.text(" ");
    this.#text(pen, role, text);
  }

  #octets(pen: Pen, length: number): void {
    const { open, close } = this.#marks.payload;
    pen.copy(open);
    pen.number(length);
    pen.text(length === 1 ? " byte" : " bytes");
    pen.copy(close);
  }

  /** The same few devices and directions come again and again: the column is made once for each. */
  #device(device: string, direction: Packet["direction"]): Uint8Array {
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
        Object.entries(ways).map(([way, text]) => [way, pieceOf(`${this.#paint("device", padded + text)} `)]),
      ) as DeviceColumns;
      columns.set(device, made);
      column = made[direction ?? "unknown"];
    }
    return column;
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
          this.#text(pen, "quiet", `vlan ${layer.id}`);
          pen.text(" ");
          break;
        case "ipv4":
        case "ipv6":
          if (network) {
            this.#text(pen, "quiet", `[${network.source} → ${network.destination}]`);
            pen.text(" ");
          }
          network = layer;
          if (layer.kind === "ipv4") fragment = fragmentText(layer) || fragment;
          break;
        case "fragment":
          fragment = fragmentText(layer) || fragment;
          break;
        case "tcp":
          this.#tcp(pen, network, layer, layers, packet.gso);
          said = true;
          break;
        case "udp":
          pen.copy(this.#ends.way(network, layer.sourcePort, layer.destinationPort).text);
          this.#protocol(pen, "UDP");
          this.#octets(pen, payloadLength(layers));
          said = true;
          break;
        case "icmp":
        case "icmpv6":
          this.#addresses(pen, network);
          pen.text(icmpLine(layers, i, this.#paint));
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
    if (network) pen.copy(this.#ends.way(network, -1, -1).text);
  }

  #protocol(pen: Pen, name: string): void {
    this.#text(pen, "protocol", name);
    pen.text(" ");
  }

  #tcp(pen: Pen, network: Network | undefined, tcp: Tcp, layers: readonly Layer[], gso: boolean): void {
    const length = payloadLength(layers);
    const { flags } = tcp;
    const way = this.#ends.way(network, tcp.sourcePort, tcp.destinationPort);
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
    this.#protocol(pen, "TCP");
    this.#text(pen, "flags", flagsText(flags));
    if (length > 0) {
      const { open, close } = this.#marks.number;
      pen.text(" seq ");
      pen.copy(open);
      pen.number(sequence);
      pen.copy(DASH);
      pen.number((sequence + length - 1) >>> 0);
      pen.copy(close);
    } else if (flags.syn || flags.fin || flags.rst) {
      pen.text(" seq ");
      this.#number(pen, "number", sequence);
    }
    if (flags.ack) {
      pen.text(" ack ");
      this.#number(pen, "number", acknowledgment);
    }
    pen.text(" win ");
    pen.number(tcp.window);
    if (flags.urg) pen.text(` urgent to ${tcp.urgentPointer}`);
    if (length > 0) {
      pen.text(" ");
      this.#octets(pen, length);
    }
    if (gso) this.#also(pen, "quiet", "(split later by the network card)");
    if (tcp.dataOffset > 5) this.#options(pen, tcp.options);
  }

  #options(pen: Pen, options: Tcp["options"]): void {
    if (!hasOptions(options)) return;
    const { open, close } = this.#marks.option;
    pen.text(" ");
    pen.copy(open);
    pen.text("<");
    writeOptions(pen, options);
    pen.text(">");
    pen.copy(close);
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
        const what = numberText(arp.operation, operation && "as" in operation ? operation.as : undefined, 2);
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

const DASH = pieceOf("–");

function marksOf(paint: Paint, role: Role): Marks {
  const [open = "", close = ""] = paint(role, "\0").split("\0");
  return { open: pieceOf(open), close: pieceOf(close) };
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
