import { udpLite } from "../../src/wire/udp-lite.js";
import { battery } from "./battery.js";

// IP 127.0.0.1.32768 > 127.0.0.1.5000: UDP-Lite, length 8
battery(udpLite, { samples: ["80001388 0008a1b2"] });
