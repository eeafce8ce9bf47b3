import { describe, expect, it } from "vitest";
import { arp } from "../../src/wire/arp.js";
import { battery, dataOf, octetsOf } from "./battery.js";

battery(arp, {
  samples: [
    // ARP, Request who-has 10.0.8.1 tell 10.0.8.100, length 28
    "00010800 06040001 6a70c5af f1f90a00 08640000 00000000 0a000801",
    // ARP, Reverse Reply 00:0c:29:34:0b:de at 10.1.1.100, length 28
    "00010800 06040004 000c29c5 f69b0a01 010a000c 29340bde 0a010164",
  ],
  size: (data) => 8 + 2 * (data.getUint8(4) + data.getUint8(5)),
});

const decode = (hex: string) => {
  const octets = octetsOf(hex);
  return arp.decode(dataOf(octets), 0, octets.length);
};

describe("the addresses of ARP", () => {
  it("are written as Ethernet and IPv4 do where the header says they are such", () => {
    expect(decode("00010800 06040001 6a70c5af f1f90a00 08640000 00000000 0a000801").addresses).toEqual({
      senderHardware: "6a:70:c5:af:f1:f9",
      senderProtocol: "10.0.8.100",
      targetHardware: "00:00:00:00:00:00",
      targetProtocol: "10.0.8.1",
    });
  });

  it("are hex where it says anything else", () => {
    expect(decode("00200800 02040001 1234 0a000864 0000 0a000801").addresses).toEqual({
      senderHardware: "1234",
      senderProtocol: "10.0.8.100",
      targetHardware: "0000",
      targetProtocol: "10.0.8.1",
    });
  });

  it("are as far as they are there where the header is cut", () => {
    expect(decode("00010800 06040001 6a70c5af f1f90a00").addresses).toEqual({
      senderHardware: "6a:70:c5:af:f1:f9",
      senderProtocol: "0a00",
      targetHardware: "",
      targetProtocol: "",
    });
  });
});
