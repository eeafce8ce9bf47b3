import type { SockinspectError } from "../errors.js";
import { type HeaderKind, headerOf, headers } from "../packet/headers.js";
import { fieldFault } from "../wire/header.js";

/** `header.field` cannot be `value`; `why` where the field's table does not say it. */
export function badField(kind: string, name: string, value: unknown, why?: string): SockinspectError<"BAD_FIELD"> {
  const known = headers.some((header) => header.kind === kind) ? headerOf(kind as HeaderKind).fields : [];
  return fieldFault(kind, known, name, value, why);
}
