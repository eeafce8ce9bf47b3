import { describe, expect, it } from "vitest";
import { gre, greEnd } from "../../src/wire/gre.js";
import { battery, dataOf, octetsOf } from "./battery.js";

battery(gre, {
  samples: [
    // IP 10.0.19.100 > 10.0.19.1: GREv0, length 32: IP 192.168.1.1 > 192.168.1.2: ICMP echo request, id 0, seq 0, le
    "00000800",
    // IP 10.0.0.1 > 10.0.0.2: GREv0, Flags [checksum, key, sequence], key=0x7, sum 0xabcd, seq 9, length 40
    "b0000800 abcd0000 00000007 00000009",
    // IP 10.0.0.1 > 10.0.0.2: GREv1, call 3, seq 1, ack 2, proto PPP, length 20
    "3081880b 00040003 00000001 00000002",
  ],
});

const decode = (hex: string) => {
  const octets = octetsOf(hex);
  return gre.decode(dataOf(octets), 0, octets.length);
};

describe("GRE", () => {
  it("has the fields its flags tell", () => {
    expect(decode("00000800").optional).toEqual({});
    expect(decode("20006558 00000007").optional).toEqual({ key: 7 });
    expect(decode("b0000800 abcd0000 00000007 00000009").optional).toEqual({
      checksum: 0xabcd,
      offset: 0,
      key: 7,
      sequenceNumber: 9,
    });
    expect(decode("3081880b 00040003 00000001 00000002").optional).toEqual({
      key: 0x00040003,
      sequenceNumber: 1,
      acknowledgmentNumber: 2,
    });
  });

  it("ends behind them and behind its source routes", () => {
    const endOf = (hex: string) => {
      const octets = octetsOf(hex);
      return greEnd(dataOf(octets), 0, octets.length);
    };
    expect(endOf("00000800 45000000")).toBe(4);
    expect(endOf("b0000800")).toBe(16);
    expect(endOf("40000800 00000000 08000004 0a000001 00000000 45000000")).toBe(20);
    expect(endOf("40000800 00000000 080000ff 0a000001")).toBe(267);
  });
});
