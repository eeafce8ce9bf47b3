// npm-cap.cjs INTERFACE: a line for each packet, by the npm package cap.
const { createRequire } = require("node:module");
const { writeSync } = require("node:fs");
const { Cap } = createRequire(process.env.SOCKINSPECT_BENCH_NPM)("cap");

const cap = new Cap();
cap.open(process.argv[2], "udp", 2 * 1024 * 1024, Buffer.alloc(65535));
cap.setMinBytes?.(0);
cap.on("packet", () => writeSync(1, "192.0.2.1\n"));
process.on("SIGINT", () => process.exit());
process.stderr.write("capturing\n");
