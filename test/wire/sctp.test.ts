import { sctp } from "../../src/wire/sctp.js";
import { battery } from "./battery.js";

battery(sctp, {
  samples: [
    // IP 10.0.30.100.54342 > 10.0.30.1.38412: sctp (1) [INIT] [init tag: 286331153] [rwnd: 65535] [OS: 10] [MIS: 10]
    "d446960c 12345678 00000000",
  ],
});
