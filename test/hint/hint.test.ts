import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hint } from "../../src/hint/hint.js";
import { decode } from "../../src/packet/decode.js";
import { hintText } from "../../src/render/hint.js";
import { json } from "../../src/render/json.js";
import { line } from "../../src/render/line.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { datagram4 } from "../packet/reassembly-fragments.js";
import * as packets from "../support/packets.js";
import {
  ascii,
  clientHello,
  dhcpMessage,
  dnsMessage,
  layersOf,
  nameOf,
  serverName,
  supportedVersions,
} from "./messages.js";

const text = (kind: "tcp" | "udp", port: number, octets: Uint8Array): string | undefined => {
  const found = hint(layersOf(kind, [40_000, port], octets));
  return found && hintText(found);
};
const example = nameOf("www", "example", "com");
const pointer = [0xc0, 12];

describe("DNS", () => {
  const answer = (flags: number, ...answers: Parameters<typeof dnsMessage>[3] & object): string | undefined =>
    text("udp", 53, dnsMessage(flags, example, 1, answers));

  test("a question says what it asks for", () => {
    expect(text("udp", 53, dnsMessage(0x0100, example, 28))).toBe("DNS AAAA? www.example.com");
    expect(text("udp", 53, dnsMessage(0x0100, [0], 2))).toBe("DNS NS? .");
    expect(text("udp", 5353, dnsMessage(0, example, 65_280))).toBe("DNS TYPE65280? www.example.com");
    expect(text("udp", 53, dnsMessage(0x2000, example, 6))).toBe("DNS NOTIFY SOA? www.example.com");
  });

  test("an answer says what it gives: addresses, names, or the kind of anything else", () => {
    expect(answer(0x8180, { name: pointer, type: 1, data: [192, 0, 2, 1] })).toBe("DNS A www.example.com → 192.0.2.1");
    const six = [0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 1];
    expect(
      answer(
        0x8180,
        { name: pointer, type: 5, data: [3, ...ascii("cdn"), 0xc0, 16] },
        { name: pointer, type: 28, data: six },
        { name: pointer, type: 15, data: [0, 10, ...pointer] },
        { name: pointer, type: 16, data: [2, 0x1b, 0x5b] },
        { name: pointer, type: 1, data: [192, 0, 2, 1] },
      ),
    ).toBe("DNS A www.example.com → cdn.example.com, 2001:db8::1, www.example.com, TXT (5 answers)");
  });

  test("an error and an empty answer are said", () => {
    expect(answer(0x8183)).toBe("DNS A www.example.com → NXDOMAIN");
    expect(answer(0x818f)).toBe("DNS A www.example.com → code 15");
    expect(answer(0x8180)).toBe("DNS A www.example.com → no answer");
    const cut = dnsMessage(0x8180, example, 1, [{ name: pointer, type: 1, data: [192, 0, 2, 1] }]).slice(0, -1);
    expect(text("udp", 53, cut)).toBe("DNS A www.example.com → 1 answer");
    expect(answer(0x8180, { name: pointer, type: 1, data: [192, 0, 2] })).toBe("DNS A www.example.com → A");
  });

  test("an answer that there was no room for is no empty one", () => {
    expect(answer(0x8380)).toBe("DNS A www.example.com → truncated");
    const address = { name: pointer, type: 1, data: [192, 0, 2, 1] };
    expect(answer(0x8380, address)).toBe("DNS A www.example.com → 192.0.2.1 (truncated)");
    const cut = dnsMessage(0x8380, example, 1, [address]).slice(0, -1);
    expect(text("udp", 53, cut)).toBe("DNS A www.example.com → 1 answer, truncated");
    // A multicast question has known answers that go on in another packet: RFC 6762 §7.2
    expect(text("udp", 5353, dnsMessage(0x200, example, 1))).toBe("DNS A? www.example.com");
  });

  test("an answer without a question is named by what it answers", () => {
    const octets = dnsMessage(0x8400, [], 0, [{ name: nameOf("printer", "local"), type: 1, data: [192, 0, 2, 9] }]);
    expect(text("udp", 5353, octets)).toBe("DNS A printer.local → 192.0.2.9");
  });

  test("over TCP the length stands in front", () => {
    const message = dnsMessage(0x0100, example, 1);
    expect(text("tcp", 53, new Uint8Array([0, message.length, ...message]))).toBe("DNS A? www.example.com");
    const answered = dnsMessage(0x8180, example, 1, [{ name: pointer, type: 5, data: pointer }]);
    expect(text("tcp", 53, new Uint8Array([0, answered.length, ...answered]))).toBe(
      "DNS A www.example.com → www.example.com",
    );
  });

  test("what is too long for a line ends in dots, and JSON has all of it", () => {
    const long = nameOf(...new Array<string>(6).fill("\x01".repeat(40)));
    const octets = dnsMessage(0, long, 1);
    expect(text("udp", 53, octets)).toMatch(/^DNS A\? \\001.*…$/);
    expect(text("udp", 53, octets)).toHaveLength(160);
    expect(hint(layersOf("udp", [40_000, 53], octets))).toMatchObject({ name: expect.stringMatching(/^.{965}$/) });
  });

  test("a name that points forward is no name, even where there is one", () => {
    const forward = dnsMessage(0x8180, [0xc0, 18], 1, [{ name: example, type: 1, data: [192, 0, 2, 1] }]);
    expect(text("udp", 53, forward)).toBeUndefined();
    // Octet 2 is 0x81: of a reserved kind, and as a length it would end among the zeros
    const reserved = dnsMessage(0x8180, example, 1, [
      { name: pointer, type: 5, data: [0xc0, 2] },
      { name: pointer, type: 16, data: new Array<number>(200).fill(0) },
    ]);
    expect(text("udp", 53, reserved)).toBe("DNS A www.example.com → CNAME, TXT");
  });

  test("octets in names that are no text, dots and backslashes are escaped", () => {
    const odd = nameOf("a.b\\", "\x1b[31m\u009b\xff");
    expect(text("udp", 53, dnsMessage(0, odd, 1))).toBe("DNS A? a\\.b\\\\.\\027[31m\\155\\255");
  });

  test.each([
    ["points to itself", [0xc0, 12]],
    ["points forward", [0xc0, 20]],
    ["has a label of a reserved kind", [0x80, 1, 0]],
    ["is too long", [...new Array(6).fill([50, ...new Array(50).fill(97)]).flat(), 0]],
  ])("a name that %s is no name", (_, name) => {
    expect(text("udp", 53, dnsMessage(0, name as number[], 1))).toBeUndefined();
  });

  test("other octets at its port are not called DNS", () => {
    expect(text("udp", 53, new Uint8Array(40).fill(0xff))).toBeUndefined();
    expect(text("udp", 53, new Uint8Array(40))).toBeUndefined();
    expect(text("udp", 53, ascii("hello, this is not a name server"))).toBeUndefined();
    expect(text("udp", 5000, dnsMessage(0, example, 1))).toBeUndefined();
  });
});

describe("HTTP", () => {
  test.each([
    "GET /index.html HTTP/1.1",
    "OPTIONS * HTTP/1.0",
    "CONNECT example.com:443 HTTP/1.1",
    "GET http://example.com/ HTTP/1.1",
    "HTTP/1.1 404 Not Found",
  ])("%s is a start line, at any port", (start) => {
    expect(text("tcp", 5000, ascii(`${start}\r\nHost: example.com\r\n\r\n`))).toBe(start);
  });

  test("what is long or not all there ends in dots", () => {
    expect(text("tcp", 80, ascii("GET /ind"))).toBe("GET /ind…");
    expect(text("tcp", 80, ascii(`GET /${"a".repeat(500)} HTTP/1.1\r\n`))).toBe(`GET /${"a".repeat(115)}…`);
  });

  test("octets that are no text are escaped", () => {
    expect(text("tcp", 80, ascii("GET /\x1b]0;owned\x07\x9b HTTP/1.1\r\n"))).toBe(
      "GET /\\027]0;owned\\007\\155 HTTP/1.1",
    );
  });

  test.each([
    "GET lost\r\n",
    "GET / is how it starts\r\n",
    "GETTING / HTTP/1.1\r\n",
    "Get / HTTP/1.1\r\n",
    "HELO example.com\r\n",
    "GET",
  ])("%j is no start line", (other) => expect(text("tcp", 80, ascii(other))).toBeUndefined());
});

describe("TLS", () => {
  test("a ClientHello has the highest version that it offers, and the name of the server", () => {
    const extensions = [...supportedVersions(0x2a2a, 0x0303, 0x0304), ...serverName("example.com")];
    expect(text("tcp", 8443, clientHello(0x0303, extensions))).toBe("TLS ClientHello TLS 1.3 example.com");
    expect(text("tcp", 443, clientHello(0x0303, serverName("example.com")))).toBe(
      "TLS ClientHello TLS 1.2 example.com",
    );
    expect(text("tcp", 443, clientHello(0x0301))).toBe("TLS ClientHello TLS 1.0");
    expect(text("tcp", 443, clientHello(0x0303, supportedVersions(0x0305)))).toBe("TLS ClientHello version 0x0305");
  });

  test("a version that may be among missing octets is not guessed", () => {
    const whole = clientHello(0x0303, [...serverName("example.com"), ...supportedVersions(0x0304)]);
    expect(text("tcp", 443, whole.slice(0, -3))).toBe("TLS ClientHello example.com");
    expect(text("tcp", 443, whole.slice(0, 50))).toBe("TLS ClientHello");
  });

  test("a name that is longer than its extension is left out", () => {
    const long = serverName("example.com").with(8, 12);
    expect(text("tcp", 443, clientHello(0x0303, [...long, ...supportedVersions(0x0304)]))).toBe(
      "TLS ClientHello TLS 1.3",
    );
  });

  test("a name that is no name is escaped", () => {
    expect(text("tcp", 443, clientHello(0x0303, serverName("\x1b[2Jé")))).toBe("TLS ClientHello TLS 1.2 \\027[2J\\233");
  });

  test("other records and other octets are no ClientHello", () => {
    const hello = clientHello(0x0303, []);
    for (const [at, octet] of [
      [0, 23],
      [1, 2],
      [5, 2],
      [9, 9],
    ] as const)
      expect(text("tcp", 443, hello.with(at, octet))).toBeUndefined();
  });
});

describe("QUIC", () => {
  const long = (first: number, version: readonly number[], port = 443, size = 1200): string | undefined => {
    const octets = new Uint8Array(size);
    octets.set([first, ...version, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 1]);
    return text("udp", port, octets);
  };

  test("a long header has a version and a kind of packet", () => {
    expect(long(0xc0, [0, 0, 0, 1])).toBe("QUIC version 1 Initial");
    expect(long(0xe0, [0, 0, 0, 1], 5000)).toBe("QUIC version 1 Handshake");
    expect(long(0xd0, [0x6b, 0x33, 0x43, 0xcf])).toBe("QUIC version 2 Initial");
    expect(long(0xc0, [0x6b, 0x33, 0x43, 0xcf])).toBe("QUIC version 2 Retry");
    expect(long(0xd0, [0xff, 0, 0, 29])).toBe("QUIC version draft 29 0-RTT");
    expect(long(0x80, [0, 0, 0, 0], 443, 19)).toBe("QUIC Version Negotiation");
  });

  test("it is looked for in datagrams of any size on port 443, on others in those that carry an Initial", () => {
    expect(long(0xe0, [0, 0, 0, 1], 443, 40)).toBe("QUIC version 1 Handshake");
    expect(long(0xc0, [0, 0, 0, 1], 5000, 1199)).toBeUndefined();
    expect(long(0xc0, [0, 0, 0, 1], 5000, 1200)).toBe("QUIC version 1 Initial");
  });

  test("short headers, unknown versions and impossible connection ids are not", () => {
    expect(long(0x40, [0, 0, 0, 1])).toBeUndefined();
    expect(long(0x80, [0, 0, 0, 1])).toBeUndefined();
    expect(long(0xc0, [1, 2, 3, 4])).toBeUndefined();
    expect(long(0x80, [0, 0, 0, 0], 5000)).toBeUndefined();
    expect(text("udp", 443, new Uint8Array([0xc0, 0, 0, 0, 1, 21, ...new Array<number>(40).fill(0)]))).toBeUndefined();
  });
});

describe("DHCP", () => {
  test("a message has its type, and the address that it gives", () => {
    expect(text("udp", 67, dhcpMessage(1, [], [0, 53, 1, 1, 255]))).toBe("DHCP DISCOVER");
    expect(text("udp", 68, dhcpMessage(2, [192, 0, 2, 5], [61, 2, 0, 0, 53, 1, 2, 255]))).toBe("DHCP OFFER 192.0.2.5");
    expect(text("udp", 68, dhcpMessage(2, [], [53, 1, 99]))).toBe("DHCP type 99");
    expect(text("udp", 67, dhcpMessage(1, [], [255, 0, 53, 1, 1]))).toBe("DHCP BOOTP request");
  });

  test("octets without its magic number are not", () => {
    expect(text("udp", 67, dhcpMessage(1, [], [53, 1, 1, 255]).fill(0, 236, 240))).toBeUndefined();
    expect(text("udp", 67, dhcpMessage(1, [], []).slice(0, 239))).toBeUndefined();
  });
});

test("NTP says its version and mode", () => {
  expect(text("udp", 123, new Uint8Array(48).fill(0x23, 0, 1))).toBe("NTP version 4 client");
  expect(text("udp", 123, new Uint8Array(48).fill(0x1c, 0, 1))).toBe("NTP version 3 server");
  expect(text("udp", 123, new Uint8Array(12).fill(0x16, 0, 1))).toBe("NTP version 2 control");
  expect(text("udp", 123, new Uint8Array(47).fill(0x23, 0, 1))).toBeUndefined();
  expect(text("udp", 123, new Uint8Array(48).fill(0x20, 0, 1))).toBeUndefined();
});

test("a hint comes behind the transport line and into JSON, and hides neither", () => {
  const octets = datagram4(dnsMessage(0x0100, example, 1));
  octets.set([0, 53], 22);
  const packet = decode(octets, linkTypes.raw);
  expect(line(packet, { time: "none" })).toMatch(
    /^192\.0\.2\.1:5000 → 192\.0\.2\.2:53 {2}UDP 33 bytes DNS A\? www\.example\.com ✗ udp checksum/,
  );
  expect(JSON.parse(json(packet)).hint).toEqual({
    kind: "dns",
    identification: 0x1a2b,
    response: false,
    name: "www.example.com",
    type: "A",
  });
  expect(JSON.parse(json(packet, { payload: false })).hint.name).toBe("www.example.com");
});

test("either port may be the one that tells, and padding behind a packet is no payload", () => {
  const answered = dnsMessage(0x8183, example, 1);
  const layers = layersOf("udp", [53, 40_000], answered);
  const name = { kind: "dns", code: "NXDOMAIN", name: "www.example.com" };
  expect(hint(layers)).toMatchObject(name);
  expect(hint([...layers, { kind: "trailer", length: 3, octets: ascii("abc") }])).toMatchObject(name);
  expect(hint([layers[0]!, { kind: "payload", length: 48, octets: new Uint8Array(0) }])).toBeUndefined();
});

test("packets without payload, and those that ICMP errors quote, have none", () => {
  expect(hint(decode(packets.syn).layers)).toBeUndefined();
  const query = datagram4(dnsMessage(0x0100, example, 1));
  query.set([0, 53], 22);
  const error = new Uint8Array([...datagram4(new Uint8Array(0)).slice(0, 20), 3, 3, 0, 0, 0, 0, 0, 0, ...query]);
  error[9] = 1;
  new DataView(error.buffer).setUint16(2, error.length);
  const packet = decode(error, linkTypes.raw);
  expect(packet.layers.map(({ kind }) => kind)).toEqual(["ipv4", "icmp", "ipv4", "udp", "payload"]);
  expect(hint(packet.layers)).toBeUndefined();
});

const seeds: readonly (readonly ["tcp" | "udp", number, Uint8Array])[] = [
  ["udp", 53, dnsMessage(0x8180, example, 1, [{ name: pointer, type: 5, data: [3, 97, 98, 99, ...pointer] }])],
  ["tcp", 80, ascii("GET /index.html HTTP/1.1\r\nHost: example.com\r\n\r\n")],
  ["tcp", 443, clientHello(0x0303, [...supportedVersions(0x0304), ...serverName("example.com")])],
  ["udp", 443, new Uint8Array([0xc0, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 1])],
  ["udp", 67, dhcpMessage(1, [192, 0, 2, 1], [53, 1, 5, 255])],
  ["udp", 123, new Uint8Array(48).fill(0x23, 0, 1)],
];

/** Everything a terminal would obey, and everything that is not ASCII but the arrow and dots of our own. */
const UNSAFE = /[^\x20-\x7e→…]/;

test("a message cut at any octet gives a hint or none", () => {
  for (const [kind, port, octets] of seeds)
    for (let length = 0; length <= octets.length; length++)
      expect(text(kind, port, octets.slice(0, length)) ?? "").not.toMatch(UNSAFE);
});

test("no octets make it throw, and none of them reach a terminal unescaped", () => {
  const changed = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 6 }))
    .map(([[kind, port, octets], changes]) => {
      const copy = octets.slice();
      for (const [at, octet] of changes) copy[at % copy.length] = octet;
      return [kind, port, copy] as const;
    });
  const random = fc.tuple(
    fc.constantFrom("tcp" as const, "udp" as const),
    fc.constantFrom(53, 67, 80, 123, 443, 5353),
    fc.uint8Array({ maxLength: 300 }),
  );
  fc.assert(
    fc.property(fc.oneof({ weight: 4, arbitrary: changed }, random), ([kind, port, octets]) => {
      const layers = layersOf(kind, [port, 40_000], octets);
      const found = hint(layers);
      if (!found) return;
      expect(hintText(found)).not.toMatch(UNSAFE);
      expect(JSON.stringify(found)).not.toMatch(UNSAFE);
    }),
    { numRuns: 5000 },
  );
});
