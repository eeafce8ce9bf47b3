import { esp } from "../../src/wire/esp.js";
import { battery } from "./battery.js";

battery(esp, {
  samples: [
    // IP 10.0.0.1 > 10.0.0.2: AH(spi=0x8179b705,seq=0x1,icv=0x27cfc0a5e43d69b3728ec5b0): ESP(spi=0x48dac2e4,seq=0x1)
    "48dac2e4 00000001",
  ],
});
