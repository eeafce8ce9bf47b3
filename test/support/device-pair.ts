import { afterEach, beforeAll, beforeEach } from "vitest";
import { binding, type NativePacketSocket, type NativePacketSocketOptions } from "../../src/socket/binding.js";
import { ip } from "./addon.js";
import { onlyEthertype, openRing, openSender, type Ring } from "./ring.js";

/** IEEE Std 802: for experiments, so that nothing of the kernel's own uses it. */
export const ethertype = 0x88b5;
/** The other one for experiments, for traffic that is not to be seen. */
export const foreign = 0x88b6;

interface DevicePair {
  /** Their indices. */
  near: number;
  far: number;
  /** Only sends. */
  sender: NativePacketSocket;
  /** On `near`, for `ethertype`, where the options say nothing else; closed after the test. */
  open(options?: Partial<NativePacketSocketOptions>): Ring;
}

/** Gives each test of the file a new pair of joined devices, "near" and "far", in a network namespace of the file's own. */
export function useDevicePair(): DevicePair {
  const opened: NativePacketSocket[] = [];
  const open = (options: Partial<NativePacketSocketOptions> = {}) => {
    const ring = openRing({ interfaceIndex: pair.near, filter: onlyEthertype(ethertype), ...options });
    opened.push(ring.socket);
    return ring;
  };
  const pair = { open } as DevicePair; // the rest is there before each test

  beforeAll(() => {
    binding().enterNewNetworkNamespace();
    binding().setInterfaceUp("lo");
  });

  beforeEach(() => {
    binding().createVethPair("near", "far");
    binding().setInterfaceUp("near");
    binding().setInterfaceUp("far");
    pair.near = indexOf("near");
    pair.far = indexOf("far");
    pair.sender = openSender();
  });

  afterEach(() => {
    for (const socket of opened.splice(0)) socket.close();
    pair.sender.close();
    ip("link", "delete", "near");
  });

  return pair;
}

export function indexOf(name: string): number {
  const found = binding()
    .interfaces()
    .find((each) => each.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found.index;
}

export function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
