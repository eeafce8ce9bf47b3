import { setTimeout } from "node:timers/promises";
import { type Layer, layer } from "../packet/packet.js";
import { Asker } from "../send/ask.js";
import { craftFor } from "../send/here.js";
import type { Answer } from "../send/questions.js";
import { deviceOf, echoTo, errorText, type HostOptions, hostOf } from "./host.js";
import { abortOnInterrupt } from "./interrupt.js";
import { Output } from "./output.js";
import { chooseUser, giveUpPrivileges } from "./privileges.js";

export interface PingOptions extends HostOptions {
  readonly count?: number;
  /** Seconds between requests. */
  readonly interval: number;
  /** Octets of data. */
  readonly size: number;
  /** Seconds a reply is waited for. */
  readonly timeout: number;
  readonly ttl?: number;
  readonly interface?: string;
  readonly quiet?: boolean;
  readonly user?: string;
}

/** Octets of the IP and ICMP headers together. */
const HEADERS = { 4: 28, 6: 48 } as const;

/** Sends echo requests and says what comes back, as ping(8) does. */
export async function pingCommand(name: string, options: PingOptions): Promise<void> {
  const user = chooseUser(options.user);
  const host = await hostOf(name, options);
  const device = deviceOf(host, options.interface);
  const craft = craftFor(device);
  const identifier = process.pid & 0xffff;
  const data = Uint8Array.from({ length: options.size }, (_, i) => i);
  const request = (number: number) =>
    craft(...echoTo(host, options.ttl, { identifier, sequenceNumber: number & 0xffff }, data));
  const ended = new AbortController();
  await using asker = await Asker.open([request(1)], {
    timeout: options.timeout * 1000,
    interface: device,
  });
  giveUpPrivileges(user);
  abortOnInterrupt(ended);

  const output = new Output();
  let failure: unknown;
  const print = (text: string): void => {
    output.print(text);
    output.flush().then(
      (reads) => {
        if (!reads) ended.abort();
      },
      (error: unknown) => {
        failure = error;
      },
    );
  };
  const whole =
    host.family === 4 ? `${options.size}(${options.size + HEADERS[4]}) bytes of data.` : `${options.size} data bytes`;
  print(`PING ${name} (${host.address}) ${whole}`);
  const results = new Results();
  const waiting = new Set<Promise<void>>();
  const start = performance.now();
  for (let number = 1; number <= (options.count ?? Number.POSITIVE_INFINITY); number++) {
    if (number > 1) await setTimeout(options.interval * 1000, undefined, { signal: ended.signal }).catch(() => {});
    if (ended.signal.aborted || failure !== undefined) break;
    results.transmitted++;
    const asked = asker.ask(request(number)).then(
      (answer) => {
        if (!answer || ended.signal.aborted) return;
        const text = results.take(answer, number);
        if (!options.quiet) print(text);
      },
      (error: unknown) => {
        failure = error;
      },
    );
    waiting.add(asked);
    void asked.finally(() => waiting.delete(asked));
  }
  const aborted = new Promise((resolve) => ended.signal.addEventListener("abort", resolve));
  if (!ended.signal.aborted) await Promise.race([Promise.all(waiting), aborted]);
  print(`\n--- ${name} ping statistics ---`);
  for (const text of results.summary(performance.now() - start)) print(text);
  const isRead = await output.flush();
  if (failure !== undefined) throw failure;
  if (isRead && results.received === 0) process.exitCode = 1;
}

class Results {
  transmitted = 0;
  received = 0;
  errors = 0;
  readonly #times: number[] = [];

  /** What is said of an answer. */
  take({ packet, roundTrip }: Answer, number: number): string {
    const ip = layer(packet, "ipv4") ?? layer(packet, "ipv6");
    const from = ip?.source ?? "?";
    const at = packet.layers.findIndex(({ kind }) => kind === "icmp" || kind === "icmpv6");
    const found = packet.layers[at];
    if (found?.kind !== "icmp" && found?.kind !== "icmpv6") return `From ${from}`;
    if (found.type !== 0 && found.type !== 129) {
      this.errors++;
      return `From ${from}: icmp_seq=${number} ${errorText(found)}`;
    }
    this.received++;
    this.#times.push(roundTrip);
    const hops = ip?.kind === "ipv4" ? ip.ttl : ip?.hopLimit;
    return `${octetsFrom(packet.layers, at)} bytes from ${from}: icmp_seq=${number} ttl=${hops} time=${timeText(roundTrip)} ms`;
  }

  summary(milliseconds: number): string[] {
    const { transmitted, received, errors } = this;
    const lost = transmitted === 0 ? 0 : ((transmitted - received) / transmitted) * 100;
    const parts = [
      `${transmitted} packets transmitted`,
      `${received} received`,
      ...(errors > 0 ? [`+${errors} errors`] : []),
      `${Number(lost.toFixed(4))}% packet loss`,
      `time ${Math.round(milliseconds)}ms`,
    ];
    const times = this.#times;
    if (times.length === 0) return [parts.join(", ")];
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    const deviation = Math.sqrt(times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / times.length);
    const figures = [Math.min(...times), mean, Math.max(...times), deviation].map((time) => time.toFixed(3));
    return [parts.join(", "), `rtt min/avg/max/mdev = ${figures.join("/")} ms`];
  }
}

/** Octets of the ICMP header and its data. */
function octetsFrom(layers: readonly Layer[], at: number): number {
  const data = layers[at + 1];
  return 8 + (data?.kind === "payload" ? data.length : 0);
}

/** Three significant digits, as ping(8) has it. */
function timeText(milliseconds: number): string {
  const digits = milliseconds < 1 ? 3 : milliseconds < 10 ? 2 : milliseconds < 100 ? 1 : 0;
  return milliseconds.toFixed(digits);
}
