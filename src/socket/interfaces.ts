import { requireType } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { binding } from "./binding.js";

/** ARPHRD_ numbers, linux/if_arp.h: of devices whose packets begin with an Ethernet header. */
export const hardwareTypes = { ethernet: 1, loopback: 772 } as const;

/** A network device of this network namespace. */
export interface Interface {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  /** Up and with a carrier. */
  readonly running: boolean;
  readonly loopback: boolean;
  /** ARPHRD_ number: 1 Ethernet, 772 loopback, 65534 none. */
  readonly hardwareType: number;
  readonly hardwareAddress: string;
  /** Octets. */
  readonly mtu: number;
  readonly addresses: readonly { readonly address: string; readonly prefixLength: number }[];
}

// netdevice(7)
const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;
const IFF_RUNNING = 0x40;

/** Every network device, as netlink lists them: `/sys/class/net` would show the namespace that mounted it. */
export function interfaces(): Interface[] {
  return binding()
    .interfaces()
    .map(({ flags, ...device }) => ({
      ...device,
      up: (flags & IFF_UP) !== 0,
      running: (flags & IFF_RUNNING) !== 0,
      loopback: (flags & IFF_LOOPBACK) !== 0,
    }));
}

/** The device called `name`. Throws `NO_SUCH_INTERFACE`. */
export function interfaceOf(name: string): Interface {
  requireType("interface", name, "string");
  const all = interfaces();
  const found = all.find((device) => device.name === name);
  if (found) return found;
  const known = all.map((device) => device.name);
  throw new SockinspectError("NO_SUCH_INTERFACE", `no interface is called ${name}; there are ${known.join(", ")}`, {
    name,
    known,
  });
}

/** `address` as a socket of this host is bound to it, with its zone; undefined where it is not this host's. */
export function ownAddress(address: string): string | undefined {
  if (address.startsWith("127.")) return address;
  for (const device of interfaces())
    for (const own of device.addresses)
      if (own.address === address) return address.startsWith("fe80:") ? `${address}%${device.name}` : address;
  return undefined;
}
