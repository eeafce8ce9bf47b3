import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { capture } from "../../src/capture/live.js";
import { layer, type Packet } from "../../src/packet/packet.js";
import { craft } from "../../src/send/here.js";
import { send } from "../../src/send/send.js";
import { binding } from "../../src/socket/binding.js";
import { interfaceOf } from "../../src/socket/interfaces.js";
import { NetworkNamespace } from "../../src/socket/namespace.js";
import { arp } from "../../src/wire/arp.js";
import { ethernet } from "../../src/wire/ethernet.js";
import { ipv4 } from "../../src/wire/ipv4.js";
import { ipv6 } from "../../src/wire/ipv6.js";
import { udp } from "../../src/wire/udp.js";
import { ip } from "../support/addon.js";
import { run } from "../support/command.js";
import { drain } from "../support/live.js";

/** This host has two links, to a host each. */
let here: NetworkNamespace;
let left: NetworkNamespace;
let right: NetworkNamespace;

function prepare(device: string, ipv4: string, ipv6: string): void {
  // Addresses of our own choice, which are there at once
  ip("link", "set", device, "addrgenmode", "none");
  binding().setInterfaceUp(device);
  binding().addAddress(device, ipv4, 24);
  binding().addAddress(device, ipv6, 64);
}

beforeAll(() => {
  here = new NetworkNamespace();
  left = new NetworkNamespace();
  right = new NetworkNamespace();
  here.join("va", left, "vb");
  here.join("vc", right, "vd");
  here.run(() => prepare("va", "10.9.0.1", "fe80::a"));
  left.run(() => prepare("vb", "10.9.0.2", "fe80::b"));
  here.run(() => prepare("vc", "10.8.0.1", "fe80::c"));
  right.run(() => prepare("vd", "10.8.0.2", "fe80::d"));
  here.run(() => ip("route", "add", "10.7.0.0/24", "via", "10.8.0.2"));
  here.run(() => ip("route", "add", "default", "via", "10.9.0.2"));
});

afterAll(async () => {
  for (const host of [here, left, right]) await host.close();
});

/** What `filter` sees at the other end of `vc` while `action` lasts. */
async function arriving(filter: string, action: () => Promise<unknown>): Promise<Packet[]> {
  await using source = right.run(() => capture({ interface: "vd", filter, direction: "in" }));
  await action();
  source.stop();
  return await drain(source);
}

const command = (...args: string[]) => here.run(() => run(...args));

describe("a packet that leaves by a device comes from that device's address", () => {
  test.each([
    ["behind %", ["ping", "-c", "1", "fe80::d%vc"]],
    ["behind -I", ["ping", "-c", "1", "-I", "vc", "fe80::d"]],
  ])("where ping names it %s", async (_, args) => {
    const { code, stdout } = await command(...args);
    expect(stdout).toContain("64 bytes from fe80::d: icmp_seq=1");
    expect(code).toBe(0);
  });

  test("where traceroute names it", async () => {
    const { code, stdout } = await command("traceroute", "-n", "fe80::d%vc");
    expect(stdout).toMatch(/\n 1 {2}fe80::d {2}/);
    expect(code).toBe(0);
  });

  test("where ask and send name it", async () => {
    const asked = await command("ask", "-i", "vc", "ipv6(destination=fe80::d)/icmpv6(type=echoRequest)");
    expect(asked).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^fe80::c → fe80::d .*\n.*fe80::d → fe80::c /),
    });
    const all = await arriving("icmp6", () => command("send", "-i", "vc", "ipv6(destination=ff02::1)/icmpv6"));
    expect(layer(all[0]!, "ipv6")?.source).toBe("fe80::c");
    for (const group of ["224.0.0.5", "255.255.255.255"]) {
      const [packet] = await arriving("udp", () => command("send", "-i", "vc", `ipv4(destination=${group})/udp`));
      expect(layer(packet!, "ipv4")?.source).toBe("10.8.0.1");
    }
  });
});

describe("a frame comes from the device that it leaves by", () => {
  const hardware = () => here.run(() => interfaceOf("vc").hardwareAddress);

  test("an ARP request names who asks", async () => {
    const draft = "ethernet(destination=ff:ff:ff:ff:ff:ff)/arp(targetProtocol=10.8.0.2)";
    for (const args of [["-i", "vc"], []]) {
      const { code, stdout } = await command("ask", draft, ...args);
      expect(stdout).toContain("10.8.0.2 is at");
      expect(code).toBe(0);
    }
    const [packet] = await arriving("arp", () => command("send", draft, "-i", "vc"));
    expect(layer(packet!, "ethernet")?.source).toBe(hardware());
    expect(layer(packet!, "arp")?.addresses).toEqual({
      senderHardware: hardware(),
      senderProtocol: "10.8.0.1",
      targetHardware: "00:00:00:00:00:00",
      targetProtocol: "10.8.0.2",
    });
  });

  test("what is given stays", () => {
    const given = { senderHardware: "02:00:00:00:00:09", senderProtocol: "0.0.0.0", targetProtocol: "10.8.0.2" };
    const packet = here.run(() => craft(ethernet(), arp({ addresses: given })));
    expect(layer(packet, "ethernet")?.source).toBe(given.senderHardware);
    expect(layer(packet, "arp")?.addresses).toMatchObject(given);
  });

  test("one with an IP packet goes by its route, whichever device that is", () => {
    const packet = here.run(() => craft(ethernet(), ipv4({ destination: "10.7.0.9" }), udp()));
    expect(layer(packet, "ethernet")?.source).toBe(hardware());
    expect(layer(packet, "ipv4")?.source).toBe("10.8.0.1");
    const local = here.run(() => craft(ethernet(), ipv4({ destination: "127.0.0.1" }), udp()));
    expect(layer(local, "ethernet")?.source).toBe("00:00:00:00:00:00");
  });
});

test("a version that is wrong on purpose goes where the header's own fields say", async () => {
  const four = here.run(() => craft(ipv4({ version: 6, destination: "10.8.0.2" }), udp(), "x".repeat(40)));
  const six = here.run(() => craft(ipv6({ version: 4, destination: "fe80::d", source: "fe80::c" }), udp()));
  const frames = await arriving(
    "ether[12:2] = 0x800 or (ether[12:2] = 0x86dd and ether[14] & 0xf0 = 0x40)",
    async () => {
      await here.run(() => send(four));
      await here.run(() => send(six, { interface: "vc" }));
    },
  );
  expect(frames.map((packet) => [layer(packet, "ethernet")?.type, packet.problems[0]])).toMatchObject([
    [0x0800, { kind: "malformed", field: "version", value: 6 }],
    [0x86dd, { kind: "malformed", field: "version", value: 4 }],
  ]);
});
