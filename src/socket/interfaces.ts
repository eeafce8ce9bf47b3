import { binding } from "./binding.js";

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
