import { inspect } from "node:util";
import { expect, test } from "vitest";
import { craft } from "../../src/craft/craft.js";
import { SockinspectError } from "../../src/errors.js";
import { decode, frameOf } from "../../src/packet/decode.js";
import * as packets from "../support/packets.js";

test.each([packets.syn, packets.udp6, packets.portUnreachable, packets.portUnreachable6])(
  "a frame says what the decoded packet says",
  (octets) => {
    const frame = frameOf(octets);
    expect(frame.own()).toEqual(decode(octets));
    expect(JSON.parse(JSON.stringify(frame))).toEqual(JSON.parse(JSON.stringify(decode(octets))));
    expect(frame.problems).toEqual(decode(octets).problems);
  },
);

test("a frame gives views of the packet's own headers, not of those an ICMP error quotes", () => {
  expect(frameOf(packets.udp).udp?.destinationPort).toBe(9);
  const error = frameOf(packets.portUnreachable);
  expect(error.icmp?.type).toBe(3);
  expect(error.udp).toBeUndefined();
});

test("two headers of a kind in one packet have a view each", () => {
  const addresses = frameOf(packets.portUnreachable).layers.filter((layer) => layer.kind === "ipv4");
  expect(addresses[0]).not.toBe(addresses[1]);
  expect(addresses.map((ipv4) => ipv4.protocol)).toEqual([1, 17]);
});

test("a moved frame stands for the other packet", () => {
  const frame = frameOf(packets.syn);
  expect(frame.tcp?.flags.syn).toBe(true);
  const { udp } = packets;
  frame.move(new DataView(udp.buffer, udp.byteOffset, udp.length), 0, udp.length, udp.length);
  expect(frame.tcp).toBeUndefined();
  expect(frame.udp?.sourcePort).toBe(44819);
});

test("everything that would read a released frame's octets, or what was captured with them, throws RELEASED", () => {
  const frame = frameOf(packets.hello);
  const { ipv4, tcp } = frame;
  const payload = frame.layers.at(-1) as { octets: Uint8Array };
  frame.release();
  const reads = [
    () => frame.tcp,
    () => frame.layers,
    () => frame.problems,
    () => frame.checksums,
    () => frame.own(),
    () => frame.octets,
    () => frame.seconds,
    () => frame.device,
    () => frame.offload,
    () => ipv4!.source,
    () => ipv4!.ttl,
    () => tcp!.flags,
    () => tcp!.options,
    () => tcp!.own(),
    () => payload.octets,
  ];
  for (const read of reads) expect(read).toThrow(SockinspectError);
  expect(reads[0]).toThrow("keep own() of it");
});

test("console.log shows what frames, views and crafted packets say, and of released ones that they were", () => {
  const frame = frameOf(packets.hello);
  const { tcp, payload } = frame;
  expect(inspect(frame)).toBe(inspect(decode(packets.hello)));
  expect(inspect(tcp)).toBe(inspect(tcp!.own()));
  expect(inspect(payload)).toBe(inspect(decode(packets.hello).layers.at(-1)));
  const crafted = craft(...decode(packets.hello).layers);
  expect(inspect(crafted)).toBe(inspect(decode(packets.hello)));
  frame.release();
  for (const gone of [frame, tcp, payload]) expect(inspect(gone)).toContain("were given back to the kernel");
});
