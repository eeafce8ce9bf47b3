import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { Source } from "../../src/capture/source.js";
import type { Packet } from "../../src/packet/packet.js";
import { binding } from "../../src/socket/binding.js";

/** Moves this test file's process into a network namespace of its own, with lo up and two joined devices, v0 and v1. */
export function ownNetwork(): void {
  binding().enterNewNetworkNamespace();
  binding().setInterfaceUp("lo");
  binding().createVethPair("v0", "v1");
  for (const device of ["v0", "v1"]) binding().setInterfaceUp(device);
}

/** Sends `count` UDP datagrams of `size` octets to a loopback port, and waits until the kernel has taken each. */
export async function sendDatagrams(count: number, size = 10, port = 9, host = "127.0.0.1"): Promise<void> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const datagram = Buffer.alloc(size, "x");
  for (let i = 0; i < count; i++) {
    await new Promise<void>((resolve, reject) => {
      socket.send(datagram, port, host, (error) => (error ? reject(error) : resolve()));
    });
  }
  socket.close();
  await once(socket, "close");
}

/** The next `count` packets. */
export async function take(source: Source, count: number): Promise<Packet[]> {
  const packets: Packet[] = [];
  for await (const packet of source) {
    packets.push(packet);
    if (packets.length === count) break;
  }
  return packets;
}

/** All packets until the capture is stopped. */
export async function drain(source: Source): Promise<Packet[]> {
  const packets: Packet[] = [];
  for await (const packet of source) packets.push(packet);
  return packets;
}
