import { describe, expect, test } from "vitest";
import { Outbox, Window } from "../../src/capture/octets.js";

/** Puts one octet into `window`. */
function put(window: Window, octet: number): void {
  window.space()[0] = octet;
  window.filled(1);
}

describe("a window", () => {
  test("slides over a file and knows where it is", () => {
    const window = new Window(8);
    for (let i = 0; i < 100; i++) {
      put(window, i);
      if (i % 3 !== 2) continue;
      expect([window.data.getUint8(window.at), window.data.getUint8(window.end - 1)]).toEqual([i - 2, i]);
      expect(window.position(window.at)).toBe(i - 2);
      window.at += 3;
    }
    expect(window.octets.length).toBe(8);
  });

  test("grows with octets that came, not with what they promise", () => {
    const window = new Window(8);
    for (let i = 0; i < 100; i++) put(window, i);
    expect(window.octets.length).toBe(128);
    expect([...window.octets.subarray(window.at, window.end)]).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  test("does not move what is left for every piece that comes", () => {
    const window = new Window(1024);
    for (let i = 0; i < 512; i++) put(window, 0);
    window.at = 1;
    for (let i = 0; i < 512; i++) put(window, 0);
    expect(window.position(0)).toBe(0); // still where it was
  });
});

describe("an outbox", () => {
  test("hands out what was written, and uses its octets again", () => {
    const outbox = new Outbox(8);
    outbox.set(Uint8Array.of(1, 2), outbox.reserve(2));
    const first = outbox.take();
    expect([...first]).toEqual([1, 2]);
    outbox.back(first);
    outbox.take();
    outbox.set(Uint8Array.of(3), outbox.reserve(1));
    expect(outbox.take().buffer).toBe(first.buffer);
  });

  test("grows for a record that is larger than it", () => {
    const outbox = new Outbox(8);
    outbox.set(Uint8Array.of(1), outbox.reserve(1));
    outbox.set(new Uint8Array(20).fill(2), outbox.reserve(20));
    expect([...outbox.take()]).toEqual([1, ...new Array(20).fill(2)]);
  });
});
