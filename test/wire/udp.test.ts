import { udp } from "../../src/wire/udp.js";
import { battery } from "./battery.js";

battery(udp, {
  samples: [
    // IP6 12::1 > 2::f1:0: RT6 (len=6, type=4, segleft=2, last-entry=2, tag=0, [0]b2::2, [1]3::d6, [2]2::f1:0) 57745
    "e1911389 0408cb39",
    // IP6 2001:4f8:4:7:2e0:81ff:fe52:ffff > 2001:4f8:4:7:2e0:81ff:fe52:9a6b: RT6 (len=2, type=2, segleft=1, [0]2001:
    "753032c8 000cde49",
  ],
});
