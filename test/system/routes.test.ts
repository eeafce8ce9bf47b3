import { beforeAll, expect, test } from "vitest";
import { binding } from "../../src/socket/binding.js";
import { interfaceOf } from "../../src/socket/interfaces.js";
import { knownNeighbor, routeTo } from "../../src/socket/routes.js";
import { ip } from "../support/addon.js";
import { thrownBy } from "../support/device-pair.js";
import { ownNetwork } from "../support/live.js";

beforeAll(() => {
  ownNetwork();
  binding().addAddress("v0", "10.0.0.1", 24);
  binding().addAddress("v0", "fd00::1", 64);
  ip("route", "add", "10.1.0.0/16", "via", "10.0.0.2", "mtu", "1280");
  ip("route", "add", "prohibit", "10.2.0.0/16");
  ip("route", "add", "blackhole", "10.3.0.0/16");
  ip("route", "add", "fd01::/64", "via", "fd00::2");
  ip("route", "add", "10.4.0.0/16", "via", "inet6", "fd00::2", "dev", "v0");
});

test("a destination on the link, behind a router, here", () => {
  expect(routeTo("10.0.0.7")).toMatchObject({
    device: { name: "v0" },
    source: "10.0.0.1",
    gateway: undefined,
    mtu: 1500,
    type: "unicast",
  });
  expect(routeTo("10.1.2.3")).toMatchObject({ device: { name: "v0" }, gateway: "10.0.0.2", mtu: 1280 });
  expect(routeTo("10.4.2.3")).toMatchObject({ device: { name: "v0" }, gateway: "fd00::2", source: "10.0.0.1" });
  expect(routeTo("10.0.0.1")).toMatchObject({ device: { name: "lo" }, source: "10.0.0.1", type: "local" });
  expect(routeTo("127.0.0.9")).toMatchObject({ device: { name: "lo" }, mtu: 65_536, type: "local" });
  expect(routeTo("10.0.0.255")).toMatchObject({ type: "broadcast" });
  expect(routeTo("fd01::9")).toMatchObject({ device: { name: "v0" }, source: "fd00::1", gateway: "fd00::2" });
  expect(routeTo("::1")).toMatchObject({ device: { name: "lo" }, source: "::1", type: "local" });
  expect(routeTo("ff02::1%v0")).toMatchObject({ device: { name: "v0" }, type: "multicast" });
});

test("a route by one device, and from one address", () => {
  expect(routeTo("10.9.0.1", { interface: "v1" }).device.name).toBe("v1");
  expect(routeTo("10.0.0.7", { source: "10.0.0.1" }).source).toBe("10.0.0.1");
});

test("where no route leads", () => {
  expect(thrownBy(() => routeTo("192.0.2.1"))).toMatchObject({ code: "NO_ROUTE", info: { destination: "192.0.2.1" } });
  expect(thrownBy(() => routeTo("10.2.0.1"))).toMatchObject({ code: "NO_ROUTE" });
  expect(thrownBy(() => routeTo("10.3.0.1"))).toMatchObject({ code: "NO_ROUTE" });
  expect(thrownBy(() => routeTo("2001:db8::1"))).toMatchObject({ code: "NO_ROUTE" });
  expect(thrownBy(() => routeTo("10.0.0"))).toMatchObject({ code: "BAD_ARGUMENT" });
  expect(thrownBy(() => routeTo("fe80::1%v7"))).toMatchObject({ code: "BAD_ARGUMENT" });
  expect(thrownBy(() => routeTo("10.0.0.7", { interface: "v7" }))).toMatchObject({ code: "NO_SUCH_INTERFACE" });
});

test("a neighbour that the kernel knows, and one that it does not", () => {
  ip("neigh", "add", "10.0.0.2", "lladdr", "02:00:00:00:00:02", "dev", "v0");
  ip("neigh", "add", "fd00::2", "lladdr", "02:00:00:00:00:06", "dev", "v0");
  expect(knownNeighbor(interfaceOf("v0"), "10.0.0.2")).toBe("02:00:00:00:00:02");
  expect(knownNeighbor(interfaceOf("v0"), "fd00::2")).toBe("02:00:00:00:00:06");
  expect(knownNeighbor(interfaceOf("v0"), "10.0.0.3")).toBeUndefined();
});
