/** Addresses and ports as they are typed. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { refusedArgument } from "../arguments.js";

/** `HOST:PORT`, an IPv6 address in brackets; a port alone is one of this machine. Throws `BAD_ARGUMENT`. */
export function endpointOf(text: string): { readonly host: string; readonly port: number } {
  const found = /^(?:\[([^\]]*)\]:|([^:]*):|)(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (!found || port < 1 || port > 65_535)
    throw refusedArgument(
      "host:port",
      text,
      `${text} is no HOST:PORT: write 192.0.2.1:5000, [2001:db8::1]:5000 or example.org:5000`,
    );
  return { host: found[1] || found[2] || "127.0.0.1", port };
}

/** The address that is meant by an address, also in brackets, or by a name. Throws `BAD_ARGUMENT`. */
export async function addressOf(host: string): Promise<string> {
  const name = host.replace(/^\[(.*)\]$/, "$1");
  if (isIP(name) !== 0) return name;
  try {
    return (await lookup(name)).address;
  } catch (cause) {
    throw refusedArgument("host", host, `no address is known for ${name} (see 'getent hosts ${name}')`, { cause });
  }
}
