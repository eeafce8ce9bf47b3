/** Packets of conversations, written as people talk about them. */
import type { Conversation, TcpConversation } from "../../src/flow/conversation.js";
import type { Conversations, Step } from "../../src/flow/conversations.js";
import { decode } from "../../src/packet/decode.js";
import type { Packet } from "../../src/packet/packet.js";
import { type Ipv4, ipv4 } from "../../src/wire/ipv4.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { type Tcp, type TcpOption, tcp } from "../../src/wire/tcp.js";

export const CLIENT = "192.0.2.1";
export const SERVER = "198.51.100.2";

export interface Written {
  /** Seconds. */
  readonly at?: number;
  readonly from: "client" | "server";
  /** Letters of S F R P A. */
  readonly flags: string;
  readonly seq: number;
  readonly ack?: number;
  readonly data?: string;
  readonly window?: number;
  readonly options?: readonly TcpOption[];
  readonly ports?: readonly [client: number, server: number];
  readonly addresses?: readonly [client: string, server: string];
  /** Octets of data that the capture kept; default all. */
  readonly kept?: number;
}

export function segment(written: Written): Packet {
  const { at = 0, kept } = written;
  const octets = segmentOctets(written);
  const cut = kept === undefined ? octets : octets.slice(0, octets.length - (written.data?.length ?? 0) + kept);
  const nanoseconds = Math.round((at % 1) * 1e9);
  return decode(cut, linkTypes.raw, { seconds: 1_700_000_000 + Math.floor(at), nanoseconds, length: octets.length });
}

/** From the IPv4 header on. */
export function segmentOctets(written: Written): Uint8Array {
  const { flags, seq, ack = 0, data = "", window = 1000, options = [] } = written;
  const { ports = [40000, 5000], addresses = [CLIENT, SERVER] } = written;
  const [source, destination] = written.from === "client" ? [0, 1] : [1, 0];
  const header: Tcp = {
    kind: "tcp",
    sourcePort: ports[source]!,
    destinationPort: ports[destination]!,
    sequenceNumber: seq >>> 0,
    acknowledgmentNumber: ack >>> 0,
    dataOffset: 0,
    reserved: 0,
    flags: {
      fin: flags.includes("F"),
      syn: flags.includes("S"),
      rst: flags.includes("R"),
      psh: flags.includes("P"),
      ack: flags.includes("A"),
      urg: false,
      ece: false,
      cwr: false,
      ae: false,
    },
    window,
    checksum: 0,
    urgentPointer: 0,
    options,
  };
  const size = Math.ceil(tcp.size(header) / 4) * 4;
  const octets = new Uint8Array(20 + size + data.length);
  const view = new DataView(octets.buffer);
  const network: Ipv4 = {
    kind: "ipv4",
    version: 4,
    headerLength: 5,
    dscp: 0,
    ecn: 0,
    totalLength: octets.length,
    identification: 0,
    reserved: false,
    dontFragment: true,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: 64,
    protocol: 6,
    checksum: 0,
    source: addresses[source]!,
    destination: addresses[destination]!,
    options: [],
  };
  ipv4.encode(network, view, 0);
  tcp.encode({ ...header, dataOffset: size / 4 }, view, 20);
  octets.set(new TextEncoder().encode(data), 20 + size);
  return octets;
}

export const segmentSize = (size: number): TcpOption => ({ kind: "maximumSegmentSize", size });
export const windowScale = (shift: number): TcpOption => ({ kind: "windowScale", shift });

/** SYN of number 100, SYN-ACK of 300 and ACK, 10 ms apart. */
export function handshake(options: readonly TcpOption[] = [], at = 0): readonly Packet[] {
  return [
    segment({ at, from: "client", flags: "S", seq: 100, options }),
    segment({ at: at + 0.01, from: "server", flags: "SA", seq: 300, ack: 101, options }),
    segment({ at: at + 0.02, from: "client", flags: "A", seq: 101, ack: 301 }),
  ];
}

/** The kinds of events of each packet. */
export function kindsOf(conversations: Conversations, packets: readonly Packet[]): readonly string[] {
  return packets.map((packet) =>
    conversations
      .follow(packet)!
      .events.map(({ kind }) => kind)
      .join(" "),
  );
}

/** What happened with the last of `packets`. */
export function lastOf(conversations: Conversations, packets: readonly Packet[]): Step {
  let step: Step | undefined;
  for (const packet of packets) step = conversations.follow(packet);
  return step!;
}

export function asTcp(conversation: Conversation): TcpConversation {
  if (conversation.kind !== "tcp") throw new TypeError(`a ${conversation.kind} conversation`);
  return conversation;
}

/** Both states after each packet: client, server. */
export function statesOf(conversations: Conversations, packets: readonly Packet[]): readonly string[] {
  return packets.map((packet) => {
    const { client, server } = asTcp(conversations.follow(packet)!.conversation);
    return `${client.state} ${server.state}`;
  });
}
