import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as zlib from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { openCapture } from "../../src/capture/file.js";
import { type CreateOptions, copyCapture, createCapture } from "../../src/capture/file-output.js";
import type { FileProblem } from "../../src/capture/record.js";
import { SockinspectError } from "../../src/errors.js";
import { type Kept, keep, record } from "../support/capture-files.js";

const folder = mkdtempSync(join(tmpdir(), "capture-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string): string => join(folder, name);

/** A packet of 50 octets that says its number. */
function packet(number: number) {
  const octets = new Uint8Array(50).fill(number);
  new DataView(octets.buffer).setUint32(0, number);
  return record(octets, { seconds: 1000 + number, device: "eth0", direction: "in" });
}

const numberOf = ({ octets }: Kept): number => Number.parseInt(octets.slice(0, 8), 16);

async function write(name: string, count: number, options: CreateOptions = {}): Promise<readonly string[]> {
  await using output = await createCapture(file(name), options);
  for (let i = 0; i < count; i++) if (!output.write(packet(i))) await output.drain();
  await output.close();
  return output.files;
}

async function read(input: string | AsyncIterable<Uint8Array>): Promise<{
  packets: Kept[];
  problem: FileProblem | undefined;
}> {
  await using capture = await openCapture(input);
  const packets: Kept[] = [];
  do
    for (let item = capture.next(); item; item = capture.next())
      if (item === "packet") packets.push(keep(capture.record));
  while (await capture.more());
  return { packets, problem: capture.problem };
}

async function* pieces(octets: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}

async function refused(act: Promise<unknown>): Promise<{ code?: string; message?: string }> {
  const error = await act.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof SockinspectError ? { code: error.code, message: error.message } : {};
}

const COUNT = 20_000; // many times what is handed on at once
const hasZstd = "createZstdCompress" in zlib;

describe("capture files", () => {
  test.each(["a.pcapng", "a.pcap", "a.cap", "a.pcapng.gz", "a.pcap.gz", "a"])(
    "%s reads as it was written",
    async (name) => {
      await write(name, COUNT);
      const { packets, problem } = await read(file(name));
      expect(problem).toBeUndefined();
      expect(packets.map(numberOf)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
    },
  );

  test("are of the format that their name or the caller says, and pcapng else", async () => {
    const format = async (name: string, options?: CreateOptions) => {
      await write(name, 1, options);
      await using capture = await openCapture(file(name));
      return [capture.format, capture.compression];
    };
    expect(await format("f.pcap")).toEqual(["pcap", undefined]);
    expect(await format("f.cap.gz")).toEqual(["pcap", "gzip"]);
    expect(await format("f.pcapng")).toEqual(["pcapng", undefined]);
    expect(await format("f.dump.gz")).toEqual(["pcapng", "gzip"]);
    expect(await format("f.pcap", { format: "pcapng" })).toEqual(["pcapng", undefined]);
    expect(await format("f", { format: "pcap" })).toEqual(["pcap", undefined]);
  });

  test("without packets can be read", async () => {
    for (const name of ["none.pcapng", "none.pcap", "none.pcapng.gz"]) {
      await write(name, 0);
      expect(await read(file(name))).toEqual({ packets: [], problem: undefined });
    }
  });

  test("are readable to nobody else", async () => {
    await write("private.pcapng", 1);
    expect(statSync(file("private.pcapng")).mode & 0o777).toBe(0o600);
  });

  test("come in pieces of any size, compressed or not", async () => {
    await write("pieces.pcapng", 300);
    const octets = readFileSync(file("pieces.pcapng"));
    const expected = await read(file("pieces.pcapng"));
    for (const size of [1, 7, 4096]) {
      expect(await read(pieces(octets, size))).toEqual(expected);
      expect(await read(pieces(zlib.gzipSync(octets), size))).toEqual(expected);
    }
  });

  test("of several gzip members are read to their end", async () => {
    await write("members.pcapng", 300);
    const octets = readFileSync(file("members.pcapng"));
    const both = Buffer.concat([zlib.gzipSync(octets.subarray(0, 999)), zlib.gzipSync(octets.subarray(999))]);
    expect(await read(pieces(both, 100))).toEqual(await read(file("members.pcapng")));
  });

  test("whose compressed data is cut or wrong are read up to there", async () => {
    await write("cut.pcapng.gz", COUNT);
    const whole = readFileSync(file("cut.pcapng.gz"));
    writeFileSync(file("cut.pcapng.gz"), whole.subarray(0, whole.length / 2));
    const cut = await read(file("cut.pcapng.gz"));
    expect(cut.packets.length).toBeGreaterThan(COUNT / 4);
    expect(cut.packets.map(numberOf)).toEqual(Array.from(cut.packets.keys()));
    const { length } = zlib.gunzipSync(readFileSync(file("cut.pcapng.gz")), {
      finishFlush: zlib.constants.Z_SYNC_FLUSH,
    });
    expect(cut.problem).toMatchObject({ kind: "truncated", block: "compressed data", at: length });
    const wrong = Uint8Array.from(whole).fill(0xff, whole.length / 2, whole.length / 2 + 100);
    const { packets, problem } = await read(pieces(wrong, 5000));
    expect(packets.length).toBeGreaterThan(COUNT / 4);
    expect(problem).toMatchObject({ kind: "malformed", block: "compressed data" });
  });

  test("of gzip may be padded by zero octets", async () => {
    await write("padded.pcapng", 300);
    const expected = await read(file("padded.pcapng"));
    const padded = Buffer.concat([zlib.gzipSync(readFileSync(file("padded.pcapng"))), Buffer.alloc(40_000)]);
    writeFileSync(file("padded.pcapng.gz"), padded);
    expect(await read(file("padded.pcapng.gz"))).toEqual(expected);
    for (const size of [1, 7, 4096, padded.length]) expect(await read(pieces(padded, size))).toEqual(expected);
    const behind = Buffer.concat([padded, Buffer.from("text")]);
    const { packets, problem } = await read(pieces(behind, 4096));
    expect(packets).toEqual(expected.packets);
    expect(problem).toMatchObject({
      kind: "malformed",
      reason: "ends before the file does, and what follows is no padding",
    });
  });

  test("of gzip give every octet in front of a fault, and then say what is wrong", async () => {
    const count = 1000;
    await write("fault.pcapng", count);
    const octets = readFileSync(file("fault.pcapng"));
    const gzip = zlib.gzipSync(octets);
    const check = Uint8Array.from(gzip).fill(gzip.at(-8)! ^ 1, -8, -7);
    const garbage = Buffer.concat([gzip, Buffer.from("garbage")]);
    for (const [wrong, reason] of [
      [check, "cannot be decompressed: incorrect data check"],
      [garbage, "cannot be decompressed: incorrect header check"],
    ] as const) {
      writeFileSync(file("fault.gz"), wrong);
      for (const input of [file("fault.gz"), pieces(wrong, 5000)]) {
        const { packets, problem } = await read(input);
        expect(packets.length).toBe(count);
        expect(problem).toMatchObject({ kind: "malformed", at: octets.length, reason });
      }
    }
    const at = gzip.length / 2;
    writeFileSync(file("fault.gz"), Uint8Array.from(gzip).fill(0xff, at, at + 100));
    const before = zlib.gunzipSync(gzip.subarray(0, at), { finishFlush: zlib.constants.Z_SYNC_FLUSH });
    expect((await read(file("fault.gz"))).problem?.at).toBeGreaterThanOrEqual(before.length);
  });

  test("of gzip in a long pipe, which is not read twice, say what is lost in front of a fault", async () => {
    const output = await createCapture(file("long.pcapng"));
    for (let i = 0; i < 30; i++) output.write(record(new Uint8Array(60_000)));
    await output.close();
    const wrong = zlib.gzipSync(readFileSync(file("long.pcapng")), { level: 0 });
    wrong[wrong.length - 8]! ^= 1;
    const { packets, problem } = await read(pieces(wrong, 65_536));
    expect(packets.length).toBe(29);
    expect(problem?.reason).toBe(
      "cannot be decompressed: incorrect data check; up to 16 KiB before that are lost, too, which a file on a disk would give",
    );
    writeFileSync(file("long.gz"), wrong);
    expect((await read(file("long.gz"))).packets.length).toBe(30);
  });

  test("that are none are refused, and so is what cannot be opened", async () => {
    writeFileSync(file("text"), "hello, world");
    writeFileSync(file("empty"), "");
    writeFileSync(file("text.gz"), zlib.gzipSync("hello, world"));
    const start = (name: string): string => `cannot read ${file(name)}: it`;
    expect(await refused(read(file("text")))).toEqual({
      code: "BAD_FILE",
      message: `${start("text")} begins with 68 65 6c 6c, which is neither pcap nor pcapng`,
    });
    expect(await refused(read(file("text.gz")))).toMatchObject({ code: "BAD_FILE" });
    expect(await refused(read(file("empty")))).toEqual({ code: "BAD_FILE", message: `${start("empty")} is empty` });
    writeFileSync(file("wrong.gz"), Uint8Array.from(zlib.gzipSync("abc")).fill(0, -8));
    expect(await refused(read(file("wrong.gz")))).toEqual({
      code: "BAD_FILE",
      message: `cannot read ${file("wrong.gz")}: its compressed data at octet 3 cannot be decompressed: incorrect data check`,
    });
    expect(await refused(read(file("nothing")))).toEqual({
      code: "SYSTEM",
      message: `cannot open ${file("nothing")}: there is no such file or directory`,
    });
    expect(await refused(read(folder))).toMatchObject({ code: "SYSTEM" });
    expect(await refused(write("no/such/folder", 1))).toMatchObject({ code: "SYSTEM" });
  });

  test("are compressed by zstd where Node can", async () => {
    const done = refused(write("a.pcapng.zst", 100));
    if (hasZstd) {
      expect(await done).toEqual({});
      expect((await read(file("a.pcapng.zst"))).packets.length).toBe(100);
    } else expect(await done).toMatchObject({ code: "UNSUPPORTED_PLATFORM" });
  });

  test("hold all that was written once they are flushed, in whole blocks", async () => {
    for (const name of ["flush.pcapng", "flush.pcap.gz"]) {
      await using output = await createCapture(file(name));
      for (let i = 1; i < 4; i++) {
        output.write(packet(i));
        await output.flush();
        const { packets, problem } = await read(file(name));
        expect(packets.length).toBe(i);
        // gzip without its end says so; no packet is missing
        expect(problem?.block).toBe(name.endsWith(".gz") ? "compressed data" : undefined);
      }
    }
  });

  test("are closed once, and take nothing after it", async () => {
    const output = await createCapture(file("closed.pcapng"));
    await output.close();
    await output.close();
    expect(() => output.write(packet(0))).toThrow("was closed");
  });

  test("are neither opened nor created by what is no name, nor written by what is no record", async () => {
    expect(await refused(openCapture(5 as never))).toMatchObject({ code: "BAD_ARGUMENT" });
    for (const [name, options] of [
      [5, {}],
      ["x", null],
      ["x", { format: "zip" }],
      ["x", { resolution: "seconds" }],
      ["x", { snapLength: 1.5 }],
      ["x", { rotation: { files: 1.5 } }],
    ])
      expect(await refused(createCapture(name as never, options as never))).toMatchObject({ code: "BAD_ARGUMENT" });
    await using output = await createCapture(file("record.pcapng"));
    expect(() => output.write({} as never)).toThrow("record takes octets from `at` to `end`, such as a frame, not");
    expect(output.packets).toBe(0);
  });

  test("say so when the disk is full", async () => {
    const output = await createCapture("/dev/full");
    output.write(packet(0));
    expect(await refused(output.flush())).toEqual({
      code: "SYSTEM",
      message: "cannot write to /dev/full: no space is left on the device",
    });
    expect(await refused(output.close())).toMatchObject({ code: "SYSTEM" });
  });
});

describe("rotation", () => {
  test("by size begins a new file behind the packet that reaches it", async () => {
    const files = await write("size.pcap", 10, { rotation: { octets: 24 + 3 * 66 } });
    expect(files).toEqual(["size-00001.pcap", "size-00002.pcap", "size-00003.pcap", "size-00004.pcap"].map(file));
    const numbers = await Promise.all(files.map(async (name) => (await read(name)).packets.map(numberOf)));
    expect(numbers).toEqual([[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]);
  });

  test("by time goes by the packets' own", async () => {
    const files = await write("time.pcapng.gz", 7, { rotation: { seconds: 3 } });
    expect(files[1]).toBe(file("time-00002.pcapng.gz"));
    const read1 = await Promise.all(files.map(read));
    expect(read1.map(({ packets }) => packets.map(numberOf))).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect(read1.every(({ packets }) => packets.every(({ device }) => device === "eth0"))).toBe(true);
  });

  test("keeps the newest files", async () => {
    const files = await write("ring", 10, { rotation: { octets: 1, files: 2 } });
    expect(files).toEqual([file("ring-00009"), file("ring-00010")]);
    expect(await refused(read(file("ring-00008")))).toMatchObject({ code: "SYSTEM" });
    expect((await read(file("ring-00010"))).packets.map(numberOf)).toEqual([9]);
  });

  test("refuses what is no size", async () => {
    expect(await refused(write("bad", 1, { rotation: { octets: 0 } }))).toMatchObject({ code: "BAD_ARGUMENT" });
  });
});

describe("a copy", () => {
  test("has the packets that are to be kept, cut, and all else", async () => {
    const from = file("from.pcapng");
    const output = await createCapture(from);
    output.section({ littleEndian: false, options: [{ code: 2, value: Buffer.from("hardware") }] });
    output.interface({ linkType: 1, snapLength: 0, name: "eth0", ticksPerSecond: 1e6, offset: 5 });
    output.block({ type: 4, littleEndian: false, body: new Uint8Array(4) });
    for (let i = 0; i < 5; i++) output.write({ ...packet(i), comment: `number ${i}`, dropped: i });
    output.statistics(0, { seconds: 2000, nanoseconds: 0, received: 9, dropped: 4 });
    await output.close();

    const same = file("same.pcapng");
    const some = file("some.pcapng");
    for (const [name, keep, options] of [
      [same, () => true, {}],
      [some, ({ seconds }: { seconds: number }) => seconds >= 1003, { snapLength: 8 }],
    ] as const) {
      await using input = await openCapture(from);
      await using copy = await createCapture(name, options);
      await copyCapture(input, copy, keep);
    }
    expect(readFileSync(same)).toEqual(readFileSync(from));
    expect((await read(some)).packets).toMatchObject([
      { octets: "0000000303030303", length: 50, comment: "number 3", dropped: 3, seconds: 1003 },
      { octets: "0000000404040404", length: 50, comment: "number 4", dropped: 4, seconds: 1004 },
    ]);
  });

  test("has packets of any size whole, unless it is to be cut or a pcap file has begun without a word of them", async () => {
    const [small, large] = [record(new Uint8Array(60)), record(new Uint8Array(400_000))];
    const sizes = async (
      name: string,
      records: readonly (typeof small)[],
      options: CreateOptions & { promise?: number } = {},
    ) => {
      await using output = await createCapture(file(name), options);
      if (options.promise) output.interface({ linkType: 1, snapLength: options.promise });
      for (const packet of records) output.write(packet);
      await output.close();
      const { packets, problem } = await read(file(name));
      expect(problem).toBeUndefined();
      return [...packets.map(({ octets }) => octets.length / 2), output.cut];
    };
    expect(await sizes("large.pcapng", [small, large])).toEqual([60, 400_000, 0]);
    expect(await sizes("large.pcapng", [large, small], { snapLength: 300_000 })).toEqual([300_000, 60, 0]);
    expect(await sizes("large.pcap", [large, small])).toEqual([400_000, 60, 0]);
    expect(await sizes("large.pcap", [small, large], { promise: 500_000 })).toEqual([60, 400_000, 0]);
    expect(await sizes("large.pcap", [small, large], { snapLength: 96 })).toEqual([60, 96, 0]);
    expect(await sizes("large.pcap", [small, large])).toEqual([60, 262_144, 1]);
  });

  test("from pcap to pcapng and back has the same packets", async () => {
    await write("there.pcap", 50);
    for (const [from, to] of [
      ["there.pcap", "there.pcapng"],
      ["there.pcapng", "back.pcap"],
    ] as const) {
      await using input = await openCapture(file(from));
      await using output = await createCapture(file(to));
      await copyCapture(input, output);
    }
    expect(readFileSync(file("back.pcap"))).toEqual(readFileSync(file("there.pcap")));
  });

  test("from pcap to pcap has the kept records as they were, wherever they are cut by the reading", async () => {
    // Lengths around those of the window and of the outbox, and one that is larger than is usual
    const sizes = [
      0, 1, 60, 1500, 1500, 60, 131_056, 131_072, 70_000, 60, 262_144, 1, 65_535, 60, 60, 1500, 262_145, 60,
    ];
    const records = Array.from({ length: 200 }, (_, i) => {
      const octets = new Uint8Array(16 + sizes[i % sizes.length]!);
      const data = new DataView(octets.buffer);
      for (const [at, value] of [i, 999_999, octets.length - 16, octets.length - 16 + (i % 3)].entries())
        data.setUint32(4 * at, value, true);
      octets.fill(i, 16);
      return octets;
    });
    const header = new Uint8Array(24);
    const fields = new DataView(header.buffer);
    for (const [at, value] of [0xa1b2c3d4, 0x0004_0002, 0, 0, 500_000, 1].entries())
      fields.setUint32(4 * at, value, true);
    const whole = Buffer.concat([header, ...records]);
    // The last one is cut.
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < whole.length - 5; at += 40_009)
        yield whole.subarray(at, Math.min(at + 40_009, whole.length - 5));
    };
    for (const keep of [() => true, (i: number) => i % 7 < 3, (i: number) => i === 10, () => false]) {
      await using input = await openCapture(pieces());
      expect(input.resolution).toBe("microseconds");
      const output = await createCapture(file("records.pcap"), { resolution: "microseconds" });
      await copyCapture(input, output, ({ seconds }) => keep(seconds));
      const kept = records.slice(0, -1).filter((_, i) => keep(i));
      expect(output.packets).toBe(kept.length);
      await output.close();
      expect(input.problem?.kind).toBe("truncated");
      expect(readFileSync(file("records.pcap")).equals(Buffer.concat([header, ...kept]))).toBe(true);
    }
  });
});
