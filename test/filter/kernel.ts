import { ancillary, networkOffset, type Program } from "../../src/filter/program.js";
import { type Kept, run } from "../../src/filter/run.js";

/** A packet as a packet socket of Linux has it, and what the kernel knows besides. */
export interface Held {
  readonly data: DataView;
  readonly length: number;
  readonly protocol: number;
  readonly hardwareType: number;
  readonly interfaceIndex: number;
  readonly packetType: number;
  /** The tag that was taken out of the frame. */
  readonly tag?: number;
  /** Octets before the network header. */
  readonly network: number;
}

export function select(program: Program, packet: Held): boolean {
  const { data, length } = packet;
  const known = new Map<number, number>([
    [ancillary.protocol, packet.protocol],
    [ancillary.packetType, packet.packetType],
    [ancillary.interfaceIndex, packet.interfaceIndex],
    [ancillary.hardwareType, packet.hardwareType],
    [ancillary.vlanTag, packet.tag ?? 0],
    [ancillary.vlanTagPresent, packet.tag === undefined ? 0 : 1],
  ]);
  const kept: Kept = (offset, width) => {
    if (offset >= ancillary.protocol) return known.get(offset);
    const at = offset - networkOffset + packet.network;
    if (offset < networkOffset || at + width > data.byteLength) return undefined;
    return width === 1 ? data.getUint8(at) : width === 2 ? data.getUint16(at) : data.getUint32(at);
  };
  return run(program, data, 0, data.byteLength, length, kept) > 0;
}

export const defaults = { interfaceIndex: 7, packetType: 0 };

export function onEthernet({ octets, length }: { octets: Uint8Array; length: number }): Held {
  const data = new DataView(octets.buffer);
  const protocol = octets.length >= 14 ? data.getUint16(12) : 0;
  return { ...defaults, data, length, protocol: protocol > 1500 ? protocol : 4, hardwareType: 1, network: 14 };
}

/** The kernel takes the outer tag of a frame that it receives out of it. */
export function untagged(packet: Held): Held {
  if (![0x8100, 0x88a8].includes(packet.protocol) || packet.data.byteLength < 18) return packet;
  const octets = new Uint8Array(packet.data.buffer);
  const rest = Uint8Array.from([...octets.slice(0, 12), ...octets.slice(16)]);
  return { ...onEthernet({ octets: rest, length: packet.length - 4 }), tag: packet.data.getUint16(14) };
}
