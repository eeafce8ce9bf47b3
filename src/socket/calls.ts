/** The calls that a program makes on its sockets, for whoever wants to see them: each when it begins and when it has ended. */
import { endText } from "../wire/address.js";

/** As the manual pages name them, section 2. */
export type CallName =
  | "socket"
  | "setsockopt"
  | "bind"
  | "listen"
  | "accept"
  | "connect"
  | "send"
  | "sendto"
  | "recv"
  | "recvfrom"
  | "recvmmsg"
  | "sendmmsg"
  | "shutdown"
  | "close";

/** One call. Plain data, safe for JSON and `postMessage` once `octets` is left out or copied. */
export interface Call {
  readonly name: CallName;
  /** Which of the program's calls it is, from 1 on, and on which of its sockets, from 1 on: numbers of this thread. */
  readonly number: number;
  readonly socket: number;
  /** In the order of the call: `{ address, port }`, `{ backlog }`, `{ octets: 5 }`, … */
  readonly arguments: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Milliseconds of CLOCK_MONOTONIC, clock_gettime(2), finer than a microsecond. */
  readonly start: number;
  /** When it came back to the program; undefined while it has not. */
  readonly end?: number;
  /** How many octets, or for `accept` and `socket` the number of the new socket; undefined where there is nothing to say. */
  readonly result?: number;
  /** Who connected, for `accept`; who sent, for `recvfrom`. */
  readonly remote?: { readonly address: string; readonly port: number };
  /** The errno's name where it failed, `ABORTED` where the program did not wait for it. */
  readonly error?: string;
  /** What was sent or received: a view that is good while the observer looks at it. */
  readonly octets?: Uint8Array;
}

/** Is told of each call twice: when it begins, `end` being undefined, and when it has ended. */
export type CallObserver = (call: Call) => void;

/** Milliseconds of CLOCK_MONOTONIC. */
export function monotonic(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

let calls = 0;
let sockets = 0;

export function nextSocket(): number {
  return ++sockets;
}

type Outcome = Pick<Call, "result" | "remote" | "error" | "octets">;

/** Tells `observe` that a call begins. What it gives back is to be told how the call ended. */
export function begin(
  observe: CallObserver,
  socket: number,
  name: CallName,
  args: Call["arguments"],
  octets?: Uint8Array,
): (outcome: Outcome) => void {
  const call: Call = {
    name,
    number: ++calls,
    socket,
    arguments: args,
    start: monotonic(),
    ...(octets && { octets }),
  };
  observe(call);
  return (outcome) => observe({ ...call, ...outcome, end: monotonic() });
}

/**
 * A call as a program would write it, with what came of it: `bind(127.0.0.1:5000)`, `recv(65536) → 5`, `connect(127.0.0.1:1) →
 * ECONNREFUSED`, `accept() → #2 from 127.0.0.1:40000`, which is socket number 2.
 */
export function callText(call: Call): string {
  const { address, port, family, type, ...rest } = call.arguments;
  const end = typeof address === "string" ? endText(address, port as number | undefined) : undefined;
  const words = Object.entries(rest).map(([name, value]) =>
    name === "octets" || name === "backlog" || name === "how" || name === "max" ? String(value) : `${name} ${value}`,
  );
  if (family !== undefined) words.push(`IPv${family}`, String(type));
  if (end !== undefined) words.push(end);
  const text = `${call.name}(${words.join(", ")})`;
  if (call.end === undefined) return text;
  if (call.error !== undefined) return `${text} → ${call.error}`;
  const outcome: string[] = [];
  // The number of a new socket is its own
  if (call.name === "accept") outcome.push(`#${call.result}`);
  else if (call.name !== "socket" && call.result !== undefined) outcome.push(String(call.result));
  if (call.remote) outcome.push(`from ${endText(call.remote.address, call.remote.port)}`);
  return outcome.length === 0 ? text : `${text} → ${outcome.join(" ")}`;
}
