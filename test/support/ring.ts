// Reads the kernel's ring as linux/if_packet.h lays it out: plainly, for tests of the addon.
import { binding, type NativePacketSocket, type NativePacketSocketOptions } from "../../src/socket/binding.js";

/** One frame as it is in the ring: struct tpacket3_hdr, struct sockaddr_ll, then the octets. */
interface RingPacket {
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly capturedLength: number;
  readonly length: number;
  readonly status: number;
  readonly interfaceIndex: number;
  readonly packetType: number;
  readonly protocol: number;
  /** Offsets from the packet's own header: where sockaddr_ll ends, and where the frame begins. */
  readonly addressEnd: number;
  readonly frameAt: number;
  /** A copy. */
  readonly frame: Uint8Array;
}

export interface Ring {
  readonly socket: NativePacketSocket;
  /** The packets of the next block, which is given back; undefined while it is not ready. */
  take(): RingPacket[] | undefined;
  /** Waits until `count` packets more are there. */
  read(count: number): Promise<RingPacket[]>;
}

const tpacketHeaderSize = 48;

/** The instructions that let `ethertype` through and nothing else. */
export function onlyEthertype(ethertype: number): Uint8Array {
  return program([0x28, 0, 0, 12], [0x15, 0, 1, ethertype], [0x06, 0, 0, 0x40000], [0x06, 0, 0, 0]);
}

export const everything = program([0x06, 0, 0, 0x40000]);

/** Instructions as struct sock_filter: code, jump if true, jump if false, operand. */
export function program(...instructions: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const octets = new DataView(new ArrayBuffer(instructions.length * 8));
  for (const [index, [code, jt, jf, k]] of instructions.entries()) {
    octets.setUint16(index * 8, code, true);
    octets.setUint8(index * 8 + 2, jt);
    octets.setUint8(index * 8 + 3, jf);
    octets.setUint32(index * 8 + 4, k, true);
  }
  return new Uint8Array(octets.buffer);
}

/** An Ethernet frame to nobody in particular, `length` octets long, with `number` at octet 14. */
export function ethernet(ethertype: number, number = 0, length = 60): Uint8Array<ArrayBuffer> {
  const frame = new DataView(new ArrayBuffer(length));
  frame.setUint16(0, 0xffff);
  frame.setUint32(2, 0xffffffff);
  frame.setUint8(6, 2);
  frame.setUint16(12, ethertype);
  frame.setUint32(14, number);
  return new Uint8Array(frame.buffer);
}

export function openRing(options: Partial<NativePacketSocketOptions> = {}): Ring {
  const complete = {
    interfaceIndex: 0,
    filter: everything,
    blockSize: 1 << 14,
    blockCount: 64,
    blockTimeout: 10, // of 64 blocks: a reader that is held up for half a second loses nothing
    promiscuous: false,
    ...options,
  };
  const socket = new (binding().PacketSocket)(complete);
  let block = 0;
  const take = () => {
    const packets = complete.copy ? takeCopy(socket, block) : takeInPlace(socket, block * complete.blockSize);
    if (packets) block = (block + 1) % complete.blockCount;
    return packets;
  };
  const read = async (count: number) => {
    const packets: RingPacket[] = [];
    for (;;) {
      for (let more = take(); more; more = take()) packets.push(...more);
      if (packets.length >= count) return packets;
      await ready(socket);
    }
  };
  return { socket, take, read };
}

/** Opens a socket that only sends. */
export function openSender(): NativePacketSocket {
  const options = { interfaceIndex: 0, filter: everything, blockSize: 0, blockCount: 0, blockTimeout: 0 };
  return new (binding().PacketSocket)({ ...options, promiscuous: false });
}

export function ready(socket: NativePacketSocket): Promise<void> {
  return new Promise((resolve, reject) => socket.wait((error) => (error ? reject(error) : resolve())));
}

function takeInPlace(socket: NativePacketSocket, at: number): RingPacket[] | undefined {
  const ring = socket.ring;
  if (!ring) throw new Error("the ring is not mapped");
  const status = new Int32Array(ring, at + 8, 1);
  if ((Atomics.load(status, 0) & 1) === 0) return undefined;
  const packets = packetsOf(ring, at);
  Atomics.store(status, 0, 0);
  return packets;
}

function takeCopy(socket: NativePacketSocket, index: number): RingPacket[] | undefined {
  const block = socket.copyBlock(index);
  return block && packetsOf(block, 0);
}

function packetsOf(buffer: ArrayBuffer, blockAt: number): RingPacket[] {
  const view = new DataView(buffer);
  const count = view.getUint32(blockAt + 12, true);
  const packets: RingPacket[] = [];
  for (let at = blockAt + view.getUint32(blockAt + 16, true); packets.length < count; at += view.getUint32(at, true)) {
    const capturedLength = view.getUint32(at + 12, true);
    const frameAt = view.getUint16(at + 24, true);
    packets.push({
      seconds: view.getUint32(at + 4, true),
      nanoseconds: view.getUint32(at + 8, true),
      capturedLength,
      length: view.getUint32(at + 16, true),
      status: view.getUint32(at + 20, true),
      protocol: view.getUint16(at + tpacketHeaderSize + 2),
      interfaceIndex: view.getInt32(at + tpacketHeaderSize + 4, true),
      packetType: view.getUint8(at + tpacketHeaderSize + 10),
      addressEnd: tpacketHeaderSize + 20,
      frameAt,
      frame: new Uint8Array(buffer.slice(at + frameAt, at + frameAt + capturedLength)),
    });
  }
  return packets;
}
