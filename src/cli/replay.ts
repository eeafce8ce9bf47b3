import { type FileHandle, open } from "node:fs/promises";
import { fileError } from "../capture/file.js";
import { read } from "../capture/read.js";
import type { Craftable } from "../craft/craft.js";
import { isSockinspectError, SockinspectError } from "../errors.js";
import { Frame } from "../packet/frame.js";
import { headers } from "../packet/headers.js";
import { count } from "../render/text.js";
import { craft } from "../send/here.js";
import { sendBy } from "../send/send.js";
import { Transmitter } from "../send/transmitter.js";
import { familyOf, type Outgoing } from "../send/way.js";
import { parseIpv4, parseIpv6, parseMac } from "../wire/address.js";
import { linkTypes } from "../wire/numbers.js";
import type { ColourChoice } from "./colours.js";
import { sentText } from "./craft-and-send.js";
import { exitCodes, refusedAs } from "./failure.js";
import { addressesIn, type FilterOptions, filterOf } from "./filter.js";
import { refuseTerminal, reportProblem } from "./input.js";
import { chooseUser, giveUpPrivileges } from "./privileges.js";
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
  const rewrite = rewriting(options.rewrite ?? []);
  const filter = filterOf(words, options);
  const addresses = await addressesIn(filter);
  const { via, interface: device } = options;
  await using transmitter = new Transmitter({ via, interface: device });
  // The file says only packet by packet what it needs
  transmitter.openAll();
  await using input = file === "-" ? undefined : await refusedAs(exitCodes.noInput, openFile(file));
  giveUpPrivileges(user);
  const source = read(input?.createReadStream({ autoClose: false }) ?? file, {
    filter,
    addresses,
    ...(options.count !== undefined && { limit: options.count }),
  });
  const replay = new Replay(transmitter, via ?? "file", rewrite);
  const ended = new AbortController();
  const stop = (): void => ended.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  const { speed = 1, rate } = options;
  const timing = options.top ? {} : rate !== undefined ? { rate } : { schedule: () => replay.since / speed };
  const tell = teller(options.color);
  const start = performance.now();
  try {
    await refusedAs(
      exitCodes.noInput,
      sendBy(transmitter, replay.packets(source.batches()), { ...timing, signal: ended.signal }),
    );
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  }
  const { packets, octets, waits } = transmitter;
  const seconds = (performance.now() - start) / 1000;
  const left = [...replay.left].map(([why, n]) => `; ${count(n, "packet")} left out: ${why}`);
  tell(sentText({ packets, octets, waits, seconds }) + left.join(""));
  reportProblem(file, source);
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
  readonly #rewrite: Rewrite | undefined;
  #first: number | undefined;

  constructor(transmitter: Transmitter, via: "raw" | "link" | "file", rewrite: Rewrite | undefined) {
    this.#transmitter = transmitter;
    this.#via = via;
    this.#rewrite = rewrite;
  }

  async *packets(batches: AsyncIterable<Iterable<Frame>>): AsyncGenerator<Outgoing, void, undefined> {
    for await (const batch of batches)
      for (const frame of batch) {
        const packet = this.#outgoing(frame);
        if (!packet) continue;
        const time = frame.seconds + frame.nanoseconds / 1e9;
        this.#first ??= time;
        this.since = time - this.#first;
        yield packet;
      }
  }

  /** What is sent for a frame. */
  #outgoing(frame: Frame): Outgoing | undefined {
    if (frame.capturedLength < frame.length) return this.#leave("cut when it was captured");
    const packet = this.#withLink(
      this.#rewrite?.(frame) ?? (frame.offload === "not computed yet" ? completed(frame) : frame),
    );
    if (!packet) return undefined;
    try {
      familyOf(packet);
      this.#transmitter.way(packet);
      return packet;
    } catch (error) {
      if (isSockinspectError(error, "EXCEEDS_MTU")) return this.#leave(`larger than the MTU of ${error.info.mtu}`);
      throw error;
    }
  }

  /** The packet with the link layer it goes by: the file's own, or none where a raw socket or another link is to carry it. */
  #withLink(packet: Outgoing): Outgoing | undefined {
    const { octets, linkType } = packet;
    const isEthernet = linkType === linkTypes.ethernet;
    const ofLoopback = isEthernet && octets.length >= 12 && octets.subarray(0, 12).every((octet) => octet === 0);
    if (isEthernet && this.#via !== "raw" && !ofLoopback) return packet;
    const at = networkAt(packet);
    if (at === undefined) return this.#leave("no IP packet, which only its own link layer carries");
    return { octets: octets.subarray(at), linkType: linkTypes.raw };
  }

  #leave(why: string): undefined {
    this.left.set(why, (this.left.get(why) ?? 0) + 1);
    return undefined;
  }
}

const probe = new Frame();

/** Where the IP header is; undefined where there is none. */
function networkAt(packet: Outgoing): number | undefined {
  const { octets, linkType } = packet;
  probe.linkType = linkType;
  probe.move(new DataView(octets.buffer, octets.byteOffset, octets.byteLength), 0, octets.length, octets.length);
  const { walk } = probe;
  for (let i = 0; i < walk.count; i++) {
    const { kind } = headers[walk.ids[i]!]!;
    if (kind === "ipv4" || kind === "ipv6") return walk.starts[i]!;
  }
  return undefined;
}

type Rewrite = (frame: Frame) => Outgoing | undefined;

/** What `--rewrite OLD=NEW` options say together; every checksum is computed anew where an address has changed. */
function rewriting(rules: readonly string[]): Rewrite | undefined {
  if (rules.length === 0) return undefined;
  const changes = new Map<string, string>();
  for (const rule of rules) {
    const [old = "", changed = "", ...more] = rule.split("=");
    const kind = kindOf(old);
    if (kind === undefined || kind !== kindOf(changed) || more.length > 0)
      throw new SockinspectError(
        "BAD_ARGUMENT",
        `--rewrite takes OLD=NEW, two IPv4, IPv6 or hardware addresses, such as 10.0.0.1=192.0.2.1, not ${rule}`,
        { argument: "--rewrite", value: rule },
      );
    changes.set(old.toLowerCase(), changed.toLowerCase());
  }
  return (frame) => {
    const text = JSON.stringify(frame.layers.map((layer) => ("octets" in layer ? null : layer)));
    if (![...changes.keys()].some((old) => text.includes(`"${old}"`))) return undefined;
    return completed(frame, changes);
  };
}

function kindOf(address: string): string | undefined {
  if (parseIpv4(address)) return "IPv4";
  if (parseIpv6(address)) return "IPv6";
  return parseMac(address) ? "hardware" : undefined;
}

/** The packet of a frame with addresses changed and checksums computed. */
function completed(frame: Frame, changes: ReadonlyMap<string, string> = new Map()): Outgoing {
  const changed = frame.own().layers.map((layer) => {
    if ("octets" in layer) return layer;
    const copy = replaced(layer, changes) as Record<string, unknown>;
    if ("checksum" in copy) delete copy["checksum"];
    return copy;
  });
  // What was decoded is of the form that drafts have
  return craft(...(changed as readonly Craftable[]));
}

/** A value with every text that is an old address replaced. */
function replaced(value: unknown, changes: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return changes.get(value) ?? value;
  if (Array.isArray(value)) return value.map((each) => replaced(each, changes));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, replaced(each, changes)]));
}
