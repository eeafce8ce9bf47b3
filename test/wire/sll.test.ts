import { sll } from "../../src/wire/sll.js";
import { sll2 } from "../../src/wire/sll2.js";
import { battery } from "./battery.js";

battery(sll, {
  samples: [
    // IP 127.0.0.1.42856 > 127.0.0.1.12345: Flags [S], seq 2484001825:2484001828, win 43690, options [mss 65495,sack
    "00000304 00060000 00000000 00000800",
  ],
});

battery(sll2, {
  samples: [
    // lo    In  IP 127.0.0.1.37614 > 127.0.0.1.8000: Flags [S], seq 139636242, win 65495, options [mss 65495,sackOK,
    "08000000 00000001 03040006 00000000 00000000",
    // ?     Out IP 238.0.0.1.37273 > 238.0.0.2.53: 20793+ [1au] A? ,.. (43)
    "08000000 0000000a 00010406 00000000 00000000",
  ],
});
