import { expect, test } from "vitest";
import { SequenceOrigins } from "../../src/flow/sequence.js";
import type { Tcp } from "../../src/wire/tcp.js";

const NO_FLAGS = {
  fin: false,
  syn: false,
  rst: false,
  psh: false,
  ack: false,
  urg: false,
  ece: false,
  cwr: false,
  ae: false,
};

function segment(ports: [number, number], numbers: [number, number], ...on: (keyof typeof NO_FLAGS)[]): Tcp {
  const flags = { ...NO_FLAGS, ...Object.fromEntries(on.map((name) => [name, true])) };
  const [sourcePort, destinationPort] = ports;
  const [sequenceNumber, acknowledgmentNumber] = numbers;
  return { kind: "tcp", sourcePort, destinationPort, sequenceNumber, acknowledgmentNumber, dataOffset: 5, reserved: 0, flags, window: 0, checksum: 0, urgentPointer: 0, options: [] }; // biome-ignore format: one thought
}

function numbers(origins: SequenceOrigins, from: string, to: string, tcp: Tcp): [number, number] {
  const way = origins.way(from, tcp.sourcePort, to, tcp.destinationPort);
  way.follow(tcp);
  return [way.sequence(tcp.sequenceNumber), tcp.flags.ack ? way.acknowledgment(tcp.acknowledgmentNumber) : 0];
}

test("both sides count from their SYN, across the wrap of 32 bits", () => {
  const origins = new SequenceOrigins();
  expect(numbers(origins, "a", "b", segment([9, 80], [0xffffffff, 0], "syn"))).toEqual([0, 0]);
  expect(numbers(origins, "b", "a", segment([80, 9], [500, 0], "syn", "ack"))).toEqual([0, 1]);
  expect(numbers(origins, "a", "b", segment([9, 80], [0, 501], "ack"))).toEqual([1, 1]);
  expect(numbers(origins, "b", "a", segment([80, 9], [501, 10], "ack"))).toEqual([1, 11]);
});

test("a connection seen from its middle counts from 1", () => {
  const origins = new SequenceOrigins();
  expect(numbers(origins, "a", "b", segment([9, 80], [1000, 7000], "ack"))).toEqual([1, 1]);
  expect(numbers(origins, "b", "a", segment([80, 9], [7000, 1100], "ack"))).toEqual([1, 101]);
});

test("a SYN with another number on the same ports starts anew, a repeated one does not", () => {
  const origins = new SequenceOrigins();
  numbers(origins, "a", "b", segment([9, 80], [100, 0], "syn"));
  numbers(origins, "b", "a", segment([80, 9], [300, 101], "syn", "ack"));
  expect(numbers(origins, "a", "b", segment([9, 80], [100, 0], "syn"))).toEqual([0, 0]);
  expect(numbers(origins, "a", "b", segment([9, 80], [101, 301], "ack"))).toEqual([1, 1]);
  expect(numbers(origins, "a", "b", segment([9, 80], [9000, 0], "syn"))).toEqual([0, 0]);
  expect(numbers(origins, "b", "a", segment([80, 9], [40, 9001], "syn", "ack"))).toEqual([0, 1]);
});

test("one that sends to itself counts once", () => {
  const origins = new SequenceOrigins();
  expect(numbers(origins, "a", "a", segment([9, 9], [100, 0], "syn"))).toEqual([0, 0]);
  expect(numbers(origins, "a", "a", segment([9, 9], [100, 101], "syn", "ack"))).toEqual([0, 1]);
});

test("the connections longest known are forgotten, and both their ways say so", () => {
  const origins = new SequenceOrigins();
  const [there, back] = [origins.way("a", 1, "b", 2), origins.way("b", 2, "a", 1)];
  for (let port = 0; port < 65_536; port++) origins.way("c", port, "d", 7);
  expect([there.forgotten, back.forgotten]).toEqual([true, true]);
  expect(origins.way("a", 1, "b", 2)).not.toBe(there);
});
