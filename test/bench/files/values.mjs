// values.mjs FILE: every packet as a value of its own.
import { read } from "../../../dist/bundle/index.js";

let seen = 0;
for await (const packet of read(process.argv[2])) seen += packet.layers.length + packet.length;
console.log(seen);
