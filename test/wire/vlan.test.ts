import { vlan } from "../../src/wire/vlan.js";
import { battery } from "./battery.js";

battery(vlan, {
  samples: [
    // IP 92.104.109.0 > 47.245.159.156: ICMP echo reply, id 0, seq 0, length 8
    "05ff8100",
    // IP6 fe80::223:33ff:feee:3dd3 > ff02::16: HBH ICMP6, multicast listener report v2, 5 group record(s), length 10
    "05798100",
  ],
});
