// Mixed traffic, the same for the same number of packets: TCP with timestamps, UDP, DNS and ICMP over IPv4 and IPv6.
import { closeSync, openSync, writeSync } from "node:fs";
import { addUp, checksumOf, pseudoHeader } from "../../../dist/wire/checksum.js";

const FLOWS = 512;
const LARGEST = 1500;
const BUFFER = 1 << 20;

let state = 1;
/** A number below `n`; Numerical Recipes' generator, of which the upper bits are good. */
const below = (n) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};

const noise = Uint8Array.from({ length: 4096 }, () => below(256));
/** Answer to a question for www.example.com. */
const dns = Buffer.from(
  "1234818000010001000000000377777707" + "6578616d706c6503636f6d0000010001c00c0001000100000e1000045db8d822",
  "hex",
);

/** Both ends of a conversation, as octets in front of its payload; checksums and lengths are still zero. */
function flow(i) {
  const kind = i % 20 < 13 ? "tcp" : i % 20 < 17 ? "udp" : i % 20 < 19 ? "dns" : "icmp";
  const v6 = kind !== "dns" && kind !== "icmp" && i % 3 === 0;
  const ports = [32768 + below(28000), kind === "dns" ? 53 : [443, 80, 5000, 22][below(4)]];
  const addresses = [10 + below(240), below(250)];
  return { kind, directions: [0, 1].map((way) => side({ kind, v6, ports, addresses, way })) };
}

function side({ kind, v6, ports, addresses, way }) {
  const network = 14;
  const transport = network + (v6 ? 40 : 20);
  const payload = transport + { tcp: 32, udp: 8, dns: 8, icmp: 8 }[kind];
  const octets = new Uint8Array(payload);
  const data = new DataView(octets.buffer);
  octets.set([2, 0, 0, 0, 0, 1 + way, 2, 0, 0, 0, 0, 2 - way]);
  data.setUint16(12, v6 ? 0x86dd : 0x0800);
  const protocol = { tcp: 6, udp: 17, dns: 17, icmp: 1 }[kind];
  const hosts = way === 0 ? addresses : addresses.toReversed();
  if (v6) {
    octets.set([0x60, 0, 0, 0, 0, 0, protocol, 64], network);
    for (const [n, host] of hosts.entries()) {
      octets.set([0x20, 0x01, 0x0d, 0xb8], network + 8 + 16 * n);
      octets[network + 23 + 16 * n] = host;
    }
  } else {
    octets.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, protocol], network);
    for (const [n, host] of hosts.entries()) octets.set([192, 0, 2, host], network + 12 + 4 * n);
  }
  if (kind === "icmp") octets[transport] = way === 0 ? 8 : 0;
  else {
    data.setUint16(transport, ports[way]);
    data.setUint16(transport + 2, ports[1 - way]);
  }
  if (kind === "tcp") octets.set([0x80, 0x10, 1, 0xf5, 0, 0, 0, 0, 1, 1, 8, 10], transport + 12);
  return { octets, network, transport, payload, v6, protocol, sequence: below(2 ** 32) };
}

/** Octets of a frame: half are small, a fifth as large as they get. */
function sizeOf() {
  const sort = below(10);
  return sort < 5 ? 60 + below(40) : sort < 8 ? 100 + below(1300) : LARGEST;
}

/** Writes a frame of `flow` into `data` at `at`; returns its size. */
function frame({ kind, directions }, data, octets, at, number) {
  const way = below(2);
  const { octets: head, network, transport, payload, v6, protocol } = directions[way];
  const size =
    kind === "dns"
      ? payload + (way === 0 ? dns.length - 16 : dns.length)
      : Math.max(payload, kind === "icmp" ? 98 : sizeOf());
  octets.set(head, at);
  const end = at + size;
  if (kind === "dns") {
    octets.set(dns.subarray(0, size - payload), at + payload);
    if (way === 0) octets.set([1, 0, 0, 1, 0, 0], at + payload + 2);
  } else octets.set(noise.subarray(number % 2048, (number % 2048) + size - payload), at + payload);
  const length = end - at - network;
  if (v6) data.setUint16(at + network + 4, length - 40);
  else {
    data.setUint16(at + network + 2, length);
    data.setUint16(at + network + 4, number);
    data.setUint16(at + network + 10, checksumOf(addUp(data, at + network, at + network + 20)));
  }
  const start = at + transport;
  if (kind === "tcp") {
    const other = directions[1 - way];
    data.setUint32(start + 4, directions[way].sequence);
    data.setUint32(start + 8, other.sequence);
    if (size > payload) octets[start + 13] = 0x18;
    data.setUint32(start + 24, number);
    data.setUint32(start + 28, number - 1);
    directions[way].sequence = (directions[way].sequence + size - payload) >>> 0;
  } else if (kind !== "icmp") data.setUint16(start + 4, end - start);
  const pseudo = v6
    ? pseudoHeader(data, at + network + 8, at + network + 24, 16, protocol, end - start)
    : pseudoHeader(data, at + network + 12, at + network + 16, 4, protocol, end - start);
  const sum = checksumOf(addUp(data, start, end, kind === "icmp" ? 0 : pseudo));
  data.setUint16(start + { tcp: 16, udp: 6, dns: 6, icmp: 2 }[kind], protocol === 17 && sum === 0 ? 0xffff : sum);
  return size;
}

/** Writes `packets` of them to `file`, as pcap with microseconds. */
export function writeTraffic(file, packets) {
  const octets = new Uint8Array(BUFFER + LARGEST + 16);
  const data = new DataView(octets.buffer);
  const flows = Array.from({ length: FLOWS }, (_, i) => flow(i));
  const output = openSync(file, "w");
  data.setUint32(0, 0xa1b2c3d4, true);
  data.setUint16(4, 2, true);
  data.setUint16(6, 4, true);
  data.setUint32(16, 262_144, true);
  data.setUint32(20, 1, true);
  let at = 24;
  let current = flows[0];
  for (let number = 0; number < packets; number++) {
    // Packets come in trains, of four on average
    if (below(4) === 0) current = flows[below(FLOWS)];
    const size = frame(current, data, octets, at + 16, number);
    data.setUint32(at, 1_795_411_896 + Math.floor(number / 100_000), true);
    data.setUint32(at + 4, (number % 100_000) * 10, true);
    data.setUint32(at + 8, size, true);
    data.setUint32(at + 12, size, true);
    at += 16 + size;
    if (at >= BUFFER || number === packets - 1) {
      writeSync(output, octets, 0, at);
      at = 0;
    }
  }
  closeSync(output);
}
