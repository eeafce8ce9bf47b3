import { describe, expect, it } from "vitest";
import { ipv4 } from "../../src/wire/ipv4.js";
import { battery, dataOf, octetsOf } from "./battery.js";

battery(ipv4, {
  samples: [
    // IP 172.17.0.2.1234 > 72.14.207.99.80: Flags [S.], seq 0, ack 0, win 8192, options [nop,unknown-27 0x0001020000
    "45000038 00010000 4006b73a ac110002 480ecf63",
    // IP 10.0.2.15.1373 > 1.1.1.1.80: Flags [S], seq 122218745, win 512, length 0
    `4f000050 990f0000 4006b45c 0a00020f 01010101 07270801 02030401 00000000 00000000 00000000
     00000000 00000000 00000000 00000000 00000000`,
    // IP 9.10.11.12.20 > 13.14.15.16.80: Flags [S], seq 0, win 8192, length 0
    "47000030 00010000 4006fb8b 090a0b0c 0d0e0f10 44080900 00000000",
    // IP 10.0.0.1 > 224.0.0.1: igmp query v3
    "46c00024 942f4000 010265e2 0a000001 e0000001 94040000",
    // IP 9.10.11.12.20 > 13.14.15.16.80: Flags [S], seq 0, win 8192, length 0
    "48000034 00010000 4006132b 090a0b0c 0d0e0f10 820b0000 00000000 58595a00",
    // IP 127.0.0.1 > 127.0.0.1: ICMP echo request, id 35850, seq 1, length 64
    `4b00006c 00004000 4001ad64 7f000001 7f000001 86160000 00020210 00020000 00020004 00050006
     00ef0000`,
    // IP 192.0.2.1.161 > 192.0.2.2.0:  [nothing to parse]
    "4975002c 007ba000 6f11423c c0000201 c0000202 830b08c0 a80101c0 a8010201 01010000",
  ],
});

const decode = (hex: string) => {
  const octets = octetsOf(hex);
  return ipv4.decode(dataOf(octets), 0, octets.length);
};

/** A header with `options`, in hex. */
const optionsOf = (options: string) => decode(`4f000000 00000000 00000000 00000000 00000000 ${options}`).options;

describe("IPv4", () => {
  it("has every field by its RFC name", () => {
    // IP (tos 0xb9, id 123, offset 65528, flags [DF], proto UDP): made to have every field different
    expect(decode("45b90064 007b7fff 3d117a6c c0a80001 c0a80002")).toEqual({
      kind: "ipv4",
      version: 4,
      headerLength: 5,
      dscp: 46,
      ecn: 1,
      totalLength: 100,
      identification: 123,
      reserved: false,
      dontFragment: true,
      moreFragments: true,
      fragmentOffset: 8191,
      ttl: 61,
      protocol: 17,
      checksum: 0x7a6c,
      source: "192.168.0.1",
      destination: "192.168.0.2",
      options: [],
    });
  });
});

describe("the options of IPv4", () => {
  it("show routes with their pointer", () => {
    expect(optionsOf("830b08c0 a80101c0 a80102 010100 00")).toEqual([
      { kind: "looseSourceRoute", pointer: 8, addresses: ["192.168.1.1", "192.168.1.2"] },
      { kind: "noOperation" },
      { kind: "noOperation" },
      { kind: "end", padding: "00" },
    ]);
    expect(optionsOf("0707040a 000001")).toEqual([{ kind: "recordRoute", pointer: 4, addresses: ["10.0.0.1"] }]);
    expect(optionsOf("8907040a 000001")).toEqual([{ kind: "strictSourceRoute", pointer: 4, addresses: ["10.0.0.1"] }]);
  });

  it("show times, with addresses where the flag says so", () => {
    expect(optionsOf("44080930 00000001")).toEqual([
      { kind: "timestamp", pointer: 9, overflow: 3, flag: 0, stamps: [1] },
    ]);
    expect(optionsOf("440c0d01 0a000001 00000002")).toEqual([
      { kind: "timestamp", pointer: 13, overflow: 0, flag: 1, stamps: [{ address: "10.0.0.1", time: 2 }] },
    ]);
  });

  it("keep what cannot be, octet for octet", () => {
    // a route of five octets, a length behind the end, a length of one
    expect(optionsOf("0708040a 00000100")).toEqual([{ kind: "malformed", code: 7, octets: "08040a00000100" }]);
    expect(optionsOf("01 94ff0000")).toEqual([
      { kind: "noOperation" },
      { kind: "malformed", code: 148, octets: "ff0000" },
    ]);
    expect(optionsOf("94010000")).toEqual([{ kind: "malformed", code: 148, octets: "010000" }]);
    expect(optionsOf("94")).toEqual([{ kind: "malformed", code: 148, octets: "" }]);
  });

  it("keep codes without a known meaning", () => {
    expect(optionsOf("de04abcd")).toEqual([{ kind: "unknown", code: 222, octets: "abcd" }]);
  });
});
