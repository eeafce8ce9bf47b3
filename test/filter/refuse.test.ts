import { describe, expect, test } from "vitest";
import { isSockinspectError } from "../../src/errors.js";
import { addressesOf, compile } from "../../src/filter/compile.js";
import { caret } from "../../src/filter/fault.js";

function refusal(source: string, linkType = 1): { marked: string; message: string } {
  try {
    compile(source, { target: { linkType } });
  } catch (error) {
    if (!isSockinspectError(error, "BAD_FILTER")) throw error;
    const { at, length } = error.info;
    return { marked: source.slice(at, at + length), message: error.message };
  }
  throw new Error(`'${source}' was accepted`);
}

describe("a refusal marks the spot and says what to write", () => {
  test.each([
    ["prot 80", "prot", "did you mean 'port 80'?"],
    ["hots 192.0.2.1", "hots", "did you mean 'host 192.0.2.1'?"],
    ["tcp prot 80", "prot", "did you mean 'port 80'?"],
    ["tpc", "tpc", "did you mean 'tcp'?"],
    ["tcp port 80 adn host 192.0.2.1", "adn", "did you mean 'and'?"],
    ["80", "80", "'port 80'"],
    ["port 80 or tcp or 443", "443", "'port 443'"],
    ["port 65536", "65536", "the last one is 65535"],
    ["port nothing-such", "nothing-such", "write the number"],
    ["tcp port tftp", "tftp", "is a port of udp"],
    ["host 192.0.2.256", "192.0.2.256", "each part is 0 to 255"],
    ["net 192.0.2.1/24", "192.0.2.1/24", "begins at 192.0.2.0"],
    ["net 192.0.2.0/33", "192.0.2.0/33", "32 bits"],
    ["host 192.0.2.0/24", "192.0.2.0/24", "write 'net'"],
    ["net 2001:db8::1/32", "2001:db8::1/32", "behind the first 32"],
    ["port 192.0.2.1", "192.0.2.1", "'port' needs a number"],
    ["proto tcp", "tcp", "'\\tcp'"],
    ["host example.org", "example.org", "resolver"],
    ["ether host 192.0.2.1", "192.0.2.1", "Ethernet address"],
    ["host 02:00:00:00:00:01", "02:00:00:00:00:01", "'ether host'"],
    ["ether host 02:00:00:", "02:00:00:", "six octets"],
    ["icmp port 80", "icmp port", "has no ports"],
    ["tcp host 192.0.2.1", "tcp host", "has no IPv4 addresses"],
    ["ip host ::1", "ip host", "has no IPv6 addresses"],
    ["tcp[13:3] = 0", "3", "1, 2 or 4"],
    ["ah[0] = 1", "ah[0]", "cannot be read"],
    ["tcp[0] / 0 = 1", "0", "divided by zero"],
    ["tcp[0] << 32 = 1", "32", "32 bits"],
    ["tcp[0]", "", "a comparison"],
    ["tcp[0 = 1", "=", "']'"],
    ["(tcp", "", "')'"],
    ["tcp)", ")", "the end"],
    ["tcp and", "", "it ends"],
    ["not", "", "it ends"],
    ["port", "", "it ends where a port after 'port' is needed"],
    ["089 = 1", "089", "octal"],
    ["len > 4294967296", "4294967296", "32 bits"],
    ["vlan 4096", "vlan 4096", "4095"],
    ["mpls 1048576", "mpls 1048576", "1048575"],
    ["mpls and arp", "arp", "'ip' and 'ip6'"],
    ["mpls and vlan", "vlan", "no VLAN"],
    ["gateway router", "gateway", "not supported"],
    ["type mgt", "type", "802.11"],
    ["lane", "lane", "ATM"],
    ["rulenum 5", "rulenum", "OpenBSD"],
    ["opc 5", "opc", "SS7"],
    ["src proto 6", "proto", "no source and destination"],
    ["ether", "ether", "add 'host'"],
    ["inbound", "inbound", "do not tell the direction"],
    ["ifindex 1", "ifindex 1", "do not tell the interface"],
    ["tcp \u0007", "\u0007", "'\\x07' has no meaning"],
    ["geneve and protochain 6", "6", "behind 'geneve'"],
    ["tcp.flag.syn", "flag", "did you mean 'tcp.flags.syn'?"],
    ["ipv4.tll < 3", "tll", "did you mean 'ipv4.ttl'?"],
    ["ip.ttl < 3", "ip", "did you mean 'ipv4.ttl'?"],
    ["tcp port 80 and ttl < 3", "ttl", "did you mean 'ipv4.ttl'?"],
    ["tcp.dstport == 80", "dstport", "did you mean 'tcp.destinationPort'?"],
    ["tcp.port == 80", "tcp.port", "did you mean 'tcp port'?"],
    ["ip.addr == 192.0.2.1", "ip.addr", "did you mean 'host'?"],
    ["ip.src == 192.0.2.1", "ip", "did you mean 'ipv4.source'?"],
    ["tcp.mss > 5", "mss", "did you mean 'tcp.options.maximumSegmentSize'?"],
    ["tcp.constructor", "constructor", "tcp has no 'constructor'"],
    ["foo == 5", "foo", "no field 'foo'"],
    ["ipv4.ttl > 256", "256", "at most 255"],
    ["ipv4.ttl <", "", "it ends where a number is needed"],
    ["ipv4.ttl < 64 65", "65", "'and', 'or' or the end"],
    ["ipv4.source == 192.0.2.1/24", "192.0.2.1/24", "bits behind the first 24"],
    ["ipv4.source == 192.0.2", "192.0.2", "four parts"],
    ["ipv4.source == ::1", "::1", "192.0.2.0/24"],
    ["ipv4.source > 192.0.2.1", ">", "'==' and '!=' have"],
    ["ipv6.source == 2001:db8::/129", "129", "128 bits"],
    ["ethernet.source == 5", "5", "an Ethernet address"],
    ["icmp.type == echoRequst", "echoRequst", "did you mean 'echoRequest'?"],
    ["tcp.flags == sny", "sny", "did you mean 'syn'?"],
    ["tcp.flags.syn == 2", "2", "'true' or 'false'"],
    ["tcp.options > 5", "tcp.options", "write it alone"],
    ["tcp.options.sack == 5", "tcp.options.sack", "write it alone"],
    ["direction == uot", "uot", "'in', 'out' or 'other'"],
    ["host 192.0.2.1 and tcp.flags.syn", "tcp.flags.syn", "'tcp.flags.syn == true'"],
    ["src 192.0.2.1 or not (tcp.window)", "tcp.window", "'tcp.window >= 0'"],
    ["host tcp.flags", "tcp.flags", "resolver"],
    ["host tcp.flags or tcp.flags", "tcp.flags", "would be the name of a host"],
    ["host (192.0.2.1 or tcp.flags)", "tcp.flags", "resolver"],
  ])("%s", (source, marked, remedy) => {
    const found = refusal(source);
    expect(found.marked).toBe(marked);
    expect(found.message).toContain(remedy);
  });
});

test("what only Ethernet has is refused for other link types", () => {
  for (const source of ["ether host 02:00:00:00:00:01", "broadcast", "multicast", "vlan", "mpls", "llc"])
    expect(refusal(source, 101).message).toContain("Ethernet");
});

test("an unknown link type can still be asked for lengths", () => {
  expect(compile("less 100", { target: { linkType: 147 } })).toHaveLength(4);
  expect(refusal("tcp", 147).message).toContain("link type");
});

describe("caret", () => {
  function caretOf(source: string): string {
    try {
      compile(source, { target: { linkType: 1 } });
    } catch (error) {
      if (isSockinspectError(error, "BAD_FILTER")) return caret(error);
    }
    throw new Error("not refused");
  }

  test("stands under the whole of what is wrong", () => {
    expect(caretOf("tcp and prot 80")).toBe("tcp and prot 80\n        ^^^^");
  });

  test("stands behind a filter that ends too early", () => {
    expect(caretOf("tcp and")).toBe("tcp and\n       ^");
  });

  test("shows only the surroundings in a long filter", () => {
    const [line, marks] = caretOf(`${"tcp or ".repeat(100)}prot 80${" or tcp".repeat(100)}`).split("\n");
    expect(line!.length).toBeLessThan(140);
    expect(line!.slice(marks!.indexOf("^"), marks!.length)).toBe("prot");
  });

  test("lets no control character through", () => {
    expect(caretOf("tcp\u001b[2J prot")).not.toContain("\u001b");
  });
});

describe("names of hosts", () => {
  const resolve = async (name: string): Promise<string[]> => {
    if (name === "both.example") return ["192.0.2.1", "2001:db8::1"];
    if (name === "six.example") return ["2001:db8::1"];
    throw new Error("ENOTFOUND");
  };
  const target = { linkType: 1 };
  const resolved = async (source: string) => compile(source, { target, addresses: await addressesOf(source, resolve) });

  test("stand for all of their addresses", async () => {
    const named = await resolved("src host both.example");
    expect(named).toEqual(compile("src host 192.0.2.1 or 2001:db8::1", { target }));
  });

  test("stand for those that fit the protocol", async () => {
    const named = await resolved("ip6 host both.example");
    expect(named).toEqual(compile("ip6 host 2001:db8::1", { target }));
    await expect(resolved("ip host six.example")).rejects.toThrow("no address of this kind");
  });

  test("that are not known are marked", async () => {
    await expect(resolved("tcp and host none.example")).rejects.toMatchObject({
      code: "BAD_FILTER",
      info: { at: 13, length: 12 },
    });
  });
});

describe("names of fields", () => {
  const target = { linkType: 1 };

  test("are names of hosts behind the word for them", async () => {
    const resolve = async (): Promise<string[]> => ["192.0.2.1"];
    for (const source of ["host tcp.flags", "src host ipv4.ttl"]) {
      const addresses = await addressesOf(source, resolve);
      expect(addresses.size).toBe(1);
      expect(compile(source, { target, addresses })).toEqual(
        compile(source.replace(/[a-z0-9]+\.[a-z]+/, "192.0.2.1"), { target }),
      );
    }
  });

  test("stand behind ports, networks and protocols, which have no such names", () => {
    for (const source of ["port 80", "net 192.0.2.0/24", "ip proto 6", "tcp", "len > 5", "host 192.0.2.1 and tcp"])
      expect(() => compile(`${source} and tcp.flags.syn`, { target })).not.toThrow();
  });
});
