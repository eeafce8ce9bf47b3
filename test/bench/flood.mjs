// Sending: how many packets a second a program gets out of a device, on one core beside nothing.
// node test/bench/flood.mjs [--seconds N]
//
// The kernel's counter of the device at the other end says how many came, once a program is warm; nobody reads them.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { binding } from "../../dist/socket/binding.js";
import { benchmark } from "./harness.mjs";
import { Running, received } from "./process.mjs";

const bench = await benchmark({ seconds: [2, 0.2] });
const here = join(import.meta.dirname, "flood");
const [near, far] = ["flood0", "flood1"];
binding().setInterfaceUp("lo");
binding().createVethPair(near, far);
for (const device of [near, far]) binding().setInterfaceUp(device);
binding().addAddress(near, "192.0.2.1", 24);
// Whom nobody has to ask for: the packets are for no one
execFileSync("ip", ["neighbor", "add", "192.0.2.2", "lladdr", "02:00:00:00:00:02", "dev", near]);

const size = 64;
const frame = `020000000002020000000001080045000032000000004011f687c0000201c000020213880009001e0000${"00".repeat(22)}`;
const pcap = join(bench.folder, "frames.pcap");
writeFileSync(pcap, capture(Buffer.from(frame, "hex"), 1000));
const trafgen = join(bench.folder, "trafgen.cfg");
writeFileSync(trafgen, `{ ${frame.match(/../g).map((octet) => `0x${octet}`)} }`);
const { execPath: node } = process;
const python = "/usr/bin/python3";

/** A pcap file that has a frame so many times. */
function capture(octets, count) {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  const record = Buffer.alloc(16);
  record.writeUInt32LE(octets.length, 8);
  record.writeUInt32LE(octets.length, 12);
  return Buffer.concat([header, ...Array.from({ length: count }, () => [record, octets]).flat()]);
}

async function run({ command }) {
  const before = received(far);
  const running = await Running.start(command, { ready: /(?:)/, stdout: "ignore" });
  for (let waited = 0; received(far) < before + 100; waited += 20) {
    if (waited > 10_000) throw new Error(`${command.join(" ")} sends nothing: ${running.said}`);
    await pause(20);
  }
  await pause(bench.seconds * 250);
  const [start, packets, cpu] = [performance.now(), received(far), running.cpu()];
  await pause(bench.seconds * 1000);
  const sent = received(far) - packets;
  const seconds = (performance.now() - start) / 1000;
  const used = running.cpu() - cpu;
  await running.stop("SIGKILL");
  return { rate: sent / seconds / 1000, cpu: (used / sent) * 1e6, cores: used / seconds };
}

await bench.race({
  id: "flood-64",
  title: `Sending packets of ${size} octets`,
  note: "what the device at the other end received; nobody captures",
  figures: {
    rate: { title: "k packets/s", digits: 1, better: "higher" },
    cpu: { title: "CPU µs each", digits: 2 },
    cores: { title: "cores", digits: 1 },
  },
  reference: "C sendmmsg",
  cases: [
    { name: "C sendmmsg", command: [bench.compile("live/flood.c"), near, "1000000000", String(size)] },
    { name: "C TX ring", command: [bench.compile("flood/tx-ring.c"), near, String(size)] },
    { name: "sockinspect send, link", ours: true, command: [node, join(here, "send.mjs"), "once", "link"] },
    { name: "sockinspect template, link", ours: true, command: [node, join(here, "send.mjs"), "template", "link"] },
    { name: "sockinspect craft, link", ours: true, command: [node, join(here, "send.mjs"), "each", "link"] },
    { name: "sockinspect send, raw", ours: true, command: [node, join(here, "send.mjs"), "once", "raw"] },
    {
      name: "trafgen",
      peer: "trafgen",
      settings: "--cpus 1, TX ring",
      command: ["trafgen", "--dev", near, "--conf", trafgen, "--num", "0", "--cpus", "1"],
    },
    {
      name: "tcpreplay",
      peer: "tcpreplay",
      settings: "--topspeed, file preloaded",
      command: ["tcpreplay", "--intf1", near, "--topspeed", "--loop", "0", "--preload-pcap", pcap],
    },
    {
      name: "hping3 --flood",
      peer: "hping3",
      settings: "--udp -d 22",
      command: ["hping3", "--flood", "--udp", "-d", "22", "-s", "5000", "-p", "9", "192.0.2.2"],
    },
    {
      name: "nping",
      peer: "nping",
      settings: "--udp --rate 1000000 --no-capture",
      command: ["nping", "--udp", "-p", "9", "--rate", "1000000", "-c", "0", "--no-capture", "-HNq", "192.0.2.2"],
    },
    {
      name: "npm raw-socket",
      peer: "raw-socket",
      settings: "64 sends at once",
      command: [node, join(here, "npm-raw-socket.cjs")],
    },
    { name: "npm cap", peer: "cap", command: [node, join(here, "npm-cap.cjs"), near, frame] },
    {
      name: "Scapy send",
      peer: "scapy",
      settings: "loop=1, one socket",
      command: [python, join(here, "scapy-send.py"), "192.0.2.2", "02:00:00:00:00:02"],
    },
    {
      name: "Scapy sendp",
      peer: "scapy",
      settings: "loop=1, one socket",
      command: [python, join(here, "scapy-sendp.py"), near, frame],
    },
  ],
  run,
});
