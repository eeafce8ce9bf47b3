import { describe, expect, it } from "vitest";
import {
  authentication,
  destinationOptions,
  fragment,
  hopByHopOptions,
  routing,
} from "../../src/wire/ipv6-extensions.js";
import { battery, dataOf, octetsOf } from "./battery.js";

battery(hopByHopOptions, {
  samples: [
    // IP6 fe80::223:33ff:feee:3dd3 > ff02::16: HBH ICMP6, multicast listener report v2, 5 group record(s), length 10
    "3a000502 00000100",
    // IP6 2200::244:212:3fff:feae:22f7 > 2200::240:2:0:0:4: HBH ICMP6, echo request, id 4576, seq 51486, length 6552
    "3a00c204 00010000",
  ],
});

battery(destinationOptions, {
  samples: [
    // IP6 2001:4f8:4:7:2e0:81ff:fe52:ffff > 2001:4f8:4:7:2e0:81ff:fe52:9a6b: DSTOPT 30000 > 80: Flags [S], seq 0, wi
    "06020102 0000c910 20010078 00010032 00000000 00000001",
  ],
});

battery(routing, {
  samples: [
    // IP6 12::1 > 2::f1:0: RT6 (len=6, type=4, segleft=2, last-entry=2, tag=0, [0]b2::2, [1]3::d6, [2]2::f1:0) 57745
    `11060402 02000000 00b20000 00000000 00000000 00000002 00030000 00000000 00000000 000000d6
     00020000 00000000 00000000 00f10000`,
    // IP6 2001:db8:1::2 > 2001:db8:1::1: RT6 (len=0, type=0 [Deprecated], segleft=0) 45805 > 80: Flags [S], seq 4660
    "06000000 00000000",
    // IP6 2001:4f8:4:7:2e0:81ff:fe52:ffff > 2001:4f8:4:7:2e0:81ff:fe52:9a6b: RT6 (len=2, type=2, segleft=1, [0]2001:
    "11020201 00000000 20010078 00010032 00000000 00000001",
  ],
});

battery(fragment, {
  samples: [
    // IP6 2001:db8:1::2 > 2001:db8:1::1: frag (0|20) 59694 > 80: Flags [S], seq 1770092805, win 8192, length 0
    "06000000 00000000",
  ],
});

battery(authentication, {
  samples: [
    // IP 10.0.0.1 > 10.0.0.2: AH(spi=0x8179b705,seq=0x1,icv=0x27cfc0a5e43d69b3728ec5b0): ESP(spi=0x48dac2e4,seq=0x1)
    "32040000 8179b705 00000001 27cfc0a5 e43d69b3 728ec5b0",
  ],
});

describe("the options of IPv6", () => {
  const optionsOf = (hex: string) => {
    const octets = octetsOf(`3a00 ${hex}`);
    return hopByHopOptions.decode(dataOf(octets), 0, octets.length).options;
  };

  it.each([
    ["00", { kind: "pad1" }],
    ["0100", { kind: "padN", octets: "" }],
    ["0104 00000000", { kind: "padN", octets: "00000000" }],
    ["0401 04", { kind: "tunnelEncapsulationLimit", limit: 4 }],
    ["0502 0000", { kind: "routerAlert", value: 0 }],
    ["c204 00010000", { kind: "jumboPayload", length: 65536 }],
    ["c910 20010078 00010032 00000000 00000001", { kind: "homeAddress", address: "2001:78:1:32::1" }],
    ["1e01 ff", { kind: "unknown", code: 30, octets: "ff" }],
    ["0503 000000", { kind: "malformed", code: 5, octets: "03000000" }],
    ["01ff 0000", { kind: "malformed", code: 1, octets: "ff0000" }],
  ])("read %s", (hex, option) => {
    expect(optionsOf(hex)).toEqual([option]);
  });
});

describe("the routing header", () => {
  const bodyOf = (hex: string) => {
    const octets = octetsOf(hex);
    return routing.decode(dataOf(octets), 0, octets.length).body;
  };

  it("lists segments from the last to the first", () => {
    expect(
      bodyOf(`11060402 02000000 00b20000 00000000 00000000 00000002 00030000 00000000 00000000 000000d6
        00020000 00000000 00000000 00f10000`),
    ).toEqual({
      kind: "segments",
      lastEntry: 2,
      flags: 0,
      tag: 0,
      segments: { addresses: ["b2::2", "3::d6", "2::f1:0"], tlvs: [] },
    });
  });

  it("keeps TLVs behind the segments", () => {
    const segment = "00b20000 00000000 00000000 00000002";
    expect(bodyOf(`11030401 00000000 ${segment} 0406 00000000 0000`)).toMatchObject({
      segments: { addresses: ["b2::2"], tlvs: [{ kind: "padN", octets: "000000000000" }] },
    });
  });

  it("keeps what cannot be a list of segments", () => {
    expect(bodyOf("11060402 02000000 00b20000")).toMatchObject({ kind: "incomplete", octets: "0200000000b20000" });
  });

  it.each([
    ["06000000 00000000", { kind: "sourceRoute", reserved: 0, addresses: [] }],
    ["11020201 00000000 20010078 00010032 00000000 00000001", { kind: "home", homeAddress: "2001:78:1:32::1" }],
    ["06010301 88500000 0001000000000000", { kind: "rpl", compressed: 8, lastCompressed: 8, padding: 5 }],
    ["06000900 01020304", { kind: "unknown", octets: "01020304" }],
  ])("reads %s", (hex, body) => {
    expect(bodyOf(hex)).toMatchObject(body);
  });
});
