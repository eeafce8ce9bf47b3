/** Hardware addresses of the hosts on the link: the kernel's, else asked for by ARP (RFC 826) or RFC 4861 §7.2. */
import { refusedArgument } from "../arguments.js";
import { capture } from "../capture/live.js";
import type { Source } from "../capture/source.js";
import { SockinspectError } from "../errors.js";
import type { Packet } from "../packet/packet.js";
import { hardwareTypes, type Interface } from "../socket/interfaces.js";
import { explained, type PacketSocket } from "../socket/packet.js";
import { knownNeighbor } from "../socket/routes.js";
import { isFull } from "../socket/waiting.js";
import { parseIpv4, parseIpv6 } from "../wire/address.js";
import { arp } from "../wire/arp.js";
import { addUp, checksumOf, pseudoHeader } from "../wire/checksum.js";
import { ethernet } from "../wire/ethernet.js";
import { icmpv6 } from "../wire/icmpv6.js";
import { ipv6 } from "../wire/ipv6.js";
import { within } from "./waits.js";
import type { LinkWay } from "./way.js";

/** A neighbour whose hardware address was asked for and is not known yet. */
interface Asked {
  readonly found: Promise<void>;
  answered(hardwareAddress: string): void;
  failed(error: unknown): void;
}

type Next = NonNullable<LinkWay["next"]>;

/** Devices without a link layer: none (tun), IPv4 and IPv6 tunnels, GRE. linux/if_arp.h */
const WITHOUT_HEADER = [65534, 768, 769, 776, 778, 823];

const ETHERTYPES = { 4: 0x0800, 6: 0x86dd } as const;
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const NOBODY = "00:00:00:00:00:00";
/** RFC 4861 §10: RETRANS_TIMER, in milliseconds, and MAX_UNICAST_SOLICIT. */
const RETRANSMIT = 1000;
const ATTEMPTS = 3;
const ICMPV6 = 58;
/** ARP replies and neighbour advertisements. */
const ANSWERS = "arp[6:2] = 2 or icmp6[0] = 136";

export class Neighbors {
  /** By the place that a packet goes to next: what is put before its IP header. */
  readonly #headers = new Map<Next, Uint8Array>();
  /** By device and address: many places may lie behind one router. */
  readonly #found = new Map<string, string>();
  readonly #asked = new Map<string, Asked>();
  #source: Source | undefined;
  #listening = false;

  /** The link layer's header for packets to `next`, where it is known. hot */
  headerFor(device: Interface, next: Next): Uint8Array | undefined {
    const known = this.#headers.get(next);
    if (known) return known;
    const address =
      withoutAsking(device, next) ??
      this.#found.get(keyOf(device.name, next.address)) ??
      knownNeighbor(device, next.address);
    if (address === undefined) return undefined;
    const header = headerOf(device, address, ETHERTYPES[next.family]);
    this.#headers.set(next, header);
    return header;
  }

  /** Opens what {@link resolve} listens with, on every device until {@link close}, for whoever gives up privileges in between. */
  open(): void {
    this.#source ??= capture({
      filter: ANSWERS,
      direction: "in",
      latency: 1,
      promiscuous: false,
      buffer: 1024 * 1024,
    });
  }

  /**
   * Asks for the hardware address of `next`, one question for all who want to know. Throws `NO_ROUTE` when nobody answers, or
   * the signal's reason.
   */
  async resolve(device: Interface, next: Next, socket: PacketSocket, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.open();
    if (!this.#listening) void this.#listen(this.#source!);
    const key = keyOf(device.name, next.address);
    const { found } = this.#asked.get(key) ?? this.#ask(key, device, next, socket);
    await within(found, Number.POSITIVE_INFINITY, signal);
  }

  async close(): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    for (const { failed } of [...this.#asked.values()])
      failed(new SockinspectError("CLOSED", "the sockets were closed", {}));
    await source?.close();
  }

  #ask(key: string, device: Interface, next: Next, socket: PacketSocket): Asked {
    const question = questionFor(device, next);
    let attempts = 0;
    let resolve = (): void => {};
    let reject = (_: unknown): void => {};
    const found = new Promise<void>((...settle) => {
      [resolve, reject] = settle;
    });
    // Whoever asked may wait no longer
    found.catch(() => {});
    const end = (): void => {
      clearInterval(timer);
      this.#asked.delete(key);
    };
    const asked: Asked = {
      found,
      answered: (hardwareAddress) => {
        end();
        this.#found.set(key, hardwareAddress);
        resolve();
      },
      failed: (error) => {
        end();
        reject(error);
      },
    };
    const ask = (): void => {
      if (attempts++ === ATTEMPTS) return asked.failed(silent(device, next));
      try {
        socket.send(question, device.index);
      } catch (error) {
        // What finds no room is asked again anyway
        if (!isFull(error)) asked.failed(explained(`cannot ask for ${next.address} on ${device.name}`, error));
      }
    };
    const timer = setInterval(ask, RETRANSMIT);
    this.#asked.set(key, asked);
    ask();
    return asked;
  }

  /** Hears answers until the end. */
  async #listen(source: Source): Promise<void> {
    this.#listening = true;
    try {
      for await (const packet of source) {
        if (this.#asked.size === 0) continue;
        const answer = answerIn(packet);
        if (answer) this.#asked.get(keyOf(packet.device ?? "", answer.address))?.answered(answer.hardwareAddress);
      }
    } catch (error) {
      for (const { failed } of [...this.#asked.values()]) failed(error);
    }
    this.#listening = false;
    if (this.#source === source) this.#source = undefined;
  }
}

function keyOf(device: string, address: string): string {
  return `${device} ${address}`;
}

function silent(device: Interface, { address, family }: Next): SockinspectError<"NO_ROUTE"> {
  const questions = family === 4 ? "ARP requests" : "neighbour solicitations";
  return new SockinspectError(
    "NO_ROUTE",
    `cannot reach ${address}: nobody on ${device.name} answers for it (${ATTEMPTS} ${questions})`,
    { destination: address },
  );
}

/** The hardware address that needs no question; undefined where one is needed. */
function withoutAsking(device: Interface, next: Next): string | undefined {
  if (device.hardwareType === hardwareTypes.loopback || WITHOUT_HEADER.includes(device.hardwareType)) return NOBODY;
  if (device.hardwareType !== hardwareTypes.ethernet)
    throw refusedArgument(
      "interface",
      device.name,
      `cannot write the link layer's header of ${device.name}: use a raw socket`,
    );
  if (next.route.type === "broadcast") return BROADCAST;
  if (next.route.type !== "multicast") return undefined;
  // RFC 1112 §6.4, RFC 2464 §7
  if (next.family === 6) return `33:33:${hex(parseIpv6(next.address)!.slice(12))}`;
  const [, b = 0, c = 0, d = 0] = parseIpv4(next.address)!;
  return `01:00:5e:${hex([b & 0x7f, c, d])}`;
}

function hex(octets: readonly number[]): string {
  return octets.map((octet) => octet.toString(16).padStart(2, "0")).join(":");
}

function headerOf(device: Interface, destination: string, etherType: number): Uint8Array {
  if (WITHOUT_HEADER.includes(device.hardwareType)) return new Uint8Array(0);
  return frame(device, destination, etherType, 0).octets;
}

/** An Ethernet frame from `device` with room for `size` octets. */
function frame(device: Interface, destination: string, etherType: number, size: number) {
  const octets = new Uint8Array(14 + size);
  const data = new DataView(octets.buffer);
  const source = device.hardwareAddress === "" ? NOBODY : device.hardwareAddress;
  ethernet.encode({ kind: "ethernet", destination, source, type: etherType }, data, 0);
  return { octets, data };
}

function questionFor(device: Interface, next: Next): Uint8Array {
  return next.address.includes(":") ? solicitation(device, next) : arpRequest(device, next);
}

function arpRequest(device: Interface, next: Next): Uint8Array {
  const { octets, data } = frame(device, BROADCAST, 0x0806, 28);
  arp.encode(
    {
      kind: "arp",
      hardwareType: 1,
      protocolType: ETHERTYPES[4],
      hardwareSize: 6,
      protocolSize: 4,
      operation: 1,
      addresses: {
        senderHardware: device.hardwareAddress,
        senderProtocol: next.route.source,
        targetHardware: NOBODY,
        targetProtocol: next.address,
      },
    },
    data,
    14,
  );
  return octets;
}

/** RFC 4861 §4.3, to the solicited-node address of RFC 4291 §2.7.1. */
function solicitation(device: Interface, next: Next): Uint8Array {
  const last = parseIpv6(next.address)!.slice(13);
  const { octets, data } = frame(device, `33:33:ff:${hex(last)}`, ETHERTYPES[6], 72);
  const [b, c, d] = last as [number, number, number];
  const linkLocal = device.addresses.find(({ address }) => address.startsWith("fe80:"))?.address;
  const source = next.route.source.includes(":") ? next.route.source : (linkLocal ?? "::");
  ipv6.encode(
    {
      kind: "ipv6",
      version: 6,
      dscp: 0,
      ecn: 0,
      flowLabel: 0,
      payloadLength: 32,
      nextHeader: ICMPV6,
      hopLimit: 255,
      source,
      destination: `ff02::1:ff${hex([b])}:${hex([c])}${hex([d])}`,
    },
    data,
    14,
  );
  const options = [{ kind: "sourceLinkLayerAddress" as const, address: device.hardwareAddress }];
  const message = { kind: "neighborSolicitation" as const, reserved: 0, target: next.address, options };
  icmpv6.encode({ kind: "icmpv6", type: 135, code: 0, checksum: 0, message }, data, 54);
  const sum = addUp(data, 54, 86, pseudoHeader(data, 22, 38, 16, ICMPV6, 32));
  data.setUint16(56, checksumOf(sum));
  return octets;
}

/** The address of a neighbour that `packet` tells, and its hardware address. */
function answerIn({ layers }: Packet): { readonly address: string; readonly hardwareAddress: string } | undefined {
  for (const layer of layers) {
    if (layer.kind === "arp" && layer.operation === 2)
      return { address: layer.addresses.senderProtocol, hardwareAddress: layer.addresses.senderHardware };
    if (layer.kind !== "icmpv6" || layer.message.kind !== "neighborAdvertisement") continue;
    const ethernetSource = layers.find(({ kind }) => kind === "ethernet") as { source: string } | undefined;
    const option = layer.message.options.find(({ kind }) => kind === "targetLinkLayerAddress");
    const hardwareAddress = option && "address" in option ? String(option.address) : ethernetSource?.source;
    return hardwareAddress === undefined ? undefined : { address: layer.message.target, hardwareAddress };
  }
  return undefined;
}
