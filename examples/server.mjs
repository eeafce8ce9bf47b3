// A TCP server made by hand, which real clients connect to: node examples/server.mjs PORT
// Try it with: nc 127.0.0.1 PORT
import { answer } from "sockinspect";

const [port = "0"] = process.argv.slice(2);
const server = await answer({ port: Number(port) });
console.log(`listening on port ${server.port}`);

const connection = await server.accept();
if (connection) {
  console.log(`${connection.remote.address} port ${connection.remote.port} connects`);
  await connection.send("What is your name? ");
  for await (const octets of connection) {
    await connection.send(`Good bye, ${new TextDecoder().decode(octets).trim()}\n`);
    break;
  }
  await connection.close();
}
await server.close();
