import { badArgument } from "../arguments.js";
import { linkTypes } from "../wire/numbers.js";
import { Frame } from "./frame.js";
import type { About, Packet } from "./packet.js";

export interface DecodeOptions extends About {
  /** Octets on the wire, where the capture kept fewer. */
  readonly length?: number;
}

/**
 * The packet in `octets`, a frame of `linkType` (a LINKTYPE_ number; see {@link linkTypes}). Never throws for what the
 * octets hold: what is wrong with them is in `problems`. Throws `BAD_ARGUMENT`.
 */
export function decode(octets: Uint8Array, linkType: number = linkTypes.ethernet, about: DecodeOptions = {}): Packet {
  if (!(octets instanceof Uint8Array)) throw badArgument("octets", octets, "a Uint8Array");
  if (typeof linkType !== "number") throw badArgument("linkType", linkType, "a number of linkTypes");
  return frameOf(octets, linkType, about).own();
}

/** As {@link decode}, read where it lies. */
export function frameOf(octets: Uint8Array, linkType: number = linkTypes.ethernet, about: DecodeOptions = {}): Frame {
  const frame = new Frame(about);
  frame.linkType = linkType;
  const data = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  frame.move(data, 0, octets.length, Math.max(octets.length, about.length ?? 0));
  return frame;
}
