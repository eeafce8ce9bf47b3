import { describe, expect, it } from "vitest";
import { icmpv6CodeName } from "../../src/wire/icmp-names.js";
import { icmpv6, icmpv6End, icmpv6Quotes } from "../../src/wire/icmpv6.js";
import { battery, dataOf, octetsOf } from "./battery.js";

battery(icmpv6, {
  samples: [
    // IP6 fe80::dead > fe80::beef: ICMP6, packet too big, mtu 1280, length 60
    "0200ecba 00000500",
    // IP6 fe80::dead > fe80::beef: ICMP6, time exceeded in-transit for fe80::dead, length 60
    "0300f0ba 00000000",
    // IP6 fe80::9aa2:c0ff:fe36:36c3 > ff02::1: HBH ICMP6, multicast listener query v2 [gaddr ::], length 28
    "8200c63b 27100000 00000000 00000000 00000000 00000000 023c0000",
    // IP6 fe80::223:33ff:feee:3dd3 > ff02::16: HBH ICMP6, multicast listener report v2, 5 group record(s), length 10
    `8f00bddb 00000005 02000000 ff020000 00000000 00000000 00000002 02000000 ff020000 00000000
     00000000 0000000d 02000000 ff020000 00000000 00000000 00000016 02000000 ff020000 00000000
     00000001 ff000001 02000000 ff020000 00000000 00000001 ffee3dd3`,
    // IP6 fe80::1c8c:7488:34cf:cbdb > ff02::1:ff9a:3b7c: ICMP6, multicast listener reportmax resp delay: 0 addr: ff0
    "83007836 00000000 ff020000 00000000 00000001 ff9a3b7c",
    // IP6 fe80::a00:27ff:fe76:e369 > ff02::1: ICMP6, router advertisement, length 64
    `8600c70c 40000708 00000000 000003e8 01010800 2776e369 05010000 000005dc 030440c0 00278d00
     00093a80 00000000 20010bef 00000000 00000000 00000000`,
    // IP6 fe80::a00:27ff:fe0d:5c3c > fe80::a00:27ff:fe76:e369: ICMP6, neighbor solicitation, who has fe80::a00:27ff:
    "87003cce 00000000 fe800000 00000000 0a0027ff fe76e369 01010800 270d5c3c",
    // IP6 fe80::a00:27ff:fe76:e369 > fe80::a00:27ff:fe0d:5c3c: ICMP6, neighbor advertisement, tgt is fe80::a00:27ff:
    "88000820 c0000000 fe800000 00000000 0a0027ff fe76e369",
    // IP6 ::1 > ::1: ICMP6, who-are-you request node information query (unknown, subject=192.0.2.1), length 20
    "8b027b23 00040002 3a9359e0 b3afef5e",
    // IP6 2001:db8::3:2:1 > 2001:db8::3:2:2: ICMP6, mobile router advertisement, length 56
    `93002441 04d2800a 0101ff00 00010203 0501ffde 0098967f 03046096 0021e88e 2e5bf271 483f807c
     20010db8 00000000 aaaabbbb 00000000`,
  ],
});

const decode = (hex: string) => {
  const octets = octetsOf(hex);
  return icmpv6.decode(dataOf(octets), 0, octets.length);
};

describe("the messages of ICMPv6", () => {
  it("read a router advertisement with its options", () => {
    const { message } = decode(`8600c70c 40000708 00000000 000003e8 01010800 2776e369 05010000 000005dc 030440c0
      00278d00 00093a80 00000000 20010bef 00000000 00000000 00000000`);
    expect(message).toEqual({
      kind: "routerAdvertisement",
      currentHopLimit: 64,
      managed: false,
      other: false,
      homeAgent: false,
      preference: 0,
      proxy: false,
      reserved: 0,
      routerLifetime: 1800,
      reachableTime: 0,
      retransmissionTimer: 1000,
      options: [
        { kind: "sourceLinkLayerAddress", address: "08:00:27:76:e3:69" },
        { kind: "mtu", reserved: 0, mtu: 1500 },
        {
          kind: "prefixInformation",
          prefixLength: 64,
          onLink: true,
          autonomous: true,
          routerAddress: false,
          reserved: 0,
          validLifetime: 2592000,
          preferredLifetime: 604800,
          unused: 0,
          prefix: "2001:bef::",
        },
      ],
    });
  });

  it("read a neighbor advertisement's flags", () => {
    expect(decode("88000820 a0000000 fe800000 00000000 0a0027ff fe76e369").message).toEqual({
      kind: "neighborAdvertisement",
      router: true,
      solicited: false,
      override: true,
      reserved: 0,
      target: "fe80::a00:27ff:fe76:e369",
      options: [],
    });
  });

  it("read the records of a listener report, and what is behind them", () => {
    const { message } = decode(`8f000000 00000002 03000001 ff020000 00000000 00000000 00000002
      20010db8 00000000 00000000 00000001 04010000 ff020000 00000000 00000000 0000000d aabbccdd`);
    expect(message).toEqual({
      kind: "multicastListenerReport2",
      reserved: 0,
      numberOfRecords: 2,
      records: [
        {
          type: 3,
          auxiliaryDataLength: 0,
          numberOfSources: 1,
          group: "ff02::2",
          sources: { addresses: ["2001:db8::1"], auxiliaryData: "" },
        },
        {
          type: 4,
          auxiliaryDataLength: 1,
          numberOfSources: 0,
          group: "ff02::d",
          sources: { addresses: [], auxiliaryData: "aabbccdd" },
        },
      ],
    });
  });

  it.each([
    ["0200ecba 00000500", { kind: "packetTooBig", mtu: 1280 }],
    ["0100ecba 02000000", { kind: "unreachable", length: 2, unused: 0 }],
    ["0400ecba 00000028", { kind: "parameterProblem", pointer: 40 }],
    ["8200c63b 27100000 ff020000 00000000 00000000 00000001", { kind: "multicastListener", group: "ff02::1" }],
    [
      "8200c63b 27100000 ff020000 00000000 00000000 00000001 0a7d0000",
      { kind: "multicastListenerQuery2", suppressRouterProcessing: true, robustness: 2, queryIntervalCode: 125 },
    ],
    ["8700ecba 00000000 fe80", { kind: "incomplete", octets: "00000000fe80" }],
    ["8500ecba 00000000 01000000 00000000", { kind: "routerSolicitation", options: [{ kind: "malformed", code: 1 }] }],
    ["9b00ecba 01020304", { kind: "unknown", octets: "01020304" }],
  ])("read %s", (hex, message) => {
    expect(decode(hex).message).toMatchObject(message);
  });

  it("end where their data or the packet they quote starts, or with the packet", () => {
    const endOf = (hex: string, wireEnd?: number) => {
      const octets = octetsOf(hex);
      return icmpv6End(dataOf(octets), 0, octets.length, wireEnd);
    };
    expect(endOf("8000 0000 00000000 00000000")).toBe(8);
    expect(endOf("0100 0000 00000000 60000000")).toBe(8);
    expect(endOf("8700 0000 00000000 60000000")).toBe(12);
    expect(endOf("8700 0000 00000000 60000000", 32)).toBe(32);
    const record = "01000000 ff020000 00000000 00000000 0000000d";
    expect(endOf(`8f00 0000 00000001 ${record} aabb`)).toBe(28);
    expect(endOf(`8f00 0000 00000002 ${record} aabb`, 50)).toBe(50);
    expect(endOf("8f00 0000", 50)).toBe(50);
    expect([0, 1, 4, 5, 100, 128, 137].filter(icmpv6Quotes)).toEqual([1, 4, 137]);
  });

  it("end in a redirect where the packet starts that is redirected", () => {
    const addresses = "fe800000 00000000 00000000 0000dead fe800000 00000000 00000000 0000beef";
    const linkLayer = "02010200 00000001";
    const redirected = (units: string) => `89000000 00000000 ${addresses} ${linkLayer} 04${units}0000 00000000`;
    const whole = `${redirected("03")} 60000000 00001140 00000000 00000000`;
    expect(icmpv6End(dataOf(octetsOf(whole)), 0, 72)).toBe(56);
    expect(decode(redirected("03")).message).toMatchObject({
      kind: "redirect",
      options: [
        { kind: "targetLinkLayerAddress", address: "02:00:00:00:00:01" },
        { kind: "redirectedHeader", length: 3, reserved: "000000000000", packet: "" },
      ],
    });
    expect(decode(`${redirected("02")} 6000000000001140`).message).toMatchObject({
      options: [{}, { kind: "redirectedHeader", length: 2, packet: "6000000000001140" }],
    });
  });

  it("have names for their codes", () => {
    expect(icmpv6CodeName(1, 4)).toBe("port unreachable");
    expect(icmpv6CodeName(128, 0)).toBeUndefined();
  });
});
