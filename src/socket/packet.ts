/** Packet sockets, packet(7): opened through the addon, refusals put in words. */
import { isSockinspectError, SockinspectError } from "../errors.js";
import { binding, type NativePacketSocket, type NativePacketSocketOptions } from "./binding.js";
import { interfaceOf } from "./interfaces.js";

export type PacketSocket = NativePacketSocket;

export interface PacketSocketOptions extends Omit<NativePacketSocketOptions, "interfaceIndex"> {
  /** Undefined is every device. */
  readonly interface: string | undefined;
}

/** A packet socket that only sends, by any device. Throws `PERMISSION` or `SYSTEM`. */
export function openSendingSocket(): PacketSocket {
  return openPacketSocket({
    interface: undefined,
    filter: new Uint8Array(8),
    blockSize: 0,
    blockCount: 0,
    blockTimeout: 0,
    promiscuous: false,
  });
}

/** Throws `PERMISSION`, `NO_SUCH_INTERFACE` or `SYSTEM`. */
export function openPacketSocket(options: PacketSocketOptions): PacketSocket {
  const { interface: name, ...native } = options;
  const where = name === undefined ? "" : ` on ${name}`;
  try {
    return new (binding().PacketSocket)({
      ...native,
      interfaceIndex: name === undefined ? 0 : interfaceOf(name).index,
    });
  } catch (error) {
    throw explained(`cannot open a packet socket${where}`, error);
  }
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
  if (code === "EINVAL" && error.message.includes("PACKET_FANOUT"))
    return new SockinspectError(
      "SYSTEM",
      `${tried}: its fanout group is in use on another interface or in another mode (choose another number)`,
      { code, syscall },
      { cause: error },
    );
  if (code === "ENETDOWN")
    return new SockinspectError("SYSTEM", `${tried}: the interface is down`, { code, syscall }, { cause: error });
  return new SockinspectError("SYSTEM", `${tried}: ${error.message}`, { code, syscall }, { cause: error });
}
