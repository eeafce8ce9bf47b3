import { run } from "../packet/walk/run.js";
import { Walk } from "../packet/walk/walk.js";
import type { Asked } from "./named-test.js";
import { ancillary, networkOffset } from "./program.js";
import type { Size } from "./value.js";

/** A packet of a packet socket: its octets, and what the kernel keeps beside them. */
export interface Held extends Asked {
  readonly data: DataView;
  /** The first octet of the device's header, a VLAN tag being put back into it. */
  readonly at: number;
  readonly end: number;
  /** Octets on the wire, with the tag. */
  readonly length: number;
  /** Octets of a tag that the kernel had taken out of the frame: 4, or 0. */
  readonly tagSize: number;
  /** The first octet of the network header. */
  readonly network: number;
  /** `sll_protocol`, `sll_pkttype`, `sll_ifindex` and `sll_hatype`; packet(7). */
  readonly protocol: number;
  readonly packetType: number;
  readonly interfaceIndex: number;
  readonly hardwareType: number;
}

/** Where in a frame its tag belongs: behind the addresses. */
const tagAt = 12;

/** `size` octets at `place`, as the kernel's own program would load them; -1 where it could not. */
export function loadHeld(packet: Held, place: number, size: Size): number {
  if (place >= ancillary.protocol) return kept(packet, place);
  const relative = place >= networkOffset;
  const from = relative ? packet.network + (place - networkOffset) : packet.at + place;
  if (from + size + (relative || place + size <= tagAt ? 0 : packet.tagSize) > packet.end) return -1;
  let value = 0;
  for (let i = 0; i < size; i++) {
    const skip = !relative && place + i >= tagAt ? packet.tagSize : 0;
    value = value * 256 + packet.data.getUint8(from + i + skip);
  }
  return value;
}

function kept(packet: Held, place: number): number {
  switch (place) {
    case ancillary.protocol:
      return packet.protocol;
    case ancillary.packetType:
      return packet.packetType;
    case ancillary.interfaceIndex:
      return packet.interfaceIndex;
    case ancillary.hardwareType:
      return packet.hardwareType;
    case ancillary.vlanTag:
      return packet.tagSize > 0 ? packet.data.getUint16(packet.at + tagAt + 2) : 0;
    case ancillary.vlanTagPresent:
      return packet.tagSize > 0 ? 1 : 0;
    default:
      return -1;
  }
}

/** A packet of a file, whose headers are looked for when they are asked for. */
export class Walked implements Asked {
  direction: Asked["direction"];
  device: Asked["device"];
  readonly #walk = new Walk();
  readonly #linkType: number;
  #walked = false;
  #data: DataView | undefined;
  #at = 0;
  #end = 0;
  #length = 0;

  constructor(linkType: number) {
    this.#linkType = linkType;
  }

  /** hot */
  move(data: DataView, at: number, end: number, length: number, about: Pick<Asked, "direction" | "device"> = {}): this {
    this.#data = data;
    this.#at = at;
    this.#end = end;
    this.#length = length;
    this.#walked = false;
    this.direction = about.direction;
    this.device = about.device;
    return this;
  }

  get walk(): Walk {
    if (!this.#walked) run(this.#walk, this.#data!, this.#at, this.#end, this.#length, this.#linkType);
    this.#walked = true;
    return this.#walk;
  }
}
