import { describe, expect, it } from "vitest";
import { ipv4Text, ipv6Text, macText, parseIpv4, parseIpv6, parseMac } from "../../src/wire/address.js";
import { dataOf, octetsOf } from "./battery.js";

describe("IPv6 addresses", () => {
  // RFC 5952 §4 and §5
  it.each([
    ["20010db8000000000000000000000001", "2001:db8::1"],
    ["20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"],
    ["20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
    ["20010000000000010000000000000001", "2001:0:0:1::1"],
    ["00000000000000000000000000000000", "::"],
    ["00000000000000000000000000000001", "::1"],
    ["00010000000000000000000000000000", "1::"],
    ["00000000000000000000ffffc0000201", "::ffff:192.0.2.1"],
    ["00000000000000000000ffff00000001", "::ffff:0.0.0.1"],
    ["fe80000000000000020000fffe0000ab", "fe80::200:ff:fe00:ab"],
  ])("are written as RFC 5952 says: %s is %s", (hex, text) => {
    expect(ipv6Text(dataOf(octetsOf(hex)), 0)).toBe(text);
    expect(parseIpv6(text)).toEqual([...octetsOf(hex)]);
  });

  it.each([
    ["2001:DB8:0:0:0:0:0:1", "20010db8000000000000000000000001"],
    ["0:0:0:0:0:ffff:1.2.3.4", "00000000000000000000ffff01020304"],
    ["::1.2.3.4", "00000000000000000000000001020304"],
    ["1::2:3", "00010000000000000000000000020003"],
  ])("are read in every form of RFC 4291: %s", (text, hex) => {
    expect(parseIpv6(text)).toEqual([...octetsOf(hex)]);
  });

  it.each([
    "",
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "12345::",
    "g::",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1.2.3.4",
    "::1.2.3",
    "::1.2.3.4:5",
    "fe80::1%lo",
    " ::1",
    1,
    undefined,
  ])("are nothing else: %s", (text) => {
    expect(parseIpv6(text)).toBeUndefined();
  });
});

describe("IPv4 addresses", () => {
  it.each([
    ["00000000", "0.0.0.0"],
    ["7f000001", "127.0.0.1"],
    ["ffffffff", "255.255.255.255"],
  ])("are dotted decimal: %s is %s", (hex, text) => {
    expect(ipv4Text(dataOf(octetsOf(hex)), 0)).toBe(text);
    expect(parseIpv4(text)).toEqual([...octetsOf(hex)]);
  });

  it.each(["", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", "0x1.2.3.4", "-1.2.3.4", 16909060, null])(
    "are nothing else: %s",
    (text) => {
      expect(parseIpv4(text)).toBeUndefined();
    },
  );

  it("are right though two of them share a slot of the cache", () => {
    const data = dataOf(new Uint8Array(4));
    for (let i = 0; i < 5000; i++) {
      data.setUint32(0, Math.imul(i, 0x01000193));
      const octets = [data.getUint8(0), data.getUint8(1), data.getUint8(2), data.getUint8(3)];
      expect(ipv4Text(data, 0)).toBe(octets.join("."));
    }
  });

  it("of IPv6 are right though two of them share a slot of the cache", () => {
    const data = dataOf(new Uint8Array(16).fill(0x11));
    for (let i = 0; i < 5000; i++) {
      data.setUint32(8, Math.imul(i, 0x01000193));
      expect(parseIpv6(ipv6Text(data, 0))).toEqual([...new Uint8Array(data.buffer)]);
    }
  });
});

describe("hardware addresses", () => {
  it("are right though two of them share a slot of the cache", () => {
    const data = dataOf(new Uint8Array(6));
    for (let i = 0; i < 5000; i++) {
      data.setUint32(1, Math.imul(i, 0x01000193));
      expect(parseMac(macText(data, 0))).toEqual([...new Uint8Array(data.buffer)]);
    }
  });

  it("are six pairs of hex digits", () => {
    expect(macText(dataOf(octetsOf("02000000abff")), 0)).toBe("02:00:00:00:ab:ff");
    expect(parseMac("02:00:00:00:AB:ff")).toEqual([2, 0, 0, 0, 0xab, 0xff]);
  });

  it.each(["", "02:00:00:00:ab", "02:00:00:00:ab:ff:00", "2:0:0:0:0:1", "02-00-00-00-00-01", 2])(
    "are nothing else: %s",
    (text) => {
      expect(parseMac(text)).toBeUndefined();
    },
  );
});
