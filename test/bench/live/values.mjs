// values.mjs INTERFACE: every packet as a value of its own.
import { capture } from "../../../dist/bundle/index.js";

const source = capture({ interface: process.argv[2] });
process.on("SIGINT", () => source.stop());
process.stderr.write("capturing\n");
let seen = 0;
for await (const packet of source) seen += packet.layers.length + packet.length;
const { captured, dropped } = source.statistics();
console.log(JSON.stringify({ captured, dropped, seen }));
