/** Network namespaces besides the process's own, network_namespaces(7). */
import { badArgument, requireType } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { binding, type NativeNetworkNamespace } from "./binding.js";

/**
 * A host of its own: devices, addresses, ports and routes that no other namespace sees. lo is up in it. It ends when it
 * was closed and no socket and no process of it is left.
 */
export class NetworkNamespace implements AsyncDisposable {
  readonly #native: NativeNetworkNamespace;

  /** Throws `PERMISSION` where the process may not make one, `UNSUPPORTED_PLATFORM` or `NO_ADDON`. */
  constructor() {
    try {
      this.#native = new (binding().NetworkNamespace)();
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EPERM") throw cause;
      throw new SockinspectError(
        "PERMISSION",
        "cannot make a network namespace: needs CAP_SYS_ADMIN (run as root, or under 'unshare --user --map-root-user --net')",
        { needs: "CAP_SYS_ADMIN" },
        { cause },
      );
    }
    this.run(() => binding().setInterfaceUp("lo"));
  }

  /**
   * Calls `body` inside and gives what it returns: sockets that it opens, devices that it makes and children that it
   * starts belong to this namespace for good. Only what is done before it returns is inside: of an async function, what
   * comes before its first `await`. Throws `CLOSED`, and what `body` throws.
   */
  run<T>(body: () => T): T {
    if (this.#native.descriptor < 0)
      throw new SockinspectError("CLOSED", "cannot enter a network namespace that was closed", {});
    return this.#native.run(body);
  }

  /** Makes two joined Ethernet devices: `name` here, `peer` in another namespace. Both are down at first. */
  join(name: string, other: NetworkNamespace, peer: string): void {
    requireType("name", name, "string");
    requireType("peer", peer, "string");
    if (!(other instanceof NetworkNamespace)) throw badArgument("other", other, "a NetworkNamespace");
    this.run(() => binding().createVethPair(name, peer, other.#native.descriptor));
  }

  async close(): Promise<void> {
    this.#native.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
