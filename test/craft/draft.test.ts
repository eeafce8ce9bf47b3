import { describe, expect, it } from "vitest";
import { type Craftable, craft } from "../../src/craft/craft.js";
import { parseDraft } from "../../src/craft/draft.js";
import { isSockinspectError } from "../../src/errors.js";
import { caret } from "../../src/filter/fault.js";

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("parseDraft", () => {
  const drafts: readonly (readonly [string, readonly Craftable[]])[] = [
    [
      'ipv4(destination=127.0.0.1)/tcp(destinationPort=5000,flags=syn)/"payload"',
      [
        { kind: "ipv4", destination: "127.0.0.1" },
        { kind: "tcp", destinationPort: 5000, flags: { syn: true } },
        octets("payload"),
      ],
    ],
    [
      " ipv6 ( hopLimit = 0x40 , nextHeader = udp ) / 0x00ff * 2 ",
      [{ kind: "ipv6", hopLimit: 64, nextHeader: 17 }, Uint8Array.of(0, 255, 0, 255)],
    ],
    [
      "ethernet(destination=02:00:00:00:00:01,type=0x0800)",
      [{ kind: "ethernet", destination: "02:00:00:00:00:01", type: 0x0800 }],
    ],
    [
      "tcp(flags=SYN|ack,options=[noOperation,{kind: windowScale, shift: 7},sack(blocks=[{left=1,right=2}])])",
      [
        {
          kind: "tcp",
          flags: { syn: true, ack: true },
          options: [
            { kind: "noOperation" },
            { kind: "windowScale", shift: 7 },
            { kind: "sack", blocks: [{ left: 1, right: 2 }] },
          ],
        },
      ],
    ],
    ["tcp(flags=none)/tcp(flags=[fin,psh])", [{ kind: "tcp", flags: {} }, { kind: "tcp", flags: { fin: true, psh: true } }]], // biome-ignore format: a row
    ["ipv4(dontFragment,reserved=no)", [{ kind: "ipv4", dontFragment: true, reserved: false }]],
    ["arp(operation=reply,senderProtocol=192.0.2.1)", [{ kind: "arp", operation: 2, addresses: { senderProtocol: "192.0.2.1" } }]], // biome-ignore format: a row
    ["icmp(type=echoReply,identifier=7)", [{ kind: "icmp", type: 0, message: { kind: "echo", identifier: 7 } }]],
    ["icmpv6(target=fe80::2)", [{ kind: "icmpv6", message: { kind: "neighborSolicitation", target: "fe80::2" } }]],
    ["icmp(message=redirect(gateway=192.0.2.1))", [{ kind: "icmp", message: { kind: "redirect", gateway: "192.0.2.1" } }]], // biome-ignore format: a row
    ["gre(key=5,protocol=0x6558)", [{ kind: "gre", protocol: 0x6558, optional: { key: 5 } }]],
    ["ipv4(options=[timestamp(stamps=[1,2])])", [{ kind: "ipv4", options: [{ kind: "timestamp", stamps: [1, 2] }] }]],
    ["ipv4(options=[recordRoute(addresses=[1.2.3.4])])", [{ kind: "ipv4", options: [{ kind: "recordRoute", addresses: ["1.2.3.4"] }] }]], // biome-ignore format: a row
    ["sll(address=0x0200000000010000)", [{ kind: "sll", address: "0200000000010000" }]],
    ['payload("a")/trailer(0x00)', [octets("a"), { kind: "trailer", length: 1, octets: Uint8Array.of(0) }]],
    [`'it''s "\\n\\x41\\\\'`.replace("''", "\\'"), [octets(`it's "\nA\\`)]],
  ];
  it.each(drafts)("reads %s", (text, pieces) => {
    expect(parseDraft(text)).toEqual(pieces);
  });

  it.each([
    ["ipv4/tcp(destinationPrt=5000)", "         ^^^^^^^^^^^^^^", "did you mean destinationPort?"],
    ["ipv4/tpc", "     ^^^", "did you mean tcp?"],
    ["ipv4(ttl=300)", "         ^^^", "from 0 to 255"],
    ["ipv4/tcp(flags=sym)", "               ^^^", "did you mean syn?"],
    ["ipv4(protocol=UPD)", "              ^^^", "did you mean UDP?"],
    ["tcp(options=[windowScal(shift=3)])", "             ^^^^^^^^^^", "did you mean windowScale?"],
    ["tcp(options=[windowScale(shft=3)])", "                         ^^^^", "did you mean shift?"],
    ["tcp(options=[windowScale(shift=300)])", "                               ^^^", "from 0 to 255"],
    ["ipv4(options=[recordRoute(addresses=[1.2.3])])", "                                    ^^^^^^^", "IPv4 address"],
    ['ipv4/"abc', "     ^", "is not closed"],
    ["ipv4(", "     ^", "it ends"],
    ["ipv4 tcp", "     ^", "'/' and another header is missing"],
    ["ipv4(ttl=3,ttl=4)", "           ^^^", "given twice"],
    ["ipv4/0x123", "     ^^^^^", "even number of hex digits"],
    ["0x00*9999999", "     ^^^^^^^", "1 MiB"],
    ["icmp(identifer=3)", "     ^^^^^^^^^", "did you mean identifier?"],
    ["tcp(dataOffset)", "              ^", "'=' and the value of dataOffset"],
    ["", "^", "a header, or a payload in quotes,"],
  ])("says where %s is wrong, and what to write instead", (text, marks, message) => {
    let error: unknown;
    try {
      parseDraft(text);
    } catch (caught) {
      error = caught;
    }
    if (!isSockinspectError(error, "BAD_DRAFT")) throw error;
    expect(caret(error).split("\n")).toEqual([text, marks]);
    expect(error.message).toContain(message);
  });

  it("makes packets without problems", () => {
    const packet = craft(...parseDraft('ipv4/icmp(type=timeExceeded)/ipv4/udp/"x"'));
    expect(packet.problems).toEqual([]);
    expect(packet.layers.map(({ kind }) => kind)).toEqual(["ipv4", "icmp", "ipv4", "udp", "payload"]);
  });
});
