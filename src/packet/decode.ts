import { badArgument } from "../errors.js";
import { linkTypes } from "../wire/numbers.js";
import { Frame } from "./frame.js";
import type { Direction, Offload, Packet } from "./packet.js";

/** What is known of a frame besides its octets. */
export interface About {
  readonly seconds?: number;
  readonly nanoseconds?: number;
  /** Octets on the wire, where the capture kept fewer. */
  readonly length?: number;
  readonly device?: string;
  readonly direction?: Direction;
  readonly offload?: Offload;
}

/**
 * The packet in `octets`, a frame of `linkType` (a LINKTYPE_ number; see {@link linkTypes}). Never throws for what the
 * octets hold: what is wrong with them is in `problems`. Throws `BAD_ARGUMENT`.
 */
export function decode(octets: Uint8Array, linkType: number = linkTypes.ethernet, about: About = {}): Packet {
  if (!(octets instanceof Uint8Array)) throw badArgument("octets", octets, "a Uint8Array");
  if (typeof linkType !== "number") throw badArgument("linkType", linkType, "a number of linkTypes");
  const frame = new Frame();
  frame.linkType = linkType;
  frame.seconds = about.seconds ?? 0;
  frame.nanoseconds = about.nanoseconds ?? 0;
  frame.device = about.device;
  frame.direction = about.direction;
  frame.offload = about.offload ?? "none";
  const data = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  frame.move(data, 0, octets.length, Math.max(octets.length, about.length ?? 0));
  return frame.own();
}
