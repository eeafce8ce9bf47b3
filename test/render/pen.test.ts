import fc from "fast-check";
import { expect, test } from "vitest";
import { Pen, Piece } from "../../src/render/pen.js";

test("what is written is read back, of any characters, however long", () => {
  const pieces = fc.array(fc.string({ unit: "grapheme", maxLength: 200 }));
  fc.assert(
    fc.property(pieces, (texts) => {
      const pen = new Pen(1);
      for (const text of texts) pen.text(text);
      expect(pen.take()).toBe(texts.join(""));
      for (const text of texts) pen.copy(new Piece(text));
      expect(pen.take()).toBe(texts.join(""));
    }),
  );
});

test("numbers are written as JavaScript writes them", () => {
  const edges = fc.constantFrom(
    0,
    9,
    10,
    99,
    100,
    999,
    1000,
    99_999,
    999_999,
    1e6,
    2 ** 32 - 1,
    1e12 - 1,
    1e12,
    2 ** 53 - 1,
  );
  fc.assert(
    fc.property(fc.oneof(edges, fc.maxSafeNat(), fc.nat(2000)), (value) => {
      const pen = new Pen();
      pen.number(value);
      expect(pen.take()).toBe(String(value));
    }),
  );
});
