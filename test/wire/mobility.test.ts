import { describe, expect, it } from "vitest";
import { mobility } from "../../src/wire/mobility.js";
import { battery, dataOf, octetsOf } from "./battery.js";

battery(mobility, {
  samples: [
    // IP6 2001:db8::1 > 2001:db8::2: mobility: BRR
    "3b000000 00000000",
    // IP6 2001:db8::1 > 2001:db8::2: mobility: HoTI
    "3b010100 00000000 01020304 05060708",
    // IP6 2001:db8::1 > 2001:db8::2: mobility: CoTI
    "3b010200 00000000 090a0b0c 0d0e0f10",
    // IP6 2001:db8::1 > 2001:db8::2: mobility: HoT nonce id=0x90a
    "3b020300 0000090a 0b0c0d0e 0f1004d2 11121314 15161718",
    // IP6 2001:db8::1 > 2001:db8::2: mobility: CoT nonce id=0x90a
    "3b020400 0000090a 0b0c0d0e 0f10162e 191a1b1c 1d1e1f20",
    // IP6 2001:db8::1 > 2001:db8::2: mobility: BU seq#=1000 A lifetime=14400
    "3b010500 000003e8 80000e10 01020000",
    // IP6 2001:db8::1 > 2001:db8::2: mobility: BU seq#=1000 A lifetime=14400
    "3b030500 000003e8 80000e10 03102001 06604701 f004020d 54fffe98 bc930100",
  ],
});

const decode = (hex: string) => {
  const octets = octetsOf(hex);
  return mobility.decode(dataOf(octets), 0, octets.length);
};

describe("the messages of Mobile IPv6", () => {
  it.each([
    ["3b000000 00000000", { kind: "bindingRefreshRequest", options: [] }],
    ["3b010100 00000000 01020304 05060708", { kind: "testInit", cookie: "0102030405060708" }],
    [
      "3b020300 0000090a 0b0c0d0e 0f1004d2 11121314 15161718",
      { kind: "test", nonceIndex: 0x090a, cookie: "0b0c0d0e0f1004d2", keygenToken: "1112131415161718" },
    ],
    [
      "3b010500 000003e8 80000e10 01020000",
      {
        kind: "bindingUpdate",
        sequenceNumber: 1000,
        acknowledge: true,
        homeRegistration: false,
        lifetime: 3600,
        options: [{ kind: "padN", octets: "0000" }],
      },
    ],
    ["3b010600 00000180 03e80e10 01020000", { kind: "bindingAcknowledgment", status: 1, keyManagement: true }],
    [
      "3b020700 00000100 20010db8 00000000 00000000 00000001",
      { kind: "bindingError", status: 1, homeAddress: "2001:db8::1" },
    ],
    ["3b006300 00000102", { kind: "unknown", octets: "0102" }],
  ])("read %s", (hex, message) => {
    expect(decode(hex).message).toMatchObject(message);
  });
});
