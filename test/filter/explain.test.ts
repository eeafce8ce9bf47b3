import { expect, test } from "vitest";
import { explain } from "../../src/filter/explain.js";

test.each([
  ["", "every packet"],
  ["tcp", "packets with TCP"],
  ["tcp dst port 80", "packets to port 80 of TCP"],
  ["not src host 192.0.2.1", "packets not from 192.0.2.1"],
  ["net 192.0.2.0/24", "packets from or to the network 192.0.2.0/24"],
  ["ip[8] < 5", "packets where octet 8 of IPv4 < 5"],
  ["ether broadcast", "packets sent as a broadcast of the link layer"],
  ["less 100", "packets of at most 100 octets"],
])("'%s' is explained", (source, words) => {
  expect(explain(source)).toBe(words);
});

test("implied qualifiers are spelled out", () => {
  expect(explain("tcp port 80 or 443")).toBe(
    "packets any of:\n  from or to port 80 of TCP\n  from or to port 443 of TCP",
  );
});

test("'and' and 'or' bind alike, from the left", () => {
  expect(explain("udp or tcp and port 80")).toBe(
    ["packets all of:", "  any of:", "    with UDP", "    with TCP", "  from or to port 80 of TCP, UDP or SCTP"].join(
      "\n",
    ),
  );
});

test("a tag says that it changes what follows", () => {
  expect(explain("vlan 5 and tcp")).toContain("what follows is asked of what is inside it");
});
