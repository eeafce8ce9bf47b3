// npm-pcap.cjs INTERFACE: a line for each packet, by the npm package pcap; as soon as it can.
const { createRequire } = require("node:module");
const { writeSync } = require("node:fs");
const pcap = createRequire(process.env.SOCKINSPECT_BENCH_NPM)("pcap");

const session = pcap.createSession(process.argv[2], { filter: "udp", buffer_timeout: 1 });
session.on("packet", () => writeSync(1, "192.0.2.1\n"));
process.on("SIGINT", () => process.exit());
process.stderr.write("capturing\n");
