import { SockinspectError } from "../errors.js";
import type { Packet } from "../packet/packet.js";
import type { Reassembly } from "./reassembly.js";
import { RoundTrips, type Side, type TcpSide } from "./side.js";

/** What every conversation has. */
abstract class Base<S extends Side> {
  abstract readonly kind: "tcp" | "udp" | "echo";
  /** Counts the conversations of a kind from 0; for TCP and UDP what Wireshark calls the stream index. */
  readonly number: number;
  /** Tags of the first packet, outermost first. */
  readonly vlans: readonly number[];
  /** Who asked: see {@link TcpConversation.opened} for TCP; else who sent first. */
  client: S;
  server: S;
  /** When its first packet was seen: seconds since 1970 UTC, and the rest. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** From then to its latest packet, nanoseconds. */
  duration = 0;
  /** ICMP errors about its packets. */
  errors = 0;

  constructor(number: number, vlans: readonly number[], client: S, server: S, { seconds, nanoseconds }: Packet) {
    this.number = number;
    this.vlans = vlans;
    this.client = client;
    this.server = server;
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
  }

  /**
   * What `side` sent, put together. Throws `BAD_ARGUMENT` where the conversations were not told to keep data.
   */
  stream(side: "client" | "server"): Reassembly {
    const { data } = this[side];
    if (!data)
      throw new SockinspectError(
        "BAD_ARGUMENT",
        `this ${this.kind} conversation keeps no data to read: pass keep to Conversations, in octets a side`,
        { argument: "keep", value: 0 },
      );
    return data;
  }

  /** Nanoseconds from its start to `packet`; negative where a capture's clock ran backwards. */
  timeOf(packet: Packet): number {
    return (packet.seconds - this.seconds) * 1e9 + (packet.nanoseconds - this.nanoseconds);
  }
}

/** UDP between two ports. */
export class UdpConversation extends Base<Side> {
  readonly kind = "udp";
}

/** ICMP echo requests and replies with one identifier. */
export class EchoConversation extends Base<Side> {
  readonly kind = "echo";
  requests = 0;
  replies = 0;
  readonly roundTrips = new RoundTrips();
  /** The latest request, while it is not answered. */
  asked = -1;
  askedAt = 0;
  /** Nanoseconds that the latest reply took; NaN where its request was not seen just before. */
  answeredAfter = Number.NaN;
}

/** How a connection ended, or that it did not. */
export type Ending =
  /** Nothing ends it so far. */
  | "open"
  /** Both sides sent FIN and both were acknowledged. */
  | "closed"
  /** One side sent FIN so far. */
  | "half closed"
  | "reset"
  /** RST instead of an answer to SYN, or an ICMP error. */
  | "refused"
  /** Only SYNs, or retransmissions, without an answer. */
  | "timed out";

export class TcpConversation extends Base<TcpSide> {
  readonly kind = "tcp";
  /** Who sent the SYN; "both" for a simultaneous open. Undefined where none was seen: the lower port is then taken for the server's. */
  opened: "client" | "server" | "both" | undefined = undefined;
  /** Who sent the first FIN or the RST that ended it. */
  closer: "client" | "server" | undefined = undefined;
  isReset = false;
  isRefused = false;
  usesFastOpen = false;
  /** When the SYN was last seen, and the ACK that ends the handshake, from the start; NaN where they were not. */
  synTime = Number.NaN;
  handshakeTime = Number.NaN;

  /** Nanoseconds from the SYN to the ACK that completes the handshake, or to the RST that refuses it; NaN where neither was seen. */
  get initialRoundTrip(): number {
    return this.handshakeTime - this.synTime;
  }

  get ending(): Ending {
    if (this.isRefused) return "refused";
    if (this.isReset) return "reset";
    const { client, server } = this;
    if (client.finReceived && server.finReceived) return "closed";
    if (client.unanswered >= GIVEN_UP || server.unanswered >= GIVEN_UP) return "timed out";
    return client.sentFin || server.sentFin ? "half closed" : "open";
  }

  /** Octets of data a second that arrived at the other side, over the life of the conversation; both directions. */
  get goodput(): number {
    return this.duration > 0 ? (this.client.delivered + this.server.delivered) / (this.duration / 1e9) : 0;
  }

  toJSON(): unknown {
    const { kind, number, vlans, client, server, seconds, nanoseconds, duration } = this;
    const { opened, closer, ending, initialRoundTrip, goodput } = this;
    return {
      kind,
      number,
      ...(vlans.length > 0 && { vlans }),
      seconds,
      nanoseconds,
      duration,
      opened,
      closer,
      ending,
      ...(!Number.isNaN(initialRoundTrip) && { initialRoundTrip }),
      goodput,
      client,
      server,
    };
  }
}

/** Retransmissions without an answer after which the connection is taken to have timed out. */
const GIVEN_UP = 3;

export type Conversation = TcpConversation | UdpConversation | EchoConversation;
