import { type FileHandle, open } from "node:fs/promises";
import { fileError } from "../capture/file-error.js";
import { read } from "../capture/read.js";
import { isSockinspectError } from "../errors.js";
import { Frame } from "../packet/frame.js";
import { headers } from "../packet/headers.js";
import { isLeftToCard } from "../packet/verify.js";
import { count } from "../render/text.js";
import { sendBy } from "../send/send.js";
import { Transmitter } from "../send/transmitter.js";
import type { Outgoing, Way } from "../send/way.js";
import { linkTypes } from "../wire/numbers.js";
import type { ColourChoice } from "./colours.js";
import { sentText } from "./craft-and-send.js";
import { exitCodes, refusedAs } from "./failure.js";
import { type FilterOptions, filterOf } from "./filter.js";
import { refuseTerminal, reportProblem } from "./input.js";
import { abortOnInterrupt } from "./interrupt.js";
import { chooseUser, giveUpPrivileges } from "./privileges.js";
import { completed, Rewriting } from "./rewrite.js";
import { unaskedRemarks } from "./summary.js";
import { teller } from "./tell.js";

export interface ReplayOptions extends FilterOptions {
  readonly speed?: number;
  readonly top?: boolean;
  readonly rate?: number;
  readonly count?: number;
  readonly via?: "raw" | "link";
  readonly interface?: string;
  readonly rewrite?: readonly string[];
  readonly user?: string;
  readonly color: ColourChoice;
}

/** Sends the packets of a capture file again, at the times they have there, as tcpreplay(1) does. */
export async function replayCommand(file: string, words: string[], options: ReplayOptions): Promise<void> {
  refuseTerminal(file);
  const user = chooseUser(options.user);
  const rewriting = new Rewriting(options.rewrite ?? []);
  const asked = await filterOf(words, options);
  const { via, interface: device } = options;
  await using transmitter = new Transmitter({ via, interface: device }, (error) => replay.passesOver(error));
  // The file says only packet by packet what it needs
  transmitter.openAll();
  await using input = file === "-" ? undefined : await refusedAs(exitCodes.noInput, openFile(file));
  giveUpPrivileges(user);
  const source = read(input ? { file, handle: input } : file, {
    ...asked,
    ...(options.count !== undefined && { limit: options.count }),
  });
  const ended = new AbortController();
  const replay = new Replay(transmitter, via ?? "file", rewriting, ended.signal);
  abortOnInterrupt(ended);
  const { speed = 1, rate } = options;
  const timing = options.top ? {} : rate !== undefined ? { rate } : { schedule: () => replay.since / speed };
  const tell = teller(options.color);
  const start = performance.now();
  let failure: unknown;
  try {
    await sendBy(transmitter, replay.packets(readable(source.batches())), { ...timing, signal: ended.signal });
  } catch (error) {
    if (!ended.signal.aborted) failure = error;
  }
  const milliseconds = performance.now() - start;
  const left = [...replay.left].map(([why, n]) => `; ${count(n, "packet")} left out: ${why}`);
  const unused = rewriting.unused.map((rule) => `; --rewrite ${rule} has changed no packet`);
  if (failure === undefined || source.statistics().captured > 0)
    tell([sentText(transmitter, milliseconds), ...left, ...unused].join(""));
  for (const remark of unaskedRemarks(source.unasked)) tell(remark);
  if (failure !== undefined) throw failure;
  reportProblem(file, source);
}

/** What cannot be read is the input's fault, what cannot be sent is not. */
async function* readable<T>(batches: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  const iterator = batches[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await refusedAs(exitCodes.noInput, iterator.next());
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Whoever may read it is who has asked, not who the process becomes. */
async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file);
  } catch (error) {
    throw fileError("open", file, error);
  }
}

/** The packets of a file as they can be sent, and why some cannot. */
class Replay {
  /** Seconds from the first packet to the one that was given last. */
  since = 0;
  /** How many were left out, by the reason. */
  readonly left = new Map<string, number>();
  readonly #transmitter: Transmitter;
  readonly #via: "raw" | "link" | "file";
  readonly #rewriting: Rewriting;
  readonly #signal: AbortSignal;
  /** Neighbours that have not answered, each with its device. */
  readonly #silent = new Set<string>();
  #first: number | undefined;

  constructor(transmitter: Transmitter, via: "raw" | "link" | "file", rewriting: Rewriting, signal: AbortSignal) {
    this.#transmitter = transmitter;
    this.#via = via;
    this.#rewriting = rewriting;
    this.#signal = signal;
  }

  async *packets(batches: AsyncIterable<Iterable<Frame>>): AsyncGenerator<Outgoing, void, undefined> {
    for await (const batch of batches)
      for (const frame of batch) {
        const packet = this.#outgoing(frame);
        if (!packet) continue;
        const way = this.#wayOf(packet);
        if (!way) continue;
        const preparing = this.#transmitter.prepare(way, this.#signal);
        if (preparing && !(await this.#isFound(way, preparing))) continue;
        const time = frame.seconds + frame.nanoseconds / 1e9;
        this.#first ??= time;
        this.since = time - this.#first;
        yield packet;
      }
  }

  /** Whether what the kernel says concerns one packet, which is left out. */
  passesOver(error: unknown): boolean {
    const { code = "" } = error as NodeJS.ErrnoException;
    const isOfPacket = OF_PACKET.includes(code);
    if (isOfPacket) this.#leave(`the kernel refuses it (${code})`);
    return isOfPacket;
  }

  /** What is sent for a frame. */
  #outgoing(frame: Frame): Outgoing | undefined {
    if (frame.capturedLength < frame.length) return this.#leave("cut when it was captured");
    return this.#withLink(
      this.#rewriting.packet(frame) ?? (isLeftToCard(frame.walk, frame.offload) ? completed(frame) : frame),
    );
  }

  /** The packet with the link layer it goes by: the file's own, or none where a raw socket or another link is to carry it. */
  #withLink(packet: Outgoing): Outgoing | undefined {
    const { octets, linkType } = packet;
    const isEthernet = linkType === linkTypes.ethernet;
    const ofLoopback = isEthernet && octets.length >= 12 && octets.subarray(0, 12).every((octet) => octet === 0);
    if (isEthernet && this.#via !== "raw" && !ofLoopback) return packet;
    return networkPacket(packet) ?? this.#leave("no IP packet, which only its own link layer carries");
  }

  /** The way of a packet; undefined where there is none for it. */
  #wayOf(packet: Outgoing): Way | undefined {
    try {
      const way = this.#transmitter.way(packet);
      if (this.#silent.has(neighborOf(way))) return this.#leave(SILENT);
      return way;
    } catch (error) {
      return this.#leave(reasonOf(error));
    }
  }

  /** Whether a neighbour is there. */
  async #isFound(way: Way, asking: Promise<void>): Promise<boolean> {
    asking.catch(() => {});
    // What can go does not wait for an answer
    await this.#transmitter.flush(this.#signal);
    try {
      await asking;
      return true;
    } catch (error) {
      if (!isSockinspectError(error, "NO_ROUTE")) throw error;
      this.#silent.add(neighborOf(way));
      this.#leave(SILENT);
      return false;
    }
  }

  #leave(why: string): undefined {
    this.left.set(why, (this.left.get(why) ?? 0) + 1);
    return undefined;
  }
}

/** Addresses that do not go together or by this device, its size, and what the packet filter of this host lets through. */
const OF_PACKET = ["EINVAL", "EADDRNOTAVAIL", "ENETUNREACH", "EHOSTUNREACH", "EMSGSIZE", "EACCES", "EPERM"];

const SILENT = "nobody on the link answers for its address";

/** Who carries a packet on, and on which device; "" where that need not be found out. */
function neighborOf(way: Way): string {
  return way.via === "link" && way.next ? `${way.next.address} ${way.device.name}` : "";
}

/** Why one packet cannot be sent. What concerns all of them is thrown. */
function reasonOf(error: unknown): string {
  if (isSockinspectError(error, "EXCEEDS_MTU")) return `larger than the MTU of ${error.info.mtu}`;
  if (isSockinspectError(error, "NO_ROUTE")) return "no route leads to its destination";
  if (!isSockinspectError(error, "BAD_ARGUMENT")) throw error;
  const { argument, value } = error.info;
  if (argument === "destination" || (argument === "interface" && value === undefined))
    return "it does not say by which interface it goes (name one with -i)";
  // A destination
  if (argument === "packet" && typeof value === "string")
    return "it goes to this host, which takes it only as a raw socket would correct it (--via raw)";
  return error.message;
}

const probe = new Frame();

/** The packet from its IP header to the end that this says; undefined where there is none. */
function networkPacket(packet: Outgoing): Outgoing | undefined {
  const { octets, linkType } = packet;
  probe.linkType = linkType;
  probe.move(new DataView(octets.buffer, octets.byteOffset, octets.byteLength), 0, octets.length, octets.length);
  const { walk } = probe;
  for (let i = 0; i < walk.count; i++) {
    const { kind } = headers[walk.ids[i]!]!;
    // Ethernet pads what is short
    if (kind === "ipv4" || kind === "ipv6")
      return { octets: octets.subarray(walk.starts[i], walk.wireEnds[i]), linkType: linkTypes.raw };
  }
  return undefined;
}
