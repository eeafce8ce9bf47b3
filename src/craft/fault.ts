import { badArgument } from "../arguments.js";
import type { SockinspectError } from "../errors.js";
import { type HeaderKind, headerOf, headers } from "../packet/headers.js";
import { fieldFault } from "../wire/header.js";

/** `header.field` cannot be `value`; `why` where the field's table does not say it. */
export function badField(kind: string, name: string, value: unknown, why?: string): SockinspectError<"BAD_FIELD"> {
  const known = headers.some((header) => header.kind === kind) ? headerOf(kind as HeaderKind).fields : [];
  return fieldFault(kind, known, name, value, why);
}

/** Throws `BAD_ARGUMENT` where `packet` is none: octets, and the number of what they begin with. */
export function requirePacket(packet: unknown): void {
  const { octets, linkType } = (packet ?? {}) as { readonly octets?: unknown; readonly linkType?: unknown };
  if (!(octets instanceof Uint8Array) || typeof linkType !== "number")
    throw badArgument("packet", packet, "an object with octets and a linkType, as craft() makes it");
}
