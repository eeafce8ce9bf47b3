/** `craft` for the machine it runs on. */
import { type Craftable, crafter } from "../craft/craft.js";
import type { Crafted } from "../craft/crafted.js";
import { isSockinspectError } from "../errors.js";
import { hardwareTypes, type Interface, interfaceOf } from "../socket/interfaces.js";
import { routeTo } from "../socket/routes.js";

type Craft = (...pieces: readonly Craftable[]) => Crafted;

/**
 * Makes a packet of headers and payloads as the pure `crafter()` does; source addresses that are left out, of Ethernet and
 * ARP too, are those the routing table gives for the destination, where this machine has them.
 */
export const craft: Craft = craftFor(undefined);

/**
 * {@link craft} for packets that leave by the device called `name`: they come from its addresses. RFC 4007 §6: those of one
 * link mean nothing on another.
 */
export function craftFor(name: string | undefined): Craft {
  return crafter({
    source: (destination) => known(() => routeTo(destination, { interface: name }).source),
    hardwareSource: (destination) =>
      known(() => {
        if (name !== undefined) return hardwareAddressOf(interfaceOf(name));
        return destination === undefined ? undefined : hardwareAddressOf(routeTo(destination).device);
      }),
  });
}

function hardwareAddressOf({ hardwareType, hardwareAddress }: Interface): string | undefined {
  return hardwareType === hardwareTypes.ethernet ? hardwareAddress : undefined;
}

function known<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    // No route, a system without routing tables, octets that are wrong on purpose: the packet can be made all the same
    if (isSockinspectError(error)) return undefined;
    throw error;
  }
}
