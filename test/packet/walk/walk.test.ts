import { describe, expect, it } from "vitest";
import { decode } from "../../../src/packet/decode.js";
import type { Packet } from "../../../src/packet/packet.js";
import { linkTypes } from "../../../src/wire/numbers.js";
import { octetsOf } from "../../support/packets.js";

const kinds = ({ layers }: Packet): readonly string[] => layers.map(({ kind }) => kind);
const verdicts = ({ checksums }: Packet): readonly string[] => checksums.map(({ verdict }) => verdict);

const samples: readonly (readonly [string, keyof typeof linkTypes, string, readonly string[]])[] = [
  // IP 10.0.19.100 > 10.0.19.1: GREv0, length 32: IP 192.168.1.1 > 192.168.1.2: ICMP echo request, id 0, seq 0, le
  [
    "GRE",
    "ethernet",
    `942a6fee 8c836a70 c5aff1f9 08004500 00340001 0000402f 40360a00 13640a00 13010000
      08004500 001c0001 00004001 f78cc0a8 0101c0a8 01020800 f7ff0000 0000`,
    ["ethernet", "ipv4", "gre", "ipv4", "icmp"],
  ],
  // IP 10.0.22.100 > 224.0.0.1: igmp query v2 [gaddr 224.0.0.1]
  [
    "IGMP",
    "ethernet",
    `01005e00 00016a70 c5aff1f9 08004500 001c0001 00004002 7a7a0a00 1664e000 00011164
      0000e000 0001`,
    ["ethernet", "ipv4", "igmp"],
  ],
  // MPLS (label 100, tc 0, [S], ttl 0) IP 192.168.8.1 > 192.168.8.2: ICMP echo request, id 0, seq 0, length 8
  [
    "MPLS labels",
    "ethernet",
    `00112233 44410011 22334440 88470006 41004500 001c0001 00004001 e98cc0a8 0801c0a8
      08020800 f7ff0000 0000`,
    ["ethernet", "mpls", "ipv4", "icmp"],
  ],
  // IP 10.0.32.100 > 10.0.32.1: AH(spi=0x00000000,seq=0x0,icv=0x000000000000000000000000): IP 192.168.3.1 > 192.16
  [
    "IPv4 behind an authentication header",
    "ethernet",
    `942a6fee 8c836a70 c5aff1f9 08004500 00480001 00004033 261e0a00 20640a00 20010404
      00000000 00000000 00000000 00000000 00000000 00004500 001c0001 00004001 f38cc0a8
      0301c0a8 03020800 f7ff0000 0000`,
    ["ethernet", "ipv4", "authentication", "ipv4", "icmp"],
  ],
  // IP 10.0.30.100.54342 > 10.0.30.1.38412: sctp (1) [INIT] [init tag: 286331153] [rwnd: 65535] [OS: 10] [MIS: 10]
  [
    "SCTP",
    "ethernet",
    `942a6fee 8c836a70 c5aff1f9 08004500 00340001 00004084 29e10a00 1e640a00 1e01d446
      960c1234 56780000 00000100 00141111 11110000 ffff000a 000a2222 2222`,
    ["ethernet", "ipv4", "sctp", "payload"],
  ],
  // IP 139.133.209.176.39420 > 139.133.209.65.5001: DCCP DCCP-Request (service=4105078398)
  [
    "DCCP",
    "ethernet",
    `00142259 55510007 e9bd5d1f 08004500 0034ff20 40004021 818b8b85 d1b08b85 d14199fc
      13890800 aaf32000 0008f4ae 867e0000 00002004 05022204 01022004 0102`,
    ["ethernet", "ipv4", "dccp"],
  ],
  // PPPoE  [ses 0x3b1a] IP 95.136.242.99.37535 > 109.0.66.10.53: 2+ AAAA? ncdn.nb6dsl.neufbox.neuf.fr. (45)
  [
    "PPPoE",
    "ethernet",
    `00173361 0000e0a1 d718c273 88641100 3b1a004b 00214500 0049643f 40004011 d56e5f88
      f2636d00 420a929f 00350035 e6930002 01000001 00000000 0000046e 63646e06 6e623664
      736c076e 65756662 6f78046e 65756602 66720000 1c0001`,
    ["ethernet", "pppoe", "ppp", "ipv4", "udp", "payload"],
  ],
  // IP 92.104.109.0 > 47.245.159.156: ICMP echo reply, id 0, seq 0, length 8
  [
    "two tags of 802.1ad and 802.1Q",
    "ethernet",
    `88d98f5f c548408f 9d6ec7d8 88a805ff 81000028 08004500 001c0001 00004001 e1e65c68
      6d002ff5 9f9c0000 ffff0000 0000`,
    ["ethernet", "vlan", "vlan", "ipv4", "icmp"],
  ],
  // IP6 2001:4f8:4:7:2e0:81ff:fe52:ffff > 2001:4f8:4:7:2e0:81ff:fe52:9a6b: DSTOPT 30000 > 80: Flags [S], seq 0, wi
  [
    "destination options",
    "ethernet",
    `ffffffff ffff0000 00000000 86dd6000 0000002c 3c402001 04f80004 000702e0 81fffe52
      ffff2001 04f80004 000702e0 81fffe52 9a6b0602 01020000 c9102001 00780001 00320000
      00000000 00017530 00500000 00000000 00005002 2000b713 0000`,
    ["ethernet", "ipv6", "destinationOptions", "tcp"],
  ],
  // IP6 2001:4f8:4:7:2e0:81ff:fe52:ffff > 2001:4f8:4:7:2e0:81ff:fe52:9a6b: RT6 (len=2, type=2, segleft=1, [0]2001:
  [
    "a routing header",
    "ethernet",
    `ffffffff ffff0000 00000000 86dd6000 00000024 2b402001 04f80004 000702e0 81fffe52
      ffff2001 04f80004 000702e0 81fffe52 9a6b1102 02010000 00002001 00780001 00320000
      00000000 00017530 32c8000c de495858 5858`,
    ["ethernet", "ipv6", "routing", "udp", "payload"],
  ],
  // IP6 fe80::dead > fe80::beef: ICMP6, redirect, fe80::babe to fe80::cafe, length 104
  [
    "a redirect and the packet it is about",
    "ethernet",
    `ffffffff ffff0000 00000000 86dd6000 00000068 3afffe80 00000000 00000000 00000000
      deadfe80 00000000 00000000 00000000 beef8900 e3c60000 0000fe80 00000000 00000000
      00000000 cafefe80 00000000 00000000 00000000 babe0408 00000000 00006000 00000010
      1140fe80 00000000 00000000 00000000 aaaafe80 00000000 00000000 00000000 bbbb7530
      32c80010 930c5858 58585858 5858`,
    ["ethernet", "ipv6", "icmpv6", "ipv6", "udp", "payload"],
  ],
  // IP6 2001:db8::1 > 2001:db8::2: mobility: BU seq#=1000 A lifetime=14400
  [
    "mobility in raw IPv6",
    "ipv6",
    `60000000 00108740 20010db8 00000000 00000000 00000001 20010db8 00000000 00000000
      00000002 3b010500 000003e8 80000e10 01020000`,
    ["ipv6", "mobility"],
  ],
  // IP 127.0.0.1.42856 > 127.0.0.1.12345: Flags [S], seq 2484001825:2484001828, win 43690, options [mss 65495,sack
  [
    "cooked frames",
    "sll",
    `00000304 00060000 00000000 00000800 4500004b 6d4f4000 4006cf5b 7f000001 7f000001
      a7683039 940edc21 00000000 d002aaaa fe3f0000 0204ffd7 0402080a 00dcb16e 00000000
      0103030a fe0cf989 a46fd54e 0905784a 486921`,
    ["sll", "ipv4", "tcp", "payload"],
  ],
  // lo    In  IP 127.0.0.1.37614 > 127.0.0.1.8000: Flags [S], seq 139636242, win 65495, options [mss 65495,sackOK,
  [
    "cooked frames v2",
    "sll2",
    `08000000 00000001 03040006 00000000 00000000 4500003c 34ff4000 400607bb 7f000001
      7f000001 92ee1f40 0852ae12 00000000 a002ffd7 fe300000 0204ffd7 0402080a 1e93c7f7
      00000000 01030307`,
    ["sll2", "ipv4", "tcp"],
  ],
  // IP6 ::1.53584 > ::1.35729: Flags [S], seq 145836789, win 65535, options [mss 16324,nop,wscale 6,nop,nop,TS val
  [
    "little-endian loopback frames",
    "null",
    `1e000000 600b2c37 002c0640 00000000 00000000 00000000 00000001 00000000 00000000
      00000000 00000001 d1508b91 08b14af5 00000000 b002ffff 00340000 02043fc4 01030306
      0101080a 53b7286f 00000000 04020000`,
    ["null", "ipv6", "tcp"],
  ],
];

const sample = (name: string): Uint8Array => octetsOf(samples.find((each) => each[0] === name)![2]);

describe("a walk goes through", () => {
  it.each(samples)("%s", (_, linkType, hex, layers) => {
    expect(kinds(decode(octetsOf(hex), linkTypes[linkType]))).toEqual(layers);
  });

  it("big-endian loopback frames, of NULL and of LOOP", () => {
    const octets = sample("little-endian loopback frames").slice();
    octets.set([0, 0, 0, 0x1e]);
    expect(kinds(decode(octets, linkTypes.null))).toEqual(["loop", "ipv6", "tcp"]);
    expect(kinds(decode(octets, linkTypes.loop))).toEqual(["loop", "ipv6", "tcp"]);
  });

  it("raw IP of either version, by every number that link type has", () => {
    const ipv6 = sample("mobility in raw IPv6");
    const ipv4 = sample("GRE").subarray(14);
    for (const linkType of [linkTypes.raw, linkTypes.raw12, linkTypes.raw14]) {
      expect(kinds(decode(ipv6, linkType))).toEqual(["ipv6", "mobility"]);
      expect(kinds(decode(ipv4, linkType))).toEqual(["ipv4", "gre", "ipv4", "icmp"]);
      expect(kinds(decode(Uint8Array.of(0x10), linkType))).toEqual(["payload"]);
      expect(kinds(decode(new Uint8Array(0), linkType))).toEqual([]);
    }
  });

  it("LLC and SNAP to what they carry", () => {
    const ipv4 = sample("IGMP").subarray(14);
    const llc = [0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00];
    const frame = Uint8Array.from([...sample("IGMP").subarray(0, 12), 0, llc.length + ipv4.length, ...llc, ...ipv4]);
    expect(kinds(decode(frame))).toEqual(["ethernet", "llc", "snap", "ipv4", "igmp"]);
  });

  it("no further than a header that is not all there", () => {
    const octets = sample("a routing header").subarray(0, 70);
    const packet = decode(octets, linkTypes.ethernet, { length: 90 });
    expect(kinds(packet)).toEqual(["ethernet", "ipv6", "routing", "payload"]);
    expect(packet.problems).toMatchObject([{ kind: "truncated", layer: "routing", limit: "capture" }]);
    expect(packet.layers[3]).toMatchObject({ length: 20 });
  });

  it("nothing that IPv4 cannot carry", () => {
    const octets = sample("GRE").slice();
    for (const protocol of [0, 43, 44, 60, 135, 255]) {
      octets[23] = protocol;
      expect(kinds(decode(octets))).toEqual(["ethernet", "ipv4", "payload"]);
    }
  });

  it("no link type it does not know", () => {
    expect(kinds(decode(sample("GRE"), 147))).toEqual(["payload"]);
  });
});

describe("checksums are held against", () => {
  it("the pseudo-header of the addresses that a packet ends up with", () => {
    // a home address option, a routing header with one segment left, and a loose source route
    expect(verdicts(decode(sample("destination options")))).toEqual(["good"]);
    expect(verdicts(decode(sample("a routing header")))).toEqual(["good"]);
    // IP 9.10.11.12.20 > 13.14.15.16.80: Flags [S], seq 0, win 8192, length 0
    const routed = octetsOf(`48000034 00010000 4006ac74 090a0b0c 0d0e0f10 830b0401 02030405 06070800
      00140050 00000000 00000000 50022000 6f5b0000`);
    expect(verdicts(decode(routed, linkTypes.raw))).toEqual(["good", "good"]);
  });

  it("a fragment's datagram never, but a fragment that is a whole packet is one", () => {
    // RFC 6946: offset 0 and no more fragments
    const udp = sample("a routing header").subarray(78);
    const octets = Uint8Array.from([...sample("a routing header").subarray(14, 54), 17, 0, 0, 0, 0, 0, 0, 1, ...udp]);
    octets.set([0, 8 + udp.length, 44], 4);
    octets.set(sample("a routing header").subarray(62, 78), 24); // where the datagram was to end up
    expect(verdicts(decode(octets, linkTypes.ipv6))).toEqual(["good"]);
    octets[43] = 1;
    expect(verdicts(decode(octets, linkTypes.ipv6))).toEqual(["cannot tell"]);
    const sctp = sample("SCTP").slice();
    sctp[20] = 0x20;
    expect(verdicts(decode(sctp))).toEqual(["bad", "cannot tell"]);
  });

  it("what they cover, in IGMP and DCCP", () => {
    // IP 10.0.0.1 > 224.0.0.1: igmp query v3
    const query = octetsOf("46c00024 942f4000 010265e2 0a000001 e0000001 94040000 1164ec1e 00000000 027d0000");
    expect(verdicts(decode(query, linkTypes.raw))).toEqual(["good", "good"]);
    // the capture's own has no checksum
    expect(verdicts(decode(sample("IGMP")))).toEqual(["good", "bad"]);
    // DCCP (CCVal 0, CsCov 0, cksum 0xaaf3 (incorrect -> 0x8bf3)) DCCP-Request (service=4105078398)
    const { checksums, problems } = decode(sample("DCCP"));
    expect(checksums.map(({ verdict }) => verdict)).toEqual(["good", "bad"]);
    expect(problems).toMatchObject([{ kind: "checksum", found: 0xaaf3, computed: 0x8bf3 }]);
    // IP6 3ffe::1.55024 > 3ffe::2.5001: DCCP (CCVal 0, CsCov 0, cksum 0xd538 (correct)) DCCP-Request (service=0)
    const request = octetsOf(`60000000 00202140 3ffe0000 00000000 00000000 00000001 3ffe0000 00000000 00000000
      00000002 d6f01389 0800d538 01000000 5cf6f103 00000000 20040502 22040102 20040102`);
    expect(verdicts(decode(request, linkTypes.ipv6))).toEqual(["good"]);
  });

  it("the CRC32c of SCTP", () => {
    const octets = sample("SCTP").slice();
    const { problems } = decode(octets);
    expect(problems).toMatchObject([{ kind: "checksum", layer: "sctp", at: 42, found: 0 }]);
    new DataView(octets.buffer).setUint32(42, (problems[0] as { computed: number }).computed);
    expect(verdicts(decode(octets))).toEqual(["good", "good"]);
    expect(verdicts(decode(sample("SCTP"), linkTypes.ethernet, { offload: "not computed yet" }))).toEqual([
      "good",
      "not computed yet",
    ]);
  });

  it("a datagram's own length, which may be more than there is", () => {
    const octets = sample("PPPoE").slice();
    octets[47]! += 1; // the low octet of udp.length
    const packet = decode(octets);
    expect(verdicts(packet)).toEqual(["good", "cannot tell"]);
    expect(packet.problems).toMatchObject([{ kind: "truncated", layer: "udp", limit: "ipv4.totalLength" }]);
  });
});

describe("it is a problem", () => {
  const problemsOf = (octets: Uint8Array, linkType: number = linkTypes.ethernet) => decode(octets, linkType).problems;

  it("when a UDP length is 0 though IP's is not", () => {
    const octets = sample("PPPoE").slice();
    octets.fill(0, 46, 48);
    expect(problemsOf(octets)).toMatchObject([{ kind: "malformed", layer: "udp", field: "length", value: 0 }, {}]);
    octets.fill(0, 24, 26); // ipv4.totalLength, as before a network card splits the datagram
    expect(problemsOf(octets).some(({ kind }) => kind === "malformed")).toBe(false);
  });

  it("when a UDP checksum over IPv6 is 0", () => {
    const octets = sample("a routing header").slice();
    octets.fill(0, 84, 86);
    expect(verdicts(decode(octets))).toEqual(["absent"]);
    expect(problemsOf(octets)).toMatchObject([{ kind: "malformed", layer: "udp", field: "checksum", value: 0 }]);
  });

  it("when an ICMP error quotes no packet", () => {
    // IP6 fe80::dead > fe80::beef: ICMP6, destination unreachable, unreachable route [|icmp6]
    const octets = octetsOf(`60000000 00083a40 fe800000 00000000 00000000 0000dead fe800000 00000000 00000000
      0000beef 0100641e 00000000`);
    expect(problemsOf(octets, linkTypes.ipv6)).toMatchObject([{ kind: "malformed", layer: "icmpv6", value: 1 }]);
  });

  it("when an authentication header is too short for its own fields, behind which nothing is read", () => {
    const octets = sample("IPv4 behind an authentication header").slice();
    octets[35] = 0;
    expect(kinds(decode(octets))).toEqual(["ethernet", "ipv4", "authentication", "payload"]);
    expect(problemsOf(octets)).toMatchObject([{ kind: "malformed", layer: "authentication", field: "length" }]);
  });

  it("when a message is too short for its type, unless the capture cut it", () => {
    const octets = octetsOf(`60000000 00083aff fe800000 00000000 00000000 0000dead fe800000 00000000 00000000
      0000beef 8700aabb 00000000`);
    expect(problemsOf(octets, linkTypes.ipv6)).toContainEqual(
      expect.objectContaining({ kind: "malformed", reason: "has too few octets for neighborSolicitation" }),
    );
    octets[5] = 24;
    const { problems, layers } = decode(octets, linkTypes.ipv6, { length: 64 });
    expect(problems).toMatchObject([{ kind: "truncated", layer: "icmpv6", limit: "capture" }]);
    expect(layers[1]).toMatchObject({ message: { kind: "incomplete", of: "neighborSolicitation" } });
  });

  it("when an option of neighbour discovery has no length", () => {
    const octets = octetsOf(`60000000 00203aff fe800000 00000000 00000000 0000dead fe800000 00000000 00000000
      0000beef 8700aabb 00000000 fe800000 00000000 00000000 0000beef 01000200 00000001`);
    expect(problemsOf(octets, linkTypes.ipv6)).toContainEqual({
      kind: "malformed",
      layer: "icmpv6",
      at: 44,
      field: "message",
      reason: "option 1 has a length that cannot be",
    });
  });

  it("when a header's version is another, and then it is no header", () => {
    const octets = sample("GRE").slice();
    octets[14] = 0x65;
    expect(kinds(decode(octets))).toEqual(["ethernet", "payload"]);
    expect(problemsOf(octets)).toMatchObject([{ kind: "malformed", layer: "ipv4", field: "version", value: 6 }]);
  });
});

describe("a jumbogram", () => {
  it("ends where its option says", () => {
    const octets = octetsOf(`60000000 00000040 20010db8 00000000 00000000 00000001 20010db8 00000000 00000000
      00000002 1100c204 00010008 00350035 00000000`);
    const packet = decode(octets, linkTypes.ipv6, { length: 40 + 65544 + 4 });
    expect(kinds(packet)).toEqual(["ipv6", "hopByHopOptions", "udp", "payload"]);
    expect(packet.layers[3]).toMatchObject({ length: 65544 - 8 - 8 });
  });

  it("does not end before the option that says where", () => {
    const octets = octetsOf(`60000000 00000040 20010db8 00000000 00000000 00000001 20010db8 00000000 00000000
      00000002 1100c204 00000004 00350035 00080000`);
    const packet = decode(octets, linkTypes.ipv6);
    expect(kinds(packet)).toEqual(["ipv6", "hopByHopOptions", "udp"]);
    expect(packet.problems).toMatchObject([
      { kind: "malformed", layer: "hopByHopOptions", field: "jumboPayloadLength", value: 4 },
      { kind: "malformed", layer: "udp", field: "checksum" },
    ]);
  });
});

describe("a fragment", () => {
  it("that an ICMP error quotes does not make the error one", () => {
    // IP 10.3.8.1 > 10.3.8.100: ICMP host 192.168.1.1 unreachable, length 36
    const octets = octetsOf(`45000038 00010000 4001565a 0a030801 0a030864 0301d128 00000000 4500001c 00010000
      4011a6c0 0a030864 c0a80101 30390050 0008fb44`);
    expect(verdicts(decode(octets, linkTypes.raw)).slice(0, 2)).toEqual(["good", "good"]);
    const fragment = octets.slice();
    fragment[34] = 0x20; // more fragments, in the quoted header
    fragment[22]! -= 0x20; // the same in the checksum of ICMP
    expect(verdicts(decode(fragment, linkTypes.raw))).toEqual(["good", "good", "bad", "cannot tell"]);
  });
});

describe("what stands behind the packet an ICMP error quotes", () => {
  it("is no part of it, by the length of RFC 4884", () => {
    const octets = octetsOf(`45000040 00010000 40010000 0a030801 0a030864 0b000000 00070000 450005dc 00010000
      4011a6c0 0a030864 c0a80101 30390050 05c8fb44 2000dfff 00080101 00000000`);
    const { layers } = decode(octets, linkTypes.raw);
    expect(layers.map(({ kind }) => kind)).toEqual(["ipv4", "icmp", "ipv4", "udp", "trailer"]);
    expect(layers.at(-1)).toMatchObject({ length: 12 });
  });
});
