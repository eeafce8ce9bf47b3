import { badArgument, positiveWhole, requireType } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { type CompileOptions, compileStage } from "../filter/compile.js";
import { remainder } from "../filter/predicate.js";
import { octets, type Program } from "../filter/program.js";
import type { Packet } from "../packet/packet.js";
import { type Interface, interfaces } from "../socket/interfaces.js";
import { explained, openPacketSocket, type PacketSocket } from "../socket/packet.js";
import { Packets } from "./packets.js";
import { BLOCK_STATUS, type Rest, Ring, RingBatch } from "./ring.js";
import type { Batch, Source, Statistics } from "./source.js";

export interface CaptureOptions {
  /** Default: every device, loopback included. */
  readonly interface?: string;
  /** In the pcap-filter language, and named fields: the kernel runs what it can of it. Default: everything. */
  readonly filter?: string;
  /** The addresses of the hosts that `filter` names, where it names any: {@link addressesOf} looks them up. */
  readonly addresses?: ReadonlyMap<string, readonly string[]>;
  /** Ends after so many packets. */
  readonly limit?: number;
  /** Octets kept of each packet; default 262 144. */
  readonly snapLength?: number;
  /** Octets of the ring the kernel writes packets to; default 32 MiB. */
  readonly buffer?: number;
  /** Milliseconds a packet may wait in the ring for others; default 10. */
  readonly latency?: number;
  /** Default: both. Packets on loopback count as coming in. */
  readonly direction?: "in" | "out";
  /** Also packets addressed to other hosts, where `interface` names a device. Default: yes. */
  readonly promiscuous?: boolean;
  /**
   * Shares the packets with the other captures of the group, whichever threads or processes of this network namespace they
   * are in: each packet goes to one of them. PACKET_FANOUT of packet(7).
   */
  readonly fanout?: Fanout;
  /** Ends the capture like {@link Source.stop}. */
  readonly signal?: AbortSignal;
  /** Copies each block instead of reading it where the kernel wrote it, as runtimes without external buffers must. */
  readonly copy?: boolean;
}

export interface Fanout {
  /** The same number in all captures of the group, 0 to 65 535; all on the same `interface`. */
  readonly group: number;
  /**
   * Who gets a packet: `"hash"`, the default, gives both directions of a conversation to the same capture (fragments other
   * than the first have no ports and may go elsewhere), `"balance"` deals packets out in turn (on loopback all go to one capture, as the kernel counts each
   * packet twice), `"cpu"` goes by the
   * processor that the packet arrived on.
   */
  readonly mode?: keyof typeof FANOUT_MODES;
}

/** linux/if_packet.h: PACKET_FANOUT_… */
const FANOUT_MODES = { hash: 0, balance: 1, cpu: 2 };

const KIBI = 1024;
const MEBI = 1024 * KIBI;
const DEFAULT_BUFFER = 32 * MEBI;
const DEFAULT_SNAP_LENGTH = 262_144;
const DEFAULT_LATENCY = 10;
/** Milliseconds between two looks at a device that is down. */
const DOWN_INTERVAL = 500;

// linux/bpf_common.h: BPF_RET | BPF_K with 0 accepts nothing
const NOTHING: Program = [{ code: 6, jt: 0, jf: 0, k: 0 }];

/**
 * Captures live packets; Linux only. The socket is open and the filter in place when this returns, so privileges may be
 * given up before the first packet is read. Throws `BAD_FILTER`, `BAD_ARGUMENT`, `PERMISSION`, `NO_SUCH_INTERFACE`,
 * `UNSUPPORTED_PLATFORM`, `NO_ADDON` or `SYSTEM`.
 */
export function capture(options: CaptureOptions = {}): Source {
  requireType("options", options, "object");
  return new LiveSource(options);
}

class LiveSource implements Source {
  captured = 0;
  unmatched = 0;
  readonly #socket: PacketSocket;
  readonly #ring: Ring | undefined;
  readonly #blockSize: number;
  readonly #blockCount: number;
  readonly #limit: number;
  readonly #rest: Rest | undefined;
  readonly #where: string;
  /** The index of the one device; undefined for all of them. */
  readonly #device: number | undefined;
  readonly #names = new Map<number, string>();
  #block = 0;
  /** Packets of blocks that were taken out of the ring. */
  #taken = 0;
  #batch: Batch | undefined;
  #stopped = false;
  #closed = false;
  #failure: unknown;
  #wake: (() => void) | undefined;
  #waiting = false;
  #final: Statistics | undefined;
  #reading = false;
  /** While the device is down. */
  #watching: NodeJS.Timeout | undefined;
  /** Lets go of the signal. */
  #forget = (): void => {};

  constructor(options: CaptureOptions) {
    const { snapLength = DEFAULT_SNAP_LENGTH, buffer = DEFAULT_BUFFER, latency = DEFAULT_LATENCY } = options;
    positiveWhole("snapLength", snapLength);
    positiveWhole("latency", latency);
    this.#limit = positiveWhole("limit", options.limit ?? Number.MAX_SAFE_INTEGER);
    this.#blockSize = blockSizeFor(positiveWhole("buffer", buffer), latency, snapLength);
    requireType("interface", options.interface ?? "", "string");
    this.#blockCount = Math.max(2, Math.floor(buffer / this.#blockSize));
    this.#where = options.interface ?? "every interface";
    const devices = interfaces();
    const loopback = devices.find((device) => device.loopback);
    const only = devices.find((device) => device.name === options.interface);
    this.#device = only?.index;
    const asked: CompileOptions = {
      target: "live",
      addresses: options.addresses,
      interfaceOf: (name) => devices.find((device) => device.name === name)?.index,
      loopbackIndex: loopback?.index,
      hardwareTypes: only && [only.hardwareType],
      direction: options.direction,
    };
    const { filter = "" } = options;
    requireType("filter", filter, "string");
    const matches = remainder(filter, asked);
    this.#rest = matches && { matches, snapLength };
    // What is asked here may be anywhere in the headers
    const { program } = compileStage(filter, {
      ...asked,
      snapLength: matches ? Math.max(DEFAULT_SNAP_LENGTH, snapLength) : snapLength,
    });
    this.#learn(devices);
    this.#socket = openPacketSocket({
      interface: options.interface,
      filter: octets(program),
      blockSize: this.#blockSize,
      blockCount: this.#blockCount,
      blockTimeout: latency,
      // Membership is by device: without one there is nothing to join
      promiscuous: options.interface !== undefined && (options.promiscuous ?? true),
      ignoreOutgoing: only?.loopback === true,
      fanout: options.fanout && fanoutOf(options.fanout),
      copy: options.copy ?? false,
    });
    const { ring } = this.#socket;
    this.#ring = ring && new Ring(ring, this.#nameOf);
    const { signal } = options;
    if (!signal) return;
    const stop = (): void => this.stop();
    signal.addEventListener("abort", stop, { once: true });
    this.#forget = () => signal.removeEventListener("abort", stop);
    if (signal.aborted) this.stop();
  }

  async *batches(): AsyncGenerator<Batch, void, undefined> {
    if (this.#reading && !this.#closed)
      throw new SockinspectError(
        "BAD_ARGUMENT",
        "a capture is read by one loop: open another one, or hand packets on",
        {
          argument: "source",
          value: this.#where,
        },
      );
    this.#reading = true;
    try {
      while (!this.#closed && this.captured < this.#limit) {
        this.#batch = this.#take();
        if (this.#batch) {
          yield this.#batch;
          this.#batch.release();
        } else if (this.#stopped && this.#drained()) return;
        else await this.#ready();
      }
    } finally {
      await this.close();
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Packet> {
    // A stopped capture still has what was received until then
    return new Packets(this.batches(), () => false);
  }

  statistics(): Statistics {
    return this.#final ?? this.#totals();
  }

  stop(): void {
    if (this.#stopped || this.#closed) return;
    this.#stopped = true;
    this.#socket.setFilter(octets(NOTHING));
    this.#wake?.();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#forget();
    clearInterval(this.#watching);
    this.#final = this.#totals();
    this.#batch?.release();
    this.#socket.close();
    this.#wake?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #totals(): Statistics {
    return { captured: this.captured, unmatched: this.unmatched, ...this.#socket.statistics() };
  }

  /** The next block as a batch, if the kernel has handed it over. */
  #take(): Batch | undefined {
    const left = this.#limit - this.captured;
    const block = this.#block;
    let batch: RingBatch;
    if (this.#ring) {
      const status = (block * this.#blockSize + BLOCK_STATUS) >> 2;
      const { signed32 } = this.#ring;
      if ((Atomics.load(signed32, status) & 1) === 0) return undefined;
      // packet_mmap.rst: writing TP_STATUS_KERNEL, 0, gives the block back
      const giveBack = (): void => {
        if (!this.#closed) Atomics.store(signed32, status, 0);
      };
      batch = new RingBatch(this.#ring, block * this.#blockSize, left, this, giveBack, this.#rest);
    } else {
      const copy = this.#socket.copyBlock(block);
      if (!copy) return undefined;
      batch = new RingBatch(new Ring(copy, this.#nameOf), 0, left, this, () => {}, this.#rest);
    }
    this.#block = block + 1 === this.#blockCount ? 0 : block + 1;
    this.#taken += batch.count;
    return batch;
  }

  /** Whether everything the kernel let in has been taken out of the ring. */
  #drained(): boolean {
    const { received, dropped } = this.#socket.statistics();
    return this.#taken === received - dropped;
  }

  /** Resolves when a block may be there, or the capture was stopped or closed. */
  async #ready(): Promise<void> {
    if (this.#failure) throw this.#failure;
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (!this.#waiting) {
      this.#waiting = true;
      this.#socket.wait((error) => {
        this.#waiting = false;
        if (error && this.#isDown(error)) this.#watch(error);
        else if (error) this.#failure = this.#explained(error);
        this.#wake?.();
      });
    }
    await woken;
    this.#wake = undefined;
    if (this.#failure && !this.#closed) throw this.#failure;
  }

  #explained(error: NodeJS.ErrnoException): unknown {
    const tried = `cannot capture on ${this.#where}`;
    const { code = "", syscall = "" } = error;
    if (code !== "ENETDOWN") return explained(tried, error);
    return new SockinspectError("SYSTEM", `${tried}: the interface was removed`, { code, syscall }, { cause: error });
  }

  /** Whether the one device is there, but down. */
  #isDown({ code }: NodeJS.ErrnoException): boolean {
    return code === "ENETDOWN" && interfaces().some(({ index }) => index === this.#device);
  }

  /** The socket goes on when the device is up again; when it is removed instead, the kernel does not say so again. */
  #watch(error: NodeJS.ErrnoException): void {
    clearInterval(this.#watching);
    this.#watching = setInterval(() => {
      const device = interfaces().find(({ index }) => index === this.#device);
      if (device && !device.up) return;
      clearInterval(this.#watching);
      if (device) return;
      this.#failure = this.#explained(error);
      this.#wake?.();
    }, DOWN_INTERVAL);
  }

  readonly #nameOf = (index: number): string => {
    if (!this.#names.has(index)) this.#learn(interfaces()); // a device that came later
    const name = this.#names.get(index) ?? `#${index}`;
    this.#names.set(index, name);
    return name;
  };

  #learn(devices: readonly Interface[]): void {
    for (const { index, name } of devices) this.#names.set(index, name);
  }
}

/**
 * As large as lets the ring last for 160 ms, although a block goes after `latency` however little is in it: a sixteenth of
 * the ring at 10 ms. At most 1 MiB, at least what holds the largest frame, which segmentation offload makes of 64 KiB.
 */
function blockSizeFor(buffer: number, latency: number, snapLength: number): number {
  const wanted = 2 ** Math.floor(Math.log2(buffer / Math.max(16, 160 / latency)));
  const least = 2 ** Math.ceil(Math.log2(Math.min(snapLength + KIBI, 128 * KIBI)));
  return Math.min(MEBI, Math.max(4 * KIBI, least, wanted));
}

/** As setsockopt(2) takes it. */
function fanoutOf({ group, mode = "hash" }: Fanout): number {
  if (!Number.isInteger(group) || group < 0 || group > 0xffff)
    throw badArgument("fanout.group", group, "a whole number from 0 to 65535");
  if (!Object.hasOwn(FANOUT_MODES, mode)) {
    const modes = Object.keys(FANOUT_MODES).join(", ");
    throw new SockinspectError("BAD_ARGUMENT", `fanout.mode is one of ${modes}, not ${mode}`, {
      argument: "fanout.mode",
      value: mode,
    });
  }
  return group | (FANOUT_MODES[mode] << 16);
}
