import { describe, expect, test } from "vitest";
import { craft } from "../../src/craft/craft.js";
import { decode } from "../../src/packet/decode.js";
import { answers } from "../../src/send/answers.js";
import { arp } from "../../src/wire/arp.js";
import { ethernet } from "../../src/wire/ethernet.js";
import { icmp } from "../../src/wire/icmp.js";
import { icmpv6 } from "../../src/wire/icmpv6.js";
import { ipv4 } from "../../src/wire/ipv4.js";
import { ipv6 } from "../../src/wire/ipv6.js";
import { tcp } from "../../src/wire/tcp.js";
import { udp } from "../../src/wire/udp.js";
import * as real from "../support/packets.js";

const [here, there, router] = ["192.0.2.1", "198.51.100.2", "203.0.113.3"];
const to = ipv4({ source: here, destination: there });
const back = ipv4({ source: there, destination: here });

test("what goes to many hosts is answered by any of them; of a network's broadcast address the caller has to know it", () => {
  const echo = (header: ReturnType<typeof ipv4>, type: number) =>
    craft(header, icmp({ type, message: { kind: "echo", identifier: 1, sequenceNumber: 1 } }));
  const reply = echo(back, 0);
  for (const [destination, alone] of [
    ["255.255.255.255", true],
    ["224.0.0.1", true],
    ["198.51.100.255", false],
  ] as const) {
    const asked = echo(ipv4({ source: here, destination }), 8);
    expect(answers(asked, reply)).toBe(alone);
    expect(answers(asked, reply, { toMany: true })).toBe(true);
  }
});

describe("packets of a real loopback", () => {
  const [syn, synAck, udpPacket, unreachable, udp6, unreachable6, hello] = [
    real.syn,
    real.synAck,
    real.udp,
    real.portUnreachable,
    real.udp6,
    real.portUnreachable6,
    real.hello,
  ].map((octets) => decode(octets));

  test("answer what they answer, and nothing else", () => {
    expect(answers(syn!, synAck!)).toBe(true);
    expect(answers(udpPacket!, unreachable!)).toBe(true);
    expect(answers(udp6!, unreachable6!)).toBe(true);
    for (const packet of [syn, udpPacket, unreachable, udp6, unreachable6, hello])
      expect(answers(syn!, packet!)).toBe(false);
    for (const packet of [udpPacket, synAck, unreachable6]) expect(answers(udpPacket!, packet!)).toBe(false);
  });
});

describe("TCP", () => {
  const ports = { sourcePort: 5000, destinationPort: 80 };
  const turned = { sourcePort: 80, destinationPort: 5000 };
  const syn = craft(to, tcp({ ...ports, sequenceNumber: 100, flags: { syn: true } }));
  const answer = (fields: Parameters<typeof tcp>[0], data = "") => craft(back, tcp({ ...turned, ...fields }), data);

  test.each([
    ["SYN ACK of the number", { acknowledgmentNumber: 101, flags: { syn: true, ack: true } }, true],
    ["SYN ACK of another number", { acknowledgmentNumber: 102, flags: { syn: true, ack: true } }, false],
    ["RST ACK of the number", { acknowledgmentNumber: 101, flags: { rst: true, ack: true } }, true],
    ["RST ACK of another number", { acknowledgmentNumber: 99, flags: { rst: true, ack: true } }, false],
    ["RST without ACK", { flags: { rst: true } }, false],
    ["SYN, both at once", { flags: { syn: true } }, true],
    ["a challenge", { acknowledgmentNumber: 7, flags: { ack: true } }, true],
    ["another port", { sourcePort: 81, acknowledgmentNumber: 101, flags: { syn: true, ack: true } }, false],
  ])("to a SYN: %s", (_, fields, expected) => {
    expect(answers(syn, answer(fields))).toBe(expected);
  });

  test("to data: what acknowledges some of it, and a RST in its place, over the end of the numbers", () => {
    const data = craft(
      to,
      tcp({ ...ports, sequenceNumber: 0xffff_fffe, acknowledgmentNumber: 7, flags: { ack: true } }),
      "hello",
    );
    const ack = (acknowledgmentNumber: number) => answer({ acknowledgmentNumber, flags: { ack: true } });
    expect([0xffff_fffe, 0xffff_ffff, 0, 3, 4].map((number) => answers(data, ack(number)))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(answers(data, answer({ sequenceNumber: 7, flags: { rst: true } }))).toBe(true);
    expect(answers(data, answer({ sequenceNumber: 8, flags: { rst: true } }))).toBe(false);
  });

  test("to a RST nothing is an answer", () => {
    const rst = craft(to, tcp({ ...ports, flags: { rst: true } }));
    expect(answers(rst, answer({ flags: { ack: true } }))).toBe(false);
  });
});

test("UDP is answered by turned ports; one to many by anybody", () => {
  const ports = { sourcePort: 68, destinationPort: 67 };
  const turned = udp({ sourcePort: 67, destinationPort: 68 });
  expect(answers(craft(to, udp(ports)), craft(back, turned))).toBe(true);
  expect(answers(craft(to, udp(ports)), craft(back, udp(ports)))).toBe(false);
  expect(answers(craft(to, udp(ports)), craft(ipv4({ source: router, destination: here }), turned))).toBe(false);
  for (const destination of ["255.255.255.255", "224.0.0.251"]) {
    const question = craft(ipv4({ source: "0.0.0.0", destination }), udp(ports));
    expect(answers(question, craft(ipv4({ source: router, destination: here }), turned))).toBe(true);
  }
});

test("ICMP queries are answered by their own reply, with the same identifier and number", () => {
  const message = (identifier: number, sequenceNumber: number) => ({
    kind: "echo" as const,
    identifier,
    sequenceNumber,
  });
  const ping = craft(to, icmp({ type: 8, message: message(7, 1) }));
  expect(answers(ping, craft(back, icmp({ type: 0, message: message(7, 1) })))).toBe(true);
  expect(answers(ping, craft(back, icmp({ type: 0, message: message(7, 2) })))).toBe(false);
  expect(answers(ping, craft(back, icmp({ type: 0, message: message(8, 1) })))).toBe(false);
  expect(answers(ping, craft(back, icmp({ type: 8, message: message(7, 1) })))).toBe(false);
});

describe("an ICMP error", () => {
  const probe = craft(
    ipv4({ source: here, destination: there, identification: 77 }),
    udp({ sourcePort: 1, destinationPort: 33_434 }),
    "x",
  );
  const error = (quoted: Uint8Array) =>
    craft(
      ipv4({ source: router, destination: here }),
      icmp({ type: 11, message: { kind: "timeExceeded", unused: 0, length: 0, reserved: 0 } }),
      quoted,
    );

  test("answers what it quotes, also cut to 8 octets", () => {
    expect(answers(probe, error(probe.octets))).toBe(true);
    expect(answers(probe, error(probe.octets.subarray(0, 28)))).toBe(true);
    const segment = craft(to, tcp({ sourcePort: 1, destinationPort: 2, sequenceNumber: 3 }));
    expect(answers(segment, error(segment.octets.subarray(0, 28)))).toBe(true);
    const other = craft(to, tcp({ sourcePort: 1, destinationPort: 2, sequenceNumber: 4 }));
    expect(answers(segment, error(other.octets.subarray(0, 28)))).toBe(false);
  });

  test("does not answer what it does not quote", () => {
    for (const [identification, destinationPort] of [
      [78, 33_434],
      [77, 33_435],
    ] as const) {
      const other = craft(
        ipv4({ source: here, destination: there, identification }),
        udp({ sourcePort: 1, destinationPort }),
        "x",
      );
      expect(answers(probe, error(other.octets))).toBe(false);
    }
  });
});

test("ARP and neighbour discovery are answered by who was asked for", () => {
  const asked = {
    senderHardware: "02:00:00:00:00:01",
    senderProtocol: here,
    targetHardware: "00:00:00:00:00:00",
    targetProtocol: there,
  };
  const reply = (senderProtocol: string, operation = 2) =>
    craft(
      ethernet(),
      arp({
        operation,
        addresses: {
          senderHardware: "02:00:00:00:00:02",
          senderProtocol,
          targetHardware: asked.senderHardware,
          targetProtocol: here,
        },
      }),
    );
  const request = craft(ethernet(), arp({ operation: 1, addresses: asked }));
  expect(answers(request, reply(there))).toBe(true);
  expect(answers(request, reply(router))).toBe(false);
  expect(answers(request, reply(there, 1))).toBe(false);

  const solicitation = craft(
    ipv6({ source: "fe80::1", destination: "ff02::1:ff00:2" }),
    icmpv6({ type: 135, message: { kind: "neighborSolicitation", reserved: 0, target: "fe80::2", options: [] } }),
  );
  const advertisement = (target: string) =>
    craft(
      ipv6({ source: "fe80::2", destination: "fe80::1" }),
      icmpv6({
        type: 136,
        message: {
          kind: "neighborAdvertisement",
          router: false,
          solicited: true,
          override: true,
          reserved: 0,
          target,
          options: [],
        },
      }),
    );
  expect(answers(solicitation, advertisement("fe80::2"))).toBe(true);
  expect(answers(solicitation, advertisement("fe80::3"))).toBe(false);
});
