/** Where a demo plays: one host, or two with a link between them, and what is seen there. */
import { capture } from "../capture/live.js";
import type { Source } from "../capture/source.js";
import { predicate } from "../filter/predicate.js";
import type { Impairment } from "../link/impairment.js";
import { LINK_DEVICE, type Link, linkAddresses, openLink } from "../link/link.js";
import type { Frame } from "../packet/frame.js";
import type { End, Ladder } from "../render/ladder.js";
import { Waits } from "../send/waits.js";
import { binding } from "../socket/binding.js";
import type { Call } from "../socket/calls.js";
import type { DatagramSocket } from "../socket/datagram.js";
import { NetworkNamespace } from "../socket/namespace.js";
import type { StreamSocket } from "../socket/stream.js";
import { tcpStateName } from "../socket/tcp-information.js";
import { linkTypes } from "../wire/numbers.js";
import { SharedClock } from "./clock.js";
import { Host } from "./host.js";
import { compare, matches, type Outline } from "./outline.js";
import { Recording, type Sample, type Seen } from "./recording.js";
import { PORT, type Scenario } from "./scenario.js";

/** Milliseconds that packets may take to come, on a machine that is busy with other things. */
const PATIENCE = 15_000;
/** Milliseconds between steps, for those who want to read along. */
const PAUSE = 1500;

export interface StageOptions {
  /** Pauses between steps. */
  readonly slow?: boolean;
  /** Is given every packet, borrowed. */
  readonly save?: (frame: Frame) => void;
  /** Is told what can be drawn, before every step. */
  readonly progress?: (ladder: Ladder) => void;
}

/** The server's address where it is behind a router, and the router's on that side. */
const FAR = "10.0.1.2";
const ROUTER = "10.0.1.1";

/** Makes a router of a link's server, and gives the host behind it. */
function behindRouter(link: Link, mtu: number): NetworkNamespace {
  const far = new NetworkNamespace();
  link.server.join("wan", far, LINK_DEVICE);
  link.server.run(() => {
    for (const name of [LINK_DEVICE, "wan"]) binding().setForwarding(name);
    binding().disableOffloads("wan");
    binding().setMtu("wan", mtu);
    binding().setInterfaceUp("wan");
    binding().addAddress("wan", ROUTER, 24);
  });
  far.run(() => {
    binding().disableOffloads(LINK_DEVICE);
    binding().setInterfaceUp(LINK_DEVICE);
    binding().addAddress(LINK_DEVICE, FAR, 24);
    binding().addRoute("10.0.0.0", 24, ROUTER);
  });
  link.client.run(() => binding().addRoute("10.0.1.0", 24, linkAddresses.server.ipv4));
  return far;
}

export class Stage implements AsyncDisposable {
  readonly client: Host;
  readonly server: Host;
  /** The link between both hosts, where there is one. */
  readonly link: Link | undefined;
  /** What did not come true. */
  readonly failures: string[] = [];
  readonly #scenario: Scenario;
  readonly #options: StageOptions;
  readonly #clock = new SharedClock();
  #recording = new Recording(this.#clock);
  #isRehearsal = false;
  readonly #far: NetworkNamespace | undefined;
  readonly #source: Source | undefined;
  readonly #reading: Promise<void> | undefined;
  readonly #sockets = new Map<number, StreamSocket | DatagramSocket>();
  /** Those ports from which there was a connection. */
  readonly #stood = new Set<number>();
  readonly #impairments: readonly Impairment[] = [];
  /** Woken by every packet. */
  readonly #waits = new Waits();
  /** The kernel knows nothing of a connection that there is: without sock_diag(7), no states are better than wrong ones. */
  #isBlind = false;

  constructor(scenario: Scenario, options: StageOptions = {}) {
    this.#scenario = scenario;
    this.#options = options;
    const { filter = `port ${PORT}`, link } = scenario;
    if (link) {
      const { impairments = [], routerMtu } = link;
      const wanted = predicate(filter, { linkType: linkTypes.ethernet });
      this.link = openLink({
        observe: (passage) => {
          const { frame } = passage;
          if (!frame) this.#recording.late(passage);
          else if (wanted(frame.data, frame.at, frame.end, frame.length)) this.#take(frame, passage);
        },
      });
      this.#impairments = impairments;
      this.#far = routerMtu === undefined ? undefined : behindRouter(this.link, routerMtu);
    } else {
      this.#source = capture({ interface: "lo", filter, latency: 1, buffer: 8 * 1024 * 1024, snapLength: 70_000 });
      this.#reading = this.#read(this.#source);
    }
    this.client = this.#host("client");
    this.server = this.#host("server");
  }

  /** Says what comes next. */
  readonly step = async (text: string): Promise<void> => {
    if (this.#options.slow) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      this.#options.progress?.(this.ladder());
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    this.#recording.caption(text);
  };

  /** Waits until a packet that `expectation` describes was seen, `times` times. */
  readonly seen = async (expectation: string, times = 1): Promise<void> => {
    const found = (): boolean =>
      this.#recording.packets.filter((packet) => matches(packet, expectation)).length >= times;
    if (!(await this.#until(found))) this.failures.push(`"${expectation}" did not come within ${PATIENCE / 1000} s`);
  };

  /** Something that has to be so, besides the packets. */
  readonly expect = (what: string, isSo: boolean): void => {
    if (!isSo) this.failures.push(`it is not so that ${what}`);
  };

  /** The errno's name that `call` fails with; "nothing" where it does not fail. */
  readonly failureOf = async (call: Promise<unknown>): Promise<string> => {
    try {
      await call;
      return "nothing";
    } catch (error) {
      const { info, cause } = error as { info?: { code?: string }; cause?: { code?: string } };
      return info?.code ?? cause?.code ?? String(error);
    }
  };

  /** Those that were seen so far. */
  readonly packets = (): readonly Seen[] => this.#recording.packets;

  /** Those of each conversation by its name; "A" began first. */
  readonly outlines = (): ReadonlyMap<string, readonly Outline[]> => this.#recording.outlines;

  ladder(): Ladder {
    const { title } = this.#scenario;
    const [client, server] = [this.client, this.server].map(({ address }) => address) as [string, string];
    const isOne = Array.isArray(this.#scenario.expected);
    return this.#recording.ladder({ title, client: `client ${client}`, server: `server ${server}:${PORT}`, isOne });
  }

  /** Nanoseconds by which calls and packets may be out of step. */
  get clockError(): number {
    return this.#clock.bound();
  }

  /** Plays it, waits for the packets, and compares them with those expected. */
  async play(): Promise<void> {
    await this.#rehearse();
    await this.#scenario.run(this);
    const differences = (): { wrong: boolean; text: string }[] => {
      const { expected } = this.#scenario;
      if (Array.isArray(expected)) return [compare(this.packets(), expected)].filter((found) => found !== undefined);
      const { outlines } = this.#recording;
      const names = new Set([...Object.keys(expected), ...outlines.keys()]);
      return [...names].flatMap((name) => {
        const difference = compare(outlines.get(name) ?? [], (expected as Record<string, string[]>)[name] ?? []);
        return difference ? [{ ...difference, text: `${name}: ${difference.text}` }] : [];
      });
    };
    await this.#until(() => differences().every(({ wrong }) => wrong));
    this.#source?.stop();
    await this.#reading;
    this.failures.push(...differences().map(({ text }) => text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source?.close();
    await this.link?.close();
    await this.#far?.close();
  }

  /**
   * What is done for the first time takes long: code is compiled, a neighbour's hardware address is asked for. So once
   * behind the curtain, that the times mean something.
   */
  async #rehearse(): Promise<void> {
    this.#isRehearsal = true;
    const { client, server } = this;
    const listener = await server.listen(1);
    const socket = await client.connect(server);
    const accepted = await listener.accept();
    for (let i = 0; i < 3; i++) {
      await socket.sendAll("hello");
      await accepted.receive();
    }
    // Nothing is left in TIME-WAIT
    await socket.abort();
    await this.failureOf(accepted.receive());
    await accepted.close();
    await listener.close();
    const service = await server.datagram();
    await service.bind({ address: server.address, port: PORT });
    const speaker = await client.datagram();
    await speaker.sendTo("the end", { address: server.address, port: PORT });
    await service.receiveFrom();
    const isOver = (): boolean => this.packets().some(({ words }) => words.includes("7 octets"));
    if (!(await this.#until(isOver))) throw new Error("the packets of a rehearsal did not come");
    await speaker.close();
    await service.close();
    this.#recording = new Recording(this.#clock);
    this.#isRehearsal = false;
    for (const impairment of this.#impairments) this.link?.impair(impairment);
  }

  #host(end: End): Host {
    const { link } = this;
    const far = end === "server" ? this.#far : undefined;
    const address = far ? FAR : link ? linkAddresses[end].ipv4 : "127.0.0.1";
    const where = far ?? link?.[end];
    return new Host(address, where ? (body) => where.run(body) : (body) => body(), {
      called: (call) => this.#recording.call(end, call, this.#sample(end, call)),
      did: (text) => this.#recording.did(end, text),
      opened: (socket) => {
        this.#sockets.set(socket.number, socket);
        return socket;
      },
    });
  }

  /** The states of the connection that a call was about, asked of the kernel once it has returned. */
  #sample(by: End, call: Call): Sample | undefined {
    if (call.end === undefined) return undefined;
    const socket = this.#sockets.get(call.socket);
    if (socket?.protocol === "udp") {
      if (by === "client" && !socket.closed && socket.localAddress)
        this.#recording.ports.set(call.socket, socket.localAddress.port);
      return undefined;
    }
    const port = this.#connectionOf(call);
    if (port === undefined) {
      const listens = by === "server" && this.#ask("server", 1) === "LISTEN";
      return listens ? { port: -1, states: { client: "", server: "LISTEN", sampled: true } } : undefined;
    }
    const [client, server] = [this.#ask("client", port), this.#ask("server", port)];
    const isNew = (call.name === "connect" || call.name === "accept") && call.error === undefined;
    if (isNew && client === "CLOSED" && server === "CLOSED") this.#isBlind = true;
    if (this.#isBlind) return undefined;
    // Where there is no connection any more, the kernel finds the listener
    const isOver = server === "LISTEN" && this.#stood.has(port);
    if (server !== "LISTEN" && server !== "CLOSED") this.#stood.add(port);
    // That of a guard, which is nobody's connection
    const known = client === "LISTEN" ? "" : client;
    return { port, states: { client: known, server: isOver ? "CLOSED" : server, sampled: true } };
  }

  /** The client's port of the connection that a call was about, once there is one. */
  #connectionOf(call: Call): number | undefined {
    if (call.name === "accept" && call.remote && call.result !== undefined) {
      this.#recording.ports.set(call.result, call.remote.port);
      return call.remote.port;
    }
    const socket = this.#sockets.get(call.socket);
    if (call.name === "connect" && socket && !socket.closed && call.error === undefined)
      this.#recording.ports.set(call.socket, socket.localAddress?.port ?? 0);
    return this.#recording.ports.get(call.socket);
  }

  /** The state of one end of the connection from the client's `port`. */
  #ask(end: End, port: number): string {
    const client = [this.client.address, port] as const;
    const server = [this.server.address, PORT] as const;
    const state = this[end].run(() =>
      end === "client" ? binding().tcpState(...client, ...server) : binding().tcpState(...server, ...client),
    );
    return tcpStateName(state ?? 0);
  }

  async #read(source: Source): Promise<void> {
    for await (const batch of source.batches()) for (const frame of batch) this.#take(frame);
  }

  #take(frame: Frame, passage?: Parameters<Recording["packet"]>[1]): void {
    if (!this.#isRehearsal) this.#options.save?.(frame);
    this.#recording.packet(frame, passage);
    this.#waits.wake();
  }

  /** Whether `isThere` came true with some packet. */
  async #until(isThere: () => boolean): Promise<boolean> {
    const end = Date.now() + PATIENCE;
    while (!isThere()) {
      const left = end - Date.now();
      if (left <= 0) return false;
      await this.#waits.wait(left);
    }
    return true;
  }
}
