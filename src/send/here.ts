/** `craft` for the machine it runs on. */
import { type Craftable, crafter } from "../craft/craft.js";
import type { Crafted } from "../craft/crafted.js";
import { isSockinspectError } from "../errors.js";
import { routeTo } from "../socket/routes.js";

/**
 * Makes a packet of headers and payloads as the pure `crafter()` does; a source address that is left out is the one the
 * routing table gives for the destination, where this machine has one.
 */
export const craft: (...pieces: readonly Craftable[]) => Crafted = crafter({ source: sourceTo });

function sourceTo(destination: string): string | undefined {
  try {
    return routeTo(destination).source;
  } catch (error) {
    // No route, a system without routing tables, octets that are wrong on purpose: the packet can be made all the same
    if (isSockinspectError(error)) return undefined;
    throw error;
  }
}
