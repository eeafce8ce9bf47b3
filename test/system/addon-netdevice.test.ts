import { createSocket } from "node:dgram";
import { once } from "node:events";
import { beforeAll, describe, expect, test } from "vitest";
import { binding } from "../../src/socket/binding.js";
import { ip } from "../support/addon.js";

beforeAll(() => binding().enterNewNetworkNamespace());

function named(name: string) {
  const found = binding()
    .interfaces()
    .find((each) => each.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

const up = 0x1; // IFF_UP

describe("a new network namespace", () => {
  test("has the loopback device alone, and that is down until it is set up", () => {
    expect(binding().interfaces()).toEqual([
      {
        index: 1,
        name: "lo",
        hardwareType: 772,
        hardwareAddress: "00:00:00:00:00:00",
        mtu: 65536,
        flags: 0x8, // IFF_LOOPBACK
        addresses: [],
      },
    ]);
    binding().setInterfaceUp("lo");
    expect(named("lo").flags & up).toBe(up);
    expect(named("lo").addresses).toEqual([
      { address: "127.0.0.1", prefixLength: 8 },
      { address: "::1", prefixLength: 128 },
    ]);
    binding().setInterfaceUp("lo"); // once more changes nothing
  });

  test("is inherited by children", () => {
    const shown = ip("-o", "link", "show");
    expect(shown.trim().split("\n")).toHaveLength(binding().interfaces().length);
  });
});

describe("devices", () => {
  test("made as a pair are joined Ethernet devices, down at first", () => {
    binding().createVethPair("left", "right");
    for (const name of ["left", "right"]) {
      const device = named(name);
      expect(device).toMatchObject({ hardwareType: 1, mtu: 1500, addresses: [] });
      expect(device.flags & up).toBe(0);
      expect(device.hardwareAddress).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
    }
  });

  test("are listed as ip(8) lists them", () => {
    binding().setInterfaceUp("left");
    binding().setInterfaceUp("right");
    binding().addAddress("left", "192.0.2.1", 24);
    binding().addAddress("left", "2001:db8::1", 64);
    const shown: { ifindex: number; ifname: string; mtu: number; address: string; addr_info: object[] }[] = JSON.parse(
      ip("-j", "address"),
    );
    const expected = shown.toSorted((a, b) => a.ifindex - b.ifindex);
    expect(
      binding()
        .interfaces()
        .map(({ index, name, mtu, hardwareAddress, addresses }) => ({
          ifindex: index,
          ifname: name,
          mtu,
          address: hardwareAddress,
          addr_info: addresses.map(({ address, prefixLength }) => ({ local: address, prefixlen: prefixLength })),
        })),
    ).toMatchObject(
      expected.map(({ ifindex, ifname, mtu, address, addr_info }) => ({
        ifindex,
        ifname,
        mtu,
        address,
        addr_info: addr_info.map((each) => ({
          local: Reflect.get(each, "local"),
          prefixlen: Reflect.get(each, "prefixlen"),
        })),
      })),
    );
  });

  test("can use an IPv6 address at once, without waiting for duplicates to be detected", async () => {
    binding().addAddress("right", "2001:db8::2", 64);
    const socket = createSocket("udp6").bind(0, "2001:db8::2"); // EADDRNOTAVAIL while it is tentative
    await once(socket, "listening");
    socket.close();
  });

  test("refuse what they cannot do with a Node-shaped error", () => {
    expect(thrownBy(() => binding().setInterfaceUp("nowhere"))).toMatchObject({
      code: "ENODEV",
      errno: -19,
      syscall: "if_nametoindex",
      message: "ENODEV: No such device, if_nametoindex nowhere",
    });
    expect(thrownBy(() => binding().createVethPair("left", "other"))).toMatchObject({
      code: "EEXIST",
      syscall: "netlink",
      message: "EEXIST: File exists, netlink RTM_NEWLINK",
    });
    expect(thrownBy(() => binding().addAddress("left", "192.0.2.1", 24))).toMatchObject({ code: "EEXIST" });
    expect(thrownBy(() => binding().addAddress("left", "192.0.2.300", 24))).toMatchObject({
      code: "EINVAL",
      syscall: "inet_pton",
    });
    expect(thrownBy(() => binding().addAddress("left", "192.0.2.2", 33))).toMatchObject({ code: "EINVAL" });
    expect(thrownBy(() => binding().createVethPair("a-name-that-is-too-long", "x"))).toMatchObject({ errno: -34 });
    expect(thrownBy(() => Reflect.apply(binding().setInterfaceUp, undefined, [1]))).toBeInstanceOf(TypeError);
  });

  test("take another MTU, and say what the kernel refuses", () => {
    binding().setMtu("left", 1400);
    expect(named("left").mtu).toBe(1400);
    expect(thrownBy(() => binding().setMtu("left", 1))).toMatchObject({ code: "EINVAL" });
    expect(thrownBy(() => binding().setMtu("nowhere", 1400))).toMatchObject({ code: "ENODEV" });
  });

  test("route, forward and leave nothing to hardware where they are told to", () => {
    binding().setInterfaceUp("left");
    binding().addRoute("198.51.100.0", 24, "192.0.2.9");
    binding().addRoute("0.0.0.0", 0, "192.0.2.8");
    const routes = ip("route", "show");
    expect(routes).toMatch(/^198\.51\.100\.0\/24 via 192\.0\.2\.9 dev left/m);
    expect(routes).toMatch(/^default via 192\.0\.2\.8 dev left/m);
    expect(thrownBy(() => binding().addRoute("198.51.100.0", 24, "192.0.2.9"))).toMatchObject({ code: "EEXIST" });
    expect(thrownBy(() => binding().addRoute("203.0.113.0", 24, "10.9.9.9"))).toMatchObject({ code: "ENETUNREACH" });
    expect(thrownBy(() => binding().addRoute("203.0.113.0", 33, "192.0.2.9"))).toMatchObject({ code: "EINVAL" });
    expect(ip("-d", "netconf", "show", "dev", "left")).toContain("forwarding off");
    binding().setForwarding("left");
    expect(ip("-d", "netconf", "show", "dev", "left")).toContain("forwarding on");
    binding().disableOffloads("left");
    expect(thrownBy(() => binding().disableOffloads("nowhere"))).toMatchObject({ code: "ENODEV", syscall: "ioctl" });
    expect(thrownBy(() => binding().disableOffloads("a-name-that-is-too-long"))).toMatchObject({ code: "ENODEV" });
    expect(thrownBy(() => binding().setForwarding("nowhere"))).toMatchObject({ code: "ENODEV" });
  });

  test("are made in two namespaces where they are told to, and in none that is not there", () => {
    const other = new (binding().NetworkNamespace)();
    binding().createVethPair("here", "there", other.descriptor);
    expect(named("here").hardwareType).toBe(1);
    expect(other.run(() => named("there").hardwareType)).toBe(1);
    expect(() => named("there")).toThrow("no there");
    ip("link", "delete", "here");
    other.close();
    expect(other.descriptor).toBe(-1);
    expect(thrownBy(() => other.run(() => {}))).toMatchObject({ code: "EBADF", syscall: "setns" });
  });

  test("are listed whole when there are many, and while they come and go", () => {
    for (let number = 0; number < 150; number++) binding().createVethPair(`many${number}`, `more${number}`);
    const names = binding()
      .interfaces()
      .map((each) => each.name);
    expect(names).toHaveLength(3 + 300);
    expect(new Set(names).size).toBe(names.length);
  });
});
