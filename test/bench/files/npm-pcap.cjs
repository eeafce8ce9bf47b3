// npm-pcap.cjs FILE: the npm package pcap, decoding as its own examples do.
const { createRequire } = require("node:module");
const pcap = createRequire(process.env.SOCKINSPECT_BENCH_NPM)("pcap");

let packets = 0;
let seen = 0;
const session = pcap.createOfflineSession(process.argv[2], {});
session.on("packet", (raw) => {
  packets++;
  const { payload } = pcap.decode.packet(raw).payload;
  seen += payload.length + (payload.payload?.dport ?? 0);
});
session.on("complete", () => console.log(packets, seen));
