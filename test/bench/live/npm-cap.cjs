// npm-cap.cjs INTERFACE: the npm package cap, decoding as its own examples do.
const { createRequire } = require("node:module");
const { Cap, decoders } = createRequire(process.env.SOCKINSPECT_BENCH_NPM)("cap");

const cap = new Cap();
const buffer = Buffer.alloc(65535);
let captured = 0;
let seen = 0;
cap.open(process.argv[2], "", 32 * 1024 * 1024, buffer);
cap.setMinBytes?.(0);
cap.on("packet", () => {
  captured++;
  const ethernet = decoders.Ethernet(buffer);
  if (ethernet.info.type !== decoders.PROTOCOL.ETHERNET.IPV4) return;
  const ipv4 = decoders.IPV4(buffer, ethernet.offset);
  if (ipv4.info.protocol !== decoders.PROTOCOL.IP.UDP) return;
  const udp = decoders.UDP(buffer, ipv4.offset);
  seen += ipv4.info.totallen + udp.info.dstport;
});
process.on("SIGINT", () => {
  // It has no counter of what was dropped
  console.log(JSON.stringify({ captured, seen }));
  process.exit();
});
process.stderr.write("capturing\n");
