// npm-pcap.cjs INTERFACE: the npm package pcap, decoding as its own examples do.
const { createRequire } = require("node:module");
const pcap = createRequire(process.env.SOCKINSPECT_BENCH_NPM)("pcap");

const session = pcap.createSession(process.argv[2], { buffer_size: 32 * 1024 * 1024, buffer_timeout: 10 });
let captured = 0;
let seen = 0;
session.on("packet", (raw) => {
  captured++;
  const { payload } = pcap.decode.packet(raw).payload;
  seen += payload.length + (payload.payload?.dport ?? 0);
});
process.on("SIGINT", () => {
  console.log(JSON.stringify({ captured, dropped: session.stats().ps_drop, seen }));
  process.exit();
});
process.stderr.write("capturing\n");
