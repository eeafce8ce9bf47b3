import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addUp, checksumOf, crc32c, fold, pseudoHeader } from "../../src/wire/checksum.js";
import { dataOf, octetsOf } from "./battery.js";

/** RFC 1071 §4.1, as slow as it is plain. */
function plainSum(octets: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < octets.length; i += 2) {
    sum += ((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

describe("the Internet checksum", () => {
  it("is that of RFC 1071's example", () => {
    // RFC 1071 §3: 0001 f203 f4f5 f6f7 sum up to ddf2
    expect(fold(addUp(dataOf(octetsOf("0001f203f4f5f6f7")), 0, 8))).toBe(0xddf2);
  });

  it("is right in a real IPv4 header", () => {
    // IP 172.17.0.2.1234 > 72.14.207.99.80: Flags [S.], length 0
    const header = octetsOf("45000038 00010000 4006b73a ac110002 480ecf63");
    expect(fold(addUp(dataOf(header), 0, 20))).toBe(0xffff);
    header.fill(0, 10, 12);
    expect(checksumOf(addUp(dataOf(header), 0, 20))).toBe(0xb73a);
  });

  it("is what adding word by word gives, for any octets and any start", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(5), (octets, before) => {
        const data = dataOf(Uint8Array.from([...new Uint8Array(before).fill(0xff), ...octets, 0xff]));
        // 0 and 0xffff are the same number in ones' complement
        expect(fold(addUp(data, before, before + octets.length)) % 0xffff).toBe(plainSum(octets) % 0xffff);
      }),
    );
  });

  it("adds up a whole IPv6 jumbogram of ones without losing a bit", () => {
    const data = dataOf(new Uint8Array(1 << 20).fill(0xff));
    expect(fold(addUp(data, 0, 1 << 20))).toBe(0xffff);
    expect(fold(addUp(data, 1, 1 << 20)) % 0xffff).toBe(0xff00);
  });

  it("takes the addresses, the protocol and the length of the pseudo-header", () => {
    const octets = octetsOf("0a000001 0a000002 0011 0008");
    const pseudo = pseudoHeader(dataOf(octets), 0, 4, 4, 17, 8);
    expect(fold(pseudo)).toBe(plainSum(octets));
    // RFC 2675: the length has 32 bits
    expect(fold(pseudoHeader(dataOf(octets), 0, 4, 4, 17, 0x10008))).toBe(plainSum(octets) + 1);
  });
});

describe("CRC32c", () => {
  // RFC 3720 §B.4
  it.each([
    ["00".repeat(32), 0x8a9136aa],
    ["ff".repeat(32), 0x62a8ab43],
    ["000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", 0x46dd794e],
    ["313233343536373839", 0xe3069283],
  ])("of %s", (hex, crc) => {
    const data = dataOf(octetsOf(hex));
    expect(crc32c(data, 0, data.byteLength)).toBe(crc);
    expect(crc32c(data, 5, data.byteLength, crc32c(data, 0, 5))).toBe(crc);
  });
});

it("adds words up in whichever order is quicker, which comes to the same as one by one", () => {
  const sizes = [0, 1, 19, 20, 31, 32, 33, 63, 64, 1479, 1480, 16_383, 16_384, 16_385, 65_535];
  for (const size of sizes)
    for (const octet of [(i: number) => (i * 167 + (i >> 8)) & 255, () => 255, () => 0]) {
      const octets = Uint8Array.from({ length: size + 3 }, (_, i) => octet(i));
      let expected = 7;
      for (let i = 3; i < octets.length; i++) expected += octets[i]! << ((i - 3) % 2 === 0 ? 8 : 0);
      const data = new DataView(octets.buffer);
      expect(fold(addUp(data, 3, octets.length, 7))).toBe(fold(expected));
      // One of its words can be taken out again
      if (size >= 20) {
        const word = data.getUint16(3 + 10);
        expect(checksumOf(addUp(data, 3, octets.length) - word)).toBe(checksumOf(expected - 7 - word));
      }
    }
});
