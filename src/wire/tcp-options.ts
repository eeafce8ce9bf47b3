/** TCP options: RFC 9293 §3.2 and IANA, TCP Option Kind Numbers. */
import { counted, options } from "./options.js";
import { part } from "./part.js";
import { list } from "./rest.js";

const edges = list(8, (f) => ({ left: f.u32(0), right: f.u32(4) }));

export const tcpOptions = options(counted, {
  /** Largest segment that the sender of this option takes, in octets, without headers; RFC 9293 §3.7.1. */
  2: part(2, (f) => ({ kind: "maximumSegmentSize", size: f.u16(0) })),
  /** Left shift of every later window of this side; RFC 7323 §2.2 limits it to 14. */
  3: part(1, (f) => ({ kind: "windowScale", shift: f.u8(0) })),
  /** RFC 2018 §2. */
  4: part(0, () => ({ kind: "sackPermitted" })),
  /** Sequence numbers of what arrived out of order, `right` being the first one after each block; RFC 2018 §3. */
  5: part(0, (f) => ({ kind: "sack", blocks: f.rest(0, edges) })),
  /** The sender's clock, and the latest clock it received: RFC 7323 §3.2. */
  8: part(8, (f) => ({ kind: "timestamps", value: f.u32(0), echoReply: f.u32(4) })),
});
