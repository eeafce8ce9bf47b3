import { mpls } from "../../src/wire/mpls.js";
import { battery } from "./battery.js";

battery(mpls, {
  samples: [
    // MPLS (label 100, tc 0, [S], ttl 0) IP 192.168.8.1 > 192.168.8.2: ICMP echo request, id 0, seq 0, length 8
    "00064100",
  ],
});
