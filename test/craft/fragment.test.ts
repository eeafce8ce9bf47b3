import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { craft } from "../../src/craft/craft.js";
import type { Crafted } from "../../src/craft/crafted.js";
import { fragment } from "../../src/craft/fragment.js";
import { isSockinspectError } from "../../src/errors.js";
import { decode } from "../../src/packet/decode.js";
import { Frame } from "../../src/packet/frame.js";
import { FragmentReassembly } from "../../src/packet/reassembly.js";
import { ethernet } from "../../src/wire/ethernet.js";
import { ipv4 } from "../../src/wire/ipv4.js";
import { ipv6 } from "../../src/wire/ipv6.js";
import { destinationOptions, hopByHopOptions, routing } from "../../src/wire/ipv6-extensions.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { ppp, pppoe } from "../../src/wire/ppp.js";
import { udp } from "../../src/wire/udp.js";

const link = [[], [ethernet()], [ethernet(), pppoe({ sessionId: 3 }), ppp()]] as const;
const network = [
  [ipv4({ identification: 7 })],
  [ipv4({ options: [{ kind: "noOperation" }, { kind: "recordRoute", addresses: ["0.0.0.0"] }] })],
  [ipv4({ options: [{ kind: "routerAlert" }] })],
  [ipv6()],
  [ipv6(), hopByHopOptions({ options: [{ kind: "routerAlert" }] }), destinationOptions()],
  [ipv6(), destinationOptions(), routing({ type: 0 })],
] as const;

function reassembled(fragments: readonly Crafted[]): unknown {
  const reassembly = new FragmentReassembly();
  let found: unknown;
  for (const { octets, linkType } of fragments) {
    const frame = new Frame();
    frame.linkType = linkType;
    frame.move(new DataView(octets.buffer), 0, octets.length, octets.length);
    reassembly.follow(frame);
    found = frame.own().reassembled ?? found;
  }
  return found;
}

describe("fragment", () => {
  it("cuts packets so that they come together again, within the MTU", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...link),
        fc.constantFrom(...network),
        fc.uint8Array({ minLength: 100, maxLength: 900 }),
        fc.integer({ min: 88, max: 300 }),
        (frame, ip, content, mtu) => {
          const packet = craft(...frame, ...ip, udp({ destinationPort: 9 }), content);
          const lower = craft(...frame, ...ip).layers.filter(({ kind }) => link[2].some((each) => each.kind === kind));
          const before = lower.length === 0 ? 0 : frame.length === 1 ? 14 : 22;
          fc.pre(packet.length - before > mtu);
          const fragments = fragment(packet, mtu);
          expect(fragments.length).toBeGreaterThan(1);
          for (const each of fragments) {
            expect(each.length - before).toBeLessThanOrEqual(mtu);
            expect(each.problems).toEqual([]);
          }
          const whole = packet.octets.slice(before);
          const version6 = ip[0].kind === "ipv6";
          expect(reassembled(fragments)).toEqual({
            ...decode(whole, version6 ? linkTypes.ipv6 : linkTypes.ipv4),
            fragments: fragments.length,
            layer: frame.length,
          });
        },
      ),
    );
  });

  it("leaves a packet that is small enough as it is, and cuts fragments further", () => {
    const packet = craft(ipv4(), udp(), new Uint8Array(1000));
    expect(fragment(packet, 1500).map(({ octets }) => octets)).toEqual([packet.octets]);
    const twice = fragment(packet, 500).flatMap((each) => fragment(each, 300));
    expect(twice.length).toBe(5);
    expect(reassembled(twice)).toMatchObject({ length: 1028, problems: [] });
  });

  it.each([
    ["packet", () => fragment(craft(ipv4({ dontFragment: true }), udp(), new Uint8Array(500)), 300), /dontFragment/],
    ["packet", () => fragment(craft(new Uint8Array(500)), 300), /ipv4 or ipv6/],
    ["packet", () => fragment(fragment(craft(ipv6(), udp(), new Uint8Array(500)), 300)[0]!, 200), /must not be cut again/], // biome-ignore format: a row
    ["mtu", () => fragment(craft(ipv6(), udp(), new Uint8Array(500)), 50), /48 octets of headers/],
    ["mtu", () => fragment(craft(ipv4(), udp()), Number.NaN), /mtu/],
  ] as const)("refuses a %s that cannot be cut: %#", (argument, action, message) => {
    let error: unknown;
    try {
      action();
    } catch (caught) {
      error = caught;
    }
    if (!isSockinspectError(error, "BAD_ARGUMENT")) throw new Error(`no BAD_ARGUMENT but ${String(error)}`);
    expect(error.info.argument).toBe(argument);
    expect(error.message).toMatch(message);
  });
});
