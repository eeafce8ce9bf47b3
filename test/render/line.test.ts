import fc from "fast-check";
import { expect, test } from "vitest";
import { craft } from "../../src/craft/craft.js";
import { decode, frameOf } from "../../src/packet/decode.js";
import type { Packet } from "../../src/packet/packet.js";
import { line, lines } from "../../src/render/line.js";
import { icmpv6 } from "../../src/wire/icmpv6.js";
import { igmp } from "../../src/wire/igmp.js";
import { ipv4 } from "../../src/wire/ipv4.js";
import { ipv6 } from "../../src/wire/ipv6.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { segment } from "../flow/segments.js";
import * as packets from "../support/packets.js";

const at = (octets: Uint8Array, microseconds = 0): Packet =>
  decode(octets, linkTypes.ethernet, {
    seconds: 1_000_000_000,
    nanoseconds: microseconds * 1000,
    device: "lo",
    direction: "in",
    offload: "not computed yet",
  });

test("a handshake reads as one: flags in words, numbers from each side's start, options", () => {
  const show = lines({ time: "relative" });
  expect(
    [packets.syn, packets.synAck, packets.handshakeAck, packets.hello, packets.fin].map((p, i) =>
      show(at(p, i * 1500)),
    ),
  ).toEqual([
    "   0.000000 lo in  127.0.0.1:37634 → 127.0.0.1:5000  TCP SYN seq 0 win 65495 <mss 65495, sackOK, ts 2637023436/0, wscale 10>",
    "   0.001500 lo in  127.0.0.1:5000 → 127.0.0.1:37634  TCP SYN ACK seq 0 ack 1 win 65483 <mss 65495, sackOK, ts 4139382502/2637023436, wscale 10>",
    "   0.003000 lo in  127.0.0.1:37634 → 127.0.0.1:5000  TCP ACK ack 1 win 64 <ts 2637023437/4139382502>",
    "   0.004500 lo in  127.0.0.1:37634 → 127.0.0.1:5000  TCP PSH ACK seq 1–5 ack 1 win 64 5 bytes <ts 2637023437/4139382502>",
    "   0.006000 lo in  127.0.0.1:37634 → 127.0.0.1:5000  TCP FIN ACK seq 6 ack 6 win 64 <ts 2637023437/4139382502>",
  ]);
});

test("who listens to which group is said in words, of IGMP and of MLD", () => {
  const of = (type: number, group: string, ...addresses: string[]) => ({
    type,
    group,
    sources: { addresses, auxiliaryData: "" },
  });
  const four = (fields: Parameters<typeof igmp>[0]) => craft(ipv4({ source: "192.0.2.1", destination: "224.0.0.22" }), igmp(fields)); // biome-ignore format: one thought
  const six = (fields: Parameters<typeof icmpv6>[0]) => craft(ipv6({ source: "fe80::1", destination: "ff02::16" }), icmpv6(fields)); // biome-ignore format: one thought
  const group = "239.1.2.3";
  const source = "192.0.2.7";
  const records = [
    of(1, group, source),
    of(1, group),
    of(2, group),
    of(2, group, source),
    of(3, group),
    of(3, group, source, "192.0.2.8"),
    of(4, group),
    of(4, group, source),
    of(5, group, source),
    of(6, group, source),
    of(7, group),
  ];
  const query = { kind: "query3", group: "0.0.0.0", robustness: 2, queryIntervalCode: 125, sources: [] } as const;
  const listeners = { kind: "multicastListenerQuery2", group: "ff02::fb", sources: ["fe80::7"] } as const;
  const told = [
    four({ type: 34, message: { kind: "report3", records } }),
    four({ type: 17, maximumResponseCode: 100, message: query }),
    four({ type: 17, maximumResponseCode: 0xff, message: query }),
    four({ type: 17, maximumResponseCode: 0xff, message: { kind: "group", group } }),
    four({ type: 22, message: { kind: "group", group } }),
    four({ type: 31, message: { kind: "unknown", octets: "00000000" } }),
    six({ type: 143, message: { kind: "multicastListenerReport2", records: [of(4, "ff02::fb")] } }),
    six({ type: 130, message: { ...listeners, maximumResponseCode: 10_000 } }),
    six({ type: 130, message: { ...listeners, maximumResponseCode: 0x8000 } }),
    six({ type: 132, message: { kind: "multicastListener", maximumResponseDelay: 5, group: "ff02::fb" } }),
  ].map((packet) => line(packet, { time: "none" }).replace(/^.*?(?=IGMP|ICMPv6)/, ""));
  expect(told).toEqual([
    `IGMP membership report v3 ${[
      "listens to 239.1.2.3 from 192.0.2.7",
      "does not listen to 239.1.2.3",
      "listens to 239.1.2.3",
      "listens to 239.1.2.3 but from 192.0.2.7",
      "leaves 239.1.2.3",
      "listens to 239.1.2.3 only from 192.0.2.7, 192.0.2.8 now",
      "joins 239.1.2.3",
      "joins 239.1.2.3 but from 192.0.2.7",
      "listens to 239.1.2.3 from 192.0.2.7, too",
      "no longer listens to 239.1.2.3 from 192.0.2.7",
      "record of type 7 about 239.1.2.3",
    ].join(", ")}`,
    "IGMP membership query all groups, answers within 10 s",
    "IGMP membership query all groups, answers within 3174.4 s",
    "IGMP membership query 239.1.2.3, answers within 25.5 s",
    "IGMP membership report v2 239.1.2.3",
    "IGMP type 31",
    "ICMPv6 multicast listener report v2 joins ff02::fb",
    "ICMPv6 multicast listener query ff02::fb from fe80::7, answers within 10 s",
    "ICMPv6 multicast listener query ff02::fb from fe80::7, answers within 32.768 s",
    "ICMPv6 multicast listener done ff02::fb",
  ]);
});

test("data of a SYN begins behind it", () => {
  const show = lines({ time: "none" });
  const told = [
    segment({ from: "client", flags: "S", seq: 100, data: "hello" }),
    segment({ from: "client", flags: "PA", seq: 101, ack: 301, data: "hello" }),
  ].map((packet) => / seq \S+/.exec(show(packet))![0]);
  expect(told).toEqual([" seq 0–5", " seq 1–5"]);
});

test("one packet by itself has the numbers of the wire and the time of day", () => {
  expect(line(at(packets.fin, 42))).toMatch(
    /^\d\d:46:40\.000042 lo in {2}.* TCP FIN ACK seq 402334464 ack 2697813083 /,
  );
});

test("UDP, ICMP errors and echoes say what they carry and are about", () => {
  const show = lines({ time: "none" });
  const text = [packets.udp, packets.portUnreachable, packets.udp6, packets.portUnreachable6, packets.echoRequest];
  expect(text.map((octets) => show(at(octets)).replace(/ {2,}/g, " "))).toEqual([
    "lo in 127.0.0.1:44819 → 127.0.0.1:9 UDP 9 bytes",
    "lo in 127.0.0.1 → 127.0.0.1 ICMP destination unreachable, port unreachable about 127.0.0.1:44819 → 127.0.0.1:9 UDP",
    "lo in [::1]:40648 → [::1]:9 UDP 3 bytes",
    "lo in ::1 → ::1 ICMPv6 destination unreachable, port unreachable about [::1]:40648 → [::1]:9 UDP",
    "lo in 127.0.0.1 → 127.0.0.1 ICMP echo request id 29532 seq 1 56 bytes",
  ]);
});

test("what a neighbor says of itself is named once", () => {
  const message = {
    kind: "neighborSolicitation" as const,
    target: "fe80::1",
    options: [{ kind: "sourceLinkLayerAddress" as const, address: "02:00:00:00:00:02" }],
  };
  const packet = craft(ipv6({ source: "fe80::2", destination: "ff02::1" }), icmpv6({ type: 135, message }));
  expect(lines({ time: "none" })(packet)).toBe(
    "fe80::2 → ff02::1  ICMPv6 neighbor solicitation fe80::1, source link layer address 02:00:00:00:00:02",
  );
});

test("checksums are mentioned only when there is something to say", () => {
  expect(line(at(packets.syn))).not.toContain("checksum");
  expect(line(decode(packets.syn))).toContain("✗ tcp checksum 0xfe30 is wrong, 0x");
});

test("what the capture cut and what no header describes is said, with numbers and names", () => {
  const show = lines({ time: "none" });
  expect(show(decode(packets.hello.subarray(0, 40), 1, { length: 71 }))).toBe(
    "127.0.0.1 → 127.0.0.1  TCP cut source port 37634 destination port 5000 ✗ tcp cut by the capture: 6 of 20 octets",
  );
  const lldp = packets.octetsOf("0180c200000e 020000000001 88cc 0207");
  expect(show(decode(lldp))).toBe("02:00:00:00:00:01 → 01:80:c2:00:00:0e LLDP 2 bytes");
  expect(show(decode(packets.octetsOf("0102"), 147))).toBe("USER0 2 bytes");
  expect(show(decode(packets.octetsOf("0102"), 9999))).toBe("link type 9999 2 bytes");
});

test("a fragment says where it belongs", () => {
  const octets = packets.udp.slice();
  octets.set([0x20, 0x03], 20);
  const { checksums: _, problems: __, ...packet } = decode(octets);
  expect(line({ ...packet, checksums: [], problems: [] }, { time: "none" })).toBe(
    "127.0.0.1 → 127.0.0.1  UDP fragment 0x4b50 at 24 (more follow) 17 bytes",
  );
});

test("a device whose name would move the cursor is shown in escapes", () => {
  const packet = { ...at(packets.udp), device: "e\x1b[2J\u202e0" };
  expect(line(packet, { time: "none" })).toMatch(/^e\\u001b\[2J\\u202e0 in /);
});

test("lines stand under each other: endpoints are padded to the widest before them", () => {
  const show = lines({ time: "none" });
  const [first, second] = [packets.udp, packets.udp6].map((octets) => show(at(octets)));
  expect(first!.indexOf("UDP")).toBe(
    second!.indexOf("UDP") + "127.0.0.1:44819 → 127.0.0.1:9".length - "[::1]:40648 → [::1]:9".length - 8,
  );
});

test("time between packets may be negative where they come out of order", () => {
  const show = lines({ time: "delta" });
  expect([500, 1500, 1000].map((us) => show(at(packets.udp, us)).slice(0, 11))).toEqual([
    "   0.000000",
    "   0.001000",
    "  -0.000500",
  ]);
});

test("a packet without a time, of another day, or of a time no calendar has is shown all the same", () => {
  const show = lines();
  const day = 86_400;
  const times = [day / 2, day / 2 + day, Number.NaN, 9e15].map((seconds) => ({ ...at(packets.udp), seconds }));
  expect(times.map((packet) => show(packet).split(" lo ")[0])).toEqual([
    "12:00:00.000000",
    "1970-01-02 12:00:00.000000",
    "no time        ",
    "9000000000000000 s after 1970",
  ]);
  expect(line({ ...at(packets.udp), seconds: Number.NaN }, { time: "relative" })).toMatch(/^ {4}no time lo /);
});

test("the second before 1970 has a time of day like any other", () => {
  expect(line({ ...at(packets.udp), seconds: -1 })).toMatch(/^23:59:59\.000000 lo /);
});

test("lines with options that the sender repeats, and colours around each piece", () => {
  const sack =
    packets.octetsOf(`0000 0000 0000 0000 0000 0000 0800 4500 0040 62e8 4000 4006 d9cd 7f00 0001 7f00 0001 9302
    1388 17fb 22fb a0cd 5c56 b010 0040 0000 0000 0101 050a 0000 0010 0000 0020 0101 0101 0101 0101 0101 0101`);
  const text = line(decode(sack, linkTypes.ethernet, { device: "straße", direction: "other" }), {
    time: "none",
    paint: (role, part) => `{${role} ${part}}`,
  });
  expect(text).toBe(
    "{device straße –  } {address 127.0.0.1}:{port 37634} → {address 127.0.0.1}:{port 5000}  {protocol TCP} {flags ACK} " +
      "ack {number 2697813078} win 64 {option <sack 16–32>} {problem ✗ tcp checksum 0x0000 is wrong, 0x6694 is right}",
  );
});

test("a packet read in place and its value read alike, whatever is in it", () => {
  const get = new TextEncoder().encode("GET / HTTP/1.1\r\n");
  const samples = [packets.syn, packets.hello, packets.fin, packets.udp, packets.udp6, packets.portUnreachable];
  const change = fc.record({ at: fc.nat(90), octet: fc.nat(255) });
  const show = [lines({ time: "none" }), lines({ time: "none" })];
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(change, { maxLength: 2 }),
      fc.integer({ min: -60, max: 20 }),
      fc.boolean(),
      (sample, changes, more, asks) => {
        const octets = new Uint8Array(Math.max(0, sample.length + more));
        octets.set(sample.subarray(0, octets.length));
        for (const { at, octet } of changes) if (at < octets.length) octets[at] = octet;
        if (asks && octets.length >= 66 + get.length) octets.set(get, 66);
        const frame = frameOf(octets);
        expect(show[0]!(frame)).toBe(show[1]!(frame.own()));
      },
    ),
    { numRuns: 3000 },
  );
});
