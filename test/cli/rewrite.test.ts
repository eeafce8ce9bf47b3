import { describe, expect, test } from "vitest";
import { completed, Rewriting } from "../../src/cli/rewrite.js";
import { craft } from "../../src/craft/craft.js";
import { fragment, type Octets } from "../../src/craft/fragment.js";
import { frameOf as alone, decode } from "../../src/packet/decode.js";
import type { Frame } from "../../src/packet/frame.js";
import { layer, type Packet } from "../../src/packet/packet.js";
import { FragmentReassembly } from "../../src/packet/reassembly.js";
import { arp } from "../../src/wire/arp.js";
import { ethernet } from "../../src/wire/ethernet.js";
import { icmp } from "../../src/wire/icmp.js";
import { icmpv6 } from "../../src/wire/icmpv6.js";
import { ipv4 } from "../../src/wire/ipv4.js";
import { ipv6 } from "../../src/wire/ipv6.js";
import { tcp } from "../../src/wire/tcp.js";
import { udp } from "../../src/wire/udp.js";

const frameOf = ({ octets, linkType }: Octets): Frame => alone(octets, linkType);

const rewritten = (packet: Octets, ...rules: string[]): Packet | undefined => {
  const other = new Rewriting(rules).packet(frameOf(packet));
  return other && decode(other.octets, other.linkType);
};
const verdicts = (packet: Packet | undefined) => packet?.checksums.map(({ verdict }) => verdict);

const four = ipv4({ source: "10.0.0.1", destination: "10.0.0.2", identification: 7 });
const six = ipv6({ source: "2001:db8::1", destination: "2001:db8::2" });
const NEW = "10.0.0.1=192.0.2.200";
const NEW6 = "2001:DB8:0::1=2001:0db8::00:ffff";
const data = Uint8Array.from({ length: 3000 }, (_, i) => i);

describe("an address that is replaced", () => {
  test("changes nothing else but checksums, which are right", () => {
    const packet = craft(ethernet(), four, tcp({ destinationPort: 80, options: [{ kind: "noOperation" }] }), "hello");
    const other = rewritten(packet, NEW, "10.0.0.2=10.0.0.3")!;
    expect(layer(other, "ipv4")).toMatchObject({ source: "192.0.2.200", destination: "10.0.0.3", identification: 7 });
    expect(verdicts(other)).toEqual(["good", "good"]);
    const back = new Rewriting(["192.0.2.200=10.0.0.1", "10.0.0.3=10.0.0.2"]);
    const there = new Rewriting([NEW, "10.0.0.2=10.0.0.3"]).packet(frameOf(packet))!;
    expect(back.packet(frameOf(there))!.octets).toEqual(packet.octets);
  });

  test("may be a hardware address, and stand in any header", () => {
    const addresses = { senderHardware: "02:00:00:00:00:0a", senderProtocol: "10.0.0.1", targetProtocol: "10.0.0.2" };
    const packet = craft(ethernet({ source: "02:00:00:00:00:0a" }), arp({ operation: 1, addresses }));
    const other = rewritten(packet, NEW, "02:00:00:00:00:0A=02:00:00:00:00:FF")!;
    expect(layer(other, "ethernet")?.source).toBe("02:00:00:00:00:ff");
    expect(layer(other, "arp")?.addresses).toMatchObject({
      senderHardware: "02:00:00:00:00:ff",
      senderProtocol: "192.0.2.200",
    });
  });

  test("is found however it is spelt, and where no packet has it, that is said", () => {
    expect(layer(rewritten(craft(six, udp(), "x"), NEW6)!, "ipv6")?.source).toBe("2001:db8::ffff");
    const rules = new Rewriting([NEW, NEW6]);
    expect(rules.unused).toEqual([NEW, NEW6]);
    expect(rules.packet(frameOf(craft(four, udp())))).toBeDefined();
    expect(rules.packet(frameOf(craft(ipv4({ source: "10.0.0.9", destination: "10.0.0.2" }), udp())))).toBeUndefined();
    expect(rules.unused).toEqual([NEW6]);
  });

  test.each(["10.0.0.1", "10.0.0.1=::1", "10.0.0.1=10.0.0.2=10.0.0.3", "a=b", "10.0.0.1=10.0.0.256"])(
    "is not to be read in %s",
    (rule) => expect(() => new Rewriting([rule])).toThrow("--rewrite takes OLD=NEW"),
  );
});

describe("checksums of a packet with other addresses", () => {
  test.each([
    ["UDP over IPv4", craft(four, udp({ destinationPort: 9 }), data), NEW],
    ["TCP over IPv4", craft(four, tcp({ destinationPort: 9 }), data), NEW],
    ["ICMP", craft(four, icmp({ type: 8, message: { kind: "echo", identifier: 1, sequenceNumber: 1 } }), data), NEW],
    ["UDP over IPv6", craft(six, udp({ destinationPort: 9 }), data), NEW6],
    ["TCP over IPv6", craft(six, tcp({ destinationPort: 9 }), data), NEW6],
    ["ICMPv6", craft(six, icmpv6({ type: 128, message: { kind: "echo", identifier: 1, sequenceNumber: 1 } }), data), NEW6], // biome-ignore format: a table
  ])("are right over all fragments together: %s", (_, packet, rule) => {
    const reassembly = new FragmentReassembly();
    const rules = new Rewriting([rule]);
    const fragments = fragment(packet, 1300).map((piece) => rules.packet(frameOf(piece))!);
    expect(fragments.length).toBeGreaterThan(2);
    const frames = fragments.map(frameOf);
    for (const frame of frames) reassembly.follow(frame);
    const whole = frames.at(-1)!.reassembled!.own();
    expect(whole.problems).toEqual([]);
    expect(new Set(verdicts(whole))).toEqual(new Set(["good"]));
    expect(layer(whole, "payload")?.octets).toEqual(data);
  });

  test("stay absent where they are", () => {
    const packet = craft(four, udp({ checksum: 0 }), data);
    expect(verdicts(rewritten(packet, NEW))).toEqual(["good", "absent"]);
    expect(layer(rewritten(fragment(packet, 1300)[0]!, NEW)!, "udp")?.checksum).toBe(0);
  });

  test("are computed where they were wrong", () => {
    expect(verdicts(rewritten(craft(four, udp({ checksum: 0xbad }), "x"), NEW))).toEqual(["good", "good"]);
  });

  test("stay as right as they were in what an error quotes a part of", () => {
    const quoted = craft(four, tcp({ sourcePort: 1, destinationPort: 80 }), data);
    const error = (packet: Octets) =>
      craft(
        ipv4({ source: "10.0.0.9", destination: "10.0.0.1" }),
        icmp({ type: 3, code: 3 }),
        packet.octets.subarray(0, 60),
      );
    const other = new Rewriting([NEW]).packet(frameOf(error(quoted)))!;
    const whole = new Rewriting([NEW]).packet(frameOf(quoted))!;
    const expected = craft(
      ipv4({ source: "10.0.0.9", destination: "192.0.2.200" }),
      icmp({ type: 3, code: 3 }),
      whole.octets.subarray(0, 60),
    );
    // Behind the header, whose identification craft() makes
    expect(decode(other.octets, other.linkType).layers.slice(1)).toEqual(
      decode(expected.octets, expected.linkType).layers.slice(1),
    );
  });
});

test("checksums over octets that a file has not kept are those of the whole", () => {
  const packet = craft(four, tcp({ destinationPort: 80 }), data);
  const rules = new Rewriting([NEW]);
  const part = { octets: packet.octets.subarray(0, 100), linkType: packet.linkType };
  expect(rules.packet(frameOf(part))!.octets).toEqual(rules.packet(frameOf(packet))!.octets.subarray(0, 100));
});

test("checksums that were left to the network card are computed", () => {
  const packet = craft(ethernet(), four, tcp({ checksum: 0x1234 }), "hello");
  const frame = frameOf(packet);
  frame.about = { offload: "not computed yet" };
  const { octets, linkType } = completed(frame);
  expect(verdicts(decode(octets, linkType))).toEqual(["good", "good"]);
});
