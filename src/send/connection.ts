/** One end of a TCP connection, segment by segment: RFC 9293 without congestion control. */
import { requireSignal, requireType } from "../arguments.js";
import type { Craftable } from "../craft/craft.js";
import { SockinspectError } from "../errors.js";
import type { Packet, Payload } from "../packet/packet.js";
import { octetsOf } from "../socket/socket.js";
import type { DraftFields } from "../wire/header.js";
import { type Ipv4, ipv4 } from "../wire/ipv4.js";
import { type Ipv6, ipv6 } from "../wire/ipv6.js";
import { type Tcp, tcp } from "../wire/tcp.js";
import { craft } from "./here.js";
import { checkWaiting, Waits } from "./waits.js";
import type { Outgoing } from "./way.js";

/** Why a segment is sent: what a connection does by itself, or `segment()`. */
export type Step = "SYN" | "SYN ACK" | "ACK" | "data" | "FIN" | "RST" | "by hand";

/** A segment before it is sent: whatever is put in place of its parts is sent as it is. */
export interface Segment {
  readonly step: Step;
  /** Fields of the IP header; addresses, and what is left out, are filled in. */
  readonly ip: DraftFields<Ipv4> | DraftFields<Ipv6>;
  readonly tcp: DraftFields<Tcp>;
  readonly data: Uint8Array;
}

export interface ConnectionOptions {
  /** Changes any segment on its way out; undefined holds it back. It is asked again where a segment is sent again. */
  readonly override?: ((segment: Segment) => Segment | undefined) | undefined;
  /** Whether what comes is acknowledged by itself. Default: yes. */
  readonly acknowledge?: boolean | undefined;
  /** Milliseconds until a segment that is not acknowledged is sent again. Default: 1000. */
  readonly timeout?: number | undefined;
  /** How often a segment is sent again. Default: 3. */
  readonly retries?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Throws `BAD_ARGUMENT`. */
export function checkConnectionOptions(options: ConnectionOptions): void {
  requireType("options", options, "object");
  const { timeout = 1000, retries = 3, override, signal } = options;
  checkWaiting(timeout, retries);
  requireSignal(signal);
  if (override !== undefined) requireType("override", override, "function");
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Octets of data in a segment where the other side names no maximum: RFC 9293 §3.7.1. */
const SEGMENT = { 4: 536, 6: 1220 } as const;
const WINDOW = 65_535;
const NOTHING = new Uint8Array(0);
/** Segments sent ahead of their acknowledgment. */
const AHEAD = 10;
/** Segments kept for {@link Connection.receive}. */
const KEPT = 4096;

type State = "opening" | "open" | "reset" | "closed";

/**
 * A connection by hand. It sends and acknowledges what a TCP would, unless its `override` or {@link segment} says otherwise.
 * Its iteration gives the octets that the other side sends, until its FIN. What is to be sent is sent in the order of the calls.
 */
export class Connection implements AsyncDisposable {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** The number of the next octet to be sent. */
  sequenceNumber: number;
  /** The number of the next octet that is expected. */
  acknowledgmentNumber = 0;
  readonly #options: ConnectionOptions;
  readonly #put: (packet: Outgoing) => Promise<void>;
  readonly #release: () => Promise<void>;
  #unacknowledged: number;
  #window = WINDOW;
  #maximum: number;
  #state: State = "opening";
  /** Whether the other side has sent its FIN. */
  #ended = false;
  #finished = false;
  #released = false;
  readonly #segments: Packet[] = [];
  readonly #data: Uint8Array[] = [];
  readonly #waits = new Waits();
  /** Why it was {@link lose lost}. */
  #failure: unknown;
  /** Data and FIN, one after the other. */
  #sending: Promise<unknown> = Promise.resolve();

  /** @internal `dial` and `answer` make them. */
  constructor(
    local: Endpoint,
    remote: Endpoint,
    options: ConnectionOptions,
    put: (packet: Outgoing) => Promise<void>,
    release: () => Promise<void>,
  ) {
    this.local = local;
    this.remote = remote;
    this.#options = options;
    this.#put = put;
    this.#release = release;
    this.#maximum = SEGMENT[local.address.includes(":") ? 6 : 4];
    this.sequenceNumber = Math.floor(Math.random() * 2 ** 32);
    this.#unacknowledged = this.sequenceNumber;
  }

  /** The client's side of the handshake. @internal */
  async open(): Promise<void> {
    const initial = this.sequenceNumber;
    this.sequenceNumber = (initial + 1) >>> 0;
    await this.#reliably(
      "SYN",
      { sequenceNumber: initial, flags: { syn: true }, options: this.#offer },
      () => this.#state === "open",
    );
    await this.#transmit("ACK", {});
  }

  /** The server's side of the handshake, for the SYN that has come. @internal */
  async accept(syn: Tcp): Promise<void> {
    const initial = this.sequenceNumber;
    this.sequenceNumber = (initial + 1) >>> 0;
    this.acknowledgmentNumber = (syn.sequenceNumber + 1) >>> 0;
    this.#learn(syn);
    const flags = { syn: true, ack: true };
    await this.#reliably(
      "SYN ACK",
      { sequenceNumber: initial, flags, options: this.#offer },
      () => this.#state === "open",
    );
  }

  /** A packet to {@link craft} anew or to look at: what would be sent with these fields. */
  packet({ ip, tcp: fields, data }: Omit<Segment, "step">): Outgoing {
    const addresses = { source: this.local.address, destination: this.remote.address };
    const header: Craftable = this.local.address.includes(":")
      ? ipv6({ ...addresses, ...(ip as DraftFields<Ipv6>) })
      : ipv4({ ...addresses, ...(ip as DraftFields<Ipv4>) });
    return craft(header, tcp(fields), data);
  }

  /**
   * Sends one segment: fields that are given as given, others as this connection would have them. Numbers go on behind its
   * data, SYN and FIN, unless `sequenceNumber` is given.
   */
  async segment(fields: DraftFields<Tcp> = {}, data: Uint8Array | string = NOTHING): Promise<void> {
    const octets = octetsOf(data);
    const taken = octets.length + (fields.flags?.fin ? 1 : 0) + (fields.flags?.syn ? 1 : 0);
    await this.#transmit("by hand", fields, octets);
    if (fields.sequenceNumber === undefined) this.sequenceNumber = (this.sequenceNumber + taken) >>> 0;
  }

  /** Sends data, behind what is being sent already; resolves when all of it is acknowledged. Throws `CONNECTION`. */
  async send(data: Uint8Array | string): Promise<void> {
    const octets = octetsOf(data);
    await this.#inTurn(() => this.#send(octets));
  }

  async #send(octets: Uint8Array): Promise<void> {
    const first = this.sequenceNumber;
    const end = (first + octets.length) >>> 0;
    let next = 0;
    let attempts = 0;
    const { retries = 3 } = this.#options;
    for (;;) {
      const acknowledged = octets.length - ((end - this.#unacknowledged) >>> 0);
      if (acknowledged >= octets.length) return;
      const room = Math.max(1, Math.min(this.#window, AHEAD * this.#maximum));
      while (next < octets.length && next < acknowledged + room) {
        const size = Math.min(this.#maximum, octets.length - next, acknowledged + room - next);
        const flags = { ack: true, psh: next + size === octets.length };
        const sequenceNumber = (first + next) >>> 0;
        await this.#transmit("data", { sequenceNumber, flags }, octets.subarray(next, next + size));
        next += size;
        const sent = (first + next) >>> 0;
        if (((sent - this.sequenceNumber) | 0) > 0) this.sequenceNumber = sent;
      }
      const before = this.#unacknowledged;
      if (await this.#until(() => this.#unacknowledged !== before)) attempts = 0;
      else if (attempts++ === retries) throw failed("no answer", `${this.#name} does not acknowledge what was sent`);
      else next = Math.max(0, acknowledged);
    }
  }

  /** The next segment of the other side, whatever it says; those that came before are kept. Undefined when none comes in time. */
  async receive(options: { readonly timeout?: number } = {}): Promise<Packet | undefined> {
    await this.#until(() => this.#segments.length > 0, options.timeout, true);
    return this.#segments.shift();
  }

  /**
   * What the other side sends, until its FIN. Throws `CONNECTION` when it resets the connection, and what has kept an
   * acknowledgment from being sent.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const data = this.#data.shift();
      if (data) yield data;
      else if (this.#failure !== undefined) throw this.#failure;
      else if (this.#ended || this.#state === "closed") return;
      else await this.#until(() => this.#data.length > 0 || this.#ended, Number.POSITIVE_INFINITY);
    }
  }

  /** Says that no more data follows; the other side may go on. Resolves when it is acknowledged. */
  async finish(): Promise<void> {
    if (this.#finished) await this.#sending;
    else {
      this.#finished = true;
      await this.#inTurn(() => this.#finish());
    }
  }

  async #finish(): Promise<void> {
    const sequenceNumber = this.sequenceNumber;
    this.sequenceNumber = (sequenceNumber + 1) >>> 0;
    const end = this.sequenceNumber;
    await this.#reliably(
      "FIN",
      { sequenceNumber, flags: { fin: true, ack: true } },
      () => this.#unacknowledged === end,
    );
  }

  /** Ends the connection at once. */
  async reset(): Promise<void> {
    await this.#transmit("RST", { flags: { rst: true, ack: true } });
    await this.#close();
  }

  /** Ends the connection in an orderly way: FIN, and the other side's where it comes in time. Idempotent. */
  async close(): Promise<void> {
    try {
      if (this.#state === "open") {
        await this.finish();
        await this.#until(() => this.#ended);
      }
    } finally {
      await this.#close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close().catch(() => {});
  }

  /** A segment of the other side. @internal */
  take(packet: Packet, segment: Tcp): void {
    if (this.#segments.length < KEPT) this.#segments.push(packet);
    if (this.#state !== "closed" && this.#state !== "reset") this.#follow(packet, segment);
    this.#waits.wake();
  }

  /** Ends what waits: nothing can come or go any more, because of `failure` where there is one. @internal */
  lose(failure?: unknown): void {
    this.#failure ??= failure;
    this.#state = "closed";
    this.#waits.wake();
  }

  /** Does `step` when those before it have ended, however they did. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#sending.then(step);
    this.#sending = done.catch(() => {});
    return done;
  }

  #follow(packet: Packet, segment: Tcp): void {
    const { flags, acknowledgmentNumber } = segment;
    const outstanding = (this.sequenceNumber - this.#unacknowledged) >>> 0;
    const acknowledged = (acknowledgmentNumber - this.#unacknowledged) >>> 0;
    const isNew = flags.ack && acknowledged > 0 && acknowledged <= outstanding;
    if (flags.rst) {
      // §3.10.7.3: while opening, only what acknowledges the SYN; later, what is in its place
      if (this.#state === "opening" ? isNew : segment.sequenceNumber === this.acknowledgmentNumber)
        this.#state = "reset";
      return;
    }
    if (this.#state === "opening") {
      if (!isNew) return;
      if (flags.syn) {
        this.acknowledgmentNumber = (segment.sequenceNumber + 1) >>> 0;
        this.#learn(segment);
      }
      this.#state = "open";
    }
    if (isNew) this.#unacknowledged = acknowledgmentNumber;
    this.#window = segment.window;
    const data = dataOf(packet);
    if (data.length === 0 && !flags.fin && !flags.syn) return;
    if (segment.sequenceNumber === this.acknowledgmentNumber && !this.#ended && !flags.syn) {
      if (data.length > 0) this.#data.push(data);
      this.#ended = flags.fin;
      this.acknowledgmentNumber = (this.acknowledgmentNumber + data.length + (flags.fin ? 1 : 0)) >>> 0;
    } else if (flags.syn && this.#unacknowledged === acknowledgmentNumber && isNew) return;
    // Also what is out of order: it says what is expected
    if (this.#options.acknowledge ?? true) void this.#transmit("ACK", {}).catch((error) => this.lose(error));
  }

  #learn({ options, window }: Tcp): void {
    this.#window = window;
    for (const option of options) if (option.kind === "maximumSegmentSize") this.#maximum = option.size;
  }

  async #transmit(step: Step, fields: DraftFields<Tcp>, data: Uint8Array = NOTHING): Promise<void> {
    const segment: Segment = {
      step,
      ip: {},
      tcp: {
        sourcePort: this.local.port,
        destinationPort: this.remote.port,
        sequenceNumber: this.sequenceNumber,
        flags: { ack: true },
        acknowledgmentNumber: step === "SYN" ? 0 : this.acknowledgmentNumber,
        window: WINDOW,
        ...fields,
      },
      data,
    };
    const { override } = this.#options;
    const changed = override ? override(segment) : segment;
    if (changed) await this.#put(this.packet(changed));
  }

  /** Sends a segment again and again until `done`. */
  async #reliably(step: Step, fields: DraftFields<Tcp>, done: () => boolean): Promise<void> {
    const { retries = 3 } = this.#options;
    for (let attempt = 0; attempt <= retries; attempt++) {
      await this.#transmit(step, fields);
      if (await this.#until(done)) return;
    }
    throw failed("no answer", `${this.#name} does not answer ${step}, sent ${retries + 1} times`);
  }

  /** Whether `done` within the time for an answer. Throws `CONNECTION`, unless `anyway`, or the signal's reason. */
  async #until(done: () => boolean, timeout = this.#options.timeout ?? 1000, anyway = false): Promise<boolean> {
    const { signal } = this.#options;
    const end = performance.now() + timeout;
    for (;;) {
      signal?.throwIfAborted();
      if (done()) return true;
      if (this.#state === "reset" && !anyway)
        throw this.acknowledgmentNumber === 0
          ? failed("refused", `${this.#name} refuses the connection`)
          : failed("reset", `${this.#name} has reset the connection`);
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#state === "closed" && !anyway) throw failed("closed", `the connection to ${this.#name} is closed`);
      const left = end - performance.now();
      if (left <= 0 || this.#state === "closed") return false;
      await this.#waits.wait(left, signal);
    }
  }

  async #close(): Promise<void> {
    this.#state = "closed";
    this.#waits.wake();
    if (this.#released) return;
    this.#released = true;
    await this.#release();
  }

  /** The largest segment taken: what Ethernet carries. */
  get #offer(): Tcp["options"] {
    return [{ kind: "maximumSegmentSize", size: this.local.address.includes(":") ? 1440 : 1460 }];
  }

  get #name(): string {
    const { address, port } = this.remote;
    return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  }
}

function failed(reason: "refused" | "reset" | "no answer" | "closed", message: string): SockinspectError<"CONNECTION"> {
  return new SockinspectError("CONNECTION", message, { reason });
}

function dataOf(packet: Packet): Uint8Array {
  const payload = packet.layers.find((each): each is Payload => each.kind === "payload");
  return payload?.octets ?? NOTHING;
}
