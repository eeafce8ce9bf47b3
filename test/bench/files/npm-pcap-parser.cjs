// npm-pcap-parser.cjs FILE: the npm package pcap-parser, which reads records and decodes nothing.
const { createRequire } = require("node:module");
const { parse } = createRequire(process.env.SOCKINSPECT_BENCH_NPM)("pcap-parser");

let packets = 0;
let seen = 0;
parse(process.argv[2])
  .on("packet", ({ header, data }) => {
    packets++;
    seen += header.originalLength + data[12];
  })
  .on("end", () => console.log(packets, seen));
