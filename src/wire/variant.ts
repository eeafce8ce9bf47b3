/** A rest that is one of several parts, by a code in the fixed part before it: ICMP messages, routing types. */
import type { Rest } from "./field.js";
import { once } from "./once.js";
import { type Infer, type Kinded, type Parts, part, partsOf, picker, type ValueOf } from "./part.js";
import { isObject, opaque } from "./rest.js";

/** A code without a known meaning. */
const unknown = part(0, (f) => ({ kind: "unknown", octets: f.rest(0, opaque) }));
const incomplete = part(0, (f) => ({ kind: "incomplete", octets: f.rest(0, opaque) }));

export interface Unknown extends Infer<typeof unknown> {}

/** Too few octets for what the code says, or a number of them that it cannot have. What is written is `octets`. */
export interface Incomplete extends Infer<typeof incomplete> {
  /** The kind it would be, and the fields of it that are there. */
  readonly of?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** The part of `parts` whose code is the octet `codeAt` from where the rest starts; it lies before, so `codeAt` is negative. */
export function variant<const P extends Parts>(codeAt: number, parts: P): Rest<ValueOf<P> | Unknown | Incomplete> {
  const pick = picker(parts);
  const codes = once(() => partsOf(parts));
  const byKind = once(() => new Map([unknown, incomplete, ...codes().map(({ part }) => part)].map((p) => [p.kind, p])));
  const codec: Rest<Kinded> = {
    content: {
      get parts() {
        return [...byKind().values()];
      },
    },
    decode(data, at, end) {
      const found = pick(data.getUint8(at + codeAt), data, at, end);
      if (!found) return unknown.decode(data, at, end);
      if (found.fits(data, at, end)) return found.decode(data, at, end);
      return { ...incomplete.decode(data, at, end), of: found.kind, fields: found.decodePart(data, at, end) };
    },
    smallest: (data, at) => pick(data.getUint8(at + codeAt), data, at, at)?.minimumLength ?? 0,
    code({ kind }, data, at) {
      const now = data.getUint8(at + codeAt);
      const fitting = codes().filter(({ part }) => part.kind === kind);
      return fitting.find(({ code }) => code === now)?.code ?? fitting[0]?.code;
    },
    encode: (value, data, at) => byKind().get(value.kind)!.encode(value, data, at),
    size: (value) => byKind().get(value.kind)!.size(value),
    fill(value = {}, data, at = 0) {
      if (!isObject(value)) return value;
      const now = data && pick(data.getUint8(at + codeAt), data, at, at);
      const kind = value["kind"] ?? now?.kind;
      return (
        byKind()
          .get(String(kind))
          ?.fill({ ...value, kind }) ?? value
      );
    },
    misfit(value) {
      const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
      const found = typeof kind === "string" ? byKind().get(kind) : undefined;
      if (!found) return `takes as kind one of ${[...byKind().keys()].join(", ")}`;
      // What it would be is there to be read, not to be written
      const { of, fields, ...written } = value as Partial<Incomplete>;
      const why = found.misfit(kind === "incomplete" ? written : value);
      return why && `(${kind}) ${why}`;
    },
    malformed(value) {
      if (value.kind === "incomplete") return `has too few octets for ${(value as Incomplete).of ?? "its type"}`;
      return byKind().get(value.kind)?.malformed(value);
    },
  };
  // The union comes from `parts`; inside, all kinds are treated alike.
  return codec as unknown as Rest<ValueOf<P> | Unknown | Incomplete>;
}
