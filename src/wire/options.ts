/** Lists of options, each of a code, a length and what the code says: the shape TCP, IPv4, IPv6 and others share. */
import type { Rest } from "./field.js";
import { once } from "./once.js";
import { type Infer, type Kinded, type Part, type Parts, part, partsOf, picker, type ValueOf } from "./part.js";
import { isObject, opaque } from "./rest.js";

interface Style {
  /** The code of one octet that ends the list. */
  readonly end?: number;
  /** The kinds of codes that stand alone, without length or content. */
  readonly singles: Readonly<Record<number, string>>;
  /** What one more in the length octet stands for, in octets. */
  readonly unit: number;
  /** Octets of an option that its length octet leaves out. */
  readonly uncounted: number;
  /** The code of the option whose content may lie behind the header: what is here of it is all that is written. */
  readonly open?: number;
}

/** TCP (RFC 9293 §3.1) and IPv4 (RFC 791 §3.1): the length counts the whole option. */
export const counted = { end: 0, singles: { 1: "noOperation" }, unit: 1, uncounted: 0 } as const satisfies Style;
/** IPv6 (RFC 8200 §4.2) and Mobile IPv6 (RFC 6275 §6.2.1): the length counts what follows it. */
export const uncounted = { singles: { 0: "pad1" }, unit: 1, uncounted: 2 } as const satisfies Style;
/**
 * Neighbour Discovery (RFC 4861 §4.6): the length counts the whole option in units of 8 octets. A redirected packet (4)
 * is no header, so its option ends where it starts.
 */
export const eights = { singles: {}, unit: 8, uncounted: 0, open: 4 } as const satisfies Style;

/** A code without a known meaning; `octets` is what follows its length octet. */
const unknown = part(0, (f) => ({ kind: "unknown", code: f.u8(-2), octets: f.rest(0, opaque) }));
/** An option whose length cannot be; `octets` is all that is left of it from the length octet on. */
const malformed = part(0, (f) => ({ kind: "malformed", code: f.u8(-1), octets: f.rest(0, opaque) }));
/** The end of the list; `padding` is what follows it up to the end of the header, and should be zero. */
const endOfList = part(0, (f) => ({ kind: "end", padding: f.rest(0, opaque) }));

export interface UnknownOption extends Infer<typeof unknown> {}
export interface MalformedOption extends Infer<typeof malformed> {}
export interface EndOption extends Infer<typeof endOfList> {}

type SingleOption<K> = K extends string ? { readonly kind: K } : never;

export type Option<S extends Style, P extends Parts> =
  | ValueOf<P>
  | SingleOption<S["singles"][keyof S["singles"]]>
  | (S extends { readonly end: number } ? EndOption : never)
  | UnknownOption
  | MalformedOption;

/** How one kind of option is written: its code, where that is no field of it, and what follows the first `head` octets. */
interface Row {
  readonly code: number | undefined;
  readonly head: 1 | 2;
  readonly part: Part<Kinded>;
}

/** The codec of a list of options; each of `parts` describes what follows the length octet of its code. */
export function options<const S extends Style, const P extends Parts>(
  style: S,
  parts: P,
): Rest<readonly Option<S, P>[]> {
  const { end, singles, unit, uncounted, open }: Style = style;
  const pick = picker(parts);
  const alone = Array.from({ length: 256 }, (_, code) => {
    const kind = singles[code];
    return kind === undefined ? undefined : Object.freeze({ kind });
  });

  const rows = once(() => {
    const rows = new Map<string, Row>([
      ["unknown", { code: undefined, head: 2, part: unknown }],
      ["malformed", { code: undefined, head: 1, part: malformed }],
    ]);
    if (end !== undefined) rows.set("end", { code: end, head: 1, part: endOfList });
    for (const [code, kind] of Object.entries(singles))
      rows.set(kind, { code: Number(code), head: 1, part: part(0, () => ({ kind })) });
    for (const { code, part } of partsOf(parts)) rows.set(part.kind, { code, head: 2, part });
    return rows;
  });

  const read = (data: DataView, at: number, last: number): Kinded => {
    const found = pick(data.getUint8(at), data, at + 2, last);
    if (found === undefined) return unknown.decode(data, at + 2, last);
    return found.fits(data, at + 2, last) ? found.decode(data, at + 2, last) : malformed.decode(data, at + 1, last);
  };

  const isOpen = (code: number | undefined): boolean => code !== undefined && code === open;

  const sizeOf = (option: Kinded): number => {
    const row = rows().get(option.kind)!;
    return row.head + row.part.size(option);
  };

  const misfitOf = (option: unknown): string | undefined => {
    const kind = typeof option === "object" && option !== null && "kind" in option ? option.kind : undefined;
    const row = typeof kind === "string" ? rows().get(kind) : undefined;
    if (!row) return `takes as kind one of ${[...rows().keys()].join(", ")}`;
    const why = row.part.misfit(option);
    if (why !== undefined || row.head === 1 || isOpen(row.code)) return why && `(${kind}) ${why}`;
    // The kind was looked up and its fields fit, so this is an option.
    const length = (sizeOf(option as Kinded) - uncounted) / unit;
    return Number.isInteger(length) && length <= 255 ? undefined : `(${kind}) takes a size its length octet can tell`;
  };

  const fillOption = (option: unknown): unknown => {
    const row = isObject(option) ? rows().get(String(option["kind"])) : undefined;
    return row ? row.part.fill(option as object) : option;
  };

  /** Octets of the option at `at`, 1 of one that stands alone; 0 where the list ends with it, or it is not all there. */
  const sizeAt = (data: DataView, at: number, last: number): number => {
    const code = data.getUint8(at);
    if (alone[code]) return 1;
    if (code === end || at + 2 > last) return 0;
    const size = data.getUint8(at + 1) * unit + uncounted;
    if (at + size <= last) return size < 2 ? 0 : size;
    return isOpen(code) && last - at >= 8 ? last - at : 0;
  };

  const countOf = (data: DataView, at: number, last: number): number => {
    let count = 0;
    for (let i = at; i < last; count++) {
      const size = sizeAt(data, i, last);
      i = size === 0 ? last : i + size;
    }
    return count;
  };

  const codec: Rest<readonly Kinded[]> = {
    content: {
      get parts() {
        return [...rows()].map(([kind, { part }]) => ({ kind, fields: part.fields }));
      },
    },
    decode(data, at, last) {
      if (at >= last) return NO_OPTIONS;
      // Of its size at once: an array that grows makes room for 16 more
      const found = new Array<Kinded>(countOf(data, at, last));
      for (let i = at, n = 0; n < found.length; n++) {
        const code = data.getUint8(i);
        const size = sizeAt(data, i, last);
        if (size === 1) found[n] = alone[code]!;
        else if (size > 0) found[n] = read(data, i, i + size);
        else found[n] = (code === end ? endOfList : malformed).decode(data, i + 1, last);
        i += size;
      }
      return found;
    },
    sound(data, at, last) {
      for (let i = at; i < last; ) {
        const code = data.getUint8(i);
        const size = sizeAt(data, i, last);
        if (size === 0) return code === end;
        if (size > 1 && pick(code, data, i + 2, i + size)?.fits(data, i + 2, i + size) === false) return false;
        i += size;
      }
      return true;
    },
    encode(list, data, at) {
      let i = at;
      for (const option of list) {
        const { code, head, part } = rows().get(option.kind)!;
        const size = sizeOf(option);
        if (code !== undefined) data.setUint8(i, code);
        if (head === 2 && !isOpen(code)) data.setUint8(i + 1, (size - uncounted) / unit);
        part.encode(option, data, i + head);
        i += size;
      }
    },
    size: (list) => list.reduce((sum, option) => sum + sizeOf(option), 0),
    fill(list) {
      if (list === undefined) return NO_OPTIONS;
      return Array.isArray(list) ? list.map((option) => fillOption(option)) : list;
    },
    misfit(list) {
      if (!Array.isArray(list)) return "takes a list of options";
      for (let i = 0; i < list.length; i++) {
        const why = misfitOf(list[i]);
        if (why !== undefined) return `option ${i} ${why}`;
      }
      return undefined;
    },
    malformed(list) {
      const wrong = list.find((option): option is MalformedOption => option.kind === "malformed");
      return wrong && `option ${wrong.code} has a length that cannot be`;
    },
  };
  // The union of the options comes from `parts`; inside, all kinds are treated alike.
  return codec as unknown as Rest<readonly Option<S, P>[]>;
}

const NO_OPTIONS: readonly Kinded[] = Object.freeze([]);
