/** `sockinspect echo`: hosts an echo server, and shows its calls and packets. */
import { capture } from "../capture/live.js";
import type { Source } from "../capture/source.js";
import { datagram, type EchoServer, type Serve, stream } from "../echo/echo.js";
import { json } from "../render/json.js";
import { lines } from "../render/line.js";
import { count } from "../render/text.js";
import type { Call } from "../socket/calls.js";
import { endText } from "../wire/address.js";
import { callJson, callLines, timeOf } from "./calls.js";
import { type ColourChoice, paintFor } from "./colours.js";
import { addressOf } from "./endpoint.js";
import { onInterrupt } from "./interrupt.js";
import { chooseUser, giveUpPrivileges } from "./privileges.js";
import { summary } from "./summary.js";
import { teller } from "./tell.js";
import { Timeline } from "./timeline.js";

export interface EchoCommandOptions {
  readonly host: string;
  readonly port: number;
  readonly capture?: boolean;
  readonly interface?: string;
  readonly user?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: ColourChoice;
}

export interface StreamCommandOptions extends EchoCommandOptions {
  readonly serve: Serve;
  readonly backlog: number;
  readonly connections?: number;
  readonly idle?: number;
  readonly threads?: number;
}

export async function echoStreamCommand(options: StreamCommandOptions): Promise<void> {
  const how = {
    single: "one connection after the other",
    multi: "many connections in one event loop",
    threads: `${options.threads ?? THREADS} threads`,
  };
  await host(options, `stream, ${how[options.serve]}`, async (address, observe) => {
    const server = await stream({
      address,
      port: options.port,
      observe,
      serve: options.serve,
      backlog: options.backlog,
      threads: options.threads ?? THREADS,
      connections: options.connections,
      idleTimeout: options.idle === undefined ? undefined : Math.ceil(options.idle * 1000),
    });
    const says = (): string => {
      const { accepted, reset, idle, received, sent } = server.counters;
      const parts = [count(accepted, "connection"), ...(reset > 0 ? [`${reset} reset`] : [])];
      if (idle > 0) parts.push(`${idle} closed for their silence`);
      return [...parts, `${count(received, "octet")} received`, `${sent} sent`].join(", ");
    };
    return { server, says };
  });
}

export async function echoDatagramCommand(options: EchoCommandOptions): Promise<void> {
  await host(options, "datagram", async (address, observe) => {
    const server = await datagram({ address, port: options.port, observe });
    const says = (): string => {
      const { received, sent, failed } = server.counters;
      const lost = failed === 0 ? "" : `, ${failed} could not be sent back`;
      return `${count(received, "datagram")} received, ${sent} sent${lost}`;
    };
    return { server, says };
  });
}

/** Where `--serve threads` does not say how many. */
const THREADS = 2;

interface Hosted {
  readonly server: EchoServer<unknown>;
  says(): string;
}

async function host(
  options: EchoCommandOptions,
  what: string,
  open: (address: string, observe: ((call: Call) => void) | undefined) => Promise<Hosted>,
): Promise<void> {
  const user = chooseUser(options.user);
  const tell = teller(options.color);
  const gone = new AbortController();
  const shown = new Timeline(() => gone.abort());
  const line = callLines(paintFor(process.stdout, options.color));
  const observe = (call: Call): void => {
    // What we ourselves gave up at the end is nothing to see
    if (call.end !== undefined && !isGivenUp(call)) shown.add(timeOf(call), options.json ? callJson(call) : line(call));
  };
  const address = await addressOf(options.host);
  const { server, says } = await open(address, options.quiet ? undefined : observe);
  let source: Source | undefined;
  try {
    const { port } = server.address;
    if (options.capture)
      source = capture({
        filter: `port ${port}`,
        ...(options.interface !== undefined && { interface: options.interface }),
      });
    const said = giveUpPrivileges(user);
    // From here on octets from the network are looked at
    const end = endOf(server, gone.signal);
    tell(`listening on ${endText(address, port)} (${what}; Ctrl-C ends it)`); // whoever reads it may press it
    if (said !== undefined) tell(said);
    const showing = source && show(source, shown, options);
    await Promise.race([end, server.ended]);
    source?.stop();
    await showing;
  } finally {
    await server.abort();
    await source?.close();
    await shown.end();
  }
  tell(says());
  if (shown.left > 0) tell(`${count(shown.left, "line")} left out, as nobody read those before`);
  if (source) tell(summary(source.statistics()));
}

/** Packets beneath the calls that caused them. */
async function show(source: Source, shown: Timeline, options: EchoCommandOptions): Promise<void> {
  const line = lines({ paint: paintFor(process.stdout, options.color) });
  for await (const packet of source) {
    if (shown.full) await shown.ready();
    shown.add(packet.seconds * 1000 + packet.nanoseconds / 1e6, options.json ? json(packet) : `    ${line(packet)}`);
  }
}

/** Ends the server when it is interrupted, and when nobody reads any more. */
async function endOf(server: EchoServer<unknown>, gone: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    gone.addEventListener("abort", () => resolve());
    onInterrupt(resolve);
  });
  await server.close();
}

function isGivenUp({ error }: Call): boolean {
  return error === "ABORTED" || error === "CLOSED";
}
