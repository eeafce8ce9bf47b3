import { describe, expect, it } from "vitest";
import { flagSets } from "../../src/wire/field.js";
import { tcp } from "../../src/wire/tcp.js";
import { battery, dataOf, octetsOf } from "./battery.js";

battery(tcp, {
  samples: [
    // IP 192.168.43.135.12345 > 192.168.43.1.50999: Flags [.], ack 3386159465, win 237, options [nop,nop,sack 1 {338
    "3039c737 3c8a54b4 c9d4b169 801000ed a68d0000 0101050a c9d4b168 c9d4b169",
    // IP 127.0.0.1.34204 > 127.0.0.1.12345: Flags [S], seq 412382786, win 65495, options [mss 65495,sackOK,TS val 64
    `859c3039 18947642 00000000 b002ffd7 fe340000 0204ffd7 0402080a 264a5e2a 00000000 01030307
     1e040101`,
    // IP 127.0.0.1.34204 > 127.0.0.1.12345: Flags [.], ack 2707981558, win 512, options [nop,nop,TS val 642407978 ec
    `859c3039 18947643 a16884f6 d0100200 fe3c0000 0101080a 264a5e2a 264a5e2a 1e140101 fe7b93dc
     894dcb73 e356a8f2 52e41976`,
    // IP 127.0.0.1.42856 > 127.0.0.1.12345: Flags [S], seq 2484001825:2484001828, win 43690, options [mss 65495,sack
    `a7683039 940edc21 00000000 d002aaaa fe3f0000 0204ffd7 0402080a 00dcb16e 00000000 0103030a
     fe0cf989 a46fd54e 0905784a`,
    // IP 66.228.43.12.80 > 31.133.146.248.16433: Flags [S.W], seq 2972234643, ack 1948076590, win 65160, options [ms
    `00504031 b128b393 741d4a2e d092fe88 22a80000 020405b4 0402080a a5e4dec4 06af3c15 fe0dacc0
     00000100 00000000 00030307`,
    // IP 172.17.0.2.1234 > 72.14.207.99.80: Flags [S.], seq 0, ack 0, win 8192, options [nop,unknown-27 0x0001020000
    "04d20050 00000000 00000000 90122000 77e20000 011b0800 01020000 001c0400 01000000",
    // IP 127.0.0.1.24245 > 127.0.0.1.8000: Flags [R.], seq 37274, ack 1638574943, win 8192, options [tcp-ao keyid 16
    "5eb51f40 0000919a 61aaab5f 60142000 a2030000 1d04a628",
    // IP 172.17.0.0.179 > 172.17.0.3.50651: Flags [.], seq 2419279130:2419280347, ack 1593006533, win 31761, options
    `00b3c5db 9033451a 5ef359c5 b0107c11 1edf0000 1312e751 e2ba0a9a 57c4b191 4eaaa1ab bd790000
     00000000`,
  ],
});

const decode = (hex: string) => {
  const octets = octetsOf(hex);
  return tcp.decode(dataOf(octets), 0, octets.length);
};

/** What a header with `options`, in hex, says they are. */
const optionsOf = (options: string) => decode(`00000000 00000000 00000000 00000000 00000000 ${options}`).options;

describe("TCP", () => {
  it("has every field by its RFC name", () => {
    // IP 66.228.43.12.80 > 31.133.146.248.16433: Flags [S.W], seq 2972234643, ack 1948076590, win 65160, length 0
    expect(decode("00504031 b128b393 741d4a2e 5e928e88 22a80007")).toEqual({
      kind: "tcp",
      sourcePort: 80,
      destinationPort: 16433,
      sequenceNumber: 2972234643,
      acknowledgmentNumber: 1948076590,
      dataOffset: 5,
      reserved: 7,
      flags: {
        fin: false,
        syn: true,
        rst: false,
        psh: false,
        ack: true,
        urg: false,
        ece: false,
        cwr: true,
        ae: false,
      },
      window: 0x8e88,
      checksum: 0x22a8,
      urgentPointer: 7,
      options: [],
    });
  });

  it("takes flags by the names that are on", () => {
    const data = dataOf(new Uint8Array(20));
    tcp.encode({ ...decode("00".repeat(20)), flags: { syn: true, ae: true } as never }, data, 0);
    expect(data.getUint16(12)).toBe(0x0102);
  });

  it("shares one frozen object between headers with the same flags", () => {
    expect(decode("00".repeat(20)).flags).toBe(decode("00".repeat(20)).flags);
    expect(flagSets("one", "two")).toEqual([
      { one: false, two: false },
      { one: true, two: false },
      { one: false, two: true },
      { one: true, two: true },
    ]);
  });
});

describe("the options of TCP", () => {
  it.each([
    ["020405b4", { kind: "maximumSegmentSize", size: 1460 }],
    ["03030e", { kind: "windowScale", shift: 14 }],
    ["0402", { kind: "sackPermitted" }],
    ["050a 00000001 00000002", { kind: "sack", blocks: [{ left: 1, right: 2 }] }],
    ["0502", { kind: "sack", blocks: [] }],
    ["0606 00000001", { kind: "echo", value: 1 }],
    ["0706 00000001", { kind: "echoReply", value: 1 }],
    ["080a ffffffff 00000002", { kind: "timestamps", value: 0xffffffff, echoReply: 2 }],
    ["1312 000102030405060708090a0b0c0d0e0f", { kind: "md5", digest: "000102030405060708090a0b0c0d0e0f" }],
    ["1c04 803c", { kind: "userTimeout", inMinutes: true, timeout: 60 }],
    ["1d06 0102 abcd", { kind: "authentication", keyId: 1, nextKeyId: 2, code: "abcd" }],
    ["2202", { kind: "fastOpen", cookie: "" }],
    ["220a a46fd54e0905784a", { kind: "fastOpen", cookie: "a46fd54e0905784a" }],
    ["fe0c f989 a46fd54e0905784a", { kind: "experiment2", id: 0xf989, octets: "a46fd54e0905784a" }],
    ["fd04 abcd", { kind: "experiment1", id: 0xabcd, octets: "" }],
    ["ac08 000001 ffffff", { kind: "accurateEcn0", counters: [1, 0xffffff] }],
    ["ae02", { kind: "accurateEcn1", counters: [] }],
    [
      "1b08 05 07 fffffffd",
      { kind: "quickStartResponse", reserved: 0, rate: 5, ttlDifference: 7, nonce: 0x3fffffff, unused: 1 },
    ],
  ])("read %s", (hex, option) => {
    expect(optionsOf(hex)).toEqual([option]);
  });

  it.each([
    ["0203", "a maximum segment size of three octets", 2],
    ["04030000", "a SACK permission with content", 4],
    ["0506 00000001", "half a SACK block", 5],
    ["0809 00000001 000000", "timestamps of nine octets", 8],
    ["fe03 00", "an experiment without its identifier", 254],
    ["ac04 0000", "two thirds of a counter", 172],
  ])("keep %s, %s, as malformed", (hex, _, code) => {
    const options = optionsOf(hex);
    expect(options[0]).toMatchObject({ kind: "malformed", code });
    const rest = tcp.fields.find(({ type }) => type === "rest");
    expect(rest?.type === "rest" && rest.codec.malformed?.(options)).toBe(`option ${code} has a length that cannot be`);
  });

  it.each([
    ["1e04 0101", { kind: "mpCapable", version: 1, flags: 1, keys: {} }],
    [
      "1e18 0101 0000000000000001 0000000000000002 0003 0004",
      {
        kind: "mpCapable",
        keys: { senderKey: "0000000000000001", receiverKey: "0000000000000002", dataLength: 3, checksum: 4 },
      },
    ],
    ["1e0c 1105 00000001 00000002", { kind: "mpJoinSyn", backup: true, addressId: 5, token: "00000001" }],
    ["1e10 1005 0000000000000001 00000002", { kind: "mpJoinSynAck", hmac: "0000000000000001", nonce: "00000002" }],
    ["1e18 1000 000102030405060708090a0b0c0d0e0f10111213", { kind: "mpJoinAck", reserved: 0 }],
    ["1e08 2001 00000007", { kind: "mpDataSequence", mapping: { acknowledgment: "00000007" } }],
    [
      "1e1a 201f 0000000000000001 0000000000000002 00000003 0004",
      {
        kind: "mpDataSequence",
        dataFin: true,
        mapping: {
          acknowledgment: "0000000000000001",
          sequenceNumber: "0000000000000002",
          subflowSequenceNumber: 3,
          dataLength: 4,
        },
      },
    ],
    ["1e10 2004 00000002 00000003 0004 0005", { kind: "mpDataSequence", mapping: { dataLength: 4, checksum: 5 } }],
    [
      "1e12 3001 0a000001 1388 0000000000000009",
      { kind: "mpAddAddress", addressId: 1, advertised: { address: "10.0.0.1", port: 5000, hmac: "0000000000000009" } },
    ],
    [
      "1e14 3101 20010db8000000000000000000000001",
      { kind: "mpAddAddress", flags: 1, advertised: { address: "2001:db8::1" } },
    ],
    ["1e05 40 01 02", { kind: "mpRemoveAddress", addressIds: [1, 2] }],
    ["1e03 51", { kind: "mpPriority", backup: true, addressIds: [] }],
    ["1e0c 6000 0000000000000001", { kind: "mpFail", sequenceNumber: "0000000000000001" }],
    ["1e0c 7000 0000000000000001", { kind: "mpFastClose", receiverKey: "0000000000000001" }],
    ["1e04 8106", { kind: "mpReset", transient: true, reason: 6 }],
    ["1e04 f1aa", { kind: "mpOther", subtype: 15, flags: 1, octets: "aa" }],
  ])("read MPTCP's %s", (hex, option) => {
    const options = optionsOf(hex);
    expect(options).toMatchObject([option]);
    const data = dataOf(new Uint8Array(20 + octetsOf(hex).length));
    tcp.encode({ ...decode("00".repeat(20)), options }, data, 0);
    expect(new Uint8Array(data.buffer, 20)).toEqual(octetsOf(hex));
  });

  it("tell a wrong one by its place, kind and field", () => {
    expect(() => tcp({ options: [{ kind: "noOperation" }, { kind: "windowScale", shift: 256 }] })).toThrow(
      "tcp.options option 1 (windowScale) shift takes a whole number from 0 to 255",
    );
    expect(() => tcp({ options: [{ kind: "unknown", code: 99, octets: "00".repeat(254) }] })).toThrow(
      "tcp.options option 0 (unknown) takes a size its length octet can tell",
    );
  });
});
