import { reverse } from "node:dns/promises";
import { layer } from "../packet/packet.js";
import { printable } from "../render/text.js";
import { Asker } from "../send/ask.js";
import { craftFor } from "../send/here.js";
import type { Answer } from "../send/questions.js";
import { tcp } from "../wire/tcp.js";
import { udp } from "../wire/udp.js";
import { deviceOf, echoTo, type Host, type HostOptions, headerTo, hostOf } from "./host.js";
import { print } from "./output.js";
import { chooseUser, giveUpPrivileges } from "./privileges.js";

export interface TracerouteOptions extends HostOptions {
  readonly method: "udp" | "tcp" | "icmp";
  readonly port?: number;
  readonly firstHop: number;
  readonly maxHops: number;
  readonly queries: number;
  /** Seconds an answer is waited for. */
  readonly wait: number;
  /** Whether names of routers are looked up. */
  readonly names: boolean;
  readonly interface?: string;
  readonly user?: string;
}

/** traceroute(8): a port that nobody listens to, counted up; the web's. */
const PORTS = { udp: 33_434, tcp: 80, icmp: 0 } as const;
/** Octets of data in a probe: 60 octets in all over IPv4. */
const DATA = 32;
/** Hops that are asked at once. */
const AHEAD = 5;

/** Finds the routers on the way to a host, as traceroute(8) does. */
export async function tracerouteCommand(name: string, options: TracerouteOptions): Promise<void> {
  const user = chooseUser(options.user);
  const host = await hostOf(name, options);
  const probes = new Probes(host, options);
  // A RST of the kernel's is welcome here: it ends what a probe has half opened
  const asking = { timeout: options.wait * 1000, interface: probes.device, guard: false };
  await using asker = await Asker.open([probes.make(1, 0)], asking);
  giveUpPrivileges(user);
  const stop = (): void => process.exit(130);
  process.once("SIGINT", stop);
  const size = probes.make(1, 0).length;
  await print([
    `traceroute to ${name} (${host.address}), ${options.maxHops} hops max, ${size} byte packets (${options.method})`,
  ]);
  const hops: Promise<(Answer | undefined)[]>[] = [];
  const ask = (hop: number): void => {
    const answers = Array.from({ length: options.queries }, async (_, query) => asker.ask(probes.make(hop, query)));
    hops[hop] = Promise.all(answers);
    // Said when it is this hop's turn
    hops[hop].catch(() => {});
  };
  let reached = false;
  let ended = false;
  for (let hop = options.firstHop; hop <= options.maxHops && !ended; hop++) {
    const last = Math.min(hop + AHEAD - 1, options.maxHops);
    for (let next = hop; next <= last; next++) if (!hops[next]) ask(next);
    const answers = await hops[hop]!;
    reached = answers.some((answer) => answer !== undefined && isOf(host, answer));
    ended = reached || answers.some((answer) => answer !== undefined && unreachable(answer) !== undefined);
    if (!(await print([await hopText(hop, answers, options.names)]))) return;
  }
  process.removeListener("SIGINT", stop);
  if (!reached) process.exitCode = 1;
}

/** What is sent with a number of hops; each is told apart by its port or number. */
class Probes {
  readonly #host: Host;
  readonly #options: TracerouteOptions;
  readonly #sourcePort = 49_152 + (process.pid % 8192);
  readonly #port: number;
  readonly #craft: ReturnType<typeof craftFor>;
  /** By which they go, where it is known before. */
  readonly device: string | undefined;

  constructor(host: Host, options: TracerouteOptions) {
    this.#host = host;
    this.#options = options;
    this.#port = options.port ?? PORTS[options.method];
    this.device = deviceOf(host, options.interface);
    this.#craft = craftFor(this.device);
  }

  make(hop: number, query: number) {
    const number = hop * this.#options.queries + query;
    const header = headerTo(this.#host, hop);
    const craft = this.#craft;
    const data = Uint8Array.from({ length: DATA }, (_, i) => 0x40 + i);
    switch (this.#options.method) {
      case "udp":
        return craft(
          header,
          udp({ sourcePort: this.#sourcePort, destinationPort: (this.#port + number) & 0xffff }),
          data,
        );
      case "tcp":
        return craft(
          header,
          tcp({
            sourcePort: this.#sourcePort + number,
            destinationPort: this.#port,
            sequenceNumber: number << 16,
            flags: { syn: true },
          }),
        );
      case "icmp": {
        const message = { identifier: process.pid & 0xffff, sequenceNumber: number };
        return craft(...echoTo(this.#host, hop, message, data));
      }
    }
  }
}

/** Whether the host itself has answered. */
function isOf(host: Host, { packet }: Answer): boolean {
  const error = layer(packet, "icmp") ?? layer(packet, "icmpv6");
  if (error && isTimeExceeded(error)) return false;
  return sourceOf(packet) === host.address.replace(/%.*$/, "");
}

/** The error by which somebody says that nothing leads there; undefined where it says something else. */
function unreachable({ packet }: Answer) {
  const error = layer(packet, "icmp") ?? layer(packet, "icmpv6");
  return error?.message.kind === "unreachable" ? error : undefined;
}

function isTimeExceeded(error: { readonly kind: "icmp" | "icmpv6"; readonly type: number }): boolean {
  return error.type === (error.kind === "icmp" ? 11 : 3);
}

function sourceOf(packet: Answer["packet"]): string {
  return (layer(packet, "ipv4") ?? layer(packet, "ipv6"))?.source ?? "?";
}

/** One hop: who answered, each once, and how long each answer took. */
async function hopText(hop: number, answers: readonly (Answer | undefined)[], names: boolean): Promise<string> {
  let text = String(hop).padStart(2);
  let before = "";
  for (const answer of answers) {
    if (!answer) {
      text += " *";
      continue;
    }
    const from = sourceOf(answer.packet);
    if (from !== before) text += `  ${names ? await named(from) : from}`;
    before = from;
    text += `  ${answer.roundTrip.toFixed(3)} ms${mark(answer)}`;
  }
  return text;
}

async function named(address: string): Promise<string> {
  try {
    const [name] = await reverse(address);
    return name === undefined ? address : `${printable(name)} (${address})`;
  } catch {
    return address;
  }
}

/** traceroute(8): what an error says that is neither "time exceeded" nor "port unreachable". */
function mark(answer: Answer): string {
  const error = unreachable(answer);
  if (!error) return "";
  const marks: Readonly<Record<number, string>> =
    error.kind === "icmp"
      ? { 0: " !N", 1: " !H", 2: " !P", 3: "", 4: " !F", 5: " !S", 10: " !X", 13: " !X" }
      : { 0: " !N", 1: " !X", 3: " !H", 4: "" };
  return marks[error.code] ?? ` !<${error.code}>`;
}
