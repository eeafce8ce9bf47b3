/** A link between two hosts that loses, delays, copies, reorders and changes packets as it is told to. */

import { whole } from "../arguments.js";
import { capture } from "../capture/live.js";
import type { Source } from "../capture/source.js";
import { binding } from "../socket/binding.js";
import { interfaces } from "../socket/interfaces.js";
import { NetworkNamespace } from "../socket/namespace.js";
import { openPacketSocket, type PacketSocket } from "../socket/packet.js";
import { type Counters, Direction, type Passage } from "./direction.js";
import { type End, ETHERNET, type Impairment, Rule } from "./impairment.js";

export interface LinkOptions {
  /** What happens to packets from the start; {@link Link.impair} adds to it. Default: nothing. */
  readonly impairments?: readonly Impairment[];
  /** With the same seed and the same packets the same happens. Default 1. */
  readonly seed?: number;
  /** Octets of the largest packet, its Ethernet header apart; default 1500. */
  readonly mtu?: number;
  /** Told of every packet, in the order in which the link has them. */
  readonly observe?: (passage: Passage) => void;
}

/** The addresses of the ends. */
export const linkAddresses = {
  client: { ipv4: "10.0.0.1", ipv6: "fd00::1" },
  server: { ipv4: "10.0.0.2", ipv6: "fd00::2" },
} as const;

/** What every end's device is called. */
export const LINK_DEVICE = "eth0";
const ENDS = ["client", "server"] as const;
const OTHER = { client: "server", server: "client" } as const;
/** Octets of the ring. */
const RING = 4 * 1024 * 1024;
/** Linux's least for a device with IPv6. */
const LEAST_MTU = 1280;

/**
 * Two hosts joined by a link. The hosts are network namespaces, so client and server are real sockets of the kernel, or
 * real programs; the link is this process, which takes each packet in at one end and sends it out at the other.
 *
 *     await using link = openLink({ impairments: [{ from: "client", filter: "tcp", nth: 4, drop: true }] });
 *     const child = link.client.run(() => spawn("ping", ["-c", "1", linkAddresses.server.ipv4]));
 *
 * Nothing is left to devices (checksums, segmentation): packets are what they are on a cable. A packet takes about a
 * millisecond, which is how long it may lie in the ring; delays are Node's timers', exact to about a millisecond.
 */
export class Link implements AsyncDisposable {
  readonly client: NetworkNamespace;
  readonly server: NetworkNamespace;
  readonly #middle: NetworkNamespace;
  readonly #sender: PacketSocket;
  readonly #source: Source;
  readonly #directions: Readonly<Record<End, Direction>>;
  readonly #rules: Rule[] = [];
  readonly #forwarding: Promise<void>;
  #seed: number;

  /** See {@link openLink}. */
  constructor({ impairments = [], seed = 1, mtu = 1500, observe = () => {} }: LinkOptions = {}) {
    whole("mtu", mtu, LEAST_MTU, 65_535);
    this.#seed = seed;
    for (const impairment of impairments) this.impair(impairment);
    this.client = new NetworkNamespace();
    this.server = new NetworkNamespace();
    this.#middle = new NetworkNamespace();
    for (const end of ENDS) {
      this.#middle.join(end, this[end], LINK_DEVICE);
      this.#middle.run(() => prepare(end, mtu));
      this[end].run(() => {
        prepare(LINK_DEVICE, mtu);
        const { ipv4, ipv6 } = linkAddresses[end];
        binding().addAddress(LINK_DEVICE, ipv4, 24);
        binding().addAddress(LINK_DEVICE, ipv6, 64);
      });
    }
    const { sender, indices, source } = this.#middle.run(() => ({
      sender: openPacketSocket({ ...ONLY_SENDS }),
      indices: new Map(interfaces().map(({ name, index }) => [name, index])),
      // One for both devices, so that packets are taken in the order in which they came
      source: capture({ direction: "in", latency: 1, buffer: RING, snapLength: mtu + ETHERNET }),
    }));
    this.#sender = sender;
    this.#source = source;
    const direction = (from: End): Direction => new Direction(from, this.#sendTo(indices.get(OTHER[from])!), observe);
    this.#directions = { client: direction("client"), server: direction("server") };
    this.#forwarding = this.#forward();
  }

  /**
   * Adds an impairment, behind those that there are; the result takes it away again. `applied` counts the packets that it
   * was applied to. Throws `BAD_ARGUMENT`, `BAD_FILTER`.
   */
  impair(impairment: Impairment): { readonly applied: number; remove(): void } {
    // Every rule has numbers of its own, so that one does not change what another does
    const rule = new Rule(impairment, this.#seed++);
    this.#rules.push(rule);
    return {
      get applied() {
        return rule.applied;
      },
      remove: () => {
        const at = this.#rules.indexOf(rule);
        if (at >= 0) this.#rules.splice(at, 1);
      },
    };
  }

  /** What became of the packets from each end; `held` are those that are on their way. */
  get counters(): Readonly<Record<End, Counters & { readonly held: number }>> {
    const of = (end: End) => ({ ...this.#directions[end].counters, held: this.#directions[end].held });
    return { client: of("client"), server: of("server") };
  }

  /** Packets that were lost before the link had them, as this process was too busy to take them. */
  get overflowed(): number {
    return this.#source.statistics().dropped;
  }

  /** Takes the link down; packets that were held are dropped. Sockets of the ends go on, without a device. */
  async close(): Promise<void> {
    await this.#source.close();
    await this.#forwarding;
    for (const end of ENDS) this.#directions[end].end();
    this.#sender.close();
    for (const host of [this.client, this.server, this.#middle]) await host.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #forward(): Promise<void> {
    for await (const batch of this.#source.batches())
      for (const frame of batch) if (isEnd(frame.device)) this.#directions[frame.device].take(frame, this.#rules);
  }

  #sendTo(index: number): (octets: Uint8Array) => boolean {
    return (octets) => {
      try {
        this.#sender.send(octets, index);
        return true;
      } catch (error) {
        if (REFUSALS.has((error as NodeJS.ErrnoException).code ?? "")) return false;
        throw error;
      }
    };
  }
}

/** Larger than the device takes, or the device is down or gone; no room in the kernel. */
const REFUSALS: ReadonlySet<string> = new Set(["EMSGSIZE", "ENETDOWN", "ENXIO", "ENODEV", "ENOBUFS", "EAGAIN"]);

const ONLY_SENDS = {
  interface: undefined,
  filter: new Uint8Array(8),
  blockSize: 4096,
  blockCount: 0,
  blockTimeout: 1,
  promiscuous: false,
} as const;

function prepare(device: string, mtu: number): void {
  binding().disableOffloads(device);
  binding().setMtu(device, mtu);
  binding().setInterfaceUp(device);
}

/** The link's devices have the names of the ends that they lead to. */
function isEnd(device: string | undefined): device is End {
  return device === "client" || device === "server";
}

/**
 * Makes two hosts and the link between them. Needs CAP_SYS_ADMIN: root, or a user namespace (`unshare --user
 * --map-root-user --net`). Throws `PERMISSION`, `BAD_ARGUMENT`, `BAD_FILTER`, `UNSUPPORTED_PLATFORM`, `NO_ADDON`, `SYSTEM`.
 */
export function openLink(options: LinkOptions = {}): Link {
  return new Link(options);
}
