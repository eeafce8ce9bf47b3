import { ppp, pppoe } from "../../src/wire/ppp.js";
import { battery } from "./battery.js";

// PPPoE  [ses 0x11]PPP-IP (0x0021)
battery(pppoe, { samples: ["11000011 0016"] });
battery(ppp, { samples: ["0021", "c021"] });
