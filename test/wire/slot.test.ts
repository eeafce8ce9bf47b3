import { expect, it } from "vitest";
import { Slots } from "../../src/wire/slot.js";
import { udp } from "../../src/wire/udp.js";

it("finds fields in whatever order they are given, and none that there is not", () => {
  const slots = new Slots(udp.fields);
  const orders = [
    ["sourcePort", "length"],
    ["length", "sourcePort", "checksum"],
    ["sourcePort", "checksum", "length"],
    ["sourcePort", "port"],
    ["sourcePort", "length"],
  ];
  for (const order of orders) {
    const found = [];
    let last = slots.start;
    for (const name of order) {
      const slot = slots.after(last, name);
      found.push(slot?.name);
      last = slot ?? last;
    }
    expect(found).toEqual(order.map((name) => (name === "port" ? undefined : name)));
  }
  expect(slots.bits).toBe(0b1111);
});

it("tells whether a value fits without writing it anywhere", () => {
  const slot = new Slots(udp.fields).get("length")!;
  const data = new DataView(new ArrayBuffer(8));
  expect([0, 0xffff, 0x1_0000, -1, 1.5, "1", undefined].map((value) => slot.fits(value))).toEqual([true, true, false, false, false, false, false]); // biome-ignore format: a row
  expect(slot.write(0x1_0000, data, 0)).toBe(false);
  expect(data.getUint16(4)).toBe(0);
  expect(slot.write(0x1234, data, 0)).toBe(true);
  expect(data.getUint16(4)).toBe(0x1234);
});
