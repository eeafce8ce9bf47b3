/** The kernel kept quiet about connections that it knows nothing of. */
import { oneOf, requireType } from "../arguments.js";
import { isSockinspectError, SockinspectError } from "../errors.js";
import { octets } from "../filter/program.js";
import type { Packet } from "../packet/packet.js";
import { DatagramSocket } from "../socket/datagram.js";
import { ownAddress } from "../socket/interfaces.js";
import { StreamSocket } from "../socket/stream.js";

export interface GuardOptions {
  /** Default: TCP. */
  readonly protocol?: "tcp" | "udp";
  /** One address of this machine. Default: all of them, IPv4 and IPv6. */
  readonly address?: string | undefined;
}

/** While it is open the kernel says nothing about what comes to the port. */
export interface Guard extends AsyncDisposable {
  readonly port: number;
  close(): Promise<void>;
}

// linux/bpf_common.h: BPF_RET | BPF_K with 0 accepts nothing
const NOTHING = octets([{ code: 6, jt: 0, jf: 0, k: 0 }]);

/**
 * Keeps the kernel quiet on a port of this machine, which otherwise answers a segment of a crafted connection with RST, and a
 * datagram with ICMP port unreachable: a socket owns the port, and a filter drops all that it would get. Captures see the
 * packets all the same. Port 0 takes a free one. The guard goes away with the process.
 *
 * Throws `PORT_IN_USE` where a socket has the port already, `BAD_ARGUMENT`, `PERMISSION`, or `SYSTEM` (EADDRNOTAVAIL where
 * the address is not this machine's: then there is nobody to be kept quiet).
 */
export async function guard(port: number, options: GuardOptions = {}): Promise<Guard> {
  requireType("options", options, "object");
  const { protocol = "tcp", address } = options;
  if (address !== undefined) requireType("address", address, "string");
  oneOf("protocol", ["tcp", "udp"], protocol);
  const family = address === undefined || address.includes(":") ? 6 : 4;
  const socket =
    protocol === "tcp"
      ? await StreamSocket.create({ family, reuseAddress: true })
      : await DatagramSocket.create({ family });
  try {
    socket.attachFilter(NOTHING);
    await socket.bind({ address, port });
    if (socket instanceof StreamSocket) await socket.listen(1);
  } catch (error) {
    await socket.close();
    if (isSockinspectError(error, "SYSTEM") && error.info.code === "EADDRINUSE")
      throw new SockinspectError(
        "PORT_IN_USE",
        `${protocol} port ${port}${address === undefined ? "" : ` of ${address}`} is another socket's, which would answer: choose another source port, or do without a guard`,
        { port },
        { cause: error },
      );
    throw error;
  }
  const close = (): Promise<void> => socket.close();
  return { port: socket.localAddress?.port ?? port, close, [Symbol.asyncDispose]: close };
}

/** Guards for the ports of this machine that packets come from, one each. */
export class Guards {
  /** Undefined where an answer is nobody's business on this machine. */
  readonly #guards = new Map<string, Guard | undefined>();

  async add({ layers }: Packet): Promise<void> {
    let address = "";
    for (const layer of layers) {
      if (layer.kind === "ipv4" || layer.kind === "ipv6") address = layer.source;
      if (layer.kind !== "tcp" && layer.kind !== "udp") continue;
      const { kind, sourcePort } = layer;
      const key = `${kind} ${address} ${sourcePort}`;
      if (this.#guards.has(key)) return;
      const own = ownAddress(address);
      this.#guards.set(key, own === undefined ? undefined : await guard(sourcePort, { protocol: kind, address: own }));
      return;
    }
  }

  async close(): Promise<void> {
    for (const guard of this.#guards.values()) await guard?.close();
  }
}
