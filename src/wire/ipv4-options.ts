/** IPv4 options: RFC 791 §3.1 and IANA, IP Option Numbers. */
import { counted, options } from "./options.js";
import { part } from "./part.js";
import { list, opaque } from "./rest.js";

/** Octet of the option, counted from 1 at its code, that holds the next address; behind the end when all are used. */
const route = list(4, (f) => f.ipv4(0));

export const ipv4Options = options(counted, {
  7: part(1, (f) => ({ kind: "recordRoute", pointer: f.u8(0), addresses: f.rest(1, route) })),
  131: part(1, (f) => ({ kind: "looseSourceRoute", pointer: f.u8(0), addresses: f.rest(1, route) })),
  137: part(1, (f) => ({ kind: "strictSourceRoute", pointer: f.u8(0), addresses: f.rest(1, route) })),
  /** RFC 2113: 0 means that every router shall look at the packet. */
  148: part(2, (f) => ({ kind: "routerAlert", value: f.u16(0) })),
  /** RFC 1108, with the classification level and authorities as they came. */
  130: part(0, (f) => ({ kind: "security", octets: f.rest(0, opaque) })),
});
