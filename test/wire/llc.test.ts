import { describe, expect, it } from "vitest";
import { llc, llcSize, snap } from "../../src/wire/llc.js";
import { battery, dataOf, octetsOf } from "./battery.js";

battery(llc, {
  samples: [
    // IS-IS, L2 CSNP, src-id 0000.0000.0002.00, length 163
    "fefe03",
  ],
});

// SNAP, oui Cisco (0x00000c), pid CDP (0x2000)
battery(snap, { samples: ["00000c2000", "0000000800"] });

describe("LLC", () => {
  it("has a second octet of control but in unnumbered formats", () => {
    expect(llcSize(dataOf(octetsOf("aaaa03")), 0)).toBe(3);
    expect(llcSize(dataOf(octetsOf("f0f001")), 0)).toBe(4);
    expect(llc.decode(dataOf(octetsOf("f0f00105")), 0, 4)).toMatchObject({ control: 1, secondControl: "05" });
  });
});
