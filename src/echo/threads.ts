import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { StreamSocket } from "../socket/stream.js";
import type { Limits } from "./connections.js";
import type { Ending } from "./server.js";

/** What a thread is given to begin with. */
export interface ThreadData extends Limits {
  /** Its own listening socket. */
  readonly fd: number;
  readonly backlog: number;
  /** {@link StreamCounters} in the order of `counted`, which only the thread writes and everybody reads. */
  readonly counters: Float64Array;
}

export const counted = ["accepted", "open", "reset", "idle", "received", "sent"] as const;

/**
 * A thread for each listener. All are bound to the same port, by SO_REUSEPORT, so that the kernel shares out connections;
 * each is handed to its thread as a descriptor, which Node's own `net` serves there. Resolves when all threads are ready: what
 * they resolve to makes them serve.
 */
export async function threads(
  listeners: readonly StreamSocket[],
  counters: readonly Float64Array[],
  limits: Limits & { readonly backlog: number },
): Promise<(ending: Ending) => Promise<void>> {
  const { connections, ...rest } = limits;
  const share = connections === undefined ? undefined : Math.ceil(connections / listeners.length);
  const workers = listeners.map((listener, at) => {
    const workerData: ThreadData = { ...rest, connections: share, fd: listener.fd, counters: counters[at]! };
    // Options that the program was started with, such as --input-type, are not meant for a file of ours
    return new Worker(new URL("./thread.js", import.meta.url), { workerData, execArgv: [] });
  });
  const tell = (word: "serve" | "stop" | "abort"): void => {
    for (const worker of workers) worker.postMessage(word);
  };
  try {
    // Rejects where one ends by an error
    await Promise.all(workers.map((worker) => once(worker, "message")));
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.terminate()));
    throw error;
  }
  return async ({ stop, abort }) => {
    for (const listener of listeners) listener.detach();
    tell("serve");
    stop.addEventListener("abort", () => tell("stop"), { once: true });
    abort.addEventListener("abort", () => tell("abort"), { once: true });
    if (stop.aborted) tell("stop");
    if (abort.aborted) tell("abort");
    try {
      await Promise.all(workers.map((worker) => once(worker, "exit")));
    } finally {
      tell("abort"); // where one of them has ended by an error
    }
  };
}
