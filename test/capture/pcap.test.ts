import { describe, expect, test } from "vitest";
import { PcapWriter } from "../../src/capture/pcap-writer.js";
import { SockinspectError } from "../../src/errors.js";
import { contents, hex, hexOf, record } from "../support/capture-files.js";

const HEADER = "d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000";

// 1234567890.000005 of two octets, of which there were four
const RECORD = "d2029649 05000000 02000000 04000000 abcd";

function packets(file: string) {
  return contents("pcap", hex(file)).packets;
}

describe("a pcap file", () => {
  test("holds times, lengths and octets", () => {
    const { items, packets, problem, reader } = contents("pcap", hex(HEADER + RECORD));
    expect(items).toEqual(["interface", "packet"]);
    expect(reader.interfaces).toEqual([{ linkType: 1, snapLength: 262_144, ticksPerSecond: 1e6 }]);
    expect(packets).toEqual([
      {
        octets: "abcd",
        length: 4,
        seconds: 1_234_567_890,
        nanoseconds: 5000,
        linkType: 1,
        device: undefined,
        interfaceIndex: 0,
        flags: 0,
        dropped: 0,
        comment: undefined,
        options: [],
      },
    ]);
    expect(problem).toBeUndefined();
  });

  test("is read in big-endian byte order", () => {
    const file = "a1b2c3d4 0002 0004 00000000 00000000 00040000 00000071  499602d2 00000005 00000002 00000004 abcd";
    expect(packets(file)).toMatchObject([{ seconds: 1_234_567_890, nanoseconds: 5000, length: 4, linkType: 113 }]);
  });

  test("counts nanoseconds where its magic says so", () => {
    expect(packets(HEADER.replace("d4c3b2a1", "4d3cb2a1") + RECORD)).toMatchObject([{ nanoseconds: 5 }]);
    expect(
      packets(`a1b23c4d 0002 0004 00000000 00000000 00040000 00000001 499602d2 00000005 ${"0".repeat(16)}`),
    ).toMatchObject([{ nanoseconds: 5, octets: "" }]);
  });

  test("says the direction in Kuznetzov's variant", () => {
    const extra = (type: string): string => RECORD.replace("abcd", `02000000 0800 ${type} 00 abcd`);
    const file = `${HEADER.replace("d4c3b2a1", "34cdb2a1")}${["00", "01", "02", "03", "04", "09"].map(extra).join("")}`;
    const { packets, reader } = contents("pcap", hex(file));
    expect(packets.map(({ octets, flags }) => [octets, flags])).toEqual([
      ["abcd", 1],
      ["abcd", 1 | (3 << 2)],
      ["abcd", 1 | (2 << 2)],
      ["abcd", 1 | (4 << 2)],
      ["abcd", 2],
      ["abcd", 0],
    ]);
    expect(reader.record.direction).toBeUndefined();
  });

  test("has its two lengths the other way round before version 2.3, and perhaps in 2.3", () => {
    const swapped = RECORD.replace("02000000 04000000", "04000000 02000000");
    expect(packets(HEADER.replace("0400", "0200") + swapped)).toMatchObject([{ octets: "abcd", length: 4 }]);
    expect(packets(HEADER.replace("0400", "0300") + swapped + RECORD)).toMatchObject([
      { octets: "abcd", length: 4 },
      { octets: "abcd", length: 4 },
    ]);
  });

  test("keeps a fraction of a second that is none as it is", () => {
    expect(packets(HEADER + RECORD.replace("05000000", "ffffffff"))).toMatchObject([
      { nanoseconds: 0xffffffff * 1000 },
    ]);
  });

  test("has its link type in the lower half of a word", () => {
    expect(packets(HEADER.replace("01000000", "e5000024") + RECORD)).toMatchObject([{ linkType: 229 }]);
  });

  test("is read up to the record that its end cuts", () => {
    const file = hex(HEADER + RECORD + RECORD);
    for (let size = 1; size <= file.length; size++) {
      const { items, problem } = contents("pcap", file.subarray(0, size));
      expect(items.length).toBe(size < 24 ? 0 : 1 + Math.floor((size - 24) / 18));
      if (size < 24) expect(problem).toMatchObject({ kind: "truncated", at: 0, block: "file header" });
      else if ((size - 24) % 18 === 0) expect(problem).toBeUndefined();
      else expect(problem).toMatchObject({ kind: "truncated", at: size < 42 ? 24 : 42, block: "packet record" });
    }
  });

  test("is not read on behind a length that cannot be", () => {
    const { packets, problem } = contents(
      "pcap",
      hex(HEADER + RECORD + RECORD.replace("02000000", "01000400") + RECORD),
    );
    expect(packets.length).toBe(1);
    expect(problem).toEqual({
      kind: "malformed",
      at: 42,
      block: "packet record",
      reason: "cannot hold 262145 octets, at most 262144",
    });
  });

  test("holds larger packets where it says so", () => {
    const octets = "00".repeat(262_145);
    const file =
      HEADER.replace("00000400", "00000500") + RECORD.replace("02000000", "01000400").replace("abcd", octets);
    expect(packets(file).map((packet) => packet.octets.length)).toEqual([524_290]);
  });

  test("of another version is not read", () => {
    const { items, problem } = contents("pcap", hex(HEADER.replace("0200", "0300") + RECORD));
    expect(items).toEqual([]);
    expect(problem).toMatchObject({ kind: "unsupported", at: 0, reason: "is of version 3.4; 2.4 is read" });
  });
});

describe("a written pcap file", () => {
  test("has nanoseconds, or microseconds when asked for", () => {
    const of = (resolution: "nanoseconds" | "microseconds"): string => {
      const writer = new PcapWriter({ resolution });
      writer.write(record(hex("abcd"), { seconds: 1_234_567_890, nanoseconds: 5678, length: 4 }));
      return hexOf(writer.outbox.take());
    };
    expect(of("nanoseconds")).toBe(
      hexOf(hex("4d3cb2a1 0200 0400 00000000 00000000 00000400 01000000 d2029649 2e160000 02000000 04000000 abcd")),
    );
    expect(of("microseconds")).toBe(hexOf(hex(HEADER + RECORD)));
  });

  test("holds one link type", () => {
    const writer = new PcapWriter();
    writer.write(record(hex("abcd")));
    expect(() => writer.write(record(hex("abcd"), { linkType: 113 }))).toThrow(SockinspectError);
    expect(contents("pcap", writer.outbox.take()).packets.length).toBe(1);
  });

  test("without packets has the link type of the first interface", () => {
    const writer = new PcapWriter();
    writer.interface({ linkType: 113, snapLength: 0 });
    writer.begin();
    expect(contents("pcap", writer.outbox.take()).reader.interfaces).toMatchObject([{ linkType: 113 }]);
  });

  test("holds times of 1970 to 2106, and the nearest one for any other", () => {
    const writer = new PcapWriter();
    for (const seconds of [-1, Number.NaN, 2 ** 32]) writer.write(record(hex(""), { seconds, nanoseconds: 0 }));
    expect(contents("pcap", writer.outbox.take()).packets.map(({ seconds }) => seconds)).toEqual([0, 0, 2 ** 32 - 1]);
  });
});
