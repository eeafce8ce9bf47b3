// An HTTP GET over a TCP connection made by hand, every segment shown as it goes: node examples/get.mjs ADDRESS PORT PATH
import { dial } from "sockinspect";

const [address = "127.0.0.1", port = "80", path = "/"] = process.argv.slice(2);
const connection = await dial(
  { address, port: Number(port) },
  {
    override(segment) {
      console.error(`→ ${segment.step}${segment.data.length > 0 ? `, ${segment.data.length} octets` : ""}`);
      return segment;
    },
  },
);
await connection.send(`GET ${path} HTTP/1.1\r\nHost: ${address}\r\nConnection: close\r\n\r\n`);
for await (const octets of connection) process.stdout.write(octets);
await connection.close();
