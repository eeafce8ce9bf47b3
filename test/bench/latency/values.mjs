// values.mjs INTERFACE [MILLISECONDS]: a line for each packet; the latency asked for, if any.
import { writeSync } from "node:fs";
import { capture, layer } from "../../../dist/bundle/index.js";

const latency = process.argv[3] === undefined ? {} : { latency: Number(process.argv[3]) };
const source = capture({ interface: process.argv[2], filter: "udp", ...latency });
process.on("SIGINT", () => source.stop());
process.stderr.write("capturing\n");
for await (const packet of source) writeSync(1, `${layer(packet, "ipv4")?.source}\n`);
