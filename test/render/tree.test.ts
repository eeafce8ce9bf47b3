import { expect, test } from "vitest";
import { decode } from "../../src/packet/decode.js";
import { hexDump } from "../../src/render/hex.js";
import { json } from "../../src/render/json.js";
import { printable } from "../../src/render/text.js";
import { tree } from "../../src/render/tree.js";
import { linkTypes } from "../../src/wire/numbers.js";
import * as packets from "../support/packets.js";

test("the tree names every field of every header, and what became of checksums", () => {
  const text = tree(decode(packets.syn, linkTypes.ethernet, { offload: "not computed yet" }));
  expect(text).toContain("  Transmission Control Protocol");
  expect(text).toContain("    source port            37634");
  expect(text).toContain("    flags                  SYN");
  expect(text).toContain("    checksum               0xfe30 (not computed yet)");
  expect(text).toContain("    type         0x0800 IPv4");
  expect(text.filter((line) => line.includes("window scale"))).toHaveLength(1);
});

test("a comment stands in front of the tree, harmless to a terminal, and in JSON", () => {
  const packet = { ...decode(packets.syn), comment: "first\n\u001b[31mred" };
  expect(tree(packet).slice(0, 3)).toEqual(["  Comment first", "          \\u001b[31mred", "  Ethernet"]);
  expect(JSON.parse(json(packet))).toMatchObject({ comment: "first\n\u001b[31mred" });
  expect(json(decode(packets.syn))).not.toContain("comment");
});

test("a hex dump has 16 octets a line, and dots for what is not printable", () => {
  expect(hexDump(packets.udp.subarray(40))).toEqual([
    "0000  fe 24 70 69 6e 67 1b 5b  33 31 6d                 .$ping.[31m",
  ]);
  expect(hexDump(packets.hello)).toHaveLength(5);
});

test("JSON is one line: only flags that are on, payload in hex, nothing that goes without saying", () => {
  const packet = decode(packets.hello, linkTypes.ethernet, {
    seconds: 1,
    nanoseconds: 5,
    device: "lo",
    direction: "in",
    offload: "not computed yet",
  });
  const text = json(packet);
  expect(text).not.toContain("\n");
  const object = JSON.parse(text) as { layers: unknown[] } & Record<string, unknown>;
  expect(Object.keys(object)).toEqual(["time", "device", "direction", "length", "offload", "layers", "checksums"]);
  expect(object).toMatchObject({ time: "1970-01-01T00:00:01.000000005Z", device: "lo", length: 71 });
  expect(object.layers[2]).toMatchObject({ kind: "tcp", flags: ["psh", "ack"], destinationPort: 5000 });
  expect(object.layers[3]).toEqual({ kind: "payload", length: 5, octets: "68656c6c6f" });
  expect(JSON.parse(json(packet, { payload: false })).layers[3]).toEqual({ kind: "payload", length: 5 });
});

test("text from outside cannot steer a terminal", () => {
  const hostile = `${Array.from({ length: 0x300 }, (_, code) => String.fromCharCode(code)).join("")}\u2028\u202e\u2066\ufeff`;
  const safe = printable(hostile);
  expect(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(safe)).toBe(false);
  expect(printable("plain text – ä → 字")).toBe("plain text – ä → 字");
});

test("what a file says of a packet or its interface cannot steer a terminal as JSON, and is the same to a program", () => {
  const hostile = "a\n\u001b[31m\u007f\u009b31m\u0085\u202e\u2028\ufeff\u{e0041} – ä";
  const text = json({ ...decode(packets.udp), device: hostile, comment: hostile });
  expect(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)).toBe(false);
  expect(JSON.parse(text)).toMatchObject({ device: hostile, comment: hostile });
});

test("no packet, however its octets are, puts a control character into any output", () => {
  const noise = packets.udp.slice();
  for (let seed = 1; seed < 500; seed++) {
    for (let i = 14; i < noise.length; i++) noise[i] = (Math.imul(seed, 2654435761) >>> ((i * 7) % 24)) & 255;
    noise[14] = 0x45;
    const packet = decode(noise);
    const text = [...tree(packet), ...hexDump(noise), json(packet)].join("");
    expect(/[\p{Cc}\p{Cf}]/u.test(text)).toBe(false);
  }
});

test("JSON has the time as numbers where no calendar has it, and none where there is none", () => {
  const packet = decode(packets.udp);
  expect(json({ ...packet, seconds: 9e15 })).toMatch(/^{"seconds":9000000000000000,"nanoseconds":0,/);
  expect(Object.keys(JSON.parse(json({ ...packet, seconds: Number.NaN })))).not.toContain("time");
});
