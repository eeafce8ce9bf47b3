import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { Source } from "../../src/capture/source.js";
import type { Packet } from "../../src/packet/packet.js";
import { binding, type NativeNetworkNamespace } from "../../src/socket/binding.js";
import { ip } from "./addon.js";

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

/** Sends UDP datagrams until `end` has come, and gives what it gives. */
export async function sendUntil<T>(end: Promise<T>): Promise<T> {
  let ended = false;
  const over = end.finally(() => {
    ended = true;
  });
  while (!ended) {
    await sendDatagrams(1);
    await Promise.race([over, new Promise((resolve) => setImmediate(resolve))]);
  }
  return await over;
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

/**
 * As {@link ownNetwork}, but v1 is another host's, whose kernel answers: here are 10.0.0.1 and fd00::1, there 10.0.0.2,
 * 10.0.0.3 and fd00::2.
 */
export function twoHosts(): NativeNetworkNamespace {
  binding().enterNewNetworkNamespace();
  binding().setInterfaceUp("lo");
  const there = new (binding().NetworkNamespace)();
  binding().createVethPair("v0", "v1", there.descriptor);
  const prepare = (device: string, ...addresses: string[]) => {
    ip("link", "set", device, "addrgenmode", "none");
    binding().setInterfaceUp(device);
    for (const address of addresses)
      ip("address", "add", address, "dev", device, ...(address.includes(":") ? ["nodad"] : ["broadcast", "+"]));
  };
  prepare("v0", "10.0.0.1/24", "fd00::1/64");
  there.run(() => {
    binding().setInterfaceUp("lo");
    prepare("v1", "10.0.0.2/24", "10.0.0.3/24", "fd00::2/64");
  });
  return there;
}
