import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isSockinspectError } from "../../src/errors.js";
import { type CompileOptions, compile } from "../../src/filter/compile.js";
import { ancillary, type Program } from "../../src/filter/program.js";
import { run } from "../../src/filter/run.js";
import { defaults, type Held, onEthernet, select, untagged } from "./kernel.js";
import { random, traffic } from "./traffic.js";

const filters = readFileSync(new URL("../fixtures/filter/expressions.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

/** Undefined where it is refused. */
function tryCompile(source: string, options: CompileOptions): Program | undefined {
  try {
    return compile(source, options);
  } catch (error) {
    if (isSockinspectError(error, "BAD_FILTER")) return undefined;
    throw error;
  }
}

/** Filters whose answer depends on the length or on octets before the tag move with it. */
const tagMatters = /len|less|greater|byte|ether\[|link\[/;

function disagreements(
  packets: readonly (readonly [Held, Held])[],
  options: CompileOptions,
  reference: CompileOptions,
  which: (source: string) => boolean,
): string[] {
  return filters.filter(which).filter((source) => {
    const file = tryCompile(source, reference);
    const live = tryCompile(source, options);
    if (file === undefined || live === undefined) return false;
    return packets.some(([inFile, held]) => {
      const expected = run(file, inFile.data, 0, inFile.data.byteLength, inFile.length) > 0;
      return select(live, held) !== expected;
    });
  });
}

describe("the program for every device selects what the one for files selects", () => {
  const frames = traffic(1, 300, 11).map(onEthernet);
  // On devices fewer headers of a chain are followed.
  const followsNoChain = (source: string): boolean => !source.includes("protochain");
  const usesVlan = (source: string): boolean => source.includes("vlan");

  test("of Ethernet frames", () => {
    const pairs = frames.map((frame) => [frame, frame] as const);
    expect(disagreements(pairs, { target: "live" }, { target: { linkType: 1 } }, followsNoChain)).toEqual([]);
  });

  test("of Ethernet frames whose tag the kernel has taken out, where the filter begins with the tag", () => {
    const pairs = frames.filter((frame) => frame.protocol !== 0x9100).map((frame) => [frame, untagged(frame)] as const);
    expect(pairs.filter(([frame, held]) => frame !== held).length).toBeGreaterThan(20);
    const which = (source: string): boolean =>
      source.startsWith("vlan") && !tagMatters.test(source) && !/ or /.test(source);
    expect(filters.filter(which).length).toBeGreaterThan(12);
    expect(disagreements(pairs, { target: "live" }, { target: { linkType: 1 } }, which)).toEqual([]);
  });

  const next = random(3);
  const datagrams = traffic(101, 300, 12)
    .filter(({ octets }) => octets.length > 0)
    .map(({ octets, length }): Held => {
      const data = new DataView(octets.buffer);
      const version = octets.length > 0 ? data.getUint8(0) >> 4 : 0;
      const protocol = version === 4 ? 0x0800 : version === 6 ? 0x86dd : 0x88cc;
      return { ...defaults, data, length, protocol, hardwareType: [65534, 768, 512][next(3)]!, network: 0 };
    });
  const overIp = (source: string): boolean =>
    !usesVlan(source) &&
    !/ether|link|mpls|pppoe|byte|broadcast|multicast|arp|bound|ifindex|llc|0x|wlan|fddi/.test(source);

  test("of packets on a device without a link-layer header", () => {
    const pairs = datagrams.map((packet) => [packet, packet] as const);
    expect(disagreements(pairs, { target: "live" }, { target: { linkType: 101 } }, overIp)).toEqual([]);
  });

  test("of packets on a device with another header, relative to the network header", () => {
    const pairs = datagrams.map((packet) => {
      const octets = Uint8Array.from([...Array<number>(20).fill(0xee), ...new Uint8Array(packet.data.buffer)]);
      return [packet, { ...packet, data: new DataView(octets.buffer), hardwareType: 32, network: 20 }] as const;
    });
    expect(
      disagreements(
        pairs,
        { target: "live" },
        { target: { linkType: 101 } },
        (source) => overIp(source) && !/\[-1\]/.test(source),
      ),
    ).toEqual([]);
  });
});

describe("of both copies of a packet on loopback", () => {
  const [packet] = traffic(1, 1, 13).map(onEthernet) as [Held];
  const copies = (options: Partial<CompileOptions>, device: Partial<Held>): boolean[] => {
    const program = compile("", { target: "live", ...options });
    return [4, 0].map((packetType) => select(program, { ...packet, ...device, packetType }));
  };

  test("the one that goes out is dropped", () => {
    expect(copies({ loopbackIndex: 1 }, { interfaceIndex: 1 })).toEqual([false, true]);
  });

  test("both pass where no loopback is named, and on other devices", () => {
    expect(copies({}, { interfaceIndex: 1 })).toEqual([true, true]);
    expect(copies({ loopbackIndex: 1 }, { interfaceIndex: 2 })).toEqual([true, true]);
  });

  test("a direction keeps the one or the other of a device", () => {
    expect(copies({ direction: "in" }, { interfaceIndex: 2 })).toEqual([false, true]);
    expect(copies({ direction: "out" }, { interfaceIndex: 2 })).toEqual([true, false]);
  });
});

test("'inbound', 'outbound', 'ifindex' and 'ifname' ask the kernel", () => {
  const [packet] = traffic(1, 1, 13).map(onEthernet) as [Held];
  const interfaceOf = (name: string): number | undefined => (name === "veth0" ? 7 : undefined);
  const selects = (source: string, packetType: number): boolean =>
    select(compile(source, { target: "live", interfaceOf }), { ...packet, packetType });
  expect([selects("inbound", 0), selects("inbound", 4)]).toEqual([true, false]);
  expect([selects("outbound", 0), selects("outbound", 4)]).toEqual([false, true]);
  expect([selects("ifindex 7", 0), selects("ifindex 8", 0)]).toEqual([true, false]);
  expect([selects("ifname veth0", 0), selects("on veth0", 0)]).toEqual([true, true]);
  expect(tryCompile("ifname veth1", { target: "live", interfaceOf })).toBeUndefined();
});

test("where the kinds of devices are known, the program has only these", () => {
  const all = compile("tcp port 80", { target: "live" });
  const ethernet = compile("tcp port 80", { target: "live", hardwareTypes: [1, 772] });
  expect(ethernet).not.toContainEqual(expect.objectContaining({ k: ancillary.protocol }));
  expect(compile("tcp port 80", { target: "live", hardwareTypes: [1] })).toEqual(
    compile("tcp port 80", { target: { linkType: 1 } }),
  );
  expect(ethernet.length).toBeLessThan(all.length / 2);
});

test("a shift by a computed distance beyond 31 gives zero, as the kernel's alone would not", () => {
  const isIpv4 = ({ octets }: { octets: Uint8Array }): boolean =>
    octets.length > 40 && octets[12] === 8 && octets[13] === 0;
  const frame = onEthernet(traffic(1, 300, 11).find(isIpv4)!);
  expect(frame.data.getUint8(14) & 0xf0).toBe(0x40);
  const program = compile("ip and 1 << (ip[0] & 0xf0) = 0", { target: "live" });
  expect(select(program, frame)).toBe(true);
  // The distance as the kernel takes it: modulo 32.
  expect(program).toContainEqual({ code: 0x54, jt: 0, jf: 0, k: 0x10 });
});
