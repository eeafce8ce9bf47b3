// npm-raw-socket.cjs: sends UDP packets to 192.0.2.2 without end, by the npm package raw-socket; the kernel adds the IP header.
const { createRequire } = require("node:module");
const raw = createRequire(process.env.SOCKINSPECT_BENCH_NPM)("raw-socket");

const socket = raw.createSocket({ protocol: raw.Protocol.UDP });
const datagram = Buffer.alloc(30);
datagram.writeUInt16BE(5000, 0);
datagram.writeUInt16BE(9, 2);
datagram.writeUInt16BE(30, 4);
// A window of sends, so that it never waits for one to be over
const next = () => socket.send(datagram, 0, datagram.length, "192.0.2.2", next);
for (let i = 0; i < 64; i++) next();
