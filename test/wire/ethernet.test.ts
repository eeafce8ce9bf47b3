import { ethernet } from "../../src/wire/ethernet.js";
import { battery } from "./battery.js";

battery(ethernet, {
  samples: [
    // IP 92.104.109.0 > 47.245.159.156: ICMP echo reply, id 0, seq 0, length 8
    "88d98f5f c548408f 9d6ec7d8 88a8",
    // IP6 fe80::a00:27ff:fe0d:5c3c > fe80::a00:27ff:fe76:e369: ICMP6, neighbor solicitation, who has fe80::a00:27ff:
    "08002776 e3690800 270d5c3c 86dd",
  ],
});
