/** What is done with packets as they come. */
import type { Source } from "../capture/source.js";
import type { Frame } from "../packet/frame.js";

export interface Sink {
  /** Whether it wants to be asked for {@link ready} before the next packet. */
  take(frame: Frame): boolean;
  /** Resolves when there is room for more: to false when nobody wants more. Without it there always is. */
  ready?(): Promise<boolean>;
  /** Called behind the last packet. */
  end?(): Promise<void>;
  /** What is to be said behind the summary. */
  readonly remarks?: readonly string[];
}

/** Hands every packet to every sink, and stops where one of them wants no more. */
export async function pour(source: Source, sinks: readonly Sink[]): Promise<void> {
  for await (const batch of source.batches()) {
    for (const frame of batch) {
      for (let i = 0; i < sinks.length; i++) {
        const sink = sinks[i]!;
        if (sink.take(frame) && (await sink.ready?.()) === false) return;
      }
    }
    for (const sink of sinks) if ((await sink.ready?.()) === false) return;
  }
  for (const sink of sinks) await sink.end?.();
}

export function remarksOf(sinks: readonly Sink[]): readonly string[] {
  return sinks.flatMap(({ remarks = [] }) => remarks);
}
