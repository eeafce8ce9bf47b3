/** Packet sockets, packet(7): opened through the addon, refusals put in words. */
import { isSockinspectError, SockinspectError } from "../errors.js";
import { binding, type NativePacketSocket, type NativePacketSocketOptions } from "./binding.js";
import { interfaces } from "./interfaces.js";

export type PacketSocket = NativePacketSocket;

export interface PacketSocketOptions extends Omit<NativePacketSocketOptions, "interfaceIndex"> {
  /** Undefined is every device. */
  readonly interface: string | undefined;
}

/** Throws `PERMISSION`, `NO_SUCH_INTERFACE` or `SYSTEM`. */
export function openPacketSocket(options: PacketSocketOptions): PacketSocket {
  const { interface: name, ...native } = options;
  const where = name === undefined ? "" : ` on ${name}`;
  try {
    return new (binding().PacketSocket)({ ...native, interfaceIndex: name === undefined ? 0 : indexOf(name) });
  } catch (error) {
    throw explained(`cannot open a packet socket${where}`, error);
  }
}

function indexOf(name: string): number {
  const all = interfaces();
  const found = all.find((device) => device.name === name);
  if (found) return found.index;
  const known = all.map((device) => device.name);
  throw new SockinspectError("NO_SUCH_INTERFACE", `no interface is called ${name}; there are ${known.join(", ")}`, {
    name,
    known,
  });
}

/** `error` of the addon as one of ours: what was tried, why it failed, what to do. */
export function explained(tried: string, error: unknown): unknown {
  if (!(error instanceof Error) || isSockinspectError(error)) return error;
  const { code = "", syscall = "" } = error as NodeJS.ErrnoException;
  if (code === "EPERM" || code === "EACCES")
    return new SockinspectError(
      "PERMISSION",
      `${tried}: needs CAP_NET_RAW (run with sudo, or see 'sockinspect doctor')`,
      { needs: "CAP_NET_RAW" },
      { cause: error },
    );
  // A ring that is too large for its numbers is EINVAL
  if (code === "ENOMEM" || (code === "EINVAL" && error.message.includes("PACKET_RX_RING")))
    return new SockinspectError(
      "SYSTEM",
      `${tried}: no memory for its ring (choose a smaller buffer)`,
      { code, syscall },
      { cause: error },
    );
  if (code === "ENETDOWN")
    return new SockinspectError("SYSTEM", `${tried}: the interface is down`, { code, syscall }, { cause: error });
  return new SockinspectError("SYSTEM", `${tried}: ${error.message}`, { code, syscall }, { cause: error });
}
