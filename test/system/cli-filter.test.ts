import { expect, test } from "vitest";
import { run } from "../support/command.js";

test("filter shows the program that a filter is, as tcpdump -d does", async () => {
  const { code, stdout } = await run("filter", "udp", "port", "53");
  expect(stdout).toMatch(/^\(000\) ldh {6}\[12\]\n\(001\) jeq /);
  expect(stdout).toMatch(/\(\d+\) ret {6}#0\n$/);
  expect(code).toBe(0);
});

test("filter --json gives the instructions, --live those for the kernel, --explain words", async () => {
  const file = JSON.parse((await run("filter", "--json", "tcp")).stdout) as object[];
  const live = JSON.parse((await run("filter", "--json", "--live", "tcp")).stdout) as object[];
  expect(Object.keys(file[0]!)).toEqual(["code", "jt", "jf", "k"]);
  expect(live).not.toEqual(file);
  expect((await run("filter", "--explain", "tcp port 5000 and not host 10.0.0.1")).stdout).toBe(
    "packets all of:\n  from or to port 5000 of TCP\n  not from or to 10.0.0.1\n",
  );
});

test("filter marks a mistake and suggests what was meant", async () => {
  const { code, stderr } = await run("filter", "tcp prot 80");
  expect(stderr).toContain("did you mean 'port 80'?\ntcp prot 80\n    ^^^^\n");
  expect(code).toBe(64);
});
