import { describe, expect, it } from "vitest";
import { type Craftable, craft, crafter } from "../../src/craft/craft.js";
import { isSockinspectError } from "../../src/errors.js";
import { decode } from "../../src/packet/decode.js";
import { Frame } from "../../src/packet/frame.js";
import { type Layer, layer } from "../../src/packet/packet.js";
import { arp } from "../../src/wire/arp.js";
import { ethernet } from "../../src/wire/ethernet.js";
import { icmp } from "../../src/wire/icmp.js";
import { icmpv6 } from "../../src/wire/icmpv6.js";
import { ipv4 } from "../../src/wire/ipv4.js";
import { ipv6 } from "../../src/wire/ipv6.js";
import { hopByHopOptions } from "../../src/wire/ipv6-extensions.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { tcp } from "../../src/wire/tcp.js";
import { udp } from "../../src/wire/udp.js";
import { vlan } from "../../src/wire/vlan.js";
import { hex } from "../wire/battery.js";

describe("craft", () => {
  it("computes what is left out of a TCP SYN", () => {
    const packet = craft(
      ipv4({ source: "127.0.0.1", destination: "127.0.0.1", identification: 0x1234, dontFragment: true }),
      tcp({ sourcePort: 40000, destinationPort: 5000, flags: { syn: true }, window: 512 }),
    );
    // IP 127.0.0.1.40000 > 127.0.0.1.5000: Flags [S], cksum 0x0018 (correct), seq 0, win 512, length 0
    expect(hex(packet.octets)).toBe("450000281234400040062a9a7f0000017f0000019c40138800000000000000005002020000180000");
    expect(packet.linkType).toBe(linkTypes.raw);
    expect(packet.checksums.map(({ verdict }) => verdict)).toEqual(["good", "good"]);
    expect(packet.problems).toEqual([]);
  });

  const stacks: readonly (readonly [string, readonly Craftable[], string])[] = [
    ["UDP over IPv6 in a VLAN", [ethernet(), vlan({ id: 5 }), ipv6({ destination: "ff02::1" }), udp({ destinationPort: 9 }), "héllo"], "ethernet/vlan/ipv6/udp/payload"], // biome-ignore format: a row
    ["an ARP request", [ethernet(), arp()], "ethernet/arp"],
    ["an echo request", [ipv4(), icmp(), "ping"], "ipv4/icmp/payload"],
    ["an ICMP error", [ipv4(), icmp(), ipv4(), udp()], "ipv4/icmp/ipv4/udp"],
    ["an ICMPv6 error", [ipv6(), icmpv6(), ipv6(), tcp()], "ipv6/icmpv6/ipv6/tcp"],
    ["octets without a header", [Uint8Array.of(1, 2, 3)], "payload"],
    ["IP in IP", [ipv4(), ipv6(), ipv4(), udp(), Uint8Array.of(7)], "ipv4/ipv6/ipv4/udp/payload"],
  ];
  it.each(stacks)("makes %s, without problems, which comes back as it was", (_, pieces, kinds) => {
    const packet = craft(...pieces);
    expect(packet.layers.map(({ kind }) => kind).join("/")).toBe(kinds);
    expect(packet.problems).toEqual([]);
    expect(packet.checksums.filter(({ verdict }) => verdict !== "good")).toEqual([]);
    expect(craft(...packet.layers).octets).toEqual(packet.octets);
    expect(craft(...decode(packet.octets, packet.linkType).layers).octets).toEqual(packet.octets);
  });

  it("makes the same of the same fields in any order, whatever was made before", () => {
    const fields = { source: "192.0.2.1", destination: "192.0.2.2", ttl: 9, identification: 7 };
    const ports = { sourcePort: 1, destinationPort: 2 };
    const first = craft(ipv4(fields), udp(ports), "hello").octets;
    craft(ipv6(), tcp({ ...ports, flags: { ack: true, syn: true } }));
    const turned = <T extends object>(object: T) => Object.fromEntries(Object.entries(object).reverse()) as T;
    expect(craft(ipv4(turned(fields)), udp(turned(ports)), "hello").octets).toEqual(first);
    expect(craft(ipv4(fields), udp(ports), "hello").octets).toEqual(first);
    expect(() => udp({ destinationPort: 2, port: 1 } as never)).toThrow("udp.port does not exist");
  });

  it("writes what is given as it is, right or wrong", () => {
    const packet = craft(ipv4({ checksum: 0xdead, totalLength: 7, version: 4 }), udp({ length: 9000 }), "hello");
    expect(hex(packet.octets.slice(10, 12))).toBe("dead");
    expect(hex(packet.octets.slice(2, 4))).toBe("0007");
    expect(hex(packet.octets.slice(24, 26))).toBe("2328");
  });

  it("pads options and counts them", () => {
    const { layers } = craft(ipv4(), tcp({ options: [{ kind: "windowScale", shift: 7 }] }));
    expect(layer({ layers } as never, "tcp")).toMatchObject({
      dataOffset: 6,
      options: [
        { kind: "windowScale", shift: 7 },
        { kind: "end", padding: "" },
      ],
    });
  });

  it("takes what the machine knows from an environment", () => {
    const make = crafter({
      source: (destination) => (destination === "192.0.2.1" ? "192.0.2.9" : undefined),
      port: () => 4711,
      identification: () => 0x1_0007,
    });
    expect(make(ipv4({ destination: "192.0.2.1" }), udp()).layers).toMatchObject([
      { source: "192.0.2.9", identification: 7 },
      { sourcePort: 4711 },
    ]);
    expect(make(ipv4({ destination: "192.0.2.2" })).layers).toMatchObject([{ source: "0.0.0.0" }]);
  });

  it("is made again with an address that was left out, and keeps its port", () => {
    const packet = craft(ipv4({ destination: "192.0.2.1" }), udp(), "x");
    expect(packet.gives("ipv4", "source")).toBe(false);
    expect(packet.gives("ipv4", "destination")).toBe(true);
    const sourced = packet.with("ipv4", { source: "192.0.2.9" });
    expect(sourced.problems).toEqual([]);
    const [ip, transport] = packet.layers as readonly (Layer & Record<string, unknown>)[];
    expect(sourced.layers).toMatchObject([
      { source: "192.0.2.9", identification: ip!["identification"] },
      { sourcePort: transport!["sourcePort"] },
      { kind: "payload" },
    ]);
  });

  it("takes the views of a frame as it takes values", () => {
    const { octets, linkType } = craft(ethernet(), vlan(), ipv4(), tcp(), "hello");
    const frame = new Frame();
    frame.linkType = linkType;
    frame.move(new DataView(octets.buffer), 0, octets.length, octets.length);
    expect(craft(...frame.layers).octets).toEqual(octets);
    expect(craft(frame.ipv4!, udp({ sourcePort: 1 })).octets).toEqual(craft(frame.ipv4!.own(), udp({ sourcePort: 1 })).octets); // biome-ignore format: one thought
  });

  it("fills in what messages, options and addresses leave out, and counts what is in them", () => {
    const { layers, problems } = craft(
      ipv6(),
      icmpv6({ type: 143, message: { kind: "multicastListenerReport2", records: [{ group: "ff02::5" }] } }),
    );
    expect(problems).toEqual([]);
    expect(layers[1]).toMatchObject({ message: { numberOfRecords: 1, records: [{ group: "ff02::5", type: 0 }] } });
    expect(() => craft(ipv4(), icmp({ message: { kind: "echo", identifer: 1 } as never }))).toThrow(
      /has no identifer, did you mean identifier\?/,
    );
  });

  it("can craft while it crafts, as an environment may", () => {
    const make = crafter({ source: () => (craft(ipv4({ ttl: 1 }), udp(), "inner").length === 33 ? "192.0.2.5" : "") });
    const packet = make(ipv4(), udp(), "outer");
    expect(packet.problems).toEqual([]);
    expect(packet.layers).toMatchObject([{ source: "192.0.2.5", ttl: 64 }, {}, { kind: "payload", length: 5 }]);
  });

  it("makes good packets after one that could not be made", () => {
    expect(() => craft(ethernet(), ipv4(), { kind: "tcp", options: [{ kind: "windowScale", shift: 300 }] })).toThrow();
    expect(craft(ipv4(), udp(), new Uint8Array(60_000)).problems).toEqual([]);
    expect(craft(ipv4(), udp(), "x").problems).toEqual([]);
  });

  it.each([
    ["BAD_ARGUMENT", () => craft(ipv4(), null as never), /craft\(\) takes headers.*not null/],
    ["BAD_ARGUMENT", () => craft(undefined as never), /not undefined/],
    [
      "BAD_STACK",
      () => craft(ipv4(), { kind: "trailer", length: 1, octets: Uint8Array.of(1) }, "x"),
      /nothing follows a trailer/,
    ],
    ["BAD_STACK", () => craft(ipv4(), ipv4(), hopByHopOptions()), /no ipv4\.protocol names hopByHopOptions/],
    [
      "BAD_STACK",
      () => craft(ethernet(), tcp()),
      /ethernet\/tcp: no ethernet\.type names tcp: put ipv4\(\) or ipv6\(\)/,
    ],
    ["BAD_STACK", () => craft(tcp()), /no frame starts with tcp: put ipv4\(\), ipv6\(\) or ethernet\(\) before it/],
    ["BAD_STACK", () => craft(ipv4(), tcp(), udp()), /nothing but a payload follows tcp/],
    ["BAD_STACK", () => craft(ethernet({ type: 1 }), tcp()), /checksum of tcp covers IP addresses: put ipv4\(\)/],
    [
      "BAD_STACK",
      () => craft(ipv6(), { kind: "routing", segmentsLeft: 1 }, udp()),
      /checksum of udp covers the final destination, which the routing header does not tell: give it, or let segments/,
    ],
    ["BAD_FIELD", () => craft({ ...ipv4(), ttl: 300 }), /ipv4\.ttl takes a whole number from 0 to 255, not 300/],
    ["BAD_FIELD", () => craft({ kind: "tcp", destinationPrt: 3 } as never), /did you mean destinationPort\?/],
    ["BAD_FIELD", () => craft(ipv4(), tcp({ options: [{ kind: "windowscale" } as never] })), /option 0 takes as kind/],
    ["BAD_FIELD", () => craft(ipv4(), udp(), new Uint8Array(66_000)), /ipv4\.totalLength takes .* to 65535, not 66028/],
    ["BAD_ARGUMENT", () => craft(7 as never), /craft\(\) takes headers/],
  ] as const)("refuses by %s what cannot be: %#", (code, action, message) => {
    let error: unknown;
    try {
      action();
    } catch (caught) {
      error = caught;
    }
    expect(isSockinspectError(error) && error.code).toBe(code);
    expect((error as Error).message).toMatch(message);
  });
});
