import { readFileSync } from "node:fs";

/** Ports that the kernel takes for a socket that names none: ip_local_port_range, ip(7); both ends belong to it. */
export function ephemeralPorts(): { readonly first: number; readonly last: number } {
  const [first = 0, last = 0] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8")
    .trim()
    .split(/\s+/)
    .map(Number);
  return { first, last };
}
