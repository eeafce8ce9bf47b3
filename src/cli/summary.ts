import type { Statistics } from "../capture/source.js";
import { count } from "../render/text.js";

/** What became of every packet. */
export function summary({ captured, received, dropped, freezes }: Statistics): string {
  const left = received - dropped - captured;
  const parts = [`${count(captured, "packet")} captured`, `${received} received`, `${dropped} dropped by the kernel`];
  if (left > 0) parts.push(`${left} left in the buffer`);
  if (dropped > 0) parts.push(`buffer full ${count(freezes, "time")} (a larger --buffer or a narrower filter helps)`);
  return parts.join(", ");
}
