import { describe, expect, it } from "vitest";
import { icmp, icmpEnd, icmpQuotes } from "../../src/wire/icmp.js";
import { icmpCodeName } from "../../src/wire/icmp-names.js";
import { battery, dataOf, octetsOf } from "./battery.js";

battery(icmp, {
  samples: [
    // IP 10.0.7.1 > 10.0.7.100: ICMP echo reply, id 0, seq 0, length 12
    "0000212f 00000000",
    // IP 10.3.8.1 > 10.3.8.100: ICMP host 192.168.1.1 unreachable, length 36
    "0301d128 00000000",
    // IP 192.0.2.1 > 192.0.2.2: ICMP redirect 192.0.2.1 to host 192.0.2.254, length 36
    "05013a01 c00002fe",
    // IP 14.80.84.66 > 255.255.255.255: ICMP router advertisement lifetime 10 1: {14.80.84.66 0}, length 16
    "09009361 0102000a 0e505442 00000000",
    // IP 192.0.2.1 > 192.0.2.2: ICMP time stamp reply id 1234 seq 4321: org 00:00:00.010, recv 00:00:00.200, xmit 00
    "0e00cfc2 04d210e1 0000000a 000000c8 00000bb8",
    // IP 192.0.2.1 > 192.0.2.2: ICMP parameter problem - octet 123, length 36
    "0c0079bf 7b000141",
    // IP 204.194.23.128 > 149.28.74.237: ICMP type-#42, length 28
    "2a006314 f6ea0001",
    // IP 204.194.23.128 > 149.28.74.237: ICMP type-#43, length 32
    "2b00b4ce 002a2a07",
  ],
});

const decode = (hex: string) => {
  const octets = octetsOf(hex);
  return icmp.decode(dataOf(octets), 0, octets.length);
};

describe("the messages of ICMP", () => {
  it.each([
    ["0800 0000 1234 0001", { kind: "echo", identifier: 0x1234, sequenceNumber: 1 }],
    ["0304 0000 0000 05dc", { kind: "unreachable", unused: 0, length: 0, nextHopMtu: 1500 }],
    ["0400 0000 00000000", { kind: "sourceQuench", unused: 0 }],
    ["0501 3a01 c00002fe", { kind: "redirect", gateway: "192.0.2.254" }],
    [
      "0900 9361 0102000a 0e505442 00000000",
      {
        kind: "routerAdvertisement",
        count: 1,
        entrySize: 2,
        lifetime: 10,
        routers: [{ address: "14.80.84.66", preference: 0 }],
      },
    ],
    ["0b00 0000 00110000", { kind: "timeExceeded", unused: 0, length: 17, reserved: 0 }],
    ["0c00 79bf 7b000141", { kind: "parameterProblem", pointer: 123, length: 0, reserved: 0x141 }],
    [
      "0e00 cfc2 04d210e1 0000000a 000000c8 00000bb8",
      { kind: "timestamp", identifier: 1234, sequenceNumber: 4321, originate: 10, receive: 200, transmit: 3000 },
    ],
    ["1200 0000 00010002 ffffff00", { kind: "addressMask", identifier: 1, sequenceNumber: 2, mask: "255.255.255.0" }],
    ["c800 0000 01020304", { kind: "unknown", octets: "01020304" }],
    [
      "0d00 0000 04d210e1",
      {
        kind: "incomplete",
        octets: "04d210e1",
        of: "timestamp",
        fields: { identifier: 1234, sequenceNumber: 4321 },
      },
    ],
  ])("read %s", (hex, message) => {
    expect(decode(hex).message).toEqual(message);
  });

  it("end where their data or the packet they quote starts", () => {
    const endOf = (hex: string) => {
      const octets = octetsOf(hex);
      return icmpEnd(dataOf(octets), 0, octets.length);
    };
    expect(endOf("0900 9361")).toBe(8);
    expect(endOf("0800 0000 00000000 00000000")).toBe(8);
    expect(endOf("0300 0000 00000000 45000000")).toBe(8);
    expect(endOf("0900 9361 0202000a")).toBe(24);
    expect(endOf("0d00 0000 00000000")).toBe(20);
    expect(endOf("1100 0000 00000000")).toBe(12);
    expect([0, 3, 4, 5, 8, 11, 12, 13].filter(icmpQuotes)).toEqual([3, 4, 5, 11, 12]);
  });

  it("have names for their codes", () => {
    expect(icmpCodeName(3, 3)).toBe("port unreachable");
    expect(icmpCodeName(3, 99)).toBeUndefined();
    expect(icmpCodeName(99, 0)).toBeUndefined();
  });
});
