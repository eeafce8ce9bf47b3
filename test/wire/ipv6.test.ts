import { ipv6 } from "../../src/wire/ipv6.js";
import { battery } from "./battery.js";

battery(ipv6, {
  samples: [
    // IP6 12::1 > 2::f1:0: RT6 (len=6, type=4, segleft=2, last-entry=2, tag=0, [0]b2::2, [1]3::d6, [2]2::f1:0) 57745
    "6008f8b8 04402b40 00120000 00000000 00000000 00000001 00020000 00000000 00000000 00f10000",
    // IP6 2001:4f8:4:7:2e0:81ff:fe52:ffff > 2001:4f8:4:7:2e0:81ff:fe52:9a6b: DSTOPT 30000 > 80: Flags [S], seq 0, wi
    "60000000 002c3c40 200104f8 00040007 02e081ff fe52ffff 200104f8 00040007 02e081ff fe529a6b",
  ],
});
