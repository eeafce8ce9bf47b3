/**
 * How a protocol header is described, once.
 *
 * A header's layout is an ordinary function from {@link Fields} to an object literal:
 *
 *     layout: (f) => ({ kind: "udp", sourcePort: f.u16(0), destinationPort: f.u16(2), ... })
 *
 * The same literal is run with two different `f`: with a reader it is the decoder; once, with a describer, it is the field
 * table, from which views, the encoder, trees, JSON and documentation are made. So a layout must be
 * straight-line: it may not branch on what a field returns.
 */
import { requireType, shown } from "../arguments.js";
import { SockinspectError } from "../errors.js";
import { Borrowed } from "./borrowed.js";
import { type Field, type Fields, misfit } from "./field.js";
import { nearest } from "./nearest.js";
import { once } from "./once.js";
import { part } from "./part.js";
import { getter, type Place } from "./place.js";
import { type Slot, Slots } from "./slot.js";

export type { Infer } from "./part.js";

/** A header read in place: every property of the value `V`, read when asked for. It lasts until it is moved or its batch is released. */
export type View<V> = Readonly<V> & Cursor<V>;

export interface Cursor<V> {
  /** What moves the view; whoever reads leaves it alone. */
  readonly place: Place;
  /** A copy that outlives the octets. */
  own(): V;
  toJSON(): V;
}

/** The fields of a header, each of them optional, flags by the names that are on: what is left out is computed. */
export type DraftFields<V> = {
  readonly [K in Exclude<keyof V, "kind">]?: Given<V[K]> | undefined;
};

/** A field's value, what is in it optional like the fields of the header; a list's entries, too. */
export type Given<T> = T extends readonly (infer E)[]
  ? readonly Given<E>[]
  : T extends object
    ? { readonly [K in keyof T as K extends "kind" ? K : never]: T[K] } & {
        readonly [K in keyof T as K extends "kind" ? never : K]?: Given<T[K]> | undefined;
      }
    : T;

/** A header still to be completed. A decoded one is a draft already. */
export type Draft<V extends { readonly kind: string }> = { readonly kind: V["kind"] } & DraftFields<V>;

export interface Header<V extends { readonly kind: string }> {
  /** Makes a draft. Throws `BAD_FIELD` for a field that does not exist or a value that does not fit. */
  (fields?: DraftFields<V>): Draft<V>;
  readonly kind: V["kind"];
  readonly title: string;
  /** Octets of the fixed part. */
  readonly minimumLength: number;
  readonly fields: readonly Field[];
  /** A view of the header at `place`, wherever that is moved. */
  view(place: Place): View<V>;
  /** The header from `at` to `end`, options included; at least {@link minimumLength} octets. */
  decode(data: DataView, at: number, end: number): V;
  /** The fields that lie wholly before `end`, for a header that was cut. */
  decodePart(data: DataView, at: number, end: number): Partial<V>;
  /** Octets `value` takes once written. */
  size(value: V): number;
  /** Writes every bit of the header at `at`. Throws `BAD_FIELD` before anything is written. */
  encode(value: V, data: DataView, at: number): void;
}

/** Makes a header from its layout. */
export function header<const V extends { readonly kind: string }>(spec: {
  readonly title: string;
  readonly minimumLength: number;
  readonly layout: (f: Fields) => V;
}): Header<V> {
  const { title, minimumLength, layout } = spec;
  const whole = part(minimumLength, layout);
  const { kind } = whole;
  const decode = (data: DataView, at: number, end: number): V => whole.decode(data, at, end);
  const table = once(() => ({
    rest: whole.fields.find((field) => field.type === "rest"),
    slots: new Slots(whole.fields),
  }));
  // Where values are written to see whether they fit: one of its own, as Slot.fits() measured a tenth slower here
  const scratch = new DataView(new ArrayBuffer(minimumLength + 4));

  const Views = once(() => {
    class HeaderView extends Borrowed<V> implements Cursor<V> {
      readonly place: Place;
      constructor(place: Place) {
        super();
        this.place = place;
      }
      own(): V {
        return decode(this.place.data, this.place.at, this.place.end);
      }
    }
    Object.defineProperty(HeaderView.prototype, "kind", { value: kind });
    for (const field of whole.fields) Object.defineProperty(HeaderView.prototype, field.name, { get: getter(field) });
    return HeaderView;
  });

  const check = (slot: Slot | undefined, name: string, value: unknown): Slot => {
    const { rest } = table();
    const fits = slot && (slot.field === rest ? !misfit(rest, value) : slot.write(value, scratch, 0));
    if (!fits) throw fieldFault(kind, whole.fields, name, value);
    return slot;
  };

  const draft = (given: DraftFields<V> = {}): Draft<V> => {
    requireType("fields", given, "object");
    const { slots, rest } = table();
    const made: Record<string, unknown> = { kind };
    let last = slots.start;
    for (const name in given) {
      if (name === "kind") continue;
      const value: unknown = given[name as keyof DraftFields<V>];
      if (value !== undefined)
        last = check(slots.after(last, name), name, name === rest?.name ? rest.codec.fill(value) : value);
      made[name] = value;
    }
    return made as Draft<V>;
  };

  const made = Object.assign(draft, {
    kind,
    title,
    minimumLength,
    decode,
    // A view has V's properties by the getters above, which the compiler cannot follow.
    view: (place: Place) => new (Views())(place) as unknown as View<V>,
    decodePart: (data: DataView, at: number, end: number) => whole.decodePart(data, at, end),
    size: (value: V) => whole.size(value),
    encode(value: V, data: DataView, at: number): void {
      for (const { name } of whole.fields) check(table().slots.get(name), name, value[name as keyof V]);
      whole.encode(value, data, at);
    },
  });
  // Described when it is asked for, which a program that starts does not wait for
  return Object.defineProperty(made, "fields", { get: () => whole.fields, enumerable: true }) as Header<V>;
}

/** What is wrong with field `name` of a header of `kind` being `value`; `why` says it where the field itself does not. */
export function fieldFault(
  kind: string,
  fields: readonly Field[],
  name: string,
  value: unknown,
  why?: string,
): SockinspectError<"BAD_FIELD"> {
  const field = fields.find((candidate) => candidate.name === name);
  const names = fields.map((candidate) => candidate.name);
  const meant = field || nearest(name, names);
  const said = field
    ? `${why ?? misfit(field, value) ?? "does not take this value"}, not ${shown(value)}`
    : `does not exist; ${meant ? `did you mean ${meant}? ` : ""}${kind} has ${names.join(", ")}`;
  return new SockinspectError("BAD_FIELD", `${kind}.${name} ${said}`, { header: kind, field: name, value });
}

function released(): never {
  throw new SockinspectError(
    "RELEASED",
    "this packet's octets were given back to the kernel: use it before the next batch, or keep own() of it",
    {},
  );
}

// The compiler's DataView is generic in its buffer and cannot be extended as it is.
const PlainDataView = DataView as unknown as { new (buffer: ArrayBuffer): DataView };

/** What a view reads from once its batch was released: it refuses. */
class Released extends PlainDataView {
  override getUint8(): never {
    return released();
  }
  override getUint16(): never {
    return released();
  }
  override getUint32(): never {
    return released();
  }
}

export const RELEASED: DataView = new Released(new ArrayBuffer(0));
