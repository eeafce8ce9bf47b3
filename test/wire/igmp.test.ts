import { describe, expect, it } from "vitest";
import { igmp, igmpEnd } from "../../src/wire/igmp.js";
import { battery, dataOf, octetsOf } from "./battery.js";

battery(igmp, {
  samples: [
    // IP 10.0.22.100 > 224.0.0.1: igmp query v2 [gaddr 224.0.0.1]
    "11640000 e0000001",
    // IP 10.0.0.1 > 224.0.0.1: igmp query v3
    "1164ec1e 00000000 027d0000",
    // IP 10.0.0.1 > 224.0.0.22: igmp v3 report, 1 group record(s) [gaddr 239.1.2.3 is_in { 10.0.0.9 }]
    "2200d6f3 00000001 01000001 ef010203 0a000009",
  ],
});

const decode = (hex: string) => {
  const octets = octetsOf(hex);
  return igmp.decode(dataOf(octets), 0, octets.length);
};

describe("the messages of IGMP", () => {
  it.each([
    ["11640000 e0000001", { kind: "group", group: "224.0.0.1" }],
    ["1164ec1e 00000000 0a7d0000", { kind: "query3", suppressRouterProcessing: true, robustness: 2 }],
    [
      "2200d6f3 00000001 01000001 ef010203 0a000009",
      {
        kind: "report3",
        records: [{ type: 1, group: "239.1.2.3", sources: { addresses: ["10.0.0.9"], auxiliaryData: "" } }],
      },
    ],
    ["13000000 01020304", { kind: "unknown", octets: "01020304" }],
    ["22000000 00000002 01000000", { kind: "incomplete" }],
  ])("read %s", (hex, message) => {
    expect(decode(hex).message).toMatchObject(message);
  });

  it("end by their own counts", () => {
    const endOf = (hex: string, wireEnd?: number) => {
      const octets = octetsOf(hex);
      return igmpEnd(dataOf(octets), 0, octets.length, wireEnd);
    };
    expect(endOf("11640000 e0000001")).toBe(8);
    expect(endOf("11640000 e0000001", 12)).toBe(12);
    expect(endOf("1164ec1e 00000000 027d0002")).toBe(20);
    expect(endOf("2200d6f3 00000001 01000001 ef010203 0a000009 ffff")).toBe(20);
    expect(endOf("2200d6f3 00000001 01000001 ef010203", 20)).toBe(20);
    expect(endOf("2200d6f3", 20)).toBe(20);
    expect(endOf("2200d6f3", 4)).toBe(8);
    expect(endOf("16000000 e0000001 ffff")).toBe(8);
  });
});
