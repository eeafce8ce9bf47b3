import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Craftable, craft } from "../../src/craft/craft.js";
import { template } from "../../src/craft/template.js";
import { isSockinspectError } from "../../src/errors.js";
import { decode } from "../../src/packet/decode.js";
import { ethernet } from "../../src/wire/ethernet.js";
import { gre } from "../../src/wire/gre.js";
import { icmp } from "../../src/wire/icmp.js";
import { ipv4 } from "../../src/wire/ipv4.js";
import { ipv6 } from "../../src/wire/ipv6.js";
import { sctp } from "../../src/wire/sctp.js";
import { tcp } from "../../src/wire/tcp.js";
import { udp } from "../../src/wire/udp.js";
import { udpLite } from "../../src/wire/udp-lite.js";

const stacks: readonly (readonly Craftable[])[] = [
  [ipv4(), tcp(), "hello"],
  [ethernet(), ipv6(), udp(), "x"],
  [ipv4(), gre({ checksumPresent: true }), ipv4(), udp(), "abc"],
  // At an odd place, so that what is inside counts by swapped octets
  [ipv4(), udp(), Uint8Array.of(1), ipv4(), tcp()],
  [ipv4(), icmp({ type: 3 }), ipv4(), tcp()],
  [ipv4(), sctp(), "chunk"],
  [ipv6(), udpLite({ checksumCoverage: 8 }), "hello"],
  [ipv4(), ipv6(), ipv4({ options: [{ kind: "noOperation" }] }), udp(), "hello"],
];

const numbers: Readonly<Record<string, number>> = {
  sourcePort: 0xffff,
  destinationPort: 0xffff,
  identification: 0xffff,
  ttl: 255,
  hopLimit: 255,
  dscp: 63,
  sequenceNumber: 0xffff_ffff,
  window: 0xffff,
  verificationTag: 0xffff_ffff,
  length: 60_000,
  checksumCoverage: 12,
  code: 255,
};

describe("template", () => {
  it("keeps every checksum right, whatever is changed how often", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...stacks),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat({ max: 0xffff_ffff })), { minLength: 1, maxLength: 12 }),
        (stack, changes) => {
          const packet = craft(...stack);
          const { checksums } = packet;
          const flood = template(packet);
          for (const [which, what, value] of changes) {
            const { kind } = packet.layers[which % packet.layers.length]!;
            const all = packet.layers.filter((layer) => layer.kind === kind);
            const names = Object.keys(all[0]!).filter(
              (name) => name in numbers || name === "source" || name === "flags",
            );
            const name = names[what % names.length];
            if (name === undefined || kind === "payload" || kind === "trailer" || kind === "cut") continue;
            // A length that is wrong leaves nothing to be right
            if (name === "length") continue;
            const wanted =
              name === "flags" ? { syn: value % 2 === 0, fin: true }
              : name !== "source" ? value % (numbers[name]! + 1)
              : kind === "ipv6" ? `2001:db8::${(value & 0xffff).toString(16)}`
              : kind === "ipv4" ? `192.0.${value & 255}.${(value >> 8) & 255}`
              : "02:00:00:00:00:07"; // biome-ignore format: a table
            if (name === "checksumCoverage" && ![0, 8, 9, 12].includes(wanted as number)) continue;
            flood.field(kind, name as never, which % all.length).set(wanted);
          }
          const { checksums: found } = decode(flood.octets, flood.linkType);
          expect(found).toEqual(checksums);
          expect(found.every(({ verdict }) => verdict === "good")).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("changes what it is told, and leaves the packet it was made of alone", () => {
    const packet = craft(ipv4(), udp({ sourcePort: 1 }));
    const before = packet.octets.slice();
    const flood = template(packet);
    flood.field("udp", "sourcePort").set(4711);
    flood.field("ipv4", "destination").set("192.0.2.7");
    expect(decode(flood.octets, flood.linkType).layers).toMatchObject([{ destination: "192.0.2.7" }, { sourcePort: 4711 }]); // biome-ignore format: one thought
    expect(packet.octets).toEqual(before);
  });

  it("leaves checksums that are wrong, or absent, as they are", () => {
    for (const checksum of [0xdead, 0]) {
      const flood = template(craft(ipv4(), udp({ checksum }), "x"));
      flood.field("ipv4", "source").set("192.0.2.9");
      flood.field("udp", "destinationPort").set(53);
      expect(decode(flood.octets, flood.linkType).layers[1]).toMatchObject({ checksum, destinationPort: 53 });
    }
  });

  it("sets a checksum as it is given, keeps it so, and keeps those around it right", () => {
    const quoted = template(craft(ipv4(), icmp({ type: 3 }), ipv4(), udp({ sourcePort: 1 }), "hello"));
    const port = quoted.field("udp", "sourcePort");
    const checksum = quoted.field("udp", "checksum");
    port.set(7);
    checksum.set(0xbad);
    port.set(4711);
    quoted.field("udp", "length").set(13);
    const { layers, checksums } = decode(quoted.octets, quoted.linkType);
    expect(layers[3]).toMatchObject({ sourcePort: 4711, checksum: 0xbad });
    expect(checksums.map(({ verdict }) => verdict)).toEqual(["good", "good", "good", "bad"]);
    const flood = template(craft(ipv4(), tcp(), "x"));
    flood.field("tcp", "checksum").set(0xbad);
    flood.field("ipv4", "checksum").set(0xbad);
    flood.field("ipv4", "source").set("192.0.2.9");
    expect(decode(flood.octets, flood.linkType).layers).toMatchObject([{ checksum: 0xbad }, { checksum: 0xbad }, {}]);
    // @ts-expect-error: TCP has no such field
    expect(() => flood.field("tcp", "nope")).toThrow(/tcp.nope does not exist/);
  });

  it("sums up anew where a length says what is covered", () => {
    const flood = template(craft(ipv4(), udp(), "hello"));
    flood.field("udp", "length").set(10);
    expect(decode(flood.octets, flood.linkType).checksums.map(({ verdict }) => verdict)).toEqual(["good", "good"]);
  });

  it.each([
    ["BAD_FIELD", () => template(craft(ipv4())).field("ipv4", "ttl").set(256), /ipv4\.ttl takes/],
    ["BAD_FIELD", () => template(craft(ipv4())).field("ipv4", "tll" as never), /did you mean ttl/],
    ["BAD_FIELD", () => template(craft(ipv4())).field("ipv4", "options"), /no fixed place/],
    ["BAD_ARGUMENT", () => template(craft(ipv4())).field("tcp", "window"), /has no tcp/],
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
