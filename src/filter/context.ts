import { type Condition, equal } from "./condition.js";
import { fault, type Span } from "./fault.js";
import type { Layout, Offset } from "./layout.js";
import { loadAt } from "./layout.js";
import { memoryWords } from "./program.js";
import type { Size, Value, Values } from "./value.js";

/** What is known while a filter is translated for one kind of packet. */
export interface Context {
  readonly source: string;
  readonly stock: Values;
  /** Changes as the filter is read: what stands behind `vlan` is asked of the headers behind the tag. */
  layout: Layout;
  /** Where a program asks the kernel; in a file there is only what is in the file. */
  readonly live: boolean;
  /** The kernel has taken the outer VLAN tag out of the frame and keeps it beside. */
  readonly tagStripped: boolean;
  /** Several kinds of devices are listened to, so that a packet of another kind is no mistake, just no match. */
  readonly mixed: boolean;
  readonly netmask: number | undefined;
  readonly interfaceOf: ((name: string) => number | undefined) | undefined;
  /** Addresses of host names, looked up before. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** Words of `M[]` given away for good. */
  registers: number;
  /**
   * "exact": all that is asked. "prefilter": only what a program can ask, for certain no less. "rest": what is left to ask
   * of packets that the prefilter has selected.
   */
  readonly stage: Stage;
  /** Where the outermost headers are, whatever was read. */
  readonly outermost: Layout;
  /** Of a prefilter: whether what cannot be told is to match, as it is but under `not`. */
  most: boolean;
  /** Set when something was asked that the prefilter cannot tell. */
  readonly told: { incomplete: boolean };
}

export type Stage = "exact" | "prefilter" | "rest";

export function load(context: Context, offset: Offset, at: number, size: Size): Value {
  return loadAt(context.stock, offset, at, size);
}

/** Whether `size` octets, `at` octets behind `offset`, are `expected`. */
export function is(context: Context, offset: Offset, at: number, size: Size, expected: number): Condition {
  return equal(load(context, offset, at, size), context.stock.constant(expected));
}

/** The same for octets of the network header. */
export function networkIs(context: Context, at: number, size: Size, expected: number): Condition {
  const { payload, network } = context.layout;
  return is(context, payload, network + at, size, expected);
}

/** A word of `M[]` that nothing else uses. */
export function takeRegister(context: Context, span: Span): number {
  // Half of the words are left to arithmetic.
  if (context.registers >= memoryWords / 2)
    throw fault(context.source, span, "it needs more of the kernel's scratch memory than the 16 words there are");
  return context.registers++;
}
