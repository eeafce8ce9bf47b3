import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCapture } from "../../src/capture/file-output.js";
import { linkTypes } from "../../src/wire/numbers.js";
import { content, cuts, datagram4, fragment4, frameOf } from "../packet/reassembly-fragments.js";
import { Running, run } from "../support/command.js";
import { ownNetwork, sendDatagrams } from "../support/live.js";

const folder = mkdtempSync(join(tmpdir(), "sockinspect-cli-fragments-"));
const file = join(folder, "fragments.pcapng");
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  ownNetwork();
  execFileSync("ip", ["link", "set", "lo", "mtu", "1500"]);
  const output = await createCapture(file);
  const whole = datagram4(content(3000));
  for (const [at, end] of cuts(3008, 1480))
    output.write(frameOf(fragment4(whole, at, end), { seconds: 1 }, linkTypes.raw));
  output.write(frameOf(fragment4(datagram4(content(3000), 7), 0, 1480), { seconds: 2 }, linkTypes.raw));
  await output.close();
});

test("read shows fragments and the datagram, and says what is missing", async () => {
  const { code, stdout, stderr } = await run("read", file, "--time", "none");
  expect(code).toBe(0);
  expect(stdout.trimEnd().split("\n")).toEqual([
    "192.0.2.1:5000 → 192.0.2.2:6000  UDP 1472 bytes fragment 0x1234 at 0 (more follow)",
    "192.0.2.1 → 192.0.2.2            UDP fragment 0x1234 at 1480 (more follow) 1480 bytes",
    "192.0.2.1:5000 → 192.0.2.2:6000  UDP 3000 bytes (reassembled from 3 fragments)",
    "192.0.2.1:5000 → 192.0.2.2:6000  UDP 1472 bytes fragment 0x0007 at 0 (more follow)",
  ]);
  expect(stderr).toContain("1 datagram reassembled, 1 datagram with fragments missing");
});

test("--no-reassemble shows fragments only", async () => {
  const { stdout, stderr } = await run("read", file, "--time", "none", "--no-reassemble");
  expect(stdout).toContain("UDP fragment 0x1234 at 2960 (last) 48 bytes");
  expect(stdout + stderr).not.toContain("reassembled");
});

test("a datagram that the kernel fragments is shown whole, its checksum good", async () => {
  const capturing = new Running(["capture", "-i", "lo", "-c", "3", "--json", "ip"]);
  await capturing.capturing();
  await sendDatagrams(1, 4000);
  const { stdout, stderr } = await capturing.end();
  const packets = stdout
    .trimEnd()
    .split("\n")
    .map((text) => JSON.parse(text));
  expect(packets).toHaveLength(3);
  const { reassembled, problems } = packets[2];
  expect(reassembled).toMatchObject({ fragments: 3, length: 4028, layers: [{}, { kind: "udp" }, { length: 4000 }] });
  expect(problems ?? reassembled.problems ?? reassembled.checksums).toBeUndefined();
  expect(stderr).toContain("1 datagram reassembled");
});
