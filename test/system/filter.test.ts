import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isSockinspectError } from "../../src/errors.js";
import { compile } from "../../src/filter/compile.js";
import { predicate } from "../../src/filter/predicate.js";
import { octets, type Program } from "../../src/filter/program.js";
import { binding, type NativePacketSocket } from "../../src/socket/binding.js";
import { onEthernet, select, untagged } from "../filter/kernel.js";
import { traffic } from "../filter/traffic.js";
import { openRing, openSender } from "../support/ring.js";

const filters = readFileSync(new URL("../fixtures/filter/expressions.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

let near: number;
let far: number;
let sender: NativePacketSocket;

function indexOf(name: string): number {
  return binding()
    .interfaces()
    .find((device) => device.name === name)!.index;
}

beforeAll(() => {
  binding().enterNewNetworkNamespace();
  binding().createVethPair("near", "far");
  for (const device of ["near", "far"]) binding().setInterfaceUp(device);
  near = indexOf("near");
  far = indexOf("far");
  sender = openSender();
});

afterAll(() => sender.close());

/** Undefined where it is refused. */
function tryCompile(source: string): Program | undefined {
  try {
    return compile(source, { target: "live", loopbackIndex: 1 });
  } catch (error) {
    if (isSockinspectError(error, "BAD_FILTER")) return undefined;
    throw error;
  }
}

test("the kernel selects the same packets of live traffic as our reading of the program, and as the predicate", async () => {
  const frames = traffic(1, 400, 21)
    .map(({ octets }) => octets)
    .filter((frame) => frame.length >= 60 && frame.length < 1500)
    .slice(0, 120);
  const nobodys = 0x88b5;
  const sentinel = new Uint8Array(60);
  sentinel.set([0x88, 0xb5], 12);
  const sent = frames.map((frame) => untagged(onEthernet({ octets: frame, length: frame.length })));
  const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");
  const numbers = new Map(sent.map(({ data }, number) => [hex(new Uint8Array(data.buffer)), number]));
  const disagreeing: unknown[] = [];
  let selected = 0;
  // A share of them, because the kernel takes its time to close a ring; peers/filter.test.ts attaches all.
  for (const source of filters.filter((_, number) => number % 6 === 0 || number > 540)) {
    const program = tryCompile(`ether proto ${nobodys} or (${source})`);
    if (program === undefined) continue;
    const ring = openRing({ interfaceIndex: far, filter: octets(program), blockTimeout: 1 });
    for (const frame of frames) sender.send(frame, near);
    sender.send(sentinel, near);
    const seen = new Set<number>();
    for (let ended = false; !ended; ) {
      for (const { frame, packetType, protocol } of await ring.read(1)) {
        const number = packetType === 4 ? undefined : numbers.get(hex(frame));
        if (number !== undefined) seen.add(number);
        if (protocol === nobodys) ended = true;
      }
    }
    ring.socket.close();
    const expected = sent.flatMap((packet, number) =>
      select(program, { ...packet, interfaceIndex: far }) ? [number] : [],
    );
    const found = [...seen].sort((one, other) => one - other);
    selected += found.length;
    if (expected.join() !== found.join()) disagreeing.push({ source, expected, found });
    if (/bound|ifindex/.test(source)) continue;
    const matches = predicate(source, { linkType: 1 });
    for (const [number, { data, length, tag }] of sent.entries())
      if (tag === undefined && matches(data, 0, data.byteLength, length) !== seen.has(number))
        disagreeing.push({ source, number, predicate: !seen.has(number) });
  }
  expect(disagreeing).toEqual([]);
  expect(selected).toBeGreaterThan(1000);
});
