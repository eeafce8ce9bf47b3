import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PcapWriter } from "../../src/capture/pcap-writer.js";
import { PcapngWriter } from "../../src/capture/pcapng-writer.js";
import type { CaptureInterface, CaptureRecord, Option, RecordWriter } from "../../src/capture/record.js";
import { contents, hexOf, type Kept, record } from "../support/capture-files.js";

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

const packet = fc.record({
  octets: fc.uint8Array({ maxLength: 70 }),
  length: u32,
  seconds: u32,
  nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
  which: fc.nat({ max: 2 }),
  flags: u32,
  dropped: fc.oneof(fc.constant(0), fc.maxSafeNat()),
  comment: fc.option(
    fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
    { nil: undefined },
  ),
  options: fc.array(fc.record({ code: fc.integer({ min: 5, max: 0xffff }), value: fc.uint8Array({ maxLength: 9 }) }), {
    maxLength: 2,
  }),
});

const interfaces = fc.array(
  fc.record({
    linkType: fc.constantFrom(1, 101, 113),
    snapLength: fc.constant(262_144),
    name: fc.constantFrom("lo", "eth0", "wlan0"),
    ticksPerSecond: fc.constantFrom(1e9, 1e6),
    offset: fc.constantFrom(0, -3, 1_000_000_000),
  }),
  { minLength: 3, maxLength: 3 },
);

const feeding = fc.record({
  piece: fc.integer({ min: 1, max: 100 }),
  size: fc.integer({ min: 1, max: 300 }),
  stale: fc.nat({ max: 255 }),
});

type Packet = typeof packet extends fc.Arbitrary<infer P> ? P : never;

function write(writer: RecordWriter, { octets, which, ...packet }: Packet, known: readonly CaptureInterface[]): void {
  const { linkType, name } = known[which]!;
  writer.write(record(octets, { ...packet, linkType, device: name } as Partial<CaptureRecord>), which);
}

/** What is read of `packet`, where times count `ticks` from `offset` on. */
function kept(
  { which, octets, ...packet }: Packet,
  { linkType, name, ticksPerSecond, offset }: CaptureInterface,
): Kept {
  const tick = 1e9 / ticksPerSecond!;
  const before = packet.seconds < offset!;
  const comments = packet.comment === undefined ? [] : [{ code: 1, value: Buffer.from(packet.comment) }];
  return {
    ...packet,
    octets: hexOf(octets),
    seconds: Math.max(packet.seconds, offset!),
    nanoseconds: before ? 0 : Math.floor(packet.nanoseconds / tick) * tick,
    linkType,
    device: name,
    interfaceIndex: which,
    options: [...comments, ...packet.options].map(({ code, value }: Option) => ({ code, value: hexOf(value) })),
  };
}

describe("what is written is read again", () => {
  test("pcapng, in both byte orders", () => {
    const arbitrary = fc.tuple(fc.array(packet, { maxLength: 8 }), interfaces, fc.boolean(), feeding);
    fc.assert(
      fc.property(arbitrary, ([packets, known, littleEndian, feeding]) => {
        const writer = new PcapngWriter();
        writer.section({ littleEndian, options: [] });
        for (const description of known) writer.interface(description);
        for (const packet of packets) write(writer, packet, known);
        const read = contents("pcapng", writer.outbox.take(), feeding);
        expect(read.problem).toBeUndefined();
        expect(read.reader.interfaces).toEqual(known.map((description) => ({ ...description, options: [] })));
        expect(read.packets).toEqual(packets.map((packet) => kept(packet, known[packet.which]!)));
      }),
    );
  });

  test.each(["nanoseconds", "microseconds"] as const)("pcap in %s", (resolution) => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 8 }), feeding, (packets, feeding) => {
        const description: CaptureInterface = { linkType: 1, snapLength: 262_144, name: "eth0" };
        const writer = new PcapWriter({ resolution });
        writer.interface(description);
        writer.begin();
        for (const packet of packets) write(writer, packet, [description, description, description]);
        const ticksPerSecond = resolution === "nanoseconds" ? 1e9 : 1e6;
        const read = contents("pcap", writer.outbox.take(), feeding);
        expect(read.problem).toBeUndefined();
        const plain = { device: undefined, interfaceIndex: 0, flags: 0, dropped: 0, comment: undefined, options: [] };
        expect(read.packets).toEqual(
          packets.map((packet) => ({ ...kept(packet, { ...description, ticksPerSecond, offset: 0 }), ...plain })),
        );
      }),
    );
  });
});

/** A file, and what to do to it. */
const damage = fc.record({
  packets: fc.array(packet, { minLength: 1, maxLength: 6 }),
  changes: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }),
  keep: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe("a file with wrong octets", () => {
  test.each(["pcap", "pcapng"] as const)("never makes reading throw, hang or look beyond what came: %s", (format) => {
    fc.assert(
      fc.property(damage, feeding, ({ packets, changes, keep }, feeding) => {
        const description: CaptureInterface = { linkType: 1, snapLength: 262_144 };
        const writer = format === "pcap" ? new PcapWriter() : new PcapngWriter();
        for (let i = 0; i < 3; i++) writer.interface(description);
        for (const packet of packets) write(writer, packet, [description, description, description]);
        const whole = writer.outbox.take();
        for (const [at, octet] of changes) whole[at % whole.length] = octet;
        const file = whole.subarray(0, Math.ceil(keep * whole.length));
        const { items, packets: read, problem, damaged } = contents(format, file);
        // Each item takes 12 octets or more, so it ends
        expect(items.length + damaged).toBeLessThanOrEqual(file.length / 12);
        // However it comes, and whatever lay in memory, it is the same
        const again = contents(format, file, feeding);
        expect({ read: again.packets, problem: again.problem }).toEqual({ read, problem });
      }),
      { numRuns: 500 },
    );
  });

  test.each(["pcap", "pcapng"] as const)("may be any octets: %s", (format) => {
    const magic = format === "pcap" ? [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0] : [0x0a, 0x0d, 0x0d, 0x0a];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), feeding, (octets, feeding) => {
        const file = Uint8Array.from([...magic, ...octets]);
        const { packets, problem } = contents(format, file);
        const again = contents(format, file, feeding);
        expect({ packets: again.packets, problem: again.problem }).toEqual({ packets, problem });
      }),
      { numRuns: 500 },
    );
  });
});
