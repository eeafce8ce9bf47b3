/** `sockinspect say`: a client that sends messages and prints what comes back. */
import { createInterface } from "node:readline";
import { refusedArgument } from "../arguments.js";
import { datagramClient, streamClient } from "../echo/echo.js";
import { count, printable } from "../render/text.js";
import type { Call } from "../socket/calls.js";
import type { StreamSocket } from "../socket/stream.js";
import { callLines } from "./calls.js";
import { type ColourChoice, paintFor } from "./colours.js";
import { endpointOf } from "./endpoint.js";
import { exitCodes, refusedAs } from "./failure.js";
import { put } from "./output.js";
import { chooseUser, giveUpPrivileges } from "./privileges.js";
import { teller } from "./tell.js";

export interface SayCommandOptions {
  readonly sourcePort?: number;
  readonly timeout: number;
  readonly raw?: boolean;
  readonly quiet?: boolean;
  readonly color: ColourChoice;
}

export interface SayStreamOptions extends SayCommandOptions {
  readonly halfClose?: boolean;
  readonly abort?: boolean;
}

export async function sayStreamCommand(to: string, words: string[], options: SayStreamOptions): Promise<void> {
  const tell = teller(options.color);
  const print = printer(options);
  await using client = await refusedAs(exitCodes.unavailable, streamClient({ ...endpointOf(to), ...how(options) }));
  const { socket } = client;
  giveUpPrivileges(chooseUser(undefined));
  const ended = (): boolean => socket.closed || socket.state() !== "ESTABLISHED";
  for await (const message of messages(words)) {
    const octets = Buffer.from(message);
    // At the same time: a server that is not received from stops receiving
    const [, heard] = await Promise.all([socket.sendAll(octets), hear(socket, octets.length, options.timeout, print)]);
    if (heard < octets.length && !ended())
      tell(`${count(octets.length, "octet")} sent, ${heard} came back within ${options.timeout} s`);
    await print.end();
    if (ended()) break;
  }
  if (options.abort) return await client.abort();
  if (!options.halfClose) return;
  await socket.shutdown("sending");
  await hear(socket, Number.POSITIVE_INFINITY, options.timeout, print);
  await print.end();
}

export async function sayDatagramCommand(to: string, words: string[], options: SayCommandOptions): Promise<void> {
  const tell = teller(options.color);
  const print = printer(options);
  await using client = await refusedAs(exitCodes.unavailable, datagramClient({ ...endpointOf(to), ...how(options) }));
  giveUpPrivileges(chooseUser(undefined));
  for await (const message of messages(words)) {
    const answer = await refusedAs(exitCodes.unavailable, client.say(message, { timeout: options.timeout * 1000 }));
    if (answer === undefined) {
      tell(`nothing came back within ${options.timeout} s: datagrams may get lost`);
      process.exitCode = exitCodes.unavailable;
    } else await print(answer);
    await print.end();
  }
}

function how({ sourcePort, quiet, color }: SayCommandOptions): {
  sourcePort: number | undefined;
  observe?: (call: Call) => void;
} {
  const line = callLines(paintFor(process.stderr, color));
  const observe = (call: Call): void => {
    if (call.end !== undefined) process.stderr.write(`${line(call)}\n`);
  };
  return { sourcePort, ...(quiet ? {} : { observe }) };
}

/** Prints up to `octets` that come: how many. It ends early at the end of the stream, and after so many seconds of silence. */
async function hear(
  socket: StreamSocket,
  octets: number,
  timeout: number,
  print: (octets: Uint8Array) => Promise<void>,
): Promise<number> {
  let heard = 0;
  while (heard < octets) {
    const silence = AbortSignal.timeout(timeout * 1000);
    try {
      const chunk = await socket.receive(undefined, { signal: silence });
      if (chunk.length === 0) break;
      await print(chunk);
      heard += chunk.length;
    } catch (error) {
      if (error !== silence.reason) throw error;
      break;
    }
  }
  return heard;
}

/** The arguments; without any, the lines of standard input, where a person is asked for them. */
async function* messages(words: readonly string[]): AsyncGenerator<string> {
  if (words.length > 0) return yield* words;
  const asks = process.stdin.isTTY === true;
  const input = createInterface({ input: process.stdin, output: process.stderr, terminal: asks, prompt: "> " });
  if (asks) input.prompt();
  for await (const line of input) {
    yield line;
    if (asks) input.prompt();
  }
}

/** Prints what came, as nothing that a terminal obeys: only `--raw`, and not to a terminal, as it is. */
function printer({ raw }: SayCommandOptions): ((octets: Uint8Array) => Promise<void>) & { end(): Promise<void> } {
  if (raw && process.stdout.isTTY)
    throw refusedArgument(
      "--raw",
      true,
      "--raw writes what came as it is, which is not for a terminal: redirect it into a file",
    );
  const decoder = new TextDecoder();
  let inLine = false;
  const print = async (octets: Uint8Array): Promise<void> => {
    const text = raw ? "" : decoder.decode(octets, { stream: true });
    await put(raw ? octets : text.split("\n").map(printable).join("\n"));
    if (text !== "") inLine = !text.endsWith("\n");
  };
  const end = async (): Promise<void> => {
    if (inLine) await put("\n");
    inLine = false;
  };
  return Object.assign(print, { end });
}
