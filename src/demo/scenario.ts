/** What a demo is. */
import type { Impairment } from "../link/impairment.js";
import type { Stage } from "./stage.js";

/** A lesson: real sockets do something, and the packets that it causes are the expected ones, or the lesson is wrong. */
export interface Scenario {
  readonly name: string;
  /** One line, for the list of them all. */
  readonly title: string;
  /** What to see and why, in two or three sentences. */
  readonly lesson: string;
  /**
   * Where it plays: on one host's loopback, the default; or on two hosts, and what the link between them does to packets.
   */
  readonly link?: {
    readonly impairments?: readonly Impairment[];
    /** The server is behind a router, whose way to it takes packets of so many octets at most. */
    readonly routerMtu?: number;
  };
  /** Which packets are shown: in the pcap-filter language. Default "port 5000". */
  readonly filter?: string;
  run(stage: Stage): Promise<void>;
  /**
   * The packets, in order, as {@link ./outline.ts} has them: of the one conversation, or of each by its name: "A" is the one
   * that began first.
   */
  readonly expected: readonly string[] | Readonly<Record<string, readonly string[]>>;
}

/** Where servers of demos listen. */
export const PORT = 5000;
