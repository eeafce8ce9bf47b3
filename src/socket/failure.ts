/** What the operating system refuses a socket, put in words: what was tried, why it failed, what to do. */
import { refusedArgument } from "../arguments.js";
import { isSockinspectError, SockinspectError } from "../errors.js";

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE:
    "another socket has this address and port, or a connection of theirs is in TIME-WAIT: set reuseAddress, choose another port, or see who it is with 'ss -tulpn'",
  EADDRNOTAVAIL:
    "no interface of this machine has that address, or no ephemeral port is left: see 'sockinspect interfaces'",
  EAFNOSUPPORT: "the socket is for IPv4 and the address for IPv6: create the socket with family 6",
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: "the peer has reset the connection",
  EPIPE: "the connection is closed for sending",
  ETIMEDOUT: "nobody answered",
  ENETUNREACH: "no route leads there: see 'ip route'",
  EHOSTUNREACH: "nobody on the way delivers it",
  ENETDOWN: "the interface is down: see 'ip link'",
  EISCONN: "the socket is connected already",
  ENOTCONN: "the socket is not connected: connect() or accept() first",
  EDESTADDRREQ: "the socket is not connected: say where to, by sendTo() or connect()",
  EMSGSIZE: "it does not fit into one packet: send less at once",
  EMFILE: "this process has too many open files: raise the limit, see 'ulimit -n'",
  ENFILE: "this machine has too many open files",
  ENOBUFS: "the kernel has no room left: wait, or send slower",
  EOPNOTSUPP: "this kind of socket cannot do that",
  EINVAL: "the socket is not in a state for it",
};

/** `error` of the addon as one of ours. */
export function socketFailure(tried: string, error: unknown): unknown {
  if (!(error instanceof Error) || isSockinspectError(error)) return error;
  const { code = "", syscall = "" } = error as NodeJS.ErrnoException;
  // What it throws for types that JavaScript does not check, too
  if (code === "ERR_INVALID_ARG_VALUE" || error instanceof TypeError)
    return refusedArgument("", undefined, `${tried}: ${error.message}`, { cause: error });
  if (code === "EACCES" || code === "EPERM") {
    const { needs, remedy } = permission(syscall);
    return new SockinspectError("PERMISSION", `${tried}: ${code}: ${remedy}`, { needs }, { cause: error });
  }
  const remedy = remedies[code];
  return new SockinspectError(
    "SYSTEM",
    `${tried}: ${remedy === undefined ? error.message : `${code}: ${remedy}`}`,
    { code, syscall },
    { cause: error },
  );
}

export function closedSocket(): SockinspectError<"CLOSED"> {
  return new SockinspectError("CLOSED", "this socket is closed: create another one", {});
}

/** The errno's name of a failed call, or the code of our own error. */
export function errorName(error: unknown): string {
  const cause = isSockinspectError(error) ? (error.cause ?? error) : error;
  return cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
}

function permission(syscall: string): { needs: string; remedy: string } {
  if (syscall === "bind")
    return {
      needs: "CAP_NET_BIND_SERVICE",
      remedy: "ports below 1024 need CAP_NET_BIND_SERVICE (choose another port, or run with sudo)",
    };
  if (syscall === "connect" || syscall.startsWith("send"))
    return {
      needs: "broadcast or a firewall's leave",
      remedy:
        "a broadcast address needs the option broadcast; otherwise a firewall forbids it (see 'nft list ruleset')",
    };
  return { needs: "CAP_NET_RAW", remedy: "needs CAP_NET_RAW or CAP_NET_ADMIN (run with sudo)" };
}
