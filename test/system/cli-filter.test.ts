import { expect, test } from "vitest";
import { run } from "../support/command.js";

interface Shown {
  readonly program: readonly object[];
  readonly complete: boolean;
  readonly behind: readonly object[];
}

test("filter shows the program that a filter is, as tcpdump -d does", async () => {
  const { code, stdout } = await run("filter", "udp", "port", "53");
  expect(stdout).toMatch(/^\(000\) ldh {6}\[12\]\n\(001\) jeq /);
  expect(stdout).toMatch(/\(\d+\) ret {6}#0\n$/);
  expect(code).toBe(0);
});

test("filter --json gives the instructions, --live those for the kernel, --explain words", async () => {
  const file = JSON.parse((await run("filter", "--json", "tcp")).stdout) as Shown;
  const live = JSON.parse((await run("filter", "--json", "--live", "tcp")).stdout) as Shown;
  expect(Object.keys(file.program[0]!)).toEqual(["code", "jt", "jf", "k"]);
  expect(file).toMatchObject({ complete: true, behind: [] });
  expect(live.program).not.toEqual(file.program);
  expect((await run("filter", "--explain", "tcp port 5000 and not host 10.0.0.1")).stdout).toBe(
    "packets all of:\n  from or to port 5000 of TCP\n  not from or to 10.0.0.1\n",
  );
});

test("filter marks a mistake and suggests what was meant", async () => {
  const { code, stderr } = await run("filter", "tcp prot 80");
  expect(stderr).toContain("did you mean 'port 80'?\ntcp prot 80\n    ^^^^\n");
  expect(code).toBe(64);
});

test.each([
  ["port 99999", "99999 is no port: the last one is 65535"],
  ["host 300.1.1.1", "300.1.1.1"],
  ["gateway x", "'gateway' is not supported"],
  ["vlan 5000", "5000 is no VLAN identifier"],
])("filter --explain explains nothing that is refused without it: %s", async (source, why) => {
  const { code, stdout, stderr } = await run("filter", "--explain", source);
  expect(stderr).toContain(why);
  expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
});

test("filter --explain needs neither the hosts nor the interfaces that a filter names, but is no JSON", async () => {
  for (const source of ["host nowhere.invalid and ip6", "ifname nothere", "inbound and udp"])
    expect(await run("filter", "--explain", source)).toMatchObject({ code: 0, stderr: "" });
  expect((await run("filter", "--explain", "--json", "tcp")).code).toBe(64);
});

test("filter says of named fields who asks them", async () => {
  const filter = "tcp port 80 and tcp.options.mss > 1400 and ipv4.ttl < 64 and direction == out";
  const { stdout } = await run("filter", "--explain", filter);
  expect(stdout).toContain("  where ipv4.ttl < 64\n");
  expect(stdout).toMatch(
    /tcp\.options\.maximumSegmentSize\.size > 1400 +sockinspect, of what the kernel has selected\n/,
  );
  expect(stdout).toMatch(/ipv4\.ttl < 64 +the kernel; sockinspect behind it where the header is in a tunnel/);
  expect(stdout).toMatch(/direction == out +the kernel\n/);
  expect(JSON.parse((await run("filter", "--json", "--live", filter)).stdout)).toMatchObject({
    complete: false,
    behind: [
      { text: "tcp.options.maximumSegmentSize.size > 1400", by: "here" },
      { text: "ipv4.ttl < 64", by: "both" },
    ],
  });
  expect((await run("filter", "--live", filter)).stdout).toContain(
    "\n\nThis program selects every packet that matches",
  );
});

test("filter --fields lists headers, and the fields of one", async () => {
  expect((await run("filter", "--fields")).stdout).toMatch(/^ethernet +Ethernet\n/);
  expect((await run("filter", "--fields", "tcp")).stdout).toMatch(/\ntcp\.flags\.syn +true or false\n/);
  expect((await run("filter", "--fields", "ipv6.fragment")).stdout).toMatch(
    /\nfragment\.moreFragments +true or false\n/,
  );
  expect((await run("filter", "--fields", "tpc")).stderr).toContain("did you mean 'tcp'?");
});

test.each([
  ["tcp.flag.syn", "did you mean 'tcp.flags.syn'?", "    ^^^^"],
  ["ipv4.tll < 3", "did you mean 'ipv4.ttl'?", "     ^^^"],
  ["ip.ttl < 3", "did you mean 'ipv4.ttl'?", "^^"],
])("filter marks the mistake in %s", async (source, hint, marks) => {
  const { code, stderr } = await run("filter", source);
  expect(stderr).toContain(`${hint}\n${source}\n${marks}\n`);
  expect(code).toBe(64);
});
