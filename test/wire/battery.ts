/** The tests that every header takes, made from its field table and some real headers. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSockinspectError } from "../../src/errors.js";
import { ipv4Text, ipv6Text, macText } from "../../src/wire/address.js";
import { type Field, largest } from "../../src/wire/field.js";
import { type Header, RELEASED } from "../../src/wire/header.js";
import { hexText } from "../../src/wire/hex.js";
import { Place } from "../../src/wire/place.js";

interface Kinded {
  readonly kind: string;
}

export interface Samples {
  /** Whole headers, in hex; blanks do not matter. */
  readonly samples: readonly string[];
  /** Octets of the header that starts `data`, where its fixed part fixes the size of the rest. */
  readonly size?: (data: DataView) => number;
}

export function battery<V extends Kinded>(header: Header<V>, { samples, size }: Samples): void {
  const { kind, minimumLength, fields } = header;
  const rest = fields.find((field) => field.type === "rest");
  const packets = samples.map(octetsOf);

  /** Octets of headers: random ones, and real ones with some octets changed, as long as the header says itself. */
  const anyOctets = fc
    .oneof(
      fc.uint8Array({ minLength: minimumLength, maxLength: minimumLength + (rest ? 60 : 0) }),
      fc
        .tuple(
          fc.constantFrom(...packets),
          fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
          fc.uint8Array({ maxLength: rest ? 12 : 0 }),
        )
        .map(([packet, changes, more]) => {
          const changed = Uint8Array.from([...packet, ...more]);
          for (const [at, octet] of changes) changed[at % changed.length] = octet;
          return changed;
        }),
    )
    .map((octets) => {
      if (!size) return octets;
      const sized = new Uint8Array(size(dataOf(octets)));
      sized.set(octets.subarray(0, sized.length));
      return sized;
    });

  describe(`${kind}, by the battery`, () => {
    it("owns every bit of the fixed part once", () => {
      const owners = Array.from({ length: minimumLength * 8 }, () => 0);
      for (const field of fields) for (const bit of bitsOf(field)) owners[bit] = (owners[bit] ?? 0) + 1;
      expect(owners).toEqual(owners.map(() => 1));
      expect(rest?.at ?? minimumLength).toBe(minimumLength);
    });

    it.each(packets)("changes the one field whose bit is flipped, in sample %#", (octets) => {
      const before = header.decode(dataOf(octets), 0, octets.length);
      for (const field of fields)
        for (const bit of bitsOf(field)) {
          const flipped = Uint8Array.from(octets);
          flipped[bit >> 3]! ^= 0x80 >> (bit & 7);
          const after = header.decode(dataOf(flipped), 0, octets.length);
          const changed = fields.filter(({ name }) => !same(before, after, name) && name !== rest?.name);
          expect(changed.map(({ name }) => name)).toEqual([field.name]);
        }
    });

    it.each(packets)("decodes and encodes sample %#, and touches nothing else", (octets) => {
      roundTrip(header, octets);
    });

    it.each(packets)("gives all there is of sample %#, cut at every length, and reads nothing behind", (octets) => {
      const whole = header.decode(dataOf(octets), 0, octets.length);
      for (let length = 0; length <= octets.length; length++) {
        const kept = octets.slice(0, length);
        const part = header.decodePart(guarded(kept, 2), 2, 2 + length);
        const there = fields.filter((field) => field.type !== "rest" && field.at + field.size <= length);
        expect(part).toEqual(Object.fromEntries(there.map(({ name }) => [name, whole[name as keyof V]])));
        if (length >= minimumLength) roundTrip(header, kept);
      }
    });

    it.each(packets)("shows by a view what a value has, in sample %#", (octets) => {
      const data = dataOf(octets);
      const value = header.decode(data, 0, octets.length);
      const view = header.view(new Place(data, 0, octets.length));
      expect(view.kind).toBe(kind);
      for (const { name } of fields) expect(view[name as keyof V]).toEqual(value[name as keyof V]);
      expect(view.own()).toEqual(value);
      expect(JSON.parse(JSON.stringify(view))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(JSON.parse(JSON.stringify(value))).toEqual(value);
      expect(structuredClone(value)).toEqual(value);
    });

    it("gives back any octets", () => {
      fc.assert(fc.property(anyOctets, (octets) => roundTrip(header, octets)));
    });

    if (rest?.type === "rest" && rest.codec.sound) {
      const { at, codec } = rest;
      it("tells without decoding whether options are sound", () => {
        fc.assert(
          fc.property(anyOctets, (octets) => {
            const data = guarded(octets, 0);
            const value = codec.decode(data, at, octets.length);
            expect(codec.sound?.(data, at, octets.length)).toBe(codec.malformed?.(value) === undefined);
          }),
        );
      });
    }

    it("gives back any values", () => {
      const values = fc.record(
        Object.fromEntries(fields.filter(({ type }) => type !== "rest").map((field) => [field.name, anyValue(field)])),
      );
      fc.assert(
        fc.property(values, anyOctets, (fixed, octets) => {
          // A rest is read in the light of the fixed part, so it is read behind the one it belongs to
          const base = header.decode(dataOf(octets), 0, octets.length);
          const written = { ...base, ...fixed };
          const data = dataOf(new Uint8Array(header.size(written)).fill(0xa5));
          header.encode(written, data, 0);
          const end = size ? Math.min(size(data), data.byteLength) : data.byteLength;
          const read = header.decode(data, 0, end);
          for (const { name, type } of fields)
            if (type !== "rest") expect(read[name as keyof V]).toEqual(written[name as keyof V]);
          expect(header.decode(data, 0, end)).toEqual(read);
          roundTrip(header, new Uint8Array(data.buffer, 0, end));
        }),
      );
    });

    it("refuses every value that does not fit before it writes anything", () => {
      const octets = packets[0]!;
      const value = header.decode(dataOf(octets), 0, octets.length);
      for (const field of fields)
        for (const wrong of wrongValues(field)) {
          const data = dataOf(new Uint8Array(octets.length).fill(0xa5));
          const bad = { ...value, [field.name]: wrong };
          expect(codeOf(() => header.encode(bad, data, 0))).toBe("BAD_FIELD");
          expect(hexText(data, 0, octets.length)).toBe("a5".repeat(octets.length));
          expect(codeOf(() => header({ [field.name]: wrong } as object))).toBe("BAD_FIELD");
        }
      expect(codeOf(() => header({ noSuchField: 1 } as object))).toBe("BAD_FIELD");
    });

    it("takes a decoded value as a draft", () => {
      for (const octets of packets) {
        const value = header.decode(dataOf(octets), 0, octets.length);
        expect(header(value as object)).toEqual(value);
      }
      expect(header()).toEqual({ kind });
    });

    it("refuses every field once released", () => {
      const view = header.view(new Place(RELEASED, 0, minimumLength));
      for (const { name } of fields) expect(codeOf(() => view[name as keyof V])).toBe("RELEASED");
      expect(codeOf(() => view.own())).toBe("RELEASED");
    });
  });
}

/** Encodes what `octets` decode to among other octets; just the same ones must come back. */
function roundTrip<V extends Kinded>(header: Header<V>, octets: Uint8Array): void {
  const value = header.decode(guarded(octets, 3), 3, 3 + octets.length);
  expect(header.size(value)).toBe(octets.length);
  const written = new Uint8Array(octets.length + 7).fill(0xa5);
  header.encode(value, dataOf(written), 5);
  expect(hex(written)).toBe(`${"a5".repeat(5)}${hex(octets)}a5a5`);
}

/** The bits of the fixed part that `field` owns, counted from the header's first. */
function bitsOf(field: Field): readonly number[] {
  const range = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, i) => from + i);
  switch (field.type) {
    case "bits":
      return range(field.at * 8 + field.bit, field.width);
    case "bit":
      return range(field.at * 8 + field.bit, 1);
    case "flags": {
      const width = Math.log2(field.sets.length);
      return range(field.at * 8 + 16 - width, width);
    }
    default:
      return range(field.at * 8, field.size * 8);
  }
}

function anyValue(field: Field): fc.Arbitrary<unknown> {
  const most = largest(field);
  if (most !== undefined) return fc.oneof(fc.integer({ min: 0, max: most }), fc.constantFrom(0, most));
  const octets = fc.uint8Array({ minLength: field.size, maxLength: field.size });
  switch (field.type) {
    case "bit":
      return fc.boolean();
    case "flags":
      return fc.constantFrom(...field.sets);
    case "ipv4":
      return octets.map((text) => ipv4Text(dataOf(text), 0));
    case "ipv6":
      return octets.map((text) => ipv6Text(dataOf(text), 0));
    case "mac":
      return octets.map((text) => macText(dataOf(text), 0));
    default:
      return octets.map(hex);
  }
}

function wrongValues(field: Field): readonly unknown[] {
  const most = largest(field);
  const never = [null, Number.NaN, {}.constructor, Symbol.iterator];
  if (most !== undefined) return [...never, -1, most + 1, 0.5, "1", true, []];
  switch (field.type) {
    case "bit":
      return [...never, 0, 1, "true"];
    case "flags":
      return [...never.slice(0, 2), 2, "syn", { noSuchFlag: true }, { [Object.keys(field.sets[0]!)[0]!]: 1 }];
    case "rest":
      return [...never, 1, "not hex", [null], [{ kind: "no such kind" }], [{}], { kind: "no such kind" }];
    default:
      return [...never, 1, "", "00", "1.2.3", "1.2.3.4.5", "::1::", "02:00", []];
  }
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return isSockinspectError(error) ? error.code : String(error);
  }
  return undefined;
}

function same<V>(before: V, after: V, name: string): boolean {
  return JSON.stringify(before[name as keyof V]) === JSON.stringify(after[name as keyof V]);
}

export function octetsOf(text: string): Uint8Array {
  return Uint8Array.from(text.replace(/\s/g, "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function hex(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

export function dataOf(octets: Uint8Array): DataView {
  return new DataView(octets.buffer, octets.byteOffset, octets.length);
}

// The compiler's DataView is generic in its buffer and cannot be extended as it is.
const PlainDataView = DataView as unknown as { new (buffer: ArrayBuffer): DataView };

/** `octets` at `at`, where reading anything else fails. */
export function guarded(octets: Uint8Array, at: number): DataView {
  const end = at + octets.length;
  const allow = (from: number, size: number): void => {
    if (from < at || from + size > end) throw new Error(`read ${size} octets at ${from}, outside ${at} to ${end}`);
  };
  class Guarded extends PlainDataView {
    override getUint8(from: number): number {
      allow(from, 1);
      return super.getUint8(from);
    }
    override getUint16(from: number, littleEndian?: boolean): number {
      allow(from, 2);
      return super.getUint16(from, littleEndian);
    }
    override getUint32(from: number, littleEndian?: boolean): number {
      allow(from, 4);
      return super.getUint32(from, littleEndian);
    }
  }
  const buffer = new Uint8Array(at + octets.length + 64).fill(0xff);
  buffer.set(octets, at);
  return new Guarded(buffer.buffer);
}
