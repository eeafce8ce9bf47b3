import type { FileSource } from "../capture/read.js";
import type { Statistics } from "../capture/source.js";
import type { Frame } from "../packet/frame.js";
import type { ReassemblyStatistics } from "../packet/reassembly.js";
import { count } from "../render/text.js";
import { linkTypeText } from "../wire/numbers.js";
import { spanText } from "./moment.js";
import type { Sink } from "./sink.js";

/** What became of every packet. */
export function summary({ captured, received, unmatched, dropped, freezes }: Statistics): string {
  const left = received - dropped - captured - unmatched;
  const parts = [`${count(captured, "packet")} captured`, `${received} received`, `${dropped} dropped by the kernel`];
  if (unmatched > 0) parts.push(`${unmatched} left out by what the kernel cannot ask`);
  if (left > 0) parts.push(`${left} left in the buffer`);
  if (dropped > 0) parts.push(`buffer full ${count(freezes, "time")} (a larger --buffer or a narrower filter helps)`);
  return parts.join(", ");
}

/** What became of fragments, or nothing where there were none. */
export function fragmentSummary(statistics: ReassemblyStatistics): string {
  const { reassembled, evicted, contradictory, unusable } = statistics;
  const missing = statistics.incomplete + statistics.expired + evicted;
  const parts = [];
  if (reassembled > 0) parts.push(`${count(reassembled, "datagram")} reassembled`);
  if (missing > 0) parts.push(`${count(missing, "datagram")} with fragments missing`);
  if (evicted > 0) parts.push(`${evicted} of them not waited for, for want of memory`);
  if (contradictory > 0) parts.push(`${count(contradictory, "datagram")} given up: fragments contradict each other`);
  if (unusable > 0) parts.push(`${count(unusable, "fragment")} cut or impossible`);
  return parts.join(", ");
}

/** From when to when packets were captured, in whole seconds. */
export class Span implements Sink {
  from = Number.POSITIVE_INFINITY;
  to = Number.NEGATIVE_INFINITY;

  /** hot */
  take({ seconds }: Frame): boolean {
    if (seconds < this.from) this.from = seconds;
    if (seconds > this.to) this.to = seconds;
    return false;
  }
}

/** What was read of a file, and what was lost when it was captured. */
export function fileSummary(source: FileSource, span: Span): string {
  const { captured, dropped } = source.statistics();
  const when = spanText(span.from, span.to);
  const parts = [`${count(captured, "packet")}${when === undefined ? "" : `, ${when}`}`];
  if (dropped > 0) parts.push(`${dropped} dropped when it was captured`);
  if (source.damaged > 0) parts.push(`${source.damaged} damaged passed over`);
  return parts.join(", ");
}

/** What was left out because the filter cannot ask it, a sentence for each link type. */
export function unaskedRemarks(unasked: FileSource["unasked"] = new Map()): string[] {
  return [...unasked].map(
    ([linkType, packets]) =>
      `${count(packets, "packet")} left out: the filter cannot ask those of link type ${linkTypeText(linkType)}`,
  );
}
