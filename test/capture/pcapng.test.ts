import { describe, expect, test } from "vitest";
import { PcapngWriter } from "../../src/capture/pcapng-writer.js";
import { fileProblemText } from "../../src/capture/record.js";
import { isSockinspectError } from "../../src/errors.js";
import { contents, hex, hexOf, record } from "../support/capture-files.js";

const SECTION = "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000";
const INTERFACE = "01000000 20000000 0100 0000 00000400 0200 0400 65746830 00000000 20000000"; // eth0
const START = SECTION + INTERFACE;

// 1 234 567 890.000005 s
const TIME = "d5620400 85d8883c";
const PACKET = `06000000 24000000 00000000 ${TIME} 02000000 04000000 abcd0000 24000000`;

function read(file: string) {
  return contents("pcapng", hex(file));
}

/** A block of `type` around a body. */
function block(type: string, body: string): string {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(12 + hex(body).length);
  return `${type} ${size.toString("hex")} ${body} ${size.toString("hex")}`;
}

describe("a pcapng file", () => {
  test("holds sections, interfaces and packets", () => {
    const { items, packets, reader, problem } = read(START + PACKET);
    expect(items).toEqual(["section", "interface", "packet"]);
    expect(reader.section).toEqual({ littleEndian: true, options: [] });
    expect(reader.interfaces).toEqual([
      { linkType: 1, snapLength: 262_144, name: "eth0", ticksPerSecond: 1e6, offset: 0, options: [] },
    ]);
    expect(packets).toEqual([
      {
        octets: "abcd",
        length: 4,
        seconds: 1_234_567_890,
        nanoseconds: 5000,
        linkType: 1,
        device: "eth0",
        interfaceIndex: 0,
        flags: 0,
        dropped: 0,
        comment: undefined,
        options: [],
      },
    ]);
    expect(problem).toBeUndefined();
  });

  test("has sections of either byte order, each with its own interfaces", () => {
    const big = `0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c
      00000001 00000014 0071 0000 00000060 00000014
      00000006 00000024 00000000 000462d5 3c88d885 00000002 00000004 ab010000 00000024`;
    const { items, packets } = read(START + PACKET + big + START + PACKET);
    expect(items.filter((item) => item === "section").length).toBe(3);
    expect(packets).toMatchObject([
      { linkType: 1, device: "eth0" },
      { linkType: 113, device: undefined, octets: "ab01", seconds: 1_234_567_890, nanoseconds: 5000, length: 4 },
      { linkType: 1, device: "eth0" },
    ]);
  });

  test("says flags, drops, comments, and keeps all other options of a packet", () => {
    const options = `0200 0400 01020000 # inbound, checksum not ready
      0400 0800 0700000001000000        # dropped
      0100 0200 68690000 0100 0300 79616100  # comments
      0300 0500 02aabbccdd000000        # hash
      00000000`;
    const file = START + block("06000000", `00000000 ${TIME} 02000000 04000000 abcd0000 ${options}`);
    const { packets, reader } = read(file);
    expect(packets).toMatchObject([
      {
        flags: 0x201,
        dropped: 2 ** 32 + 7,
        comment: "hi\nyaa",
        options: [
          { code: 1, value: "6869" },
          { code: 1, value: "796161" },
          { code: 3, value: "02aabbccdd" },
        ],
      },
    ]);
    const { direction, offload, gso } = reader.record;
    expect({ direction, offload, gso }).toEqual({ direction: "in", offload: "not computed yet", gso: false });
  });

  test("says directions and offloads by bits 0 to 11 of epb_flags", () => {
    const { record } = contents("pcapng", hex(START + PACKET)).reader;
    const meaning = (flags: number) => {
      record.flags = flags;
      return [record.direction, record.offload, record.gso];
    };
    expect(meaning(0)).toEqual([undefined, "unknown", false]);
    expect(meaning(1)).toEqual(["in", "none", false]);
    expect(meaning(2 | 0x200)).toEqual(["out", "not computed yet", false]);
    expect(meaning(1 | (4 << 2) | 0x400)).toEqual(["other", "verified by the kernel", false]);
    expect(meaning(2 | 0x800)).toEqual(["out", "none", true]);
  });

  test("holds Simple Packet Blocks: of the first interface, cut to its snap length, without a time", () => {
    const short = INTERFACE.replace("00000400", "03000000");
    const { packets } = read(SECTION + short + INTERFACE + block("03000000", "08000000 abcdef00"));
    expect(packets).toMatchObject([{ octets: "abcdef", length: 8, seconds: Number.NaN, device: "eth0" }]);
  });

  test("holds obsolete Packet Blocks, which count drops", () => {
    const old = (drops: string): string => block("02000000", `0000 ${drops} ${TIME} 02000000 04000000 abcd0000`);
    expect(read(START + old("0300") + old("ffff")).packets).toMatchObject([
      { octets: "abcd", seconds: 1_234_567_890, dropped: 3 },
      { octets: "abcd", length: 4, dropped: 0 },
    ]);
  });

  test("counts time from if_tsoffset in if_tsresol", () => {
    const at = (options: string): string =>
      SECTION + block("01000000", `0100 0000 00000000 ${options} 00000000`) + PACKET.replace(TIME, "01000000 80000000");
    // 2^32 + 128 ticks of 1/256 s
    expect(read(at("0900 0100 88000000")).packets).toMatchObject([{ seconds: 16_777_216, nanoseconds: 5e8 }]);
    expect(read(at("0900 0100 09000000 0e00 0800 feffffffffffffff")).packets).toMatchObject([
      { seconds: 2, nanoseconds: 294_967_424 },
    ]);
    expect(read(at("0900 0100 0c000000")).packets).toMatchObject([{ seconds: 0, nanoseconds: 4_294_967 }]);
  });

  test("hands on all other blocks as they are", () => {
    const others = [
      block("04000000", "0100 0800 7f000001 61626300 00000000"), // names
      block("05000000", `00000000 ${TIME} 0400 0800 0a00000000000000 00000000`), // statistics
      block("0a000000", "4b534c54 03000000 61626300"), // secrets
      block("ad0b0000", "fc7f0000 abcdabcd"), // custom
      block("efbeadde", "12345678"),
    ];
    const { items, packets, problem, reader } = read(START + others.join("") + PACKET);
    expect(items.slice(2)).toEqual(["block", "statistics", "block", "block", "block", "packet"]);
    expect(packets.length).toBe(1);
    expect(problem).toBeUndefined();
    expect(reader.block?.type).toBe(0xdeadbeef);
  });

  test("keeps options of sections and interfaces", () => {
    const section = block("0a0d0d0a", "4d3c2b1a 0100 0000 ffffffffffffffff 0400 0200 6d650000 00000000");
    const known = block("01000000", "0100 0000 00000000 0300 0100 78000000 0b00 0200 00690000 0100 0100 63000000");
    const { reader } = read(section + known);
    expect(reader.section.options).toEqual([{ code: 4, value: hex("6d65") }]);
    expect(reader.interfaces).toMatchObject([
      {
        description: "x",
        options: [
          { code: 11, value: hex("0069") },
          { code: 1, value: hex("63") },
        ],
      },
    ]);
  });

  test("may have blocks whose length leaves out the padding", () => {
    const odd = `06000000 22000000 00000000 ${TIME} 02000000 04000000 abcd0000 22000000`;
    const { packets, problem } = read(START + odd + PACKET);
    expect(packets.length).toBe(2);
    expect(problem).toBeUndefined();
  });
});

describe("a pcapng file that is wrong", () => {
  const at = hex(START).length;

  test("is read up to the block that its end cuts", () => {
    const file = hex(START + PACKET + PACKET);
    for (let size = 1; size <= file.length; size++) {
      const { items, problem } = contents("pcapng", file.subarray(0, size));
      const ends = [28, 60, 96, 132].filter((end) => end <= size);
      expect(items.length).toBe(ends.length);
      if (ends.includes(size)) expect(problem).toBeUndefined();
      else expect(problem).toMatchObject({ kind: "truncated", at: ends.at(-1) ?? 0 });
    }
  });

  test.each([
    ["a packet of an interface that is not described", PACKET.replace("00000000", "07000000")],
    ["a packet longer than its block", PACKET.replace("02000000", "05000000")],
    ["a packet block too short for its fields", block("06000000", "00000000")],
    ["a Simple Packet Block too short for its fields", block("03000000", "")],
  ])("is read on behind %s", (_, wrong) => {
    const { packets, problem, damaged } = read(START + wrong + PACKET);
    expect(packets.length).toBe(1);
    expect(problem).toMatchObject({ kind: "malformed", at });
    expect(damaged).toBe(1);
  });

  test("is told by the first thing that is wrong", () => {
    const [first, second] = [PACKET.replace("00000000", "07000000"), PACKET.replace("00000000", "08000000")];
    const { problem, damaged } = read(START + first + second);
    expect(problem).toMatchObject({ at, reason: "is of interface 7, of 1 described" });
    expect(damaged).toBe(2);
  });

  test("gives a packet whose options are wrong, and says so", () => {
    const wrong = block(
      "06000000",
      `00000000 ${TIME} 02000000 04000000 abcd0000 0200 0400 01000000 0100 ff00 61626300`,
    );
    const { packets, problem, damaged } = read(START + wrong + PACKET);
    expect(packets).toMatchObject([{ octets: "abcd", flags: 1 }, { flags: 0 }]);
    expect(problem && fileProblemText(problem)).toBe(
      `Enhanced Packet Block at octet ${at} has an option (1) of 255 octets where 4 are left`,
    );
    expect(damaged).toBe(0);
  });

  test.each([
    ["lengths that differ at both ends", PACKET.replace(/24000000$/, "28000000"), "malformed"],
    ["a length below 12", PACKET.replace("24000000", "08000000"), "malformed"],
    ["a length beyond 128 MiB", PACKET.replace("24000000", "00000010"), "malformed"],
    ["an interface description without its fields", block("01000000", "0100 0000"), "malformed"],
    ["a section of a version to come", SECTION.replace("0100", "0200"), "unsupported"],
    ["a byte order that is none", SECTION.replace("4d3c2b1a", "4d3c2b1b"), "malformed"],
  ])("ends at %s", (_, wrong, kind) => {
    const { items, problem } = read(START + wrong + PACKET);
    expect(items.length).toBe(2);
    expect(problem).toMatchObject({ kind, at });
  });

  test("has to begin with a section", () => {
    const { items, problem } = read(INTERFACE + PACKET);
    expect(items).toEqual([]);
    expect(problem).toMatchObject({ kind: "malformed", at: 0, block: "Interface Description Block" });
  });
});

describe("a written pcapng file", () => {
  test("describes sections and interfaces when packets need them", () => {
    const writer = new PcapngWriter();
    writer.write(record(hex("ab"), { device: "lo" }));
    writer.write(record(hex("cd"), { device: "eth0" }));
    writer.write(record(hex("ef"), { device: "lo", linkType: 101 }));
    writer.write(record(hex("00"), { device: "lo" }));
    const { items, packets } = contents("pcapng", writer.outbox.take());
    expect(items).toEqual(["section", ..."interface packet interface packet interface packet packet".split(" ")]);
    expect(
      packets.map(({ octets, device, linkType, interfaceIndex }) => [octets, device, linkType, interfaceIndex]),
    ).toEqual([
      ["ab", "lo", 1, 0],
      ["cd", "eth0", 1, 1],
      ["ef", "lo", 101, 2],
      ["00", "lo", 1, 0],
    ]);
  });

  test("says what the kernel said of direction and checksum", () => {
    const writer = new PcapngWriter();
    writer.write(record(hex("ab"), { direction: "in", offload: "verified by the kernel" }));
    writer.write(record(hex("ab"), { direction: "out", offload: "not computed yet", gso: true }));
    writer.write(record(hex("ab"), { direction: "other" }));
    const { packets } = contents("pcapng", writer.outbox.take());
    expect(packets.map(({ flags }) => flags)).toEqual([0x401, 0xa02, 0x11]);
  });

  test("keeps what cannot be a Simple Packet Block's in another one", () => {
    const writer = new PcapngWriter({ snapLength: 4 });
    const untimed = { seconds: Number.NaN, nanoseconds: 0 };
    writer.write(record(hex("abcdef"), untimed));
    writer.write(record(hex("abcdef"), { ...untimed, comment: "with a comment" }));
    writer.write(record(hex("abcdefabcd"), untimed));
    writer.write(record(hex("abcdef"), { ...untimed, device: "another" }));
    const { packets } = contents("pcapng", writer.outbox.take());
    expect(packets).toMatchObject([
      { octets: "abcdef", seconds: Number.NaN },
      { octets: "abcdef", seconds: 0, comment: "with a comment" },
      { octets: "abcdefab", length: 5, seconds: Number.NaN },
      { octets: "abcdef", device: "another", seconds: 0 },
    ]);
  });

  test("has the comments and other options of a packet as they were read, in their order", () => {
    const options = `0200 0400 01000000 0400 0800 0700000000000000  # flags and drops
      0100 0500 6669727374000000 0300 0500 02aabbccdd000000 0100 0700 626164 ff 757466 00 0100 0000 00000000`;
    const resolution = "0900 0100 09000000 00000000"; // as it is written
    const file = hex(
      SECTION +
        block("01000000", `0100 0000 00000400 ${resolution}`) +
        block("06000000", `00000000 ${TIME} 02000000 04000000 abcd0000 ${options}`),
    );
    const writer = new PcapngWriter();
    const { reader, packets } = contents("pcapng", file);
    expect(packets).toMatchObject([{ comment: "first\nbad\ufffdutf\n" }]);
    writer.section(reader.section);
    writer.interface(reader.interfaces[0]!);
    writer.write(reader.record, 0);
    expect(hexOf(writer.outbox.take())).toBe(hexOf(file));
  });

  test("has a comment that is longer than an option can be in several", () => {
    const writer = new PcapngWriter();
    writer.write(record(hex("ab"), { comment: `${"x".repeat(65_534)}ä${"y".repeat(65_533)}z` }));
    const [packet] = contents("pcapng", writer.outbox.take()).packets;
    expect(packet?.comment).toBe(`${"x".repeat(65_534)}\nä${"y".repeat(65_533)}\nz`);
  });

  test("has zero octets for padding, not what lay in memory", () => {
    const writer = new PcapngWriter();
    writer.begin();
    writer.outbox.back(writer.outbox.take().fill(0xff));
    writer.outbox.back(writer.outbox.take());
    writer.outbox.set(new Uint8Array(1000).fill(0xff), writer.outbox.reserve(1000));
    writer.outbox.end = 0;
    writer.interface({ linkType: 1, snapLength: 0, name: "a" });
    writer.write(record(hex("ab"), { device: "a", comment: "c" }));
    writer.write(record(hex("ab"), { device: "a", seconds: Number.NaN }));
    const file = hexOf(writer.outbox.take());
    expect(file).toContain("0200010061000000");
    expect(file).toContain("ab0000000100010063000000");
    expect(file).toContain("030000001400000001000000ab00000014000000");
  });

  test("says nothing of an interface without a name", () => {
    const writer = new PcapngWriter();
    writer.write(record(hex("")));
    expect(contents("pcapng", writer.outbox.take()).packets).toMatchObject([
      { device: undefined, octets: "", length: 0 },
    ]);
  });

  test("begins again with the same interfaces", () => {
    const writer = new PcapngWriter();
    writer.interface({ linkType: 1, snapLength: 96, name: "eth0", ticksPerSecond: 1e6, offset: 3 });
    const first = writer.outbox.take();
    writer.again();
    expect(hexOf(writer.outbox.take())).toBe(hexOf(first));
  });

  test("takes other blocks as they were read, in their byte order", () => {
    const writer = new PcapngWriter();
    writer.section({ littleEndian: false, options: [] });
    const body = hex("00010000");
    writer.block({ type: 4, littleEndian: false, body });
    const { reader, items } = contents("pcapng", writer.outbox.take());
    expect(items).toEqual(["section", "block"]);
    expect(reader.block).toEqual({ type: 4, littleEndian: false, body });
    expect(() => writer.block({ type: 4, littleEndian: true, body })).toThrow("byte order");
  });

  test("counts the times of statistics as those of packets, also where they were counted otherwise", () => {
    const statistics = (index: string, taken: string, start: string, end: string): Uint8Array =>
      hex(`${index} 00000000 ${taken} 0002 0008 00000000 ${start} 0004 0008 0000000700000008
        0003 0008 00000000 ${end} 0000 0000`);
    const writer = new PcapngWriter();
    writer.section({ littleEndian: false, options: [] });
    writer.interface({ linkType: 1, snapLength: 0, ticksPerSecond: 1024, offset: 5 });
    // 1.5, 2 and 3 s, in 1024 ticks each and in nanoseconds
    const read = ["00000600", "00000800", "00000c00"] as const;
    for (const index of ["00000000", "00000001"])
      writer.block({ type: 5, littleEndian: false, body: statistics(index, ...read) });
    const blocks = hexOf(writer.outbox.take());
    expect(blocks).toContain(hexOf(statistics("00000000", "59682f00", "77359400", "b2d05e00")));
    expect(blocks).toContain(hexOf(statistics("00000001", ...read))); // of no interface: as it was
  });

  test("refuses interfaces that are not described", () => {
    const writer = new PcapngWriter();
    const refused = (act: () => void): boolean => {
      try {
        act();
        return false;
      } catch (error) {
        return isSockinspectError(error, "BAD_ARGUMENT");
      }
    };
    expect(refused(() => writer.write(record(hex("ab")), 0))).toBe(true);
    expect(refused(() => writer.statistics(0, { seconds: 0, nanoseconds: 0 }))).toBe(true);
  });
});
