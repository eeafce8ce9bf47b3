import { release } from "node:os";
import { type CaptureOptions, capture } from "../capture/live.js";
import { isSockinspectError } from "../errors.js";
import { printable } from "../render/text.js";
import { interfaces } from "../socket/interfaces.js";
import { paintFor } from "./colours.js";
import { exitCodes } from "./failure.js";
import { print } from "./output.js";
import { tryNamespaces } from "./private-namespace.js";
import { chooseUser, reasons } from "./privileges.js";

interface Finding {
  readonly good: boolean;
  readonly what: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** Tries what a capture needs, rather than guessing from versions. */
export async function doctorCommand(): Promise<void> {
  const addon = findAddon();
  const findings = [
    { good: process.platform === "linux", what: `${process.platform} ${release()}, Node ${process.version}` },
    addon,
    ...(addon.good ? await tryCaptures() : []),
    ...findUser(),
    findNamespaces(),
  ];
  const paint = paintFor(process.stdout);
  if (!addon.good) process.exitCode = exitCodes.unavailable;
  else if (!findings[2]?.good) process.exitCode = exitCodes.permission;
  const text = ({ good, what, remedy }: Finding): string[] => [
    `${paint(good ? "payload" : "problem", good ? "✓" : "✗")} ${printable(what)}`,
    ...(good || remedy === undefined ? [] : [`    ${remedy}`]),
  ];
  await print(findings.flatMap(text));
}

function findAddon(): Finding {
  try {
    const names = interfaces().map(({ name, up }) => (up ? name : `${name} (down)`));
    return { good: true, what: `the addon loads; interfaces: ${names.join(", ")}` };
  } catch (error) {
    return { good: false, what: "the addon does not load", remedy: messageOf(error) };
  }
}

async function tryCaptures(): Promise<Finding[]> {
  const open = await tryCapture({ buffer: 1024 * 1024 });
  if (open !== undefined)
    return [
      {
        good: false,
        what: `packet sockets are refused: ${open}`,
        remedy:
          "Run it with sudo, or watch a private network: sockinspect demo handshake. In a container: --cap-add NET_RAW.",
      },
    ];
  const large = await tryCapture({});
  return [
    { good: true, what: "packet sockets with a TPACKET_V3 ring and kernel filters open (CAP_NET_RAW)" },
    large === undefined
      ? { good: true, what: "a ring of 32 MiB fits" }
      : { good: false, what: `no ring of 32 MiB: ${large}`, remedy: "Choose a smaller one: capture --buffer 4" },
  ];
}

async function tryCapture(options: CaptureOptions): Promise<string | undefined> {
  try {
    await capture({ ...options, filter: "less 1" }).close();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Whom root becomes before it looks at packets. */
function findUser(): Finding[] {
  if (process.platform !== "linux") return [];
  const user = chooseUser(undefined);
  if (user === undefined || user === "root") return [];
  if (user === "powerless")
    return [
      {
        good: false,
        what: `root is kept while packets are looked at, its capabilities are not: ${reasons.powerless}`,
        remedy: "In a container: --cap-add SETUID --cap-add SETGID.",
      },
    ];
  const what =
    user === "unmapped"
      ? `root is kept while packets are looked at, its capabilities are not: ${reasons.unmapped}`
      : `root becomes user ${user.uid} before packets are looked at`;
  return [{ good: true, what }];
}

function findNamespaces(): Finding {
  const refusal = tryNamespaces();
  return refusal
    ? { good: false, what: `no private namespaces for the demos: ${refusal.why}`, remedy: refusal.remedy }
    : { good: true, what: "user and network namespaces open: the demos need no root" };
}

function messageOf(error: unknown): string {
  if (isSockinspectError(error)) return error.message;
  throw error;
}
