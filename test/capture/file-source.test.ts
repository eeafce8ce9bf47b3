import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createCapture } from "../../src/capture/file-output.js";
import { type FileSource, read } from "../../src/capture/read.js";
import { isSockinspectError } from "../../src/errors.js";
import { hex, record } from "../support/capture-files.js";

const folder = mkdtempSync(join(tmpdir(), "file-source-"));
const file = join(folder, "a.pcapng");
afterAll(() => rmSync(folder, { recursive: true }));

const COUNT = 10_000; // more than is there at once

// IP 192.0.2.1.4000 > 192.0.2.2.53: UDP, length 0; every other one to port 54
const udp = hex(`020000000002 020000000001 0800 4500001c 00010000 4011f6cc c0000201 c0000202 0fa0 0035 0008 0000`);
const other = Uint8Array.from(udp).fill(0x36, 37, 38);

beforeAll(async () => {
  await using output = await createCapture(file);
  for (let i = 0; i < COUNT; i++)
    output.write(
      record(i % 2 === 0 ? udp : other, {
        seconds: i,
        device: "eth0",
        direction: "out",
        offload: "not computed yet",
        dropped: i === 7 ? 3 : 0,
      }),
    );
  output.statistics(0, { seconds: COUNT, nanoseconds: 0, received: COUNT + 5, dropped: 5 });
});

describe("a capture file as a source", () => {
  test("gives packets as a live capture does", async () => {
    const source = read(file, { limit: 1 });
    for await (const packet of source)
      expect(packet).toMatchObject({
        seconds: 0,
        nanoseconds: 123_456_789,
        length: 42,
        capturedLength: 42,
        linkType: 1,
        device: "eth0",
        direction: "out",
        offload: "not computed yet",
        gso: false,
        layers: [{ kind: "ethernet" }, { kind: "ipv4" }, { kind: "udp", destinationPort: 53 }],
      });
    expect(source.statistics().captured).toBe(1);
  });

  test("refuses what it does not take when it is asked, and pieces that are none when they come", async () => {
    const refusal = (act: () => unknown): string => {
      try {
        act();
        return "";
      } catch (error) {
        return isSockinspectError(error, "BAD_ARGUMENT") ? error.message : String(error);
      }
    };
    const path = 'file takes a path, "-", an open file or an async iterable of Uint8Array, not';
    expect(refusal(() => read(5 as never))).toBe(`${path} 5`);
    expect(refusal(() => read(new Uint8Array(1e6) as never))).toBe(`${path} [object Uint8Array]`);
    expect(refusal(() => read(file, { filter: 5 as never }))).toBe("filter takes a text, not 5");
    expect(refusal(() => read(file, null as never))).toBe("options takes an object, not null");
    expect(refusal(() => read(file, { limit: 0 }))).toBe("limit takes a whole number above 0, not 0");
    const text = async function* (): AsyncGenerator<never> {
      yield "text" as never;
    };
    await expect(read(text())[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  });

  test("gives the comments of packets, and frames that are written keep them", async () => {
    const [first, again] = [join(folder, "comments.pcapng"), join(folder, "again.pcapng")];
    const output = await createCapture(first);
    for (const comment of ["one\ntwo", undefined]) output.write(record(udp, { comment }));
    await output.close();
    const copy = await createCapture(again);
    for await (const batch of read(first).batches()) for (const frame of batch) copy.write(frame);
    await copy.close();
    const comments: unknown[] = [];
    for await (const { comment } of read(again)) comments.push(comment);
    expect(comments).toEqual(["one\ntwo", undefined]);
  });

  test("gives every packet of every batch, and counts what was lost when it was captured", async () => {
    const source = read(file);
    let packets = 0;
    for await (const batch of source.batches()) for (const frame of batch) expect(frame.seconds).toBe(packets++);
    expect(source.statistics()).toEqual({ captured: COUNT, received: COUNT + 5, unmatched: 0, dropped: 5, freezes: 0 });
    expect(source.problem).toBeUndefined();
  });

  test("gives those that pass a filter, and not more than were asked for", async () => {
    const seconds: number[] = [];
    for await (const packet of read(file, { filter: "udp port 54", limit: 3 })) seconds.push(packet.seconds);
    expect(seconds).toEqual([1, 3, 5]);
  });

  test("takes a filter with names of hosts whose addresses are given", async () => {
    const count = async (address: string): Promise<number> => {
      const source = read(file, { filter: "host there", addresses: new Map([["there", [address]]]) });
      for await (const batch of source.batches()) for (const frame of batch) expect(frame.length).toBe(42);
      return source.statistics().captured;
    };
    expect([await count("192.0.2.2"), await count("192.0.2.3")]).toEqual([COUNT, 0]);
  });

  test("passes over what was not walked of a batch", async () => {
    const first: number[] = [];
    for await (const batch of read(file).batches())
      for (const frame of batch) {
        first.push(frame.seconds);
        break;
      }
    expect(first.length).toBeGreaterThan(1);
    // What was not walked is passed over, as it is in a live capture; else memory would grow
    for (const [i, seconds] of first.entries()) expect(seconds - (first[i - 1] ?? -1000)).toBeGreaterThan(900);
  });

  test("takes views back with their batch", async () => {
    const source = read(file);
    for await (const batch of source.batches()) {
      const [frame] = batch;
      await source.close();
      expect(() => frame!.udp).toThrow("given back");
    }
  });

  test("ends where it is stopped", async () => {
    let packets = 0;
    const source = read(file);
    for await (const _ of source) {
      packets++;
      source.stop();
    }
    expect(packets).toBe(1);
    for await (const _ of read(file, { signal: AbortSignal.abort() })) packets++;
    expect(packets).toBe(1);
  });

  describe("whose packets are of several link types", () => {
    /** Ethernet, and three that nobody here understands. */
    const made = async (linkTypes: readonly number[]): Promise<string> => {
      const name = join(folder, "mixed.pcapng");
      await using output = await createCapture(name);
      for (const [i, linkType] of linkTypes.entries()) output.write(record(udp, { seconds: i, linkType }));
      return name;
    };
    const seen = async (source: FileSource): Promise<number[]> => {
      const seconds: number[] = [];
      for await (const packet of source) seconds.push(packet.seconds);
      return seconds;
    };

    test("leaves out those that the filter cannot ask, and counts them", async () => {
      for (const filter of ["udp", "not tcp"]) {
        const source = read(await made([1, 220, 1, 220, 9999, 1]), { filter });
        expect(await seen(source)).toEqual([0, 2, 5]);
        expect([...source.unasked]).toEqual([
          [220, 2],
          [9999, 1],
        ]);
      }
      // What is asked of every packet is asked of these, too
      const source = read(await made([1, 220, 1]), { filter: "greater 10" });
      expect(await seen(source)).toEqual([0, 1, 2]);
      expect(source.unasked.size).toBe(0);
    });

    test("throws in the end where there are no others", async () => {
      const source = read(await made([220, 9999, 220]), { filter: "udp" });
      const error: unknown = await seen(source).catch((reason: unknown) => reason);
      expect(isSockinspectError(error, "BAD_FILTER") && error.message).toContain(
        "the packets are of link types USB_LINUX_MMAPPED (220), 9999",
      );
      expect(source.unasked.get(220)).toBe(2);
    });

    test("asks what only another link type can tell", async () => {
      const source = read(await made([1, 113]), { filter: "inbound or outbound" });
      await seen(source);
      expect([...source.unasked]).toEqual([[1, 1]]);
    });
  });

  test("refuses a filter that is wrong for every link type before it opens the file", async () => {
    const wrong = read(join(folder, "nofile"), { filter: "port nosuchservice" });
    await expect(wrong[Symbol.asyncIterator]().next()).rejects.toThrow("no service is called 'nosuchservice'");
  });

  test("refuses a wrong filter", async () => {
    const error = await (async () => {
      for await (const _ of read(file, { filter: "udp prt 54" }));
    })().catch((reason: unknown) => reason);
    expect(isSockinspectError(error, "BAD_FILTER")).toBe(true);
  });
});
