/** Ctrl-C, and the other signals that ask a command to end. */

/** Aborts `ended` at Ctrl-C or SIGTERM; the next one ends the process at once. */
export function abortOnInterrupt(ended: AbortController): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.abort());
}

/** Calls `end` at Ctrl-C, SIGTERM or SIGHUP; a second Ctrl-C ends the process at once. Returns what ends listening to them. */
export function onInterrupt(end: () => void): () => void {
  let asked = false;
  const hear = (signal: NodeJS.Signals): void => {
    if (asked && signal === "SIGINT") process.exit(130);
    asked = true;
    end();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, hear);
  return () => {
    for (const signal of signals) process.off(signal, hear);
  };
}
