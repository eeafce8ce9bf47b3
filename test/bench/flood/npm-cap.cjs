// npm-cap.cjs INTERFACE FRAME: sends a frame, given in hex, without end, by the npm package cap.
const { createRequire } = require("node:module");
const { Cap } = createRequire(process.env.SOCKINSPECT_BENCH_NPM)("cap");

const [device, hex] = process.argv.slice(2);
const frame = Buffer.from(hex, "hex");
const cap = new Cap();
cap.open(device, "less 1", 1024 * 1024, Buffer.alloc(65535));
for (;;) cap.send(frame, frame.length);
